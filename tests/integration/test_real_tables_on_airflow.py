"""Two public tables on a real Airflow: refused by the policy that keeps too much, released by the one that generalizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0
EXAMPLE = Path(__file__).resolve().parents[2] / "dags" / "release_real_tables.py"
DAGS = ("release_adult_as_is", "release_adult", "release_userdata_as_is", "release_userdata")


@pytest.fixture(scope="module")
def runs(airflow: StandaloneAirflow, workspace: Workspace, reference_data: Path) -> Iterator[dict[str, str]]:
    """A run of each, all at once."""
    text = EXAMPLE.read_text().replace("Path(__file__).parent", f"Path({str(EXAMPLE.parent)!r})")
    airflow.add_dag(text, EXAMPLE.name)
    airflow.wait_parsed(DAGS)
    yield {dag: airflow.api.trigger(dag, user="maria") for dag in DAGS}


@pytest.mark.parametrize(
    ("table", "rows"),
    [("adult", "21977 of 30162 rows"), ("userdata", "897 of 1000 rows")],
)
def test_a_policy_that_keeps_too_much_is_refused(
    airflow: StandaloneAirflow, runs: dict[str, str], workspace: Workspace, table: str, rows: str
) -> None:
    dag = f"release_{table}_as_is"
    task = airflow.api.wait_for_task(dag, runs[dag], f"release_{table}.mask", ["failed"], timeout=SECONDS)
    assert task.try_number == 1
    assert rows in airflow.api.task_log(dag, runs[dag], f"release_{table}.mask")
    data = Path(airflow.settings.environment["PRIVACY_DATA"])
    assert not (data / "training" / f"{table}_as_is").exists()


@pytest.mark.parametrize("table", ["adult", "userdata"])
def test_a_policy_that_generalizes_is_released_at_k_of_five(
    airflow: StandaloneAirflow, runs: dict[str, str], workspace: Workspace, table: str
) -> None:
    dag, gate = f"release_{table}", f"release_{table}.approve"
    airflow.api.wait_answerable(dag, runs[dag], gate, timeout=SECONDS)
    airflow.api.answer(dag, runs[dag], gate, user="stella")
    airflow.api.wait_for_run(dag, runs[dag], ["success"], timeout=SECONDS)
    ref = convert(ArtifactRef, airflow.api.xcom(dag, runs[dag], f"release_{table}.assess"), where="assess")
    report = workspace.artifacts.get(RiskReport, ref)
    assert (report.before.k, report.after.k) == (1, 5)
    data = Path(airflow.settings.environment["PRIVACY_DATA"])
    assert proof.verify_passport_of(workspace, str(data / "training" / table)).statement.predicate.k == 5
