"""``@task.detect``: rows in, the findings' reference out, and no raw row left behind."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from people import people_frame, write_case
from steps import workspace_in

from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import staged
from airflow_privacy.core.pipeline.proof import facts_of

PEOPLE = people_frame()


@pytest.fixture
def case(tmp_path, monkeypatch):
    made = write_case(tmp_path)
    made.raw.unlink()
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(tmp_path / "privacy"))
    return made


@pytest.fixture
def workspace(tmp_path):
    return workspace_in(tmp_path)


def run(case, function, *, run_id="run", **changes):
    """What the task returns, and what it pushes besides."""
    parameters = {"stage": str(case.data / "raw"), "contract": str(case.contract), "task_id": "look", **changes}
    with DAG("people"):
        operator = task.detect(**parameters)(function)().operator
    pushed = {}
    instance = SimpleNamespace(
        dag_id="people",
        run_id=run_id,
        task_id=operator.task_id,
        map_index=-1,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return operator.execute({"task_instance": instance, "ti": instance, "run_id": run_id}), pushed


def findings_of(workspace, returned):
    return workspace.artifacts.get(Findings, ArtifactRef(**returned))


@pytest.mark.parametrize("convert", [pl.DataFrame.clone, pl.DataFrame.to_pandas], ids=["polars", "pandas"])
def test_a_frame_is_judged_as_its_table_would_be(case, workspace, convert):
    found = findings_of(workspace, run(case, lambda: convert(PEOPLE))[0])
    assert found.rows_scanned == found.rows_total == 600
    assert found.column("email").entity == "EMAIL_ADDRESS"
    assert found.column("email").role == "direct-identifier"


def test_nothing_but_references_reaches_xcom(case, workspace):
    returned, pushed = run(case, lambda: PEOPLE)
    assert pushed == {"findings": returned}
    assert set(returned) == {"uri", "digest", "kind", "counts"}
    assert not any(cell in json.dumps(returned) for cell in (*PEOPLE["name"], *PEOPLE["email"]))


def test_the_raw_rows_are_gone_afterwards_and_after_a_failure(case, workspace, monkeypatch):
    run(case, lambda: PEOPLE)
    assert list((case.data / "raw").iterdir()) == []

    def fail(*_, **__):
        assert [path for path in (case.data / "raw").rglob("*") if path.is_file()]
        raise ValueError("canary-4711")

    monkeypatch.setattr(staged, "detect", fail)
    with pytest.raises(AirflowException, match="ValueError") as caught:
        run(case, lambda: PEOPLE)
    assert "canary" not in str(caught.value)
    assert list((case.data / "raw").iterdir()) == []


def test_the_next_run_is_compared_with_this_one(case, workspace):
    run(case, lambda: PEOPLE, contract=None, run_id="monday")
    changed = PEOPLE.with_columns(country=pl.col("email"))
    found = findings_of(workspace, run(case, lambda: changed, contract=None, run_id="tuesday")[0])
    assert ("entity", "country") in {(one.kind, one.column) for one in found.drift}


def test_a_retry_gives_the_same_findings(case, workspace):
    assert run(case, lambda: PEOPLE) == run(case, lambda: PEOPLE)


def test_a_column_that_the_contract_does_not_know_is_refused_or_quarantined(case, workspace):
    def surprising():
        return PEOPLE.with_columns(surprise=1)

    with pytest.raises(AirflowFailException, match="schema-drift"):
        run(case, surprising)
    assert [fact.kind for _, fact in facts_of(workspace)] == ["refused"]
    found = findings_of(workspace, run(case, surprising, on_drift="quarantine")[0])
    assert [column.name for column in found.columns if column.quarantined] == ["surprise"]


def test_a_sample_is_a_sample(case, workspace):
    assert findings_of(workspace, run(case, lambda: PEOPLE, sample_rows=100)[0]).rows_scanned == 100


@pytest.mark.parametrize("given", [None, [1], "text"])
def test_a_function_that_returns_no_frame_fails_at_once(case, workspace, given):
    with pytest.raises(AirflowFailException, match="no-dataframe"):
        run(case, lambda: given)


def test_a_frame_without_rows_fails(case, workspace):
    with pytest.raises(AirflowFailException, match="no-rows"):
        run(case, lambda: PEOPLE.head(0))


def test_a_stage_in_an_object_store_is_refused(case, workspace):
    with pytest.raises(AirflowFailException, match="stage-not-local"):
        run(case, lambda: PEOPLE, stage="s3://bucket/raw")


def test_what_the_function_raises_shows_no_value(case, workspace):
    def people():
        raise KeyError("canary-4711")

    with pytest.raises(AirflowException, match="KeyError") as caught:
        run(case, people)
    assert "canary" not in str(caught.value)


def test_the_stage_is_a_path_of_its_own_run(case, workspace, monkeypatch):
    seen = []
    detect = staged.detect
    monkeypatch.setattr(staged, "detect", lambda *a, **k: seen.append(Path(k["source"]).parent.name) or detect(*a, **k))
    run(case, lambda: PEOPLE, run_id="monday")
    run(case, lambda: PEOPLE, run_id="tuesday")
    assert len(set(seen)) == 2
