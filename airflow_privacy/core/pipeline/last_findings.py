"""What detection saw when it looked at a table before: by the ledger, from the artifact store.

The last findings are those of other bytes: looking twice at the same ones is no drift. A task that is tried again, and a run over
what the last one saw, compare with what was compared with then: the same bytes give the same findings, and the same version.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Contract, Table
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

PLACE, DATASET, BASELINE = "place", "table", "baseline"
"""Kinds of links in a fact about detection: of where the table lies, of the contract's table, and of the findings before."""


def names_of(place: str, contract: Contract | None, table: Table | None) -> dict[str, str]:
    """Digests of the names that a table is found again by: its place, and its name in the contract.

    A table whose place changes with every run (``…/day=2026-11-22``) keeps the second.
    """
    names = {PLACE: digest_of({"place": place})}
    if contract is not None and table is not None:
        names[DATASET] = digest_of({"contract": contract.id, "table": table.name})
    return names


def last_findings(
    workspace: Workspace, caller: Caller, *, names: dict[str, str], source_digest: str
) -> tuple[str, Findings] | None:
    """Digest and findings of the last detection of the table by its place, else by its name in the contract."""
    if not workspace.ledger_path.exists():
        return None
    view = LedgerView(workspace.ledger_path)
    for kind, digest in names.items():
        detected = [fact for _, fact in view.find(kind, digest) if fact.kind == "detected"]
        mine = [fact for fact in detected if _is_try_of(fact, caller) and _link(fact, "source") == source_digest]
        if not mine and kind == PLACE and detected and _link(detected[-1], "source") == source_digest:
            mine = detected[-1:]
        if mine:
            return _first_kept(workspace, [_link(mine[0], BASELINE)])
        others = (_link(fact, "findings") for fact in reversed(detected) if _link(fact, "source") != source_digest)
        if found := _first_kept(workspace, others):
            return found
    return None


def _first_kept(workspace: Workspace, digests: Iterable[str]) -> tuple[str, Findings] | None:
    """The first findings that are still there and readable: who cleans up old artifacts does not stop detection by that.

    :raises VerificationError: findings are there, and not as they were.
    """
    for digest in digests:
        try:
            return digest, workspace.artifacts.find(Findings, digest)
        except BadInput:
            continue
    return None


def _is_try_of(fact: Fact, caller: Caller) -> bool:
    return bool(caller.task) and (fact.run, fact.task) == (caller.run, caller.task)


def _link(fact: Fact, kind: str) -> str:
    return next((link.digest for link in fact.links if link.kind == kind), "")
