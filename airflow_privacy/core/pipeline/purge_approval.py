"""Agreement to a large purge: the plan's digest, under the rules of the contracts that it keeps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_privacy.core.attest.approval import verify_approval
from airflow_privacy.core.errors import CheckFailed, VerificationError
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.approvals import Request, Run, require_no_rejection, short, valid_approvals
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.retention.plan import explain

HOURS = 24
"""How long an approval of a purge holds."""


@dataclass(frozen=True, kw_only=True)
class PurgeRequest:
    """A plan to agree to. ``contract`` is the first of its contracts, whose owner may not agree to a scheduled purge."""

    digest: str
    plan: PurgePlan
    contract: Contract
    boundary: Boundary


def gather_purge(workspace: Workspace, plan: ArtifactRef) -> PurgeRequest:
    """Read a plan and its contracts, and who may agree: whom every contract names as an approver, or its owner where it names
    none. Of several contracts with different owners, no owner of the further ones.

    :raises CheckFailed: nobody may.
    """
    planned = workspace.artifacts.get(PurgePlan, plan)
    contracts = [workspace.artifacts.find(Contract, digest) for digest in planned.contracts]
    if not contracts:
        raise CheckFailed("no-approver", "The plan is of no contract, so that nobody may agree to it", where=plan.uri)
    first, *others = contracts
    allowed = [one.approvers or ((one.owner,) if one.owner else ()) for one in contracts]
    owners = {one.owner for one in others} - {first.owner}
    approvers = tuple(name for name in allowed[0] if name not in owners and all(name in names for names in allowed))
    if not approvers:
        raise CheckFailed(
            "no-approver",
            "No contract names somebody who may agree to this purge",
            where=first.name,
            do="Name approvers of the contract's roles (firstLevelApprovers), or an owner.",
        )
    boundary = Boundary(source="data", destination="deletion", approvers=approvers, level="raw", min_k=1, approval_hours=HOURS)
    return PurgeRequest(digest=plan.digest, plan=planned, contract=first, boundary=boundary)


def ask_purge(workspace: Workspace, caller: Caller, request: PurgeRequest) -> Request:
    """Write the request for an approver: places, counts and reasons; no file's or partition's name.

    :raises TerminalError: it was rejected in this run, or the key that an answer is signed with is missing.
    """
    workspace.keyring().signer("approval")
    require_no_rejection(workspace.ledger(), request.digest, run=caller.run)
    record(workspace, caller, "requested", links={"evidence": request.digest, "purge-plan": request.digest})
    body = (
        "This would be deleted for good:",
        "",
        "```",
        explain(request.plan, request.digest),
        "```",
        "",
        f"You agree to exactly this, bound to `{request.digest}`, and to nothing else.",
    )
    return Request(
        evidence=request.digest,
        nonce=secrets.token_hex(16),
        subject=f"{_asked(request)}? Plan {short(request.digest)}",
        body="\n".join(body),
        approvers=request.boundary.approvers,
        hours=request.boundary.approval_hours,
        asked_at=workspace.now(),
    )


def _asked(request: PurgeRequest) -> str:
    """An erasure goes over many datasets: it is known by its request."""
    if request.plan.cause == "erasure":
        return f"Erase the person of request {request.plan.request}"
    return f"Purge {request.contract.name}"


def require_agreed(workspace: Workspace, plan: ArtifactRef, approvals: Sequence[ArtifactRef], *, run: Run | None) -> None:
    """That somebody agreed to this plan, where it needs that.

    :param run: the run that purges; ``None`` outside of one: then on behalf of the run that the approval was given in.
    :raises VerificationError: nobody agreed, or the approval does not hold. :raises CheckFailed: nobody may agree.
    """
    request = gather_purge(workspace, plan) if workspace.artifacts.get(PurgePlan, plan).needs_approval else None
    if request is None:
        return
    if not approvals:
        raise VerificationError(
            "approval-missing",
            f"The plan takes {request.plan.share:.1%} of a place, more than {request.plan.max_share:.1%}; nobody agreed to it",
            where=plan.digest,
            do=f"Have it approved by {', '.join(request.boundary.approvers)}, or plan with a larger max_share.",
        )
    valid_approvals(workspace, request, approvals, run=run or _run_of(workspace, approvals[0]))


def _run_of(workspace: Workspace, approval: ArtifactRef) -> Run:
    key = public_keys(workspace.home)["approval"].public_key
    given = verify_approval(workspace.artifacts.get_bytes(approval), key)
    return Run(dag_id=given.dag_id, run_id=given.run_id, task_id=given.task_id, requester=given.requester)
