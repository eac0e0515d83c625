"""``@task.mask`` on a real Airflow: the gate takes its two references, and nothing else of the rows is anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import people_frame, write_case

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0
DAG = "mask_taskflow"
SOURCE = """\
import polars as pl
from airflow.sdk import DAG, task

from airflow_privacy.operators import ApprovalGateOperator


def given(name):
    return "{{ dag_run.conf['" + name + "'] }}"


with DAG("mask_taskflow", schedule=None):

    @task.mask(
        contract=given("contract"), policy=given("policy"), purpose="churn-model", recipient="ml-team",
        destination="training", stage=given("stage"), out=given("staging"),
    )
    def people(path):
        return pl.read_parquet(path)

    masked = people(given("source"))
    ApprovalGateOperator(task_id="approve", dataset=masked, risk=masked["risk"])
"""


@pytest.fixture(scope="module")
def run(airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A run that waits for its answer, and the folder that it works in."""
    folder = tmp_path_factory.mktemp("taskflow")
    case = write_case(folder)
    source = case.raw.rename(folder / "people.parquet")
    airflow.add_dag(SOURCE, f"{DAG}.py")
    airflow.wait_parsed([DAG])
    conf = {
        "contract": str(case.contract),
        "policy": str(case.policy),
        "source": str(source),
        "stage": str(case.data / "raw"),
        "staging": str(case.staging),
    }
    number = airflow.api.trigger(DAG, conf=conf, user="maria")
    airflow.api.wait_answerable(DAG, number, "approve", timeout=SECONDS)
    yield number, case.data


def test_the_gate_asks_about_the_dataset_that_the_function_became(airflow, run, workspace) -> None:
    ref = convert(ArtifactRef, airflow.api.xcom(DAG, run[0], "people"), where="people")
    assert workspace.artifacts.get(Dataset, ref).rows == 600


def test_no_raw_row_is_left_on_the_worker_or_in_the_log(airflow, run) -> None:
    assert list((run[1] / "raw").iterdir()) == []
    log = airflow.api.task_log(DAG, run[0], "people")
    assert not any(email in log for email in people_frame()["email"])
