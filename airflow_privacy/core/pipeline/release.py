"""Across the boundary: what an approver of a release is asked."""

from __future__ import annotations

import secrets
from datetime import datetime

from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import approvals
from airflow_privacy.core.pipeline.approvals import Answer, Request, Run, require_no_rejection, short
from airflow_privacy.core.pipeline.evidence import Bundle, gather
from airflow_privacy.core.pipeline.places import check_dataset
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.explain import explain_markdown
from airflow_privacy.core.risk.report import summary_markdown


def ask(workspace: Workspace, caller: Caller, *, dataset: ArtifactRef, risk: ArtifactRef) -> Request:
    """Check that the evidence holds as it lies there now, and write the request.

    :raises TerminalError: it does not hold, or the keys that an answer is signed with are missing.
    """
    workspace.keyring().signer("approval")
    bundle = gather(workspace, dataset=dataset, risk=risk)
    check_dataset(workspace, bundle.dataset)
    require_no_rejection(workspace.ledger(), bundle.digest, run=caller.run)
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
    """Turn the answer about a release into a signed approval in the ledger; see :func:`approvals.conclude`."""
    return approvals.conclude(
        workspace,
        caller,
        run=run,
        gather=lambda: gather(workspace, dataset=dataset, risk=risk),
        asked=asked,
        nonce=nonce,
        deadline=deadline,
        answer=answer,
    )
