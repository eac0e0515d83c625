"""Across the boundary: what an approver is asked, what an answer is worth, and the transfer of exactly what was approved."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_privacy.core.attest.approval import check_approval, sign_approval, verify_approval
from airflow_privacy.core.errors import CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.log import Ledger
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Approval
from airflow_privacy.core.pipeline.evidence import Bundle, gather
from airflow_privacy.core.pipeline.places import check_dataset
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.explain import explain_markdown
from airflow_privacy.core.risk.report import summary_markdown

# The reasons of "answered" facts that the transfer looks at; REJECTED is also the reason of the gate's error.
APPROVED, REJECTED = "approved", "rejected"


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


def ask(workspace: Workspace, caller: Caller, *, dataset: ArtifactRef, risk: ArtifactRef) -> Request:
    """Check that the evidence holds as it lies there now, and write the request.

    :raises TerminalError: it does not hold, or the keys that an answer is signed with are missing.
    """
    workspace.keyring().signer("approval")
    bundle = gather(workspace, dataset=dataset, risk=risk)
    check_dataset(workspace, bundle.dataset)
    _require_no_rejection(workspace.ledger(), bundle.digest, run=caller.run)
    record(workspace, caller, "requested", links={"evidence": bundle.digest, "dataset": dataset.digest, "risk": risk.digest})
    plan = bundle.plan
    return Request(
        evidence=bundle.digest,
        nonce=secrets.token_hex(16),
        subject=f"Release {plan.table} to {plan.destination} for {plan.purpose}? Evidence {short(bundle.digest)}",
        body=request_body(bundle),
        approvers=bundle.boundary.approvers,
        hours=bundle.boundary.approval_hours,
        asked_at=workspace.now(),
    )


def request_body(bundle: Bundle) -> str:
    """The evidence as Markdown: names, counts and risk figures; no value of the data, no clock and no run."""
    plan, dataset, report = bundle.plan, bundle.dataset, bundle.report
    lines = [
        f"**{plan.table}** · {dataset.rows:,} rows · **{plan.source_environment} → {plan.destination}** · "
        f"purpose **{plan.purpose}** · recipient **{plan.recipient}**",
        "",
        f"Privacy level **{describe(report.level)}**, required: `{bundle.boundary.level}`.",
        "",
        "### Risk before and after",
        "",
        summary_markdown(report),
        "",
        "### What happens to each column",
        "",
        explain_markdown(plan, bundle.findings),
        "",
        "### What you approve",
        "",
        f"Exactly the bytes of version `{dataset.version}`, bound to evidence `{bundle.digest}`. "
        "If data, plan, policy, contract or risk report change afterwards, the transfer refuses.",
    ]
    return "\n".join(lines)


def conclude(
    workspace: Workspace,
    caller: Caller,
    *,
    run: Run,
    dataset: ArtifactRef,
    risk: ArtifactRef,
    asked: str,
    nonce: str,
    deadline: datetime,
    answer: Answer | None,
) -> ArtifactRef:
    """Turn an answer into a signed approval in the ledger. No answer in time is a rejection.

    :raises CheckFailed: rejected, or nobody answered in time.
    :raises VerificationError: the answer is from somebody who may not give it, or about other evidence.
    """
    links = {"evidence": asked}
    if answer is None:
        record(workspace, caller, "expired", links=links, reason="approval-timeout")
        raise CheckFailed("approval-timeout", "Nobody answered in time, which counts as a rejection", do="Trigger a new run.")
    bundle = gather(workspace, dataset=dataset, risk=risk)
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
        expires_at=(answer.at + timedelta(hours=bundle.boundary.approval_hours)).isoformat(timespec="seconds"),
        comment=answer.comment,
    )
    signed = sign_approval(approval, workspace.keyring().signer("approval"))
    ref = workspace.artifacts.put_bytes("approval", signed, counts={"approved": int(answer.approved)})
    try:
        if asked != bundle.digest:
            raise VerificationError(
                "evidence-changed", "The evidence changed while the answer was awaited", do="Trigger a new run."
            )
        if answer.at > deadline:
            raise VerificationError("answer-late", "The answer came after the request had expired", do="Trigger a new run.")
        require_valid(workspace, bundle, approval, run=run)
    except TerminalError as error:
        record(
            workspace, caller, "answered", links={**links, "approval": ref.digest}, actor=answer.responder, reason=error.reason
        )
        raise
    record(workspace, caller, "answered", links={**links, "approval": ref.digest}, actor=answer.responder, reason=APPROVED)
    return ref


def require_valid(workspace: Workspace, bundle: Bundle, approval: Approval, *, run: Run) -> None:
    """:raises TerminalError: unless this approval is for this evidence and run, by an approver of the policy, and still holds."""
    if approval.requester != run.requester:
        raise VerificationError("wrong-requester", "The approval is about a run that somebody else asked for")
    check_approval(
        approval,
        evidence=bundle.digest,
        dag_id=run.dag_id,
        run_id=run.run_id,
        approvers=bundle.boundary.approvers,
        owner=bundle.contract.owner,
        now=workspace.now(),
        max_hours=bundle.boundary.approval_hours,
    )


def valid_approvals(workspace: Workspace, bundle: Bundle, refs: Sequence[ArtifactRef], *, run: Run) -> tuple[Approval, ...]:
    """Read approvals from the store and hold each against key, ledger, evidence and run.

    :raises VerificationError: there is none, or one of them does not hold. An XCom can be forged; a signature cannot.
    """
    key = public_keys(workspace.home)["approval"].public_key
    ledger = workspace.ledger()
    _require_no_rejection(ledger, bundle.digest, run=f"{run.dag_id}/{run.run_id}")
    approvals = []
    for ref in refs:
        approval = verify_approval(workspace.artifacts.get_bytes(ref), key)
        # An answer that the gate refused is signed and recorded too: only its being accepted counts.
        accepted = any((fact.kind, fact.reason) == ("answered", APPROVED) for _, fact in ledger.find("approval", ref.digest))
        if ref.kind != "approval" or not accepted:
            raise VerificationError("approval-unrecorded", "The ledger knows of no such approval", where=ref.uri)
        require_valid(workspace, bundle, approval, run=run)
        approvals.append(approval)
    if not approvals:
        raise VerificationError("approval-missing", "There is no approval", do="Put an approval gate before the transfer.")
    return tuple(approvals)


def _require_no_rejection(ledger: Ledger, evidence: str, *, run: str) -> None:
    """A rejection or a timeout is final for its run: clearing the gate brings back no approval, and asks nobody else."""
    for _, fact in ledger.find("evidence", evidence):
        refused = (fact.kind, fact.reason) == ("answered", REJECTED) or fact.kind == "expired"
        if refused and fact.run == run:
            raise VerificationError(
                "rejected", "This release was rejected in this run, or nobody answered in time", do="Trigger a new run."
            )


def short(digest: str) -> str:
    """The first twelve digits of a digest, for people."""
    return digest.removeprefix("sha256:")[:12]
