"""``@task.mask``: rows in, references out, and no raw row left behind."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from people import people_frame, write_case
from steps import workspace_in

from airflow_privacy.core.io.version import open_version
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.risk import RiskReport
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


def task_of(case, function, *args, **changes):
    """The operator that the decorator makes in a DAG."""
    parameters = {
        "contract": str(case.contract),
        "policy": str(case.policy),
        "purpose": "churn-model",
        "recipient": "ml-team",
        "destination": "training",
        "stage": str(case.data / "raw"),
        "out": str(case.staging),
        "task_id": "people",
        **changes,
    }
    with DAG("people"):
        return task.mask(**parameters)(function)(*args).operator


def run(operator, *, run_id="run", map_index=-1):
    """What the task returns and pushes."""
    pushed = {}
    instance = SimpleNamespace(
        dag_id="people",
        run_id=run_id,
        task_id=operator.task_id,
        map_index=map_index,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return operator.execute({"task_instance": instance, "ti": instance, "run_id": run_id}), pushed


def everything_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("convert", [pl.DataFrame.clone, pl.DataFrame.to_pandas], ids=["polars", "pandas"])
def test_a_frame_becomes_a_masked_dataset(case, workspace, convert):
    returned, pushed = run(task_of(case, lambda: convert(PEOPLE)))
    dataset = workspace.artifacts.get(Dataset, ArtifactRef(**returned))
    assert dataset.rows == 600
    assert open_version(dataset).frame().collect_schema().names() == [
        "person_id", "email", "birth_date", "country", "income", "churned",
    ]  # fmt: skip
    report = workspace.artifacts.get(RiskReport, ArtifactRef(**pushed["risk"]))
    assert report.dataset == returned["digest"]


def test_nothing_but_references_reaches_xcom(case, workspace):
    returned, pushed = run(task_of(case, lambda: PEOPLE))
    for value in (returned, pushed["risk"]):
        assert set(value) == {"uri", "digest", "kind", "counts"}
    text = json.dumps([returned, pushed])
    for column in ("name", "email"):
        assert not any(cell in text for cell in PEOPLE[column])


def test_the_raw_rows_are_gone_afterwards(case, workspace):
    run(task_of(case, lambda: PEOPLE))
    assert list((case.data / "raw").iterdir()) == []
    assert not any(b"ada.lovelace" in path.read_bytes() for path in everything_below(case.data))


@pytest.mark.parametrize("step", ["detect", "plan_masking", "mask", "assess_risk"])
def test_the_raw_rows_are_gone_where_a_step_fails(case, workspace, monkeypatch, step):
    def fail(*_, **__):
        assert everything_below(case.data / "raw")
        raise ValueError("canary-4711")

    monkeypatch.setattr(staged, step, fail)
    with pytest.raises(AirflowException, match="ValueError") as caught:
        run(task_of(case, lambda: PEOPLE))
    assert "canary" not in str(caught.value)
    assert list((case.data / "raw").iterdir()) == []


def test_only_this_user_can_read_the_raw_rows_while_they_are_there(case, workspace, monkeypatch):
    seen = []
    detect = staged.detect

    def look(*args, **given):
        path = Path(given["source"])
        seen.extend(stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent))
        return detect(*args, **given)

    monkeypatch.setattr(staged, "detect", look)
    run(task_of(case, lambda: PEOPLE))
    assert seen == [0o600, 0o700]


def test_what_a_killed_try_left_is_replaced_and_deleted(case, workspace, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(staged, "detect", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        patch.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        patch.setattr("pathlib.Path.rmdir", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            run(task_of(case, lambda: PEOPLE))
    assert everything_below(case.data / "raw")
    run(task_of(case, lambda: PEOPLE))
    assert list((case.data / "raw").iterdir()) == []


def test_a_retry_gives_the_same_dataset(case, workspace):
    assert run(task_of(case, lambda: PEOPLE)) == run(task_of(case, lambda: PEOPLE))


def test_mapped_tasks_do_not_share_a_stage(case, workspace, monkeypatch):
    seen = []
    monkeypatch.setattr(staged, "detect", lambda *_, source, **__: seen.append(source) or (_ for _ in ()).throw(ValueError))
    for index in (0, 1):
        with pytest.raises(AirflowException):
            run(task_of(case, lambda: PEOPLE), map_index=index)
    assert len(set(seen)) == 2


def test_every_step_is_recorded(case, workspace):
    run(task_of(case, lambda: PEOPLE))
    assert [fact.kind for _, fact in facts_of(workspace)] == ["detected", "planned", "masked", "assessed"]


def test_the_function_gets_its_arguments_and_the_context(case, workspace):
    def people(rows, run_id=None):
        assert run_id == "run"
        return PEOPLE.head(rows)

    assert run(task_of(case, people, 500))[0]["counts"]["rows"] == 500


def test_what_the_function_raises_shows_no_value(case, workspace):
    def people():
        raise KeyError("canary-4711")

    with pytest.raises(AirflowException, match="KeyError") as caught:
        run(task_of(case, people))
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("given", [None, [1], "text"])
def test_a_function_that_returns_no_frame_fails_at_once(case, workspace, given):
    with pytest.raises(AirflowFailException, match="no-dataframe"):
        run(task_of(case, lambda: given))


def test_a_column_that_the_contract_does_not_know_is_refused(case, workspace):
    with pytest.raises(AirflowFailException):
        run(task_of(case, lambda: PEOPLE.with_columns(extra=1)))
    assert list((case.data / "raw").iterdir()) == []


def test_a_stage_in_an_object_store_is_refused(case, workspace):
    with pytest.raises(AirflowFailException, match="stage-not-local"):
        run(task_of(case, lambda: PEOPLE, stage="s3://bucket/raw"))


def test_a_stage_outside_the_policys_environments_is_refused(case, workspace, tmp_path):
    with pytest.raises(AirflowFailException):
        run(task_of(case, lambda: PEOPLE, stage=str(tmp_path / "elsewhere")))
    assert everything_below(tmp_path / "elsewhere") == []


def test_parameters_are_templated(case):
    operator = task_of(case, lambda: PEOPLE, out="{{ run_id }}/out")
    operator.render_template_fields({"run_id": "r1"})
    assert operator.out == "r1/out"


def test_importing_the_decorator_loads_no_heavy_library():
    script = "import airflow.sdk, sys; import airflow_privacy.decorators.mask; print({'polars', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
