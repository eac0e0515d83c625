"""A version of a dataset: its files, and the manifest that every reader checks them against."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Artifact, Value, digest_of
from airflow_privacy.core.model.refs import ColumnType

CHUNK_BYTES = 8 * 1024 * 1024


class ManifestFile(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One file: path relative to the version's folder, size, rows, SHA-256 of the whole and of each 8 MiB chunk (all with
    ``sha256:``), of the bytes as they are stored.

    Where a file is encrypted with the keyring, ``plain_sha256`` is that of the file that was encrypted, and ``key`` names the key
    that wraps its data key: ``<id>.v<version>`` of the dataset's scope.
    """

    path: str
    bytes: int
    rows: int
    sha256: str
    chunks: tuple[str, ...]
    plain_sha256: str = ""
    key: str = ""


class Manifest(Value, frozen=True, kw_only=True):
    """``manifest.json`` beside the files of a version."""

    version: str
    plan: str
    files: tuple[ManifestFile, ...]


class KeyUse(Value, frozen=True, kw_only=True):
    """Which version of a scope's key a technique used; ``id`` reveals nothing of the key."""

    technique: str
    id: str
    version: int


class Dataset(Artifact, frozen=True, kw_only=True, tag="dataset"):
    """One version of a masked dataset. Parents: the plan and the digests of the sources.

    ``uri`` is the dataset's folder; the files lie under ``<uri>/versions/<version>/``. ``scope`` and ``keys`` name the keys of
    its tokens and (technique ``encryption``) of its files, so that both can be read after a rotation. A table in a database has
    no files, but a ``rows_digest``.
    """

    uri: str
    version: str
    plan: str
    sources: tuple[str, ...]
    rows: int
    rows_read: int
    rows_suppressed: int
    columns: tuple[ColumnType, ...]
    files: tuple[ManifestFile, ...]
    scope: str = ""
    keys: tuple[KeyUse, ...] = ()
    rows_digest: str = ""


def version_of(files: tuple[ManifestFile, ...], plan_digest: str) -> str:
    """The content-addressed version: 16 hexadecimal digits over the digests of the files in clear and the plan's.

    Encryption is random and leaves a version its name; the manifest says which bytes are stored.
    """
    digests = [file.plain_sha256 or file.sha256 for file in files]
    return digest_of({"files": digests, "plan": plan_digest}).removeprefix("sha256:")[:16]


def version_of_rows(rows_digest: str, plan_digest: str) -> str:
    """As :func:`version_of`, for a dataset without files."""
    return digest_of({"rows": rows_digest, "plan": plan_digest}).removeprefix("sha256:")[:16]
