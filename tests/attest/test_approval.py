"""Approvals: one test for each way to fail."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from airflow_privacy.core.attest.approval import check_approval, sign_approval, verify_approval
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.release import Approval

EVIDENCE = sha256(b"evidence")
APPROVAL = Approval(
    evidence=EVIDENCE,
    nonce="n-1",
    dag_id="release_customers",
    run_id="manual__2026-01-01",
    task_id="approve",
    requester="alice",
    responder="bob",
    decision="approve",
    answered_at="2026-01-01T12:00:00Z",
    expires_at="2026-01-02T12:00:00Z",
)
NOW = datetime(2026, 1, 1, 13, tzinfo=UTC)


def check(approval: Approval = APPROVAL, **changes: object) -> None:
    given: dict[str, object] = {
        "evidence": EVIDENCE,
        "dag_id": "release_customers",
        "run_id": "manual__2026-01-01",
        "approvers": ("bob", "carol"),
        "owner": "dora",
        "now": NOW,
    }
    check_approval(approval, **(given | changes))  # type: ignore[arg-type]


def reason(approval: Approval = APPROVAL, **changes: object) -> str:
    with pytest.raises(VerificationError) as caught:
        check(approval, **changes)
    assert caught.value.do
    return caught.value.reason


def but(**changes: object) -> Approval:
    return msgspec.structs.replace(APPROVAL, **changes)


def test_a_signed_approval_comes_back_and_holds(signer) -> None:
    envelope = sign_approval(APPROVAL, signer)
    assert isinstance(envelope, bytes)
    approval = verify_approval(envelope, signer.public_key)
    assert approval == APPROVAL
    assert check(approval) is None


def test_an_approval_by_another_key_is_refused(signer, other_signer) -> None:
    with pytest.raises(VerificationError, match="bad-signature"):
        verify_approval(sign_approval(APPROVAL, other_signer), signer.public_key)


@pytest.mark.parametrize("field", Approval.__struct_fields__)
def test_every_field_is_signed(signer, field) -> None:
    envelope = json.loads(sign_approval(APPROVAL, signer))
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload[field] = {"decision": "reject", "schema": 2}.get(field, "other")
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    with pytest.raises(VerificationError, match="bad-signature"):
        verify_approval(json.dumps(envelope).encode(), signer.public_key)


def test_other_evidence_is_refused() -> None:
    assert reason(evidence=sha256(b"other")) == "wrong-evidence"


def test_another_dag_is_refused() -> None:
    assert reason(dag_id="other") == "wrong-dag"


def test_another_run_is_refused() -> None:
    assert reason(run_id="other") == "wrong-run"


def test_a_rejection_is_refused() -> None:
    assert reason(but(decision="reject")) == "rejected"


def test_an_unlisted_responder_is_refused() -> None:
    assert reason(approvers=("carol",)) == "not-an-approver"
    assert reason(approvers=()) == "not-an-approver"


def test_a_responder_in_another_case_is_not_listed() -> None:
    assert reason(but(responder="Bob")) == "not-an-approver"


def test_the_requester_cannot_approve() -> None:
    assert reason(but(requester="bob")) == "self-approved"


def test_the_requester_in_another_case_cannot_approve() -> None:
    assert reason(but(requester=" Bob ")) == "self-approved"


def test_the_owner_cannot_approve_a_scheduled_run() -> None:
    assert reason(but(requester=None), owner="bob") == "self-approved"


def test_somebody_else_can_approve_a_scheduled_run() -> None:
    check(but(requester=None))


def test_the_owner_can_approve_what_somebody_else_asked_for() -> None:
    check(owner="bob")


def test_a_scheduled_run_without_owner_is_refused() -> None:
    assert reason(but(requester=None), owner=None) == "no-requester"


@pytest.mark.parametrize(("hours", "holds"), [(23.99, True), (24, False), (1000, False)])
def test_an_approval_holds_until_it_expires(hours, holds) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    if holds:
        check(now=now)
    else:
        assert reason(now=now) == "expired"


def test_expiry_is_compared_across_time_zones() -> None:
    plus_ten = timezone(timedelta(hours=10))
    check(now=datetime(2026, 1, 2, 21, 59, tzinfo=plus_ten))
    assert reason(now=datetime(2026, 1, 2, 22, 0, tzinfo=plus_ten)) == "expired"


def test_an_answer_from_the_future_is_refused() -> None:
    check(now=datetime(2026, 1, 1, 11, 56, tzinfo=UTC))
    assert reason(now=datetime(2026, 1, 1, 11, 54, tzinfo=UTC)) == "answered-in-future"


def test_an_approval_for_longer_than_the_policy_allows_is_refused() -> None:
    check(max_hours=24)
    assert reason(max_hours=23) == "wrong-expiry"


def test_an_approval_that_expires_before_its_answer_is_refused() -> None:
    assert reason(but(expires_at="2026-01-01T11:00:00Z")) == "wrong-expiry"


@pytest.mark.parametrize("time", ["", "soon", "2026-01-02", "2026-01-02T12:00:00", "2026-01-02T12:00:00+02:00"])
def test_a_time_that_is_not_utc_is_refused(time) -> None:
    assert reason(but(expires_at=time)) == "malformed-time"
    assert reason(but(answered_at=time)) == "malformed-time"


def test_now_needs_a_time_zone() -> None:
    with pytest.raises(BadInput, match="naive-time"):
        check(now=datetime(2026, 1, 1, 13))  # noqa: DTZ001, RUF100
