"""Approvals: one person's signed answer over one evidence digest.

Protects against: an answer carried over to other evidence or another run, an answer used after its time, an answer by somebody
who may not give it, and one's own request approved by oneself. Not against: a holder of the approval key, or two user names
that belong to one person.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NewType

from airflow_privacy.core.attest.dsse import Signer, open_value, sign_value
from airflow_privacy.core.attest.times import CLOCK_SKEW, check_now, instant
from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.model.release import Approval

PAYLOAD_TYPE = "application/vnd.airflow-privacy.approval+json"

SignedApproval = NewType("SignedApproval", bytes)
"""The bytes of an approval's envelope."""


def sign_approval(approval: Approval, signer: Signer) -> SignedApproval:
    """The envelope of *approval*, rejections included."""
    return SignedApproval(sign_value(approval, payload_type=PAYLOAD_TYPE, signer=signer))


def verify_approval(envelope: bytes, public_key: bytes) -> Approval:
    """The approval that *public_key* signed. Whether it allows anything is :func:`check_approval`'s work.

    :raises VerificationError: malformed, changed, or signed by another key.
    """
    return open_value(Approval, envelope, payload_type=PAYLOAD_TYPE, public_key=public_key)


def check_approval(
    approval: Approval,
    *,
    evidence: str,
    dag_id: str,
    run_id: str,
    approvers: Collection[str],
    owner: str | None,
    now: datetime,
    max_hours: float | None = None,
) -> None:
    """That *approval* lets this evidence pass in this run, now.

    Names are compared without regard to case where being equal is what refuses, exactly where being equal is what allows.

    :param approvers: the user names that the boundary's policy lists.
    :param owner: the contract's owner, who stands for the requester of a scheduled run.
    :param now: aware.
    :param max_hours: the longest time from answer to expiry that the policy allows.
    :raises VerificationError: it does not; ``reason`` says which rule.
    :raises BadInput: *now* has no time zone.
    """
    check_now(now)
    _check_binding(approval, evidence, dag_id, run_id)
    if approval.decision != "approve":
        raise _refused("rejected", f"{approval.responder} rejected the release", "decision")
    _check_people(approval, approvers, owner)
    _check_times(approval, now, max_hours)


def _check_binding(approval: Approval, evidence: str, dag_id: str, run_id: str) -> None:
    if approval.evidence != evidence:
        raise _refused("wrong-evidence", f"The approval is of {approval.evidence}, and this is {evidence}", "evidence")
    if approval.dag_id != dag_id:
        raise _refused("wrong-dag", f"The approval was given in DAG {approval.dag_id}", "dag_id")
    if approval.run_id != run_id:
        raise _refused("wrong-run", f"The approval was given in run {approval.run_id}", "run_id")


def _check_people(approval: Approval, approvers: Collection[str], owner: str | None) -> None:
    if approval.responder not in approvers:
        raise _refused("not-an-approver", f"{approval.responder} is not among the approvers", "responder")
    if approval.requester is not None:
        if _same(approval.requester, approval.responder):
            raise _refused("self-approved", f"{approval.responder} asked for the release and approved it", "responder")
    elif owner is None:
        raise _refused("no-requester", "A scheduled run has no requester, and the contract names no owner", "owner")
    elif _same(owner, approval.responder):
        raise _refused("self-approved", f"{approval.responder} owns the data and approved a scheduled release", "responder")


def _check_times(approval: Approval, now: datetime, max_hours: float | None) -> None:
    answered = instant(approval.answered_at, where="answered_at")
    expires = instant(approval.expires_at, where="expires_at")
    if answered > now + CLOCK_SKEW:
        raise _refused("answered-in-future", f"The approval was given at {approval.answered_at}, later than now", "answered_at")
    if expires <= answered or (max_hours is not None and expires - answered > timedelta(hours=max_hours)):
        raise _refused("wrong-expiry", "The approval holds for longer than the policy allows, or never held", "expires_at")
    if now >= expires:
        raise _refused("expired", f"The approval held until {approval.expires_at}", "expires_at")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _refused(reason: str, what: str, where: str) -> VerificationError:
    return VerificationError(reason, what, where=f"approval, {where}", do="Ask for approval again in a new run.")
