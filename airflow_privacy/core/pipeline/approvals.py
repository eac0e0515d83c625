"""Approvals: what an approver is asked, what an answer is worth, and which approvals a later step may rely on.

The same for a release and for turning tokens back: both are a digest that a person agrees to, under a boundary's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from airflow_privacy.core.attest.approval import check_approval, sign_approval, verify_approval
from airflow_privacy.core.errors import CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.log import Ledger
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Approval
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record

# The reasons of "answered" facts that later steps look at; REJECTED is also the reason of the gate's error.
APPROVED, REJECTED = "approved", "rejected"


class Approvable(Protocol):
    """What a person can agree to: a digest, and whose rules say who may."""

    @property
    def digest(self) -> str: ...

    @property
    def boundary(self) -> Boundary: ...

    @property
    def contract(self) -> Contract: ...


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a DAG. ``requester`` is the user who triggered it, ``None`` where nobody did."""

    dag_id: str
    run_id: str
    task_id: str
    requester: str | None


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an approver is shown. Subject and body hang on the evidence alone, so that asking again gives the same text."""

    evidence: str
    nonce: str
    subject: str
    body: str
    approvers: tuple[str, ...]
    hours: int
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. ``evidence`` is the digest that the form carried, ``None`` where a client sent none."""

    approved: bool
    responder: str
    at: datetime
    evidence: str | None
    comment: str


def conclude(
    workspace: Workspace,
    caller: Caller,
    *,
    run: Run,
    gather: Callable[[], Approvable],
    asked: str,
    nonce: str,
    deadline: datetime,
    answer: Answer | None,
) -> ArtifactRef:
    """Turn an answer into a signed approval in the ledger. No answer in time is a rejection.

    :param gather: reads what the answer is about again, and checks it.

    :raises CheckFailed: rejected, or nobody answered in time.
    :raises VerificationError: the answer is from somebody who may not give it, or about other evidence.
    """
    links = {"evidence": asked}
    if answer is None:
        record(workspace, caller, "expired", links=links, reason="approval-timeout")
        raise CheckFailed("approval-timeout", "Nobody answered in time, which counts as a rejection", do="Trigger a new run.")
    about = gather()
    approval = Approval(
        evidence=answer.evidence or asked,
        nonce=nonce,
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=run.task_id,
        requester=run.requester,
        responder=answer.responder,
        decision="approve" if answer.approved else "reject",
        answered_at=answer.at.isoformat(timespec="seconds"),
        expires_at=(answer.at + timedelta(hours=about.boundary.approval_hours)).isoformat(timespec="seconds"),
        comment=answer.comment,
    )
    signed = sign_approval(approval, workspace.keyring().signer("approval"))
    ref = workspace.artifacts.put_bytes("approval", signed, counts={"approved": int(answer.approved)})
    try:
        if asked != about.digest:
            raise VerificationError(
                "evidence-changed", "The evidence changed while the answer was awaited", do="Trigger a new run."
            )
        if answer.at > deadline:
            raise VerificationError("answer-late", "The answer came after the request had expired", do="Trigger a new run.")
        require_valid(workspace, about, approval, run=run)
    except TerminalError as error:
        record(
            workspace, caller, "answered", links={**links, "approval": ref.digest}, actor=answer.responder, reason=error.reason
        )
        raise
    record(workspace, caller, "answered", links={**links, "approval": ref.digest}, actor=answer.responder, reason=APPROVED)
    return ref


def require_valid(workspace: Workspace, about: Approvable, approval: Approval, *, run: Run) -> None:
    """:raises TerminalError: unless this approval is for this evidence and run, by an approver of the policy, and still holds."""
    if approval.requester != run.requester:
        raise VerificationError("wrong-requester", "The approval is about a run that somebody else asked for")
    check_approval(
        approval,
        evidence=about.digest,
        dag_id=run.dag_id,
        run_id=run.run_id,
        approvers=about.boundary.approvers,
        owner=about.contract.owner,
        now=workspace.now(),
        max_hours=about.boundary.approval_hours,
    )


def valid_approvals(workspace: Workspace, about: Approvable, refs: Sequence[ArtifactRef], *, run: Run) -> tuple[Approval, ...]:
    """Read approvals from the store and hold each against key, ledger, evidence and run.

    :raises VerificationError: there is none, or one of them does not hold. An XCom can be forged; a signature cannot.
    """
    key = public_keys(workspace.home)["approval"].public_key
    ledger = workspace.ledger()
    require_no_rejection(ledger, about.digest, run=f"{run.dag_id}/{run.run_id}")
    approvals = []
    for ref in refs:
        approval = verify_approval(workspace.artifacts.get_bytes(ref), key)
        # An answer that the gate refused is signed and recorded too: only its being accepted counts.
        accepted = any((fact.kind, fact.reason) == ("answered", APPROVED) for _, fact in ledger.find("approval", ref.digest))
        if ref.kind != "approval" or not accepted:
            raise VerificationError("approval-unrecorded", "The ledger knows of no such approval", where=ref.uri)
        require_valid(workspace, about, approval, run=run)
        approvals.append(approval)
    if not approvals:
        raise VerificationError("approval-missing", "There is no approval", do="Put an approval gate before the transfer.")
    return tuple(approvals)


def require_no_rejection(ledger: Ledger, evidence: str, *, run: str) -> None:
    """A rejection or a timeout is final for its run: clearing the gate brings back no approval, and asks nobody else."""
    for _, fact in ledger.find("evidence", evidence):
        refused = (fact.kind, fact.reason) == ("answered", REJECTED) or fact.kind == "expired"
        if refused and fact.run == run:
            raise VerificationError(
                "rejected", "This was rejected in this run, or nobody answered in time", do="Trigger a new run."
            )


def short(digest: str) -> str:
    """The first twelve digits of a digest, for people."""
    return digest.removeprefix("sha256:")[:12]
