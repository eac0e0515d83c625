"""Revoked: a version that was published, or staged, and must not be used any more. The ledger says so, and every step asks it.

Protects against: a copy or backup of the version with its passport, an approval or a task that would publish it once more. Not
against: who reads the files without asking, or holds the passport alone, away from the ledger.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.environments import normalise

REVOKED = "revoked"
Linked: TypeAlias = Literal["passport", "evidence", "dataset"]


def require_not_revoked(workspace: Workspace, kind: Linked, digest: str, *, where: str = "") -> None:
    """:raises VerificationError: ``revoked``: the ledger says that this passport, evidence or dataset does not hold any more."""
    facts = _revocations(workspace, kind, digest)
    if facts:
        raise VerificationError(
            "revoked",
            f"This {'version' if kind == 'dataset' else kind} was revoked at {facts[-1].at}: {facts[-1].reason}",
            where=where or digest,
            do="Use what is published now.",
        )


def is_revoked(workspace: Workspace, kind: Linked, digest: str) -> bool:
    """Whether the ledger says so."""
    return bool(_revocations(workspace, kind, digest))


def revoke(
    workspace: Workspace, caller: Caller, *, dataset: str, links: dict[str, str], rows: int, reason: str, successor: str = ""
) -> None:
    """Record that a version does not hold any more; doing it again records nothing.

    :param dataset: its digest. :param links: of the passport and evidence that it was published with, where it was.
    :param rows: how many of its rows were the reason. :param successor: digest of the dataset that takes its place.
    """
    kind: Linked = "passport" if "passport" in links else "dataset"
    if not is_revoked(workspace, kind, links.get(kind, dataset)):
        named = {"dataset": dataset, **links, **({"successor": successor} if successor else {})}
        record(workspace, caller, REVOKED, links=named, counts={"rows": rows}, reason=reason)


def revocations_at(workspace: Workspace, uri: str) -> tuple[tuple[Fact, Dataset], ...]:
    """What was revoked in one folder, oldest first."""
    if not workspace.ledger_path.is_file():
        return ()
    place, found = normalise(uri), []
    for _, fact in LedgerView(workspace.ledger_path).facts():
        if fact.kind == REVOKED:
            digest = next(link.digest for link in fact.links if link.kind == "dataset")
            dataset = workspace.artifacts.find(Dataset, digest)
            if normalise(dataset.uri) == place:
                found.append((fact, dataset))
    return tuple(found)


def _revocations(workspace: Workspace, kind: Linked, digest: str) -> list[Fact]:
    if not workspace.ledger_path.is_file():
        return []
    return [fact for _, fact in LedgerView(workspace.ledger_path).find(kind, digest) if fact.kind == REVOKED]
