"""The purge operator and the gate over its plans, without a server: a context like a task's, and a folder of files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskAwaitingInput, TaskDeferred
from purge_case import CALLER, PurgeCase, days, purge_case, write_file

from airflow_privacy.core.model.flow import Flow
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline import purge, purge_execution
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.core.pipeline.purge_runs import due_certificates
from airflow_privacy.operators import ApprovalGateOperator, RetentionPurgeOperator
from airflow_privacy.operators.purge import certificates_due

NOW = datetime.now(UTC).replace(microsecond=0)
OLD = days(*range(40, 45), now=NOW)


def context(run: str = "run", *, requester: str | None = "maria") -> Any:
    instance = SimpleNamespace(dag_id="dag", run_id=run, task_id="purge", id="1")
    return {"task_instance": instance, "dag_run": SimpleNamespace(triggering_user_name=requester)}


def operator(**given: Any) -> RetentionPurgeOperator:
    return RetentionPurgeOperator(task_id="purge", **given)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PurgeCase:
    made = purge_case(tmp_path, OLD | days(*range(1, 16), now=NOW), now=NOW)
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(made.workspace.home))
    return made


@pytest.fixture
def plan(case: PurgeCase) -> dict[str, Any]:
    return operator(contract=str(case.contract)).execute(context())


@pytest.fixture
def large_plan(case: PurgeCase) -> dict[str, Any]:
    return operator(contract=str(case.contract), max_share=0.1).execute(context())


def test_a_plan_is_a_reference_and_deletes_nothing(case: PurgeCase, plan: dict[str, Any]) -> None:
    assert set(plan) == {"uri", "digest", "kind", "counts"}
    assert (plan["kind"], plan["counts"]["expired"], plan["counts"]["needs_approval"]) == ("purge-plan", 5, 0)
    assert len(case.files()) == 20


def test_a_plan_is_executed_and_its_certificate_verified(case: PurgeCase, plan: dict[str, Any]) -> None:
    done = operator(mode="execute", plan=plan).execute(context())
    assert (done["kind"], done["counts"]["gone"], done["counts"]["left"]) == ("certificate", 5, 0)
    assert len(case.files()) == 15
    verified = operator(mode="verify", certificate=done).execute(context("later"))
    assert (verified["digest"], verified["counts"]["left"]) == (done["digest"], 0)


def test_executing_again_gives_the_same_certificate(case: PurgeCase, plan: dict[str, Any]) -> None:
    first = operator(mode="execute", plan=plan).execute(context())
    assert operator(mode="execute", plan=plan).execute(context()) == first


def test_one_task_plans_and_executes(case: PurgeCase) -> None:
    done = operator(mode="execute", contract=str(case.contract)).execute(context())
    assert done["counts"]["gone"] == 5
    assert len(case.files()) == 15


def test_one_task_deletes_nothing_that_somebody_must_agree_to(case: PurgeCase) -> None:
    with pytest.raises(AirflowFailException, match="approval-missing"):
        operator(mode="execute", contract=str(case.contract), max_share=0.1).execute(context())
    assert len(case.files()) == 20


def test_one_task_that_was_killed_ends_with_one_certificate_of_all_that_went(
    case: PurgeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(workspace: Any, plan: PurgePlan, step: Any, *given: Any) -> None:
        for item in purge_execution.items_of(workspace, step)[:2]:
            (case.place / item.name).unlink()
        raise KeyboardInterrupt

    one = operator(mode="execute", contract=str(case.contract))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(purge_execution, "_carry_out", half)
        one.execute(context())
    assert len(case.files()) == 18
    assert one.execute(context())["counts"]["gone"] == 5
    assert case.kinds().count("planned") == case.kinds().count("certified") == 1


def test_a_killed_plan_of_another_run_is_not_gone_on_with(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*given: Any) -> None:
        raise KeyboardInterrupt

    one = operator(mode="execute", contract=str(case.contract))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(purge_execution, "_carry_out", killed)
        one.execute(context())
    one.execute(context("tomorrow"))
    assert case.kinds().count("planned") == 2


def test_what_came_back_fails_the_verification_at_once(case: PurgeCase, plan: dict[str, Any]) -> None:
    done = operator(mode="execute", plan=plan).execute(context())
    write_file(case.place / next(iter(OLD)), age=40, now=NOW)
    with pytest.raises(AirflowFailException, match="came-back"):
        operator(mode="verify", certificate=done).execute(context())


def test_another_purge_of_the_dataset_is_retried(case: PurgeCase, plan: dict[str, Any]) -> None:
    from airflow_privacy.core.pipeline.purge_locks import dataset_locks

    with dataset_locks(case.workspace.home, ["visits"]), pytest.raises(AirflowException, match="purge-busy") as caught:
        operator(mode="execute", plan=plan).execute(context())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_task_that_waits_for_old_versions_defers_and_goes_on_with_its_own_plan(
    case: PurgeCase, plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    until, asked = NOW + timedelta(days=7), []

    def waiting(*given: Any, plan: Any, **named: Any) -> Purged:
        asked.append(plan.digest)
        return Purged(ref=None, certificate=None, waiting_until=until, flow=Flow())

    one = operator(mode="execute", plan=plan)
    with monkeypatch.context() as patched, pytest.raises(TaskDeferred) as deferred:
        patched.setattr(purge, "run_purge", waiting)
        one.execute(context())
    assert deferred.value.trigger.moment == until
    other = operator(mode="execute", plan={"uri": "", "digest": "sha256:" + "0" * 64, "kind": "purge-plan", "counts": {}})
    done = getattr(other, deferred.value.method_name)(context(), None, **(deferred.value.kwargs or {}))
    assert (asked, done["counts"]["gone"]) == ([plan["digest"]], 5)


def test_a_wait_that_is_over_is_no_hot_loop(case: PurgeCase, plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting(*_: Any, **__: Any) -> Purged:
        return Purged(ref=None, certificate=None, waiting_until=NOW - timedelta(days=1), flow=Flow())

    monkeypatch.setattr(purge, "run_purge", waiting)
    with pytest.raises(TaskDeferred) as deferred:
        operator(mode="execute", plan=plan).execute(context())
    assert deferred.value.trigger.moment > datetime.now(UTC) + timedelta(seconds=30)


def test_the_log_tells_counts_and_no_name(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    operator(mode="execute", contract=str(case.contract)).execute(context())
    log = capsys.readouterr().out
    assert "5 expired, 15 young" in log
    assert "5 of 5 purged" in log
    assert "day=" not in log


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"mode": "destroy", "contract": "c.yaml"}, "bad-argument"),
        ({"mode": "plan"}, "no-contract"),
        ({"mode": "execute"}, "no-contract"),
        ({"mode": "verify"}, "no-reference"),
        ({"mode": "execute", "plan": "text"}, "no-reference"),
    ],
)
def test_what_is_missing_is_said_without_a_retry(case: PurgeCase, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(AirflowFailException, match=reason):
        operator(**given).execute(context())


def test_the_constructor_only_assigns_so_that_the_operator_can_be_mapped() -> None:
    with DAG("mapped", schedule=None) as dag:
        plans = RetentionPurgeOperator.partial(task_id="plan", max_share=0.5).expand(contract=["a.yaml", "b.yaml"])
        RetentionPurgeOperator.partial(task_id="purge", mode="execute").expand(plan=plans.output)
    assert set(dag.task_ids) == {"plan", "purge"}


def test_a_gate_that_asks_only_if_needed_is_skipped_over_a_small_plan(case: PurgeCase, plan: dict[str, Any]) -> None:
    gate = ApprovalGateOperator(task_id="gate", dataset=plan, only_if_needed=True)
    with pytest.raises(AirflowSkipException):
        gate.execute(context())
    assert "requested" not in case.kinds()
    done = operator(mode="execute", plan=plan, approvals=[None]).execute(context())
    assert done["counts"]["gone"] == 5


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What a gate would show."""
    shown: dict[str, str] = {}

    def send(_: Any, __: Any, request: Any) -> None:
        shown.update(subject=request.subject, body=request.body)

    monkeypatch.setattr(ApprovalGateOperator, "_send", send)
    yield shown


@pytest.mark.parametrize("only_if_needed", [True, False])
def test_a_gate_asks_about_a_large_plan_whatever_its_reference_counts(
    case: PurgeCase, large_plan: dict[str, Any], form: dict[str, str], only_if_needed: bool
) -> None:
    forged = large_plan | {"counts": {"needs_approval": 0}}
    with pytest.raises(TaskAwaitingInput) as parked:
        ApprovalGateOperator(task_id="gate", dataset=forged, only_if_needed=only_if_needed).execute(context())
    assert parked.value.kwargs is not None
    assert parked.value.kwargs["evidence"] == large_plan["digest"]
    assert all(word in form["body"] for word in (large_plan["digest"], str(case.place), "25.0%", "oldest"))
    assert "day=" not in form["body"]


def test_a_gate_asks_about_a_small_plan_unless_it_is_told_not_to(plan: dict[str, Any], form: dict[str, str]) -> None:
    with pytest.raises(TaskAwaitingInput):
        ApprovalGateOperator(task_id="gate", dataset=plan).execute(context())


def test_the_form_says_what_a_hold_keeps_and_what_is_not_covered(case: PurgeCase, form: dict[str, str]) -> None:
    hold = place_hold(
        case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", partition=next(iter(OLD)).split("/")[0]
    )
    large = operator(contract=str(case.contract), max_share=0.1).execute(context())
    with pytest.raises(TaskAwaitingInput):
        ApprovalGateOperator(task_id="gate", dataset=large).execute(context())
    assert f"1 kept: legal hold, {hold.id}" in form["body"]
    assert next(iter(OLD)).split("/")[0] not in form["body"]


def answer(case: PurgeCase, large: dict[str, Any], *, user: str, chosen: str = "Approve", requester: str | None) -> Any:
    """Ask and answer, as Airflow resumes a parked task."""
    gate = ApprovalGateOperator(task_id="gate", dataset=large)
    with pytest.raises(TaskAwaitingInput) as parked:
        gate.execute(context(requester=requester))
    event = {
        "chosen_options": [chosen],
        "params_input": {"evidence": large["digest"]},
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": user, "name": user},
        "timedout": False,
    }
    return gate.execute_complete(context(requester=requester), event, **(parked.value.kwargs or {}))


def test_an_approved_large_plan_is_executed(case: PurgeCase, large_plan: dict[str, Any], form: dict[str, str]) -> None:
    approval = answer(case, large_plan, user="stella", requester="maria")
    assert operator(mode="execute", plan=large_plan, approvals=[approval]).execute(context())["counts"]["gone"] == 5


@pytest.mark.parametrize(
    ("user", "requester", "reason"),
    [("stella", "stella", "self-approved"), ("eve", "maria", "not-an-approver"), ("olivia", None, "not-an-approver")],
)
def test_an_answer_of_somebody_who_may_not_give_it_is_refused_and_nothing_goes(
    case: PurgeCase, large_plan: dict[str, Any], form: dict[str, str], user: str, requester: str | None, reason: str
) -> None:
    with pytest.raises(AirflowFailException, match=reason):
        answer(case, large_plan, user=user, requester=requester)
    with pytest.raises(AirflowFailException, match="approval-missing"):
        operator(mode="execute", plan=large_plan, approvals=[None]).execute(context(requester=requester))
    assert len(case.files()) == 20


def test_a_rejection_is_final_for_its_run(case: PurgeCase, large_plan: dict[str, Any], form: dict[str, str]) -> None:
    with pytest.raises(AirflowFailException, match="rejected"):
        answer(case, large_plan, user="stella", chosen="Reject", requester="maria")
    with pytest.raises(AirflowFailException, match="rejected"):
        answer(case, large_plan, user="stella", requester="maria")


def test_an_approval_of_a_purge_is_none_of_another_run(case: PurgeCase, large_plan: dict[str, Any], form: dict[str, str]) -> None:
    approval = answer(case, large_plan, user="stella", requester="maria")
    with pytest.raises(AirflowFailException, match="wrong-run"):
        operator(mode="execute", plan=large_plan, approvals=[approval]).execute(context("another"))
    assert len(case.files()) == 20


def test_certificates_are_due_when_they_say_so_and_not_again_once_they_hold(case: PurgeCase, plan: dict[str, Any]) -> None:
    done = operator(mode="execute", plan=plan).execute(context())
    assert certificates_due() == []
    later = case.at(NOW + timedelta(days=31)).workspace
    (due,) = due_certificates(later)
    assert due.digest == done["digest"]
    write_file(case.place / next(iter(OLD)), age=40, now=NOW)
    with pytest.raises(Exception, match="came-back"):
        purge.verify_purge(later, CALLER, certificate=due)
    assert len(due_certificates(later)) == 1
    (case.place / next(iter(OLD))).unlink()
    purge.verify_purge(later, CALLER, certificate=due)
    assert due_certificates(later) == ()


def test_a_certificate_that_was_lost_is_due_and_one_over_nothing_is_not(case: PurgeCase, plan: dict[str, Any]) -> None:
    done = operator(mode="execute", plan=plan).execute(context())
    operator(mode="execute", contract=str(case.contract)).execute(context("next"))
    assert case.kinds().count("certified") == 2
    later = case.at(NOW + timedelta(days=31)).workspace
    Path(done["uri"]).unlink()
    assert [ref.digest for ref in due_certificates(later)] == [done["digest"]]
