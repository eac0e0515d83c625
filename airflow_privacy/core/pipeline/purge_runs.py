"""What the ledger says of earlier purges: which a task began and did not end, and which are to be looked at again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.purge import GONE, VERIFIED, contract_of, verify_signature
from airflow_privacy.core.pipeline.purge_execution import CERTIFIED, was_started
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.plan import goes


def begun_plan(workspace: Workspace, caller: Caller, *, contract: ArtifactRef | Path | str) -> ArtifactRef | None:
    """The last plan that this task of this run made of a contract, if it began to carry it out.

    Planning again after a kill would find what is left alone, and what went before it would have no certificate.
    """
    digest = workspace.artifacts.put(contract_of(workspace, contract)).digest
    facts = [fact for _, fact in workspace.ledger().find("contract", digest)]
    planned = [fact for fact in facts if (fact.kind, fact.run, fact.task) == ("planned", caller.run, caller.task)]
    plans = [plan for fact in planned if (plan := _linked(fact, "purge-plan"))]
    if not plans:
        return None
    ref = workspace.artifacts.reference("purge-plan", plans[-1])
    return ref if was_started(workspace, ref) else None


def due_certificates(workspace: Workspace) -> tuple[ArtifactRef, ...]:
    """The newest certificate of each retention plan whose ``look_again`` has passed, and that was not found to hold since then.

    A certificate that is missing or does not hold is due, too: looking at it says so. A purge that found nothing to delete leaves
    nothing that could come back. An erasure is not named here: only who knows the subject can look for it.
    """
    certified: dict[str, str] = {}
    held_at: dict[str, str] = {}
    for _, fact in LedgerView(workspace.ledger_path).facts():
        digest = _linked(fact, "certificate")
        if (fact.kind, fact.reason) == (CERTIFIED, "retention"):
            certified[_linked(fact, "purge-plan")] = digest
        elif (fact.kind, fact.reason) == (VERIFIED, GONE):
            held_at[digest] = fact.at
    refs = [
        workspace.artifacts.reference("certificate", digest) for plan, digest in certified.items() if _deleted(workspace, plan)
    ]
    return tuple(ref for ref in refs if _is_due(workspace, ref, held_at.get(ref.digest)))


def _is_due(workspace: Workspace, ref: ArtifactRef, held_at: str | None) -> bool:
    try:
        found = verify_signature(workspace, workspace.artifacts.get_bytes(ref))
    except PrivacyError:
        return True
    due = datetime.fromisoformat(found.look_again)
    return due <= workspace.now() and (held_at is None or datetime.fromisoformat(held_at) < due)


def _deleted(workspace: Workspace, plan: str) -> bool:
    try:
        found = workspace.artifacts.find(PurgePlan, plan)
    except PrivacyError:
        return True
    return any(goes(step) for step in found.steps)


def _linked(fact: Fact, kind: str) -> str:
    return next((link.digest for link in fact.links if link.kind == kind), "")
