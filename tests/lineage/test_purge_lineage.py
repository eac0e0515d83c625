"""What a purge says to OpenLineage: nothing before a certificate, and then what became of each place."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from openlineage_spec import sent, spec_in, validate_event_file
from purge_case import CALLER, PurgeCase, days, purge_case, write_file

from airflow_privacy.core.model.flow import Flow, Removal
from airflow_privacy.core.pipeline import purge_execution
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.lineage.facets import lineage_of
from airflow_privacy.lineage.removals import PURGE, State, outputs, state_of
from airflow_privacy.operators import RetentionPurgeOperator

REMOVAL = Removal(
    uri="/data/x", method="delete-rows", unit="rows", gone=5, kept=0, whole=False, plan="sha256:" + "1" * 64,
    certificate="sha256:" + "2" * 64,
)  # fmt: skip


def purged(case: PurgeCase) -> Purged:
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    return run_purge(case.workspace, CALLER, plan=plan)


def state(flow: Flow) -> list[str]:
    found = lineage_of(flow).outputs
    return [one.facets["lifecycleStateChange"].lifecycleStateChange.value for one in found]


@pytest.mark.parametrize(
    ("method", "whole", "expected"),
    [
        ("delete-rows", True, State.TRUNCATE),
        ("rewrite-table", True, State.TRUNCATE),
        ("rewrite-files", True, State.TRUNCATE),
        ("delete-rows", False, State.OVERWRITE),
        ("delete-files", True, State.DROP),
        ("delete-objects", True, State.DROP),
        ("drop-versions", True, State.DROP),
        ("delete-objects", False, State.OVERWRITE),
    ],
)
def test_a_place_is_truncated_dropped_or_overwritten(method: Any, whole: bool, expected: State) -> None:
    assert state_of(changed(REMOVAL, method=method, whole=whole)) is expected


def test_some_files_gone_is_overwrite_and_the_own_facet_counts_them(tmp_path: Path, reference_data: Path) -> None:
    case = purge_case(tmp_path)
    done = purged(case)
    event = sent(lineage_of(done.flow), tmp_path / "events.jsonl")
    (output,) = event["outputs"]
    assert (output["namespace"], output["name"]) == ("file", str(case.place))
    assert output["facets"]["lifecycleStateChange"]["lifecycleStateChange"] == "OVERWRITE"
    assert done.ref is not None
    said = {key: value for key, value in output["outputFacets"][PURGE].items() if not key.startswith("_")}
    assert said["certificate"] == done.ref.digest
    assert (said["method"], said["unit"], said["gone"], said["kept"]) == ("delete-files", "files", 5, 0)
    assert validate_event_file(tmp_path / "events.jsonl", reference_data) == 1
    assert "day=" not in json.dumps(event)


def test_all_files_gone_is_drop(tmp_path: Path) -> None:
    assert state(purged(purge_case(tmp_path, days(40, 41))).flow) == ["DROP"]


def test_all_but_what_a_hold_keeps_is_overwrite(tmp_path: Path) -> None:
    case = purge_case(tmp_path, days(40, 41))
    partition = next(iter(days(40))).split("/")[0]
    place_hold(case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", partition=partition)
    assert state(purged(case).flow) == ["OVERWRITE"]


def test_all_but_what_a_hold_keeps_that_came_after_the_plan_is_overwrite(tmp_path: Path) -> None:
    case = purge_case(tmp_path, days(40, 41))
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    partition = next(iter(days(40))).split("/")[0]
    place_hold(case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", partition=partition)
    assert state(run_purge(case.workspace, CALLER, plan=plan).flow) == ["OVERWRITE"]


def test_nothing_gone_says_nothing(tmp_path: Path) -> None:
    assert state(purged(purge_case(tmp_path, days(1, 2))).flow) == []


def test_a_plan_and_a_later_look_change_nothing(tmp_path: Path, reference_data: Path) -> None:
    case = purge_case(tmp_path)
    planned = plan_purge(case.workspace, CALLER, contract=case.contract)
    done = purged(case)
    assert done.ref is not None
    looked = verify_purge(case.workspace, CALLER, certificate=done.ref)
    for flow in (planned.flow, looked.flow):
        event = sent(lineage_of(flow), tmp_path / "events.jsonl")
        assert [one["name"] for one in event["inputs"]] == [str(case.place)]
        assert event["outputs"] == []
    assert validate_event_file(tmp_path / "events.jsonl", reference_data) == 2


class Idle:
    """A place that deletes nothing."""

    def __init__(self, target: Any) -> None:
        self.uri, self.find, self.look_again = target.uri, target.find, target.look_again

    def remove(self, *given: Any, **named: Any) -> None:
        """Nothing goes."""


def test_what_is_not_gone_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = purge_case(tmp_path)
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(case.workspace.home))
    instance = SimpleNamespace(dag_id="dag", run_id="run", task_id="purge")
    context: Any = {"task_instance": instance, "dag_run": SimpleNamespace(triggering_user_name=None)}
    task = RetentionPurgeOperator(task_id="purge", mode="execute", contract=str(case.contract), max_share=1.0)
    carry_out = purge_execution._carry_out

    def idle(workspace: Any, plan: Any, step: Any, open_target: Any, *rest: Any) -> Any:
        return carry_out(workspace, plan, step, lambda one: Idle(open_target(one)), *rest)

    write_file(case.place / "day=2020-01-01/part-0.csv", age=2000)
    monkeypatch.setattr(purge_execution, "_carry_out", idle)
    with pytest.raises(Exception, match="not-gone"):
        task.execute(context)
    for lineage in (task.get_openlineage_facets_on_failure(None), task.get_openlineage_facets_on_start()):
        assert (lineage.inputs, lineage.outputs) == ([], [])


def test_steps_at_one_place_are_one_output_and_keys_are_none() -> None:
    several = (REMOVAL, changed(REMOVAL, gone=7), changed(REMOVAL, uri="keys:scope", method="destroy-keys", unit="keys"))
    (only,) = outputs(several, lambda uri: ("file", uri))
    assert only.outputFacets is not None
    assert (only.name, only.outputFacets[PURGE].gone) == ("/data/x", 7)  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", [{"gone": 0}, {"unit": "people"}, {"certificate": "none"}])
def test_the_own_facet_is_held_against_its_shipped_schema(tmp_path: Path, reference_data: Path, damage: dict[str, Any]) -> None:
    event = sent(lineage_of(Flow(removals=(REMOVAL,))), tmp_path / "events.jsonl")
    assert spec_in(reference_data).problems(event) == []
    event["outputs"][0]["outputFacets"][PURGE].update(damage)
    assert spec_in(reference_data).problems(event)
