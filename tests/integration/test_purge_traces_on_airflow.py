"""What a real Airflow keeps of a DAG's runs, and that nothing of it is left: every table of its database and every log file is
read."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.traces import Access
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline.holds import SCOPE
from airflow_privacy.core.pipeline.purge_traces import plan_traces, run_traces, verify_traces
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

DAG_ID = "traced_people"
CALLER = Caller(actor="maria", run="command-line")
DAYS = 30
TRACED = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task

with DAG("traced_people", schedule=None, params={"who": Param("", type="string")}):

    @task
    def give(**context):
        who = context["dag_run"].conf["who"]
        print("seen", who)
        return who

    given = give()
    shown = BashOperator(task_id="shown", bash_command="echo {{ dag_run.conf['who'] }}")
    ask = ApprovalOperator(
        task_id="ask",
        subject="About {{ dag_run.conf['who'] }}",
        body="{{ ti.xcom_pull('give') }}",
        params={"comment": Param("", type="string")},
    )
    given >> shown >> ask
"""


def canary(run: str) -> str:
    return f"{run}.canary.7f3a@mail.example"


@dataclass(frozen=True)
class Traced:
    """One Airflow, its metadata database, and a privacy home of its own."""

    server: StandaloneAirflow
    workspace: Workspace

    @property
    def access(self) -> Access:
        program = (sys.executable, "-m", "airflow")
        command = AirflowCommand(program=program, environment=self.server.environment())
        return Access(api=AirflowApi(url=self.server.url, token=self.server.api.token("maria")), command=command)

    @property
    def logs(self) -> Path:
        return self.server.settings.home / "logs"

    def rows_with(self, text: str) -> dict[str, int]:
        """Tables of the metadata database, archive tables among them, in which a text occurs, with how many rows."""
        found = {}
        for table, rows in self._tables():
            if count := sum(any(text in _text(cell) for cell in row) for row in rows):
                found[table] = count
        return found

    def logs_with(self, text: str) -> list[Path]:
        return [path for path in self.logs.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]

    def _tables(self) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
        with sqlite3.connect(f"file:{self.server.settings.home / 'airflow.db'}?mode=ro", uri=True) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                yield table, database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
        database.close()

    def run(self, name: str, *, age_days: int = 0, answer: bool = True) -> str:
        """A run with its canary in XCom, rendered fields, notes, configuration, the answer of a person, and logs."""
        api, who = self.server.api, canary(name)
        run_id = api.trigger(DAG_ID, user="maria", conf={"who": who}, run_id=name)
        if not answer:
            api.wait_answerable(DAG_ID, run_id, "ask")
            return run_id
        api.answer(DAG_ID, run_id, "ask", user="maria", params={"comment": who})
        api.wait_for_run(DAG_ID, run_id, {"success"})
        of = f"/dags/{DAG_ID}/dagRuns/{run_id}"
        api.request("PATCH", of, user="maria", json={"note": who})
        api.request("PATCH", f"{of}/taskInstances/give", user="maria", json={"note": who})
        self.age(run_id, age_days)
        return run_id

    def age(self, run_id: str, days: int) -> None:
        """As if a run, and what the audit log says about it, had been so many days ago."""
        moment = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
        with sqlite3.connect(self.server.settings.home / "airflow.db", timeout=30) as database:
            database.execute("UPDATE dag_run SET end_date = ? WHERE run_id = ?", (moment, run_id))
            database.execute("UPDATE log SET dttm = ? WHERE run_id = ?", (moment, run_id))
        database.close()

    def plan(self, *, audit: bool = False) -> PurgePlan:
        access = self.access if audit else Access(api=self.access.api)
        done = plan_traces(self.workspace, CALLER, access=access, dag_id=DAG_ID, days=DAYS, logs=self.logs)
        return self.workspace.artifacts.get(PurgePlan, done.ref)

    def purge(self, plan: PurgePlan) -> str:
        ref = self.workspace.artifacts.put(plan)
        done = run_traces(self.workspace, CALLER, plan=ref, access=lambda _: self.access, progress=lambda *_: None)
        assert done.ref is not None
        return done.ref.digest


def _text(cell: object) -> str:
    return cell.decode("latin1") if isinstance(cell, bytes) else str(cell)


@pytest.fixture
def traced(airflow: StandaloneAirflow, tmp_path: Path) -> Traced:
    airflow.add_dag(TRACED, "traced_people.py")
    home = tmp_path / "privacy"
    init_keys(home, scopes=(SCOPE,))
    return Traced(airflow, Workspace(home=home, artifacts=ArtifactStore(home / "artifacts")))


def test_nothing_of_an_old_run_is_left_and_young_and_parked_runs_stay(traced: Traced) -> None:
    old, young = traced.run("old", age_days=40), traced.run("young", age_days=5)
    parked = traced.run("parked", answer=False)
    kept = {name: traced.rows_with(canary(name)) for name in (young, parked)}
    assert {"xcom", "rendered_task_instance_fields", "hitl_detail", "task_instance_note", "dag_run", "log"} <= set(
        traced.rows_with(canary(old))
    )
    assert traced.logs_with(canary(old))

    plan = traced.plan(audit=True)
    assert {step.uri.rpartition("#")[2].rpartition("/")[2]: step.counts for step in plan.steps}["runs"] == {
        "expired": 1,
        "young": 2,
    }
    certificate = traced.purge(plan)

    assert traced.rows_with(canary(old)) == {}
    assert traced.logs_with(canary(old)) == []
    assert {name: traced.rows_with(canary(name)) for name in (young, parked)} == kept
    assert traced.logs_with(canary(young))
    assert traced.purge(plan) == certificate
    ref = traced.workspace.artifacts.reference("certificate", certificate)
    digest = traced.workspace.artifacts.put(plan).digest
    verify_traces(traced.workspace, CALLER, certificate=ref, plan=digest, access=lambda _: traced.access)
    home = traced.workspace.home
    assert not [path for path in home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
