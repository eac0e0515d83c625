"""Afterwards: does the ledger hold, and does a published dataset have a passport that holds. Needs public keys only."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from airflow_privacy.core.attest.passport import verify_passport
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.version_copy import Current
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.verify import VerifiedLedger, check_prefix, verify_ledger
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.passport import Statement
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.places import check_dataset, current_at, published_at
from airflow_privacy.core.pipeline.revocation import require_not_revoked
from airflow_privacy.core.pipeline.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class CheckedPassport:
    """A passport that holds, its digest, and the version that it was held against."""

    statement: Statement
    digest: str


def verify_ledger_of(workspace: Workspace) -> VerifiedLedger:
    """Recompute the ledger from its leaves, against its checkpoints and the anchors.

    :raises LedgerDiverged: naming what does not agree.
    :raises BadInput: there is no ledger yet.
    """
    key = public_keys(workspace.home)["checkpoint"].public_key
    return verify_ledger(_existing(workspace).path, public_key=key, anchors=workspace.anchors)


def facts_of(workspace: Workspace) -> list[tuple[int, Fact]]:
    """All facts with their index, oldest first."""
    return list(_existing(workspace).facts())


def facts_linking(workspace: Workspace, ref: ArtifactRef) -> tuple[tuple[int, Fact], ...]:
    """The facts about one artifact with their index, oldest first."""
    return _existing(workspace).find(ref.kind, ref.digest)


def verify_passport_of(workspace: Workspace, dataset: str, *, current: Current | None = None) -> CheckedPassport:
    """Hold a published dataset against its passport: signature, expiry, every file, its place in the ledger, and that nobody
    revoked it since.

    :param dataset: the published dataset's folder.
    :param current: a version that was published there and its passport; default: what the pointer names now.
    :raises VerificationError: it does not hold, or nothing is published there.
    :raises LedgerDiverged: the ledger is not a continuation of the one that the passport was issued with.
    """
    current = current or current_at(workspace, dataset)
    require_not_revoked(workspace, "passport", current.passport, where=dataset)
    found = published_at(workspace, dataset, current)
    keys = public_keys(workspace.home)
    statement = verify_passport(found.envelope, keys["passport"].public_key, now=workspace.now(), files=found.files)
    release = statement.predicate
    if release.version != current.version or release.manifest != found.manifest:
        raise VerificationError("wrong-dataset", "The passport is about another version or manifest", where=dataset)
    published = workspace.artifacts.find(Dataset, release.dataset)
    if published.version != release.version:
        raise VerificationError("wrong-dataset", "The passport is about another dataset", where=dataset)
    check_dataset(workspace, _at(published, dataset))
    check_prefix(release.checkpoint, _existing(workspace).path, public_key=keys["checkpoint"].public_key)
    return CheckedPassport(statement=statement, digest=current.passport)


def _at(published: Dataset, uri: str) -> Dataset:
    """The dataset where the caller sees it: a folder may be mounted under another path than it was published at."""
    return msgspec.structs.replace(published, uri=uri)


def _existing(workspace: Workspace) -> LedgerView:
    if not workspace.ledger_path.is_file():
        raise BadInput("no-ledger", "There is no ledger yet", where=str(workspace.ledger_path), do="Run a release first.")
    return LedgerView(workspace.ledger_path)
