"""What a real Airflow keeps of a DAG's runs, and that nothing of it is left: every table of its database and every log file is
read."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_privacy.cli import main
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.traces import Access
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline.holds import SCOPE, place_hold
from airflow_privacy.core.pipeline.purge_execution import Purged
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
SHORT = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("short_people", schedule=None):
    BashOperator(task_id="shown", bash_command="echo {{ dag_run.conf['who'] }}")

with DAG("many_people", schedule=None):
    EmptyOperator(task_id="nothing")
"""
TOKEN = "AIRFLOW_PRIVACY_API_TOKEN"
ROOT = Path(__file__).resolve().parents[2]
KILLS = [pytest.param(number, marks=[pytest.mark.long] if number else []) for number in range(20)]


def canary(run: str) -> str:
    return f"{run}.canary.7f3a@mail.example"


@dataclass(frozen=True)
class Traced:
    """One Airflow and its metadata database."""

    server: StandaloneAirflow

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

    def run(self, *names: str, waiting: tuple[str, ...] = ()) -> None:
        """Runs with their canary in XCom, rendered fields, notes, configuration, a person's answer, and logs.

        :param waiting: of them, those that nobody answers.
        """
        api = self.server.api
        for name in names:
            api.trigger(DAG_ID, user="maria", conf={"who": canary(name)}, run_id=name)
        for name in names:
            if name in waiting:
                api.wait_answerable(DAG_ID, name, "ask")
                continue
            api.answer(DAG_ID, name, "ask", user="maria", params={"comment": canary(name)})
            api.wait_for_run(DAG_ID, name, {"success"})
            of = f"/dags/{DAG_ID}/dagRuns/{name}"
            api.request("PATCH", of, user="maria", json={"note": canary(name)})
            api.request("PATCH", f"{of}/taskInstances/give", user="maria", json={"note": canary(name)})

    def run_short(self, *names: str, dag_id: str = "short_people") -> None:
        for name in names:
            self.server.api.trigger(dag_id, user="maria", conf={"who": canary(name)}, run_id=name)
        for name in names:
            self.server.api.wait_for_run(dag_id, name, {"success"})

    def age(self, run_id: str, days: int) -> None:
        """As if a run, and what the audit log says about it, had been so many days ago."""
        moment = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
        with sqlite3.connect(self.server.settings.home / "airflow.db", timeout=30) as database:
            database.execute("UPDATE dag_run SET end_date = ? WHERE run_id = ?", (moment, run_id))
            database.execute("UPDATE log SET dttm = ? WHERE run_id = ?", (moment, run_id))
        database.close()

    def plan(self, workspace: Workspace, *, days: int = DAYS, audit: bool = False) -> PurgePlan:
        access = self.access if audit else Access(api=self.access.api)
        done = plan_traces(workspace, CALLER, access=access, dag_id=DAG_ID, days=days, logs=self.logs)
        return workspace.artifacts.get(PurgePlan, done.ref)

    def purge(self, workspace: Workspace, plan: PurgePlan) -> Purged:
        ref = workspace.artifacts.put(plan)
        return run_traces(workspace, CALLER, plan=ref, access=lambda _: self.access, progress=lambda *_: None)


def _text(cell: object) -> str:
    return cell.decode("latin1") if isinstance(cell, bytes) else str(cell)


@pytest.fixture(scope="module")
def traced(airflow: StandaloneAirflow) -> Traced:
    airflow.add_dag(TRACED, "traced_people.py")
    airflow.add_dag(SHORT, "short_people.py")
    return Traced(airflow)


@pytest.fixture(scope="module")
def people(traced: Traced) -> Traced:
    """Runs ``old`` and ``again`` of 40 days ago, ``young`` of five, and ``parked``, which waits for a person.

    Tests come in any order, and only one of them deletes.
    """
    traced.run("old", "again", "young", "parked", waiting=("parked",))
    for name, days in {"old": 40, "again": 40, "young": 5}.items():
        traced.age(name, days)
    return traced


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A privacy home of the test's own."""
    home = tmp_path / "privacy"
    init_keys(home, scopes=(SCOPE,))
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))


def by_place(plan: PurgePlan) -> dict[str, dict[str, int]]:
    return {step.uri.rpartition("#")[2] if "#" in step.uri else "logs": dict(step.counts) for step in plan.steps}


def test_a_held_dag_keeps_everything_and_says_so(people: Traced, workspace: Workspace) -> None:
    hold = place_hold(workspace, CALLER, dataset=f"airflow:{DAG_ID}", owner="maria", because="a case")
    before = people.rows_with(canary("young")), people.logs_with(canary("young"))
    assert before[0] and before[1]
    plan = people.plan(workspace, days=3)
    assert all(set(counts) == {"held", "young"} for counts in by_place(plan).values())
    done = people.purge(workspace, plan)
    assert (people.rows_with(canary("young")), people.logs_with(canary("young"))) == before
    kept = {(kept.why, kept.by) for step in plan.steps for kept in step.kept}
    assert kept == {("legal-hold", hold.id), ("still-running", "")}
    assert done.certificate is not None and sum(one.gone for one in done.certificate.looked) == 0
    told = " ".join(done.certificate.not_covered)
    assert "legal hold" in told and "audit log" in told and "airflow db" in told


def test_nothing_of_an_old_run_is_left_and_others_stay(people: Traced, workspace: Workspace) -> None:
    kept = {name: people.rows_with(canary(name)) for name in ("young", "parked")}
    assert {"xcom", "rendered_task_instance_fields", "hitl_detail", "task_instance_note", "dag_run", "log"} <= set(
        people.rows_with(canary("old"))
    )
    assert people.logs_with(canary("old"))
    plan = people.plan(workspace, audit=True)
    assert by_place(plan)["runs"] == {"expired": 2, "young": 2}
    people.server.api.clear(DAG_ID, "again", "ask", user="maria")
    people.server.api.wait_answerable(DAG_ID, "again", "ask")

    done = people.purge(workspace, plan)

    assert people.rows_with(canary("old")) == {}
    assert people.logs_with(canary("old")) == []
    assert {name: people.rows_with(canary(name)) for name in ("young", "parked")} == kept
    assert people.logs_with(canary("young")) and people.logs_with(canary("again"))
    assert {"xcom", "dag_run", "hitl_detail"} <= set(people.rows_with(canary("again")))
    assert done.ref is not None and done.certificate is not None
    runs = done.certificate.looked[0]
    assert (runs.gone, runs.left, [(one.why, one.count) for one in runs.kept]) == (1, 0, [("still-running", 1)])
    assert people.purge(workspace, plan).ref == done.ref
    digest = workspace.artifacts.put(plan).digest
    verify_traces(workspace, CALLER, certificate=done.ref, plan=digest, access=lambda _: people.access)
    assert not [path for path in workspace.home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    with sqlite3.connect(people.server.settings.home / "airflow.db") as database:
        events = database.execute("SELECT DISTINCT event FROM log WHERE run_id = 'old'").fetchall()
    database.close()
    assert events == [("delete_dag_run",)]  # as the certificate says


def test_on_the_command_line(
    traced: Traced, workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in traced.server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(TOKEN, raising=False)
    traced.run_short("first", "second", "recent")
    for name, days in {"first": 40, "second": 40, "recent": 5}.items():
        traced.age(name, days)
    token, shown = traced.server.api.token("maria"), []
    (tmp_path / "token").write_text(token + "\n")
    given = ["--token-file", str(tmp_path / "token")]

    def tell(*arguments: object) -> tuple[int, str]:
        """Exit status and all that was shown."""
        command = f"{sys.executable} -m airflow"
        code = main(["purge", "traces", *map(str, arguments), "--airflow-command", command, "--home", str(workspace.home)])
        out = capfd.readouterr()
        shown.append(out.out + out.err)
        return code, out.out + out.err

    asked = ["plan", "--dag", "short_people", "--older-than", DAYS, "--logs", traced.logs]
    refused = [(tell(*asked, "--url", traced.server.url), 2, "no-token")]
    monkeypatch.setenv(TOKEN, token + "x")
    refused += [(tell(*asked, "--url", traced.server.url), 2, "airflow-forbidden")]
    refused += [(tell(*asked, *given, "--url", "http://127.0.0.1:9"), 4, "airflow-no-answer")]
    refused += [(tell(*asked, *given, "--url", traced.server.url + "/elsewhere"), 4, "airflow-unreadable")]  # its page
    for (code, text), expected, reason in refused:
        assert code == expected and reason in text, text
    monkeypatch.setenv(TOKEN, token)

    with sqlite3.connect(traced.server.settings.home / "airflow.db", timeout=30) as database:
        database.execute("CREATE TABLE _airflow_deleted__log__1 AS SELECT * FROM log WHERE run_id = 'first'")
    database.close()
    code, text = tell(*asked, "--url", traced.server.url, "--audit-log", "--drop-archived", "--json")
    assert code == 0, text
    plan = json.loads(text)
    assert [step["counts"].get("expired") for step in plan["plan"]["steps"][:3]] == [2, 2, 1]
    assert tell("run", plan["digest"])[0] == 2 and "not-confirmed" in shown[-1]
    assert set(traced.rows_with(canary("first"))) >= {"dag_run", "_airflow_deleted__log__1"}

    traced.server.api.clear("short_people", "second", "shown", user="maria")
    traced.server.api.wait_for_run("short_people", "second", {"success"})
    traced.age("second", 39)  # it ended again, at another time than was planned

    code, text = tell("run", plan["digest"], "--yes", "--json", *given)
    assert code == 0, text
    certificate = json.loads(text)["certificate"]
    assert traced.rows_with(canary("first")) == {} and traced.logs_with(canary("first")) == []
    assert {"dag_run"} <= set(traced.rows_with(canary("second"))) and traced.logs_with(canary("second"))
    assert {"dag_run"} <= set(traced.rows_with(canary("recent"))) and traced.logs_with(canary("recent"))
    assert "changed-since" in text
    assert tell("verify", certificate)[0] == 0 and "Still gone" in shown[-1]

    folder = traced.logs / "dag_id=short_people"
    shutil.copytree(folder / "run_id=recent", folder / "run_id=first")
    assert tell("verify", certificate)[0] == 1 and "came-back" in shown[-1] and str(folder) in shown[-1]
    shutil.rmtree(folder / "run_id=first")
    assert not [text for text in shown if token in text or "canary" in text]
    assert not [path for path in workspace.home.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


@pytest.mark.parametrize("number", KILLS)
def test_a_killed_purge_goes_on_to_the_same_end(
    traced: Traced, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Killed after so many runs or folders were gone, from the first one to nearly the last."""
    names = [f"kill{number}-{run}" for run in range(10)]
    traced.run_short(*names, f"stays{number}", dag_id="many_people")
    logs = traced.logs / "dag_id=many_people"
    for name in names:
        traced.age(name, 40)
        (logs / f"run_id={name}" / "task_id=nothing").mkdir(parents=True)
        (logs / f"run_id={name}" / "task_id=nothing" / "attempt=1.log").write_text(canary(name))
    token = traced.server.api.token("maria")
    access = Access(api=AirflowApi(url=traced.server.url, token=token))
    plan = plan_traces(workspace, CALLER, access=access, dag_id="many_people", days=DAYS, logs=traced.logs).ref
    arguments = ["purge", "traces", "run", plan.digest, "--yes", "--home", str(workspace.home)]
    code = "import sys; from airflow_privacy.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, TOKEN: token, "PYTHONPATH": str(ROOT)}

    def left() -> int:
        with sqlite3.connect(f"file:{traced.server.settings.home / 'airflow.db'}?mode=ro", uri=True) as database:
            (runs,) = database.execute("SELECT count(*) FROM dag_run WHERE run_id LIKE ?", (f"kill{number}-%",)).fetchone()
        database.close()
        return int(runs) + len(list(logs.glob(f"run_id=kill{number}-*")))

    assert left() == 20
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.DEVNULL)
    stop_at = 19 - (number * 7 + 4) % 19
    while left() > stop_at and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -9
    assert left() > 0

    monkeypatch.setenv(TOKEN, token)
    assert main(arguments) == 0 and main(arguments) == 0
    assert left() == 0
    assert traced.server.api.run_ids("many_people") >= {f"stays{number}"}
    facts = [fact.kind for _, fact in workspace.ledger().find("purge-plan", plan.digest)]
    assert [facts.count(kind) for kind in ("started", "purged", "certified")] == [1, 1, 1]
