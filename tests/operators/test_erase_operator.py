"""The operator that erases a person and the gate over its plans, without a server: a context like a task's, and a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskAwaitingInput, TaskDeferred
from erase_case import CALLER, EraseCase, erase_case

from airflow_privacy.core.model.flow import Flow
from airflow_privacy.core.pipeline import erase
from airflow_privacy.core.pipeline.erase import review_erasure
from airflow_privacy.core.pipeline.erase_files import CLEAR, left_in_clear
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.operators import ApprovalGateOperator, EraseSubjectOperator

WHO = "ada@mail.example"


def context(run: str = "run", *, requester: str | None = "maria") -> Any:
    instance = SimpleNamespace(dag_id="dag", run_id=run, task_id="erase", id="1")
    return {"task_instance": instance, "dag_run": SimpleNamespace(triggering_user_name=requester)}


def run(subject: Any, mode: str = "plan", **given: Any) -> dict[str, Any]:
    one = EraseSubjectOperator(task_id="erase", subject=subject, mode=mode, **given)  # type: ignore[arg-type]
    return one.execute(context())


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EraseCase:
    """Two of ten rows are the person's."""
    made = erase_case(tmp_path)
    made = replace(made, workspace=replace(made.workspace, now=lambda: datetime.now(UTC)))
    place = tmp_path / "visits"
    place.mkdir()
    names = [WHO, *(f"p{n}@mail.example" for n in range(4))] * 2
    pl.DataFrame({"visitor": names, "page": range(10)}).write_csv(place / "visits.csv")
    made.contract("visits", place, "visitor")
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(made.workspace.home))
    return made


@pytest.fixture
def contracts(case: EraseCase) -> str:
    return str(case.folder / "contracts")


@pytest.fixture
def request_id(case: EraseCase, contracts: str) -> str:
    """A request that somebody reviewed."""
    asked = case.request({"visitor": WHO})
    case.plan(asked)
    case.confirm(asked)
    return asked


@pytest.fixture
def plan(request_id: str, contracts: str) -> dict[str, Any]:
    return run(request_id, contracts=contracts)


@pytest.fixture
def large_plan(request_id: str, contracts: str) -> dict[str, Any]:
    return run(request_id, contracts=contracts, max_share=0.1)


def visitors(case: EraseCase) -> Sequence[str]:
    return pl.read_csv(case.folder / "visits" / "visits.csv")["visitor"].to_list()


def test_a_plan_that_waits_for_a_review_fails_without_a_retry_and_names_nobody(case: EraseCase, contracts: str) -> None:
    asked = case.request({"visitor": WHO})
    with pytest.raises(AirflowFailException, match="not-reviewed") as caught:
        run(asked, contracts=contracts)
    assert f"airflow-privacy erase review {asked}" in str(caught.value)
    assert "1 of 1 candidates" in str(caught.value)
    assert WHO not in str(caught.value)
    review_erasure(case.workspace, CALLER, request=asked, person=[1])
    assert run(asked, contracts=[contracts])["counts"]["expired"] == 2


def test_a_reviewed_person_is_planned_erased_and_looked_for_again(
    case: EraseCase, request_id: str, plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(plan) == {"uri", "digest", "kind", "counts"}
    assert (plan["kind"], plan["counts"]["expired"], len(visitors(case))) == ("purge-plan", 2, 10)
    done = run(plan, "execute", throttle=1e6)
    assert (done["kind"], done["counts"]["gone"], done["counts"]["left"]) == ("certificate", 2, 0)
    assert len(visitors(case)) == 8 and WHO not in visitors(case)
    assert not left_in_clear(case.workspace.home, request_id)
    assert run(done, "verify")["digest"] == run(done["digest"], "verify")["digest"] == done["digest"]
    log = capsys.readouterr().out
    assert "2 gone, 0 kept" in log and "still gone at 1 places" in log
    assert WHO not in log


@pytest.mark.parametrize("of", ["plan", "text", "request"])
def test_executing_again_gives_the_same_certificate(request_id: str, plan: dict[str, Any], of: str) -> None:
    first = run(plan, "execute")
    assert run({"plan": plan, "text": json.dumps(plan), "request": request_id}[of], "execute") == first


def test_a_given_plan_is_carried_out_and_not_a_newer_one_of_the_request(
    case: EraseCase, request_id: str, large_plan: dict[str, Any], contracts: str
) -> None:
    newer = run(request_id, contracts=contracts, max_share=1.0)
    assert newer["digest"] != large_plan["digest"]
    with pytest.raises(AirflowFailException, match="approval-missing"):
        run(large_plan, "execute", approvals=[None])
    assert len(visitors(case)) == 10
    assert run(request_id, "execute")["counts"]["gone"] == 2


def test_who_came_back_fails_the_verification_at_once(case: EraseCase, plan: dict[str, Any]) -> None:
    done = run(plan, "execute")
    (case.folder / "visits" / "restored.csv").write_text(f"visitor,page\n{WHO},1\n")
    with pytest.raises(AirflowFailException, match="came-back") as caught:
        run(done, "verify")
    assert WHO not in str(caught.value)


def test_another_purge_of_the_dataset_is_retried(case: EraseCase, plan: dict[str, Any]) -> None:
    from airflow_privacy.core.pipeline.purge_locks import dataset_locks

    with dataset_locks(case.workspace.home, ["visits"]), pytest.raises(AirflowException, match="purge-busy") as caught:
        run(plan, "execute")
    assert not isinstance(caught.value, AirflowFailException)


def test_a_task_that_waits_for_old_versions_defers_and_goes_on_with_its_own_plan(
    plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    until, asked = datetime.now(UTC) + timedelta(days=7), []

    def waiting(*given: Any, plan: Any, **named: Any) -> Purged:
        asked.append(plan.digest)
        return Purged(ref=None, certificate=None, waiting_until=until, flow=Flow())

    with monkeypatch.context() as patched, pytest.raises(TaskDeferred) as deferred:
        patched.setattr(erase, "run_erasure", waiting)
        run(plan, "execute")
    assert deferred.value.trigger.moment == until
    other = EraseSubjectOperator(task_id="erase", mode="execute", subject="0" * 12)
    done = getattr(other, deferred.value.method_name)(context(), None, **(deferred.value.kwargs or {}))
    assert (asked, done["counts"]["gone"]) == ([plan["digest"]], 2)


def test_pace_follow_deadline_and_share_reach_the_pipeline(
    case: EraseCase, request_id: str, contracts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def noted(step: Any) -> Any:
        return lambda *given, **named: seen.append(named) or step(*given, **named)

    monkeypatch.setattr(erase, "plan_erasure", noted(erase.plan_erasure))
    monkeypatch.setattr(erase, "run_erasure", noted(erase.run_erasure))
    moment = datetime.now(UTC) + timedelta(days=3)
    plan = run(request_id, contracts=contracts, deadline=moment.isoformat(), max_share=0.5, follow=["orders.customer"])
    run(plan, "execute", throttle=7.0)
    assert (seen[0]["follow"], seen[0]["max_share"], seen[0]["deadline"]) == (("orders.customer",), 0.5, moment)
    assert seen[1]["pace"].rows_per_second == 7.0


@pytest.mark.parametrize(
    ("mode", "subject", "given", "reason"),
    [
        ("destroy", "0" * 12, {}, "bad-argument"),
        ("plan", WHO, {}, "bad-request-id"),
        ("execute", WHO, {}, "bad-request-id"),
        ("execute", None, {}, "bad-request-id"),
        ("plan", "0" * 12, {}, "unknown-request"),
        ("execute", "0" * 12, {}, "not-planned"),
        ("verify", "0" * 12, {}, "no-reference"),
        ("verify", None, {}, "no-reference"),
        ("plan", "0" * 12, {"deadline": "tomorrow"}, "bad-argument"),
        ("plan", "0" * 12, {"deadline": "2030-01-01"}, "bad-argument"),
    ],
)
def test_what_is_missing_is_said_without_a_retry_and_without_a_value(
    case: EraseCase, mode: str, subject: Any, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AirflowFailException, match=reason) as caught:
        run(subject, mode, **given)
    assert WHO not in str(caught.value)


def test_the_constructor_only_assigns_so_that_the_operator_can_be_mapped() -> None:
    with DAG("mapped", schedule=None) as dag:
        plans = EraseSubjectOperator.partial(task_id="plan", contracts="contracts").expand(subject=["0" * 12, "1" * 12])
        EraseSubjectOperator.partial(task_id="erase", mode="execute").expand(subject=plans.output)
    assert set(dag.task_ids) == {"plan", "erase"}


def test_a_gate_that_asks_only_if_needed_is_skipped_over_a_small_plan(plan: dict[str, Any]) -> None:
    with pytest.raises(AirflowSkipException):
        ApprovalGateOperator(task_id="gate", dataset=plan, only_if_needed=True).execute(context())


def test_a_large_plan_is_asked_about_and_carried_out_once_it_is_approved(
    case: EraseCase, request_id: str, large_plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(ApprovalGateOperator, "_send", lambda _, __, asked: shown.append(asked))
    gate = ApprovalGateOperator(task_id="gate", dataset=large_plan, only_if_needed=True)
    with pytest.raises(TaskAwaitingInput) as parked:
        gate.execute(context())
    (form,) = shown
    assert request_id in form.subject and form.approvers == ("stella",)
    assert all(word in form.body for word in (large_plan["digest"], "20.0%", "To be done by"))
    assert WHO not in form.body + form.subject
    event = {
        "chosen_options": ["Approve"],
        "params_input": {"evidence": large_plan["digest"]},
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "stella", "name": "stella"},
        "timedout": False,
    }
    approval = gate.execute_complete(context(), event, **(parked.value.kwargs or {}))
    with pytest.raises(AirflowFailException, match="wrong-run"):
        EraseSubjectOperator(task_id="erase", subject=large_plan, mode="execute", approvals=[approval]).execute(context("other"))
    assert len(visitors(case)) == 10
    assert run(large_plan, "execute", approvals=[approval])["counts"]["gone"] == 2
    assert [suffix for suffix in CLEAR if (case.workspace.home / "requests" / f"{request_id}{suffix}").exists()] == []
