"""A large purge needs somebody's signed agreement to exactly this plan."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from purge_case import CALLER, NOW, PurgeCase, days, purge_case

from airflow_privacy.core.errors import CheckFailed, VerificationError
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import purge_execution
from airflow_privacy.core.pipeline.approvals import Answer, Run, conclude
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge
from airflow_privacy.core.pipeline.purge_approval import ask_purge, gather_purge


class Cut(Exception):
    """The process ends here."""


def cut(*given: object) -> None:
    raise Cut


RUN = Run(dag_id="dag", run_id="run", task_id="gate", requester="maria")


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    return purge_case(tmp_path, days(1, 2, 40, 41))


def planned(case: PurgeCase) -> ArtifactRef:
    return plan_purge(case.workspace, CALLER, contract=case.contract).ref


def answered(
    case: PurgeCase, plan: ArtifactRef, *, responder: str = "stella", approved: bool = True, run: Run = RUN
) -> ArtifactRef:
    request = ask_purge(case.workspace, CALLER, gather_purge(case.workspace, plan))
    return conclude(
        case.workspace,
        CALLER,
        run=run,
        gather=lambda: gather_purge(case.workspace, plan),
        asked=request.evidence,
        nonce=request.nonce,
        deadline=request.asked_at + timedelta(hours=1),
        answer=Answer(approved=approved, responder=responder, at=NOW, evidence=None, comment=""),
    )


@pytest.mark.parametrize("run", [RUN, None], ids=["in the run", "outside of one"])
def test_an_approved_plan_is_carried_out(case: PurgeCase, run: Run | None) -> None:
    plan = planned(case)
    done = run_purge(case.workspace, CALLER, plan=plan, approvals=[answered(case, plan)], run=run)
    assert done.certificate is not None
    assert len(case.files()) == 2


def test_an_approval_of_another_plan_does_not_count(case: PurgeCase) -> None:
    approval = answered(case, planned(case))
    next(case.place.rglob("*.csv")).write_text("changed")
    other = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=0.2).ref
    with pytest.raises(VerificationError, match="wrong-evidence"):
        run_purge(case.workspace, CALLER, plan=other, approvals=[approval], run=RUN)
    assert len(case.files()) == 4


def test_an_approval_of_another_run_does_not_count(case: PurgeCase) -> None:
    plan = planned(case)
    other = Run(dag_id="dag", run_id="another", task_id="gate", requester="maria")
    with pytest.raises(VerificationError, match="wrong-run"):
        run_purge(case.workspace, CALLER, plan=plan, approvals=[answered(case, plan)], run=other)


def test_whoever_is_no_approver_cannot_agree(case: PurgeCase) -> None:
    with pytest.raises(VerificationError, match="not-an-approver"):
        answered(case, planned(case), responder="eve")


def test_a_rejected_plan_is_not_carried_out(case: PurgeCase) -> None:
    plan = planned(case)
    with pytest.raises(VerificationError, match="rejected"):
        answered(case, plan, approved=False)
    assert len(case.files()) == 4


def test_what_goes_on_after_the_approval_ended_needs_no_other(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(case)
    approval = answered(case, plan)
    with monkeypatch.context() as patched:
        patched.setattr(purge_execution, "_carry_out", cut)
        with pytest.raises(Cut):
            run_purge(case.workspace, CALLER, plan=plan, approvals=[approval], run=RUN)
    later = case.at(NOW + timedelta(days=9)).workspace
    assert run_purge(later, CALLER, plan=plan).certificate is not None


def test_the_owner_agrees_where_no_approver_is_named_but_not_to_a_scheduled_run(case: PurgeCase) -> None:
    text = case.contract.read_text()
    case.contract.write_text(text.replace("roles:\n  - role: analyst\n    firstLevelApprovers: stella\n", ""))
    plan = planned(case)
    assert gather_purge(case.workspace, plan).boundary.approvers == ("olivia",)
    scheduled = Run(dag_id="dag", run_id="run", task_id="gate", requester=None)
    with pytest.raises(VerificationError, match="self-approved"):
        answered(case, plan, responder="olivia", run=scheduled)


def test_a_contract_that_names_nobody_gets_no_agreement(case: PurgeCase) -> None:
    text = case.contract.read_text()
    text = text.replace("roles:\n  - role: analyst\n    firstLevelApprovers: stella\n", "")
    case.contract.write_text(text.replace("  - {property: privacy.owner, value: olivia}\n", ""))
    with pytest.raises(CheckFailed, match="no-approver"):
        gather_purge(case.workspace, planned(case))


def test_the_request_names_places_and_counts_and_no_partition(case: PurgeCase) -> None:
    request = ask_purge(case.workspace, CALLER, gather_purge(case.workspace, planned(case)))
    assert str(case.place) in request.body and "50.0%" in request.body
    assert "day=" not in request.body + request.subject
