"""Requests by the ledger: what is open, how far it is, and how many days are left."""

from __future__ import annotations

from typing import Literal, TypeAlias

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline import erase_files as files
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.erasure.request import Affected, Receipt, days_left

State: TypeAlias = Literal["requested", "reviewed", "planned", "started", "held", "erased"]
"""``held``: certified, and a legal hold keeps rows: plan again once it is lifted."""


class RequestStatus(Value, frozen=True, kw_only=True):
    """:param days_left: whole days to the deadline; negative when it has passed. :param in_clear: identifiers are on disk.
    :param plan, certificate: digests, of the newest. :param models: that held the subject when it was planned."""

    id: str
    received_at: str
    deadline: str
    state: State
    days_left: int
    overdue: bool
    in_clear: bool
    plan: str = ""
    certificate: str = ""
    models: tuple[str, ...] = ()


def status_of(workspace: Workspace, *, everything: bool = False) -> tuple[RequestStatus, ...]:
    """The open requests, the most urgent first; *everything*: those that are done too."""
    if not workspace.ledger_path.is_file():
        return ()
    facts = [fact for _, fact in LedgerView(workspace.ledger_path).facts()]
    receipts: dict[str, Receipt] = {}
    for fact in facts:
        if fact.kind in ("erasure-requested", "erasure-extended"):
            receipts[fact.reason] = workspace.artifacts.find(Receipt, _link(fact, "erasure-request"))
    found = [_status(workspace, receipt, facts) for receipt in receipts.values()]
    shown = [one for one in found if everything or one.state != "erased" or one.in_clear]
    return tuple(sorted(shown, key=lambda one: (one.state == "erased", one.deadline, one.id)))


def _status(workspace: Workspace, receipt: Receipt, facts: list[Fact]) -> RequestStatus:
    state: State = "requested"
    plan = certificate = affected = ""
    plans: set[str] = set()
    for fact in facts:
        if fact.kind == "erasure-reviewed" and fact.reason == receipt.id:
            state = "reviewed"
        elif fact.kind == "planned" and fact.reason == "erasure" and _is_of(workspace, fact, receipt):
            state, plan, affected = "planned", _link(fact, "purge-plan"), _link(fact, "erasure-affected")
            plans.add(plan)
        elif fact.kind == "started" and _link(fact, "purge-plan") in plans:
            state = "started"
        elif fact.kind == "certified" and _link(fact, "purge-plan") in plans:
            state, certificate = "held", _link(fact, "certificate")
        elif fact.kind == "subject-erased" and fact.reason == receipt.id:
            state, certificate = "erased", _link(fact, "certificate")
    left = days_left(receipt.deadline, workspace.now())
    return RequestStatus(
        id=receipt.id,
        received_at=receipt.received_at,
        deadline=receipt.deadline,
        state=state,
        days_left=left,
        overdue=left < 0 and state != "erased",
        in_clear=files.left_in_clear(workspace.home, receipt.id),
        plan=plan,
        certificate=certificate,
        models=workspace.artifacts.find(Affected, affected).models if affected else (),
    )


def _is_of(workspace: Workspace, fact: Fact, receipt: Receipt) -> bool:
    try:
        return workspace.artifacts.find(Receipt, _link(fact, "erasure-request")).id == receipt.id
    except BadInput:
        return False


def _link(fact: Fact, kind: str) -> str:
    return next((link.digest for link in fact.links if link.kind == kind), "")


def newest_plan(workspace: Workspace, request: str) -> ArtifactRef:
    """The plan of a request that was made last.

    :raises BadInput: there is no such request, or no plan of it.
    """
    plan = next((one.plan for one in status_of(workspace, everything=True) if one.id == request), "")
    if not plan:
        raise BadInput("not-planned", "There is no plan of this request", where="request", do="Plan it first.")
    return workspace.artifacts.reference("purge-plan", plan)
