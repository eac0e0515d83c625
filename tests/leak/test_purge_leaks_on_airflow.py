"""Canaries as partition values, names, keys, identifiers and rows, through retention and erasure on a real Airflow, on success
and on failures. Afterwards a person who was erased is named nowhere; what retention deleted, in the listing alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from canaries import CANARIES, hits
from erase_case import CONTRACT as SUBJECT_CONTRACT
from postgres import PostgresServer
from purge_case import CONTRACT as RETENTION_CONTRACT
from retained import ago, connect_shop, made_older

from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.pipeline.erase import candidates_of, request_erasure, review_erasure
from airflow_privacy.core.pipeline.erase_identity import SCOPE
from airflow_privacy.core.pipeline.holds import SCOPE as HOLDS
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0
WHO, NAME, OTHER = CANARIES["email"], CANARIES["name"], "other@mail.example"
OLIVIA = Caller(actor="olivia")
LISTINGS = "artifacts/purge-listing/"

DAGS = """\
from airflow.sdk import DAG, Param

from airflow_privacy.operators import ApprovalGateOperator, EraseSubjectOperator, RetentionPurgeOperator

with DAG("leak_purge", schedule=None):
    plan = RetentionPurgeOperator(task_id="plan", contract="{{ dag_run.conf['contract'] }}")
    agree = ApprovalGateOperator(task_id="agree", dataset=plan.output)
    purge = RetentionPurgeOperator(task_id="purge", mode="execute", plan=plan.output, approvals=[agree.output])
    RetentionPurgeOperator(task_id="verify", mode="verify", certificate=purge.output)

with DAG("leak_erase", schedule=None, params={"request": Param(type="string", pattern="^[0-9a-f]{12}$"), "contracts": ""}):
    plan = EraseSubjectOperator(task_id="plan", subject="{{ params.request }}", contracts="{{ params.contracts }}")
    agree = ApprovalGateOperator(task_id="agree", dataset=plan.output)
    erase = EraseSubjectOperator(task_id="erase", mode="execute", subject=plan.output, approvals=[agree.output])
    EraseSubjectOperator(task_id="verify", mode="verify", subject=erase.output)
"""
REFUSES = (
    "create or replace function {0}_refuses() returns trigger language plpgsql as "
    "$$ begin raise exception 'cannot delete % of %', old.mail, old.name; end $$",
    "create trigger refuses before delete on {0} for each row execute function {0}_refuses()",
)


@dataclass
class Case:
    """What the runs need, and where they are."""

    airflow: StandaloneAirflow
    workspace: Workspace
    server: PostgresServer
    client: Any
    folder: Path
    requests: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    retained: frozenset[str] = frozenset()

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def answer(self, dag: str, run: str) -> None:
        self.airflow.api.wait_answerable(dag, run, "agree", timeout=SECONDS)
        self.airflow.api.answer(dag, run, "agree", user="stella")

    def ends(self, dag: str, run: str, state: str) -> None:
        self.airflow.api.wait_for_run(dag, run, [state], timeout=SECONDS)

    def again(self, run: str, task: str) -> None:
        """Clear a failed task of an erasure with what follows."""
        self.airflow.api.clear("leak_erase", run, task, downstream=True)
        self.airflow.api.wait_for_run("leak_erase", run, ["queued", "running"], timeout=SECONDS)

    def asked(self, name: str, places: dict[str, str]) -> tuple[str, str]:
        """A request over contracts for these places, and the run whose plan failed before the review."""
        for contract, place in places.items():
            columns = "\n".join(f"      - {{name: {column}, logicalType: string}}" for column in ("mail", "name"))
            text = SUBJECT_CONTRACT.format(name=contract, place=place, key="mail", columns=columns)
            if place.startswith("sql://"):
                text = text.replace(f'type: local, path: "{place}"', f"type: custom, location: {place}")
            elif place.startswith("s3://"):
                text = text.replace(f'type: local, path: "{place}"', f"type: s3, location: {place}")
            self.file(f"{name}/{contract}.yaml", text)
        data = json.dumps({"identifiers": {"mail": WHO, "name": NAME}}).encode()
        request = request_erasure(self.workspace, OLIVIA, data=data).id
        self.requests.append(request)
        conf = {"request": request, "contracts": str(self.folder / name)}
        return request, self.airflow.api.trigger("leak_erase", conf, user="maria")

    def reviewed(self, request: str, run: str) -> None:
        """Say that all candidates are the person, and plan."""
        self.ends("leak_erase", run, "failed")
        everybody = range(1, candidates_of(self.workspace, request) + 1)
        review_erasure(self.workspace, OLIVIA, request=request, person=everybody)
        self.again(run, "plan")
        self.airflow.api.wait_answerable("leak_erase", run, "agree", timeout=SECONDS)


def members(case: Case, table: str) -> None:
    case.server.run(
        f"drop table if exists {table}_orders, {table}",
        f"create table {table} (mail text primary key, name text, day date)",
        f"create table {table}_orders (id int primary key, mail text not null references {table}, note text)",
        f"insert into {table} values ('{WHO}', '{NAME}', '{ago(400)}'), ('{OTHER}', 'Ada', '{ago(1)}')",  # noqa: S608
        f"insert into {table}_orders values (1, '{WHO}', 'for {NAME}'), (2, '{OTHER}', 'for Ada')",  # noqa: S608
    )


def purges(case: Case) -> dict[str, tuple[str, str]]:
    """Runs of retention over a folder, a bucket, and a table whose database refuses and says whom it would not delete."""
    for day, name in ((ago(400), WHO), (ago(1), OTHER)):
        case.file(f"kept/visits/mail={name}/day={day}/{name}.csv", f"name\n{NAME if name == WHO else 'Ada'}\n")
    case.client.create_bucket(Bucket="leak-kept")
    for key in (f"uploads/{WHO}/{NAME}.txt", "uploads/young.txt"):
        case.client.put_object(Bucket="leak-kept", Key=key, Body=key.encode())
    made_older("leak-kept", "uploads/zq", timedelta(days=400))
    members(case, "leak_kept")
    case.server.run("drop table leak_kept_orders", *(statement.format("leak_kept") for statement in REFUSES))
    text = RETENTION_CONTRACT.replace("type: local\n    path:", "{kind}:").replace("id: visits", "id: {name}")
    given = {
        "files": ("type: local\n    path", str(case.folder / "kept" / "visits"), ", element: day", "success"),
        "objects": ("type: s3\n    location", "s3://leak-kept/uploads", "", "success"),
        "refused": ("type: custom\n    location", "sql://leak_shop/public.leak_kept", ", element: day", "failed"),
    }
    runs = {}
    for name, (kind, place, element, state) in given.items():
        written = text.format(kind=kind, place=place, element=element, name=f"leak-{name}")
        if name == "objects":
            written = written.replace("format: parquet", "format: binary")
        conf = {"contract": str(case.file(f"kept/{name}.yaml", written))}
        runs[name] = (case.airflow.api.trigger("leak_purge", conf, user="maria"), state)
    return runs


@pytest.fixture(scope="module")
def case(
    airflow: StandaloneAirflow,
    workspace: Workspace,
    server: PostgresServer,
    s3_client: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    """Everything at its end."""
    pytest.importorskip("airflow.providers.postgres")
    made = Case(airflow, workspace, server, s3_client, tmp_path_factory.mktemp("leak-purge"))
    init_keys(workspace.home, scopes=(SCOPE, HOLDS))
    connect_shop(airflow, server, "leak_shop")
    airflow.add_dag(DAGS, "leak_purges.py")
    airflow.wait_parsed(["leak_purge", "leak_erase"])
    runs = purges(made)
    for run, _ in runs.values():
        made.answer("leak_purge", run)
    for run, state in runs.values():
        made.ends("leak_purge", run, state)
    made.retained = frozenset(path.name for path in (workspace.home / LISTINGS).glob("*"))
    erase_at_once(made)
    erase_with_failures(made)
    yield made
    for path in (workspace.home / LISTINGS).glob("*"):  # other modules look through the same home
        path.unlink()


def erase_at_once(case: Case) -> None:
    """From folders that are named by the person, a bucket and linked tables."""
    for name, who in ((WHO, NAME), (OTHER, "Ada")):
        case.file(f"gone/visits/mail={name}/{name}.csv", f"name,page\n{who},/\n")
    case.client.create_bucket(Bucket="leak-gone")
    for name, who in ((WHO, NAME), (OTHER, "Ada")):
        case.client.put_object(Bucket="leak-gone", Key=f"visits/mail={name}/{who}.csv", Body=f"name,page\n{who},/\n".encode())
    members(case, "leak_gone")
    places = {
        "gone-files": str(case.folder / "gone" / "visits"),
        "gone-objects": "s3://leak-gone/visits",
        "gone-tables": "sql://leak_shop/public.leak_gone",
    }
    request, run = case.asked("gone-contracts", places)
    case.reviewed(request, run)
    case.before += hits(case.workspace.home)
    case.answer("leak_erase", run)
    case.ends("leak_erase", run, "success")


def erase_with_failures(case: Case) -> None:
    """The database refuses and names the person; then a file is broken in the middle; then it goes on to its end."""
    members(case, "leak_late")
    file = case.file("late/visits/part.csv", f"mail,name,page\n{WHO},{NAME},/\n{OTHER},Ada,/\n")
    whole = file.read_text()
    places = {"late-a-tables": "sql://leak_shop/public.leak_late", "late-b-files": str(file.parent)}
    request, run = case.asked("late-contracts", places)
    case.reviewed(request, run)
    case.server.run(*(statement.format("leak_late") for statement in REFUSES))
    case.answer("leak_erase", run)
    case.ends("leak_erase", run, "failed")
    case.server.run("drop trigger refuses on leak_late")
    file.write_text(f"{whole}{WHO}\n{NAME},{WHO},CANARYVALUE,CANARYVALUE,CANARYVALUE\n")
    case.again(run, "erase")
    case.ends("leak_erase", run, "failed")
    file.write_text(whole)
    case.again(run, "erase")
    case.ends("leak_erase", run, "success")


@pytest.fixture(scope="module")
def answers(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the API says of every run: tasks, logs of every try, rendered fields, XComs, requests to people, audit events."""
    folder, api = tmp_path_factory.mktemp("answers"), case.airflow.api
    for dag in ("leak_purge", "leak_erase"):
        for number, run in enumerate(sorted(api.run_ids(dag))):
            said = [api.request("GET", f"/dags/{dag}/dagRuns/{run}").text, str(api.required_actions(dag, run))]
            for task in api.tasks(dag, run):
                said += [api.task_log(dag, run, task.task_id, attempt) for attempt in range(1, task.try_number + 1)]
                said += [str(task), str(api.rendered_fields(dag, run, task.task_id))]
            said += [str(api.xcom(dag, run, task, key)) for task, _, key in api.xcom_keys(dag, run)]
            (folder / f"{dag}-{number}").write_text("\n".join(said))
        (folder / f"{dag}-events").write_text(api.request("GET", "/eventLogs", params={"dag_id": dag, "limit": 1000}).text)
    return folder


def test_the_search_reaches_logs_database_events_and_answers(case: Case, answers: Path) -> None:
    home = {hit.partition(":")[0] for hit in hits(case.airflow.settings.home, wanted=case.requests)}
    assert any(name.startswith("logs/") for name in home)
    assert {"airflow.db", "openlineage.jsonl"} <= home
    assert {hit.partition("-")[0] for hit in hits(answers, wanted=case.requests)} == {"leak_erase"}


def test_the_search_found_the_person_in_requests_and_listings_before_the_erasure(case: Case) -> None:
    assert {"requests", "artifacts"} == {hit.partition("/")[0] for hit in case.before}


def test_no_canary_is_in_airflows_home(case: Case) -> None:
    # Logs of tasks and server, metadata database with XCom, rendered fields and requests to people, lineage events.
    assert hits(case.airflow.settings.home) == []


def test_no_canary_is_in_the_answers_of_the_api(answers: Path) -> None:
    assert hits(answers) == []


def test_in_the_privacy_home_the_listing_of_retention_alone_has_names(case: Case) -> None:
    found = hits(case.workspace.home)
    assert [hit for hit in found if hit.startswith(LISTINGS)]
    allowed = tuple(f"{LISTINGS}{name}" for name in case.retained)
    assert [hit for hit in found if not hit.startswith(allowed)] == []


def test_what_retention_left_is_what_is_young_and_what_the_database_refused(case: Case) -> None:
    assert hits(case.folder / "kept") == []
    assert [path.name for path in case.folder.joinpath("kept", "visits").rglob("*.csv")] == [f"{OTHER}.csv"]
    assert [entry["Key"] for entry in case.client.list_objects_v2(Bucket="leak-kept")["Contents"]] == ["uploads/young.txt"]
    assert case.server.run("select count(*) from leak_kept") == [(2,)]


def test_of_an_erased_person_the_data_has_nothing_not_even_a_name_of_a_folder_or_an_object(case: Case, tmp_path: Path) -> None:
    names = [str(path.relative_to(case.folder)) for path in case.folder.rglob("*")]
    objects = case.client.list_objects_v2(Bucket="leak-gone")["Contents"]
    names += [entry["Key"] for entry in objects]
    bodies = [case.client.get_object(Bucket="leak-gone", Key=entry["Key"])["Body"].read().decode() for entry in objects]
    rows = [case.server.run(f"select * from leak_{name}{suffix}") for name in ("gone", "late") for suffix in ("", "_orders")]  # noqa: S608
    (tmp_path / "all").write_text("\n".join([*names, *bodies, str(rows)]))
    assert hits(tmp_path, case.folder / "gone", case.folder / "late") == []
    assert [len(table) for table in rows] == [1] * 4 and OTHER in str(rows) and len(objects) == 1
