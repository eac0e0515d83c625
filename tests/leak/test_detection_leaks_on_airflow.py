"""Canaries through detection on a real Airflow, by operator and decorator, on success and on failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest
from canaries import CANARIES, hits
from people import Case, write_case

from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0

LEAKING_DAG = """\
import polars as pl
from airflow.sdk import DAG, task

from airflow_privacy.operators import DetectPiiOperator


def given(name):
    return "{{ dag_run.conf['" + name + "'] }}"


with DAG("leak_look", schedule=None, max_active_runs=16):
    DetectPiiOperator(task_id="look", source=given("source"), contract=given("contract"))

    @task.detect(stage=given("stage"), contract=given("contract"))
    def people(path):
        return pl.read_parquet(path)

    @task.detect(stage=given("stage"))
    def raising(path):
        raise ValueError(str(pl.read_parquet(path)["notes"][-1]))

    @task.detect(stage=given("stage"))
    def no_frame(path):
        return pl.read_parquet(path).to_dicts()

    people(given("source"))
    raising(given("source"))
    no_frame(given("source"))
"""


def drifted(case: Case) -> None:
    """Another entity, which the contract does not let pass."""
    pl.read_parquet(case.raw).with_columns(country=pl.lit(CANARIES["email"])).write_parquet(case.raw)


def surprising(case: Case) -> None:
    pl.read_parquet(case.raw).with_columns(surprise=pl.lit(CANARIES["notes"])).write_parquet(case.raw)


def undecodable(case: Case) -> None:
    """Bytes that are no text beside canaries in clear."""
    blob = pl.lit(b"\xff\xfe CANARYVALUE " + CANARIES["notes"].encode() + b"\x00\xff")
    pl.read_parquet(case.raw).with_columns(name=blob).write_parquet(case.raw)


def damaged(case: Case) -> None:
    """A file that is no table to either task, with canaries in it."""
    text = f"person_id,name,notes\n1,{CANARIES['name']} äöü,{CANARIES['email']}\n"
    case.raw.write_bytes(text.encode() * 20 + b"2,CANARYVALUE \xff,x\n")


@pytest.fixture(scope="module")
def finished(
    airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Case, str]]]:
    """A run of each, the drifting one behind one that did not; none of them succeeds as a whole, since two tasks always fail."""
    airflow.add_dag(LEAKING_DAG, "leak_look_dag.py")
    airflow.wait_parsed(["leak_look"])
    runs: dict[str, tuple[Case, str]] = {}
    for name, damage in (
        ("well", None),
        ("before", None),
        ("drifted", drifted),
        ("surprising", surprising),
        ("undecodable", undecodable),
        ("damaged", damaged),
    ):
        case = runs["before"][0] if name == "drifted" else write_case(tmp_path_factory.mktemp(name), extra=[CANARIES] * 3)
        if name != "drifted":
            # Contracts of their own: other tests of this Airflow compare what they detect under the usual one.
            text = case.contract.read_text().replace("id: people", f"id: leak-{name}")
            case.contract.write_text(text + ("  - {property: privacy.onEntityChange, value: fail}\n" if name == "before" else ""))
        if name == "drifted":
            airflow.api.wait_for_run("leak_look", runs["before"][1], ["failed"], timeout=SECONDS)
        if damage:
            damage(case)
        conf = {"source": str(case.raw), "contract": str(case.contract), "stage": str(case.data / "stage")}
        runs[name] = case, airflow.api.trigger("leak_look", conf, user="maria")
    for _, run in runs.values():
        airflow.api.wait_for_run("leak_look", run, ["failed"], timeout=SECONDS)
    yield runs


def test_each_task_ended_as_it_should(airflow: StandaloneAirflow, finished: dict[str, tuple[Case, str]]) -> None:
    ended = {name: airflow.api.task_states("leak_look", run) for name, (_, run) in finished.items()}
    assert {states["raising"] for states in ended.values()} == {states["no_frame"] for states in ended.values()} == {"failed"}
    looked = {name: (states["look"], states["people"]) for name, states in ended.items()}
    assert looked == {
        "well": ("success", "success"),
        "before": ("success", "success"),
        "drifted": ("failed", "failed"),
        "surprising": ("failed", "failed"),
        "undecodable": ("success", "success"),
        "damaged": ("failed", "failed"),
    }


def test_no_canary_is_in_airflows_home(airflow: StandaloneAirflow, finished: dict[str, tuple[Case, str]]) -> None:
    # Logs of tasks and server, metadata database with XCom and rendered fields, lineage events.
    assert hits(airflow.settings.home) == []


def test_no_canary_is_in_the_privacy_home(finished: dict[str, tuple[Case, str]], workspace: Workspace) -> None:
    # Ledger, anchors, artifacts.
    assert hits(workspace.home) == []


def test_no_staged_row_is_left(finished: dict[str, tuple[Case, str]]) -> None:
    assert [path for case, _ in finished.values() for path in (case.data / "stage").rglob("*")] == []


def test_no_canary_is_in_the_answers_of_the_api_and_on_the_pages(
    airflow: StandaloneAirflow, finished: dict[str, tuple[Case, str]], tmp_path: Path
) -> None:
    pages = 0
    for name, (_, run) in finished.items():
        for task in airflow.api.tasks("leak_look", run):
            log = airflow.api.task_log("leak_look", run, task.task_id) if task.try_number else ""
            fields = airflow.api.rendered_fields("leak_look", run, task.task_id)
            path = f"/dags/leak_look/dagRuns/{run}/taskInstances/{task.task_id}/links"
            link = airflow.api.request("GET", path).json()["extra_links"]["Findings"]
            page = ""
            if link:
                token = airflow.api.token("olivia")
                reply = httpx.get(
                    f"{airflow.url}{link}", headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
                )
                assert reply.status_code == 200
                page, pages = reply.text, pages + 1
            (tmp_path / f"{name}-{task.task_id}").write_text(f"{log}\n{fields}\n{link}\n{page}")
    assert pages >= 8  # the two tasks of each run that stored findings
    assert hits(tmp_path) == []
