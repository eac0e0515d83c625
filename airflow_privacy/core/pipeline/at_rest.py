"""What an environment's ``encryption`` means for the files that are written there, and which keys a dataset is read with."""

from __future__ import annotations

from airflow_privacy.core.io.s3 import encrypted_at
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.keyring import FileKeys
from airflow_privacy.core.keyring.file_keys import TECHNIQUE
from airflow_privacy.core.model.dataset import Dataset, KeyUse, ManifestFile
from airflow_privacy.core.model.policy import Environment
from airflow_privacy.core.pipeline.workspace import Workspace


def keys_for(workspace: Workspace, environment: Environment, scope: str) -> FileKeys | None:
    """The keys that files in *environment* are encrypted with; ``None`` where it does not ask for that.

    They are the scope's that tokens are made with, so that to destroy the scope's key ends both.
    """
    return FileKeys(workspace.keyring(), scope) if environment.encryption == "keyring" else None


def keys_of(workspace: Workspace, dataset: Dataset) -> FileKeys | None:
    """The keys that a dataset is read with; ``None`` where it is in clear."""
    sealed = any(file.plain_sha256 for file in dataset.files)
    return FileKeys(workspace.keyring(), dataset.scope) if sealed else None


def storages_for(workspace: Workspace, environment: Environment, out: str) -> Storages:
    """The workspace's storages, with *out* written as *environment* asks.

    :raises BadInput: when *out* is opened: it asks for SSE-KMS, and *out* is not on S3.
    """
    if environment.encryption != "sse-kms":
        return workspace.storages
    return encrypted_at(workspace.storages, out, environment.kms_key or "")


def key_uses(files: tuple[ManifestFile, ...]) -> tuple[KeyUse, ...]:
    """The keys that files are encrypted with, as the dataset records them."""
    named = sorted({file.key for file in files if file.key})
    parts = (name.partition(".v") for name in named)
    return tuple(KeyUse(technique=TECHNIQUE, id=key, version=int(version)) for key, _, version in parts)
