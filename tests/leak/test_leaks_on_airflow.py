"""Canaries through the whole release, on success and on failures: none may be found anywhere but in the data itself."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import polars as pl
import pytest
from canaries import CANARIES, NEEDLES, hits
from people import Case, write_case
from people_dag import PEOPLE_DAG, REVERSAL_DAG, conf_of

from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0


def broken_csv(case: Case) -> Path:
    """A ragged row with canaries in it."""
    path = case.raw.with_suffix(".csv")
    path.write_text(
        "person_id,name,email,birth_date,country,income,notes,churned\n1,CANARYVALUE,CANARYVALUE\n2,CANARYVALUE,a,b,c,d,e,f,g,h\n"
    )
    return path


def wrong_types(case: Case) -> Path:
    """A promised number that is a canary."""
    path = case.raw.with_name("wrong.parquet")
    pl.read_parquet(case.raw).with_columns(pl.lit("CANARYVALUE").alias("income")).write_parquet(path)
    return path


def small_classes(case: Case) -> Path:
    """Everybody alone in a class, by a kept column that holds canaries."""
    path = case.raw.with_name("small.parquet")
    frame = pl.read_parquet(case.raw)
    frame.with_columns(pl.Series("country", [f"CANARYVALUE{n}" for n in range(frame.height)])).write_parquet(path)
    return path


REGISTER_DAG = """\
from airflow.sdk import DAG

from airflow_privacy.operators import RegisterTrainingInputOperator

with DAG("leak_register", schedule=None):
    RegisterTrainingInputOperator(
        task_id="register", dataset="{{ dag_run.conf['dataset'] }}", purpose="{{ dag_run.conf['purpose'] }}",
        requires="pseudonymized", model="leak",
    )
"""


def on_s3(case: Case, client: Any) -> dict[str, str]:
    """The same case with an Avro file as source and everything in a bucket; what its run is triggered with."""
    client.create_bucket(Bucket="leak")
    avro = io.BytesIO()
    pl.read_parquet(case.raw).write_avro(avro)
    client.put_object(Bucket="leak", Key="raw/people", Body=avro.getvalue())
    for path in (case.contract, case.policy):
        path.write_text(path.read_text().replace(str(case.data), "s3://leak"))
    return conf_of(case, source="s3://leak/raw/people", staging="s3://leak/staging/people", out="s3://leak/training/people")


@pytest.fixture(scope="module")
def client(object_store: str) -> Iterator[Any]:
    made = boto3.client(
        "s3", endpoint_url=object_store, aws_access_key_id="nobody", aws_secret_access_key="nothing", region_name="us-east-1"
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def finished(
    airflow: StandaloneAirflow, workspace: Workspace, client: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Case]]:
    """Releases that succeed, on files and from Avro in an object store into training, and three that fail; canaries in all."""
    airflow.add_dag(PEOPLE_DAG.replace('"people', '"leak'), "leak_dag.py")
    airflow.add_dag(REGISTER_DAG, "leak_register_dag.py")
    airflow.add_dag(REVERSAL_DAG.replace('"people', '"leak'), "leak_back_dag.py")
    airflow.wait_parsed(["leak", "leak_register", "leak_back"])
    runs = {}
    for name, damage in (
        ("success", None),
        ("rich", None),
        ("s3", None),
        ("broken", broken_csv),
        ("types", wrong_types),
        ("classes", small_classes),
    ):
        extra = [CANARIES] * 3 if name != "types" else []
        case = write_case(tmp_path_factory.mktemp(f"leak-{name}"), extra=extra, rich=name == "rich")
        source = damage(case) if damage else case.raw
        conf = conf_of(case, source=str(source)) if name != "s3" else on_s3(case, client)
        runs[name] = (case, airflow.api.trigger("leak", conf, user="maria"))
    for name in ("success", "rich", "s3"):
        airflow.api.wait_answerable("leak", runs[name][1], "approve", timeout=SECONDS)
        airflow.api.answer("leak", runs[name][1], "approve", user="stella")
    for name in ("success", "rich", "s3"):
        airflow.api.wait_for_run("leak", runs[name][1], ["success"], timeout=SECONDS)
    published = "s3://leak/training/people"
    for purpose, state in (("churn-model", "success"), ("advertising", "failed")):
        run = airflow.api.trigger("leak_register", {"dataset": published, "purpose": purpose}, user="maria")
        airflow.api.wait_for_run("leak_register", run, [state], timeout=SECONDS)
    case, run = runs["rich"]
    dataset = airflow.api.xcom("leak", run, "mask")
    for purpose, state in (("fraud-check", "success"), ("curiosity", "failed")):
        conf = {"dataset": json.dumps(dataset), "purpose": purpose, "out": str(case.data / "raw" / "back")}
        back = airflow.api.trigger("leak_back", conf, user="maria")
        if state == "success":
            airflow.api.wait_answerable("leak_back", back, "agree", timeout=SECONDS)
            airflow.api.answer("leak_back", back, "agree", user="stella")
        airflow.api.wait_for_run("leak_back", back, [state], timeout=SECONDS)
    for name in ("broken", "types", "classes"):
        airflow.api.wait_for_run("leak", runs[name][1], ["failed"], timeout=SECONDS)
    yield {name: case for name, (case, _) in runs.items()}


def test_the_search_finds_a_canary_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "clear.log").write_text("x" + CANARIES["email"])
    (tmp_path / "encoded.log").write_bytes(b"x" + base64.b64encode(b"ab" + CANARIES["notes"].encode()))
    with sqlite3.connect(tmp_path / "cells.db") as database:
        database.execute("create table t (a)")
        database.execute("insert into t values (?)", (CANARIES["name"][::-1],))
    assert {hit.split(":")[0] for hit in hits(tmp_path)} == {"clear.log", "encoded.log", "cells.db"}


def test_no_canary_is_in_airflows_home(airflow: StandaloneAirflow, finished: dict[str, Case]) -> None:
    # Logs of tasks and server, metadata database with XCom, rendered fields and requests, lineage events.
    assert hits(airflow.settings.home) == []


def test_no_canary_is_in_the_privacy_home(finished: dict[str, Case], workspace: Workspace) -> None:
    # Ledger, anchors, artifacts.
    assert hits(workspace.home) == []


def test_the_canaries_were_turned_back_where_that_was_approved(finished: dict[str, Case]) -> None:
    back = pl.concat([pl.read_parquet(path) for path in (finished["rich"].data / "raw" / "back").rglob("*.parquet")])
    assert (back["email"] == CANARIES["email"]).sum() == 3
    assert (back["name"] == CANARIES["name"]).sum() == 0


@pytest.mark.parametrize("name", ["success", "rich"])
def test_no_canary_is_in_what_was_staged_and_released(finished: dict[str, Case], name: str) -> None:
    case = finished[name]
    out = pl.concat([pl.read_parquet(path) for path in case.released() if path.suffix == ".parquet"])
    text = out.select(pl.all().cast(pl.String)).write_csv()
    assert [needle for needle in NEEDLES if needle in text] == []
    assert hits(case.data / "staging", case.data / "training") == []


def test_no_canary_is_in_what_was_staged_and_released_in_the_object_store(
    finished: dict[str, Case], client: Any, tmp_path: Path
) -> None:
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="leak")["Contents"]]
    assert any(key.startswith("training/people/passports/") for key in keys)
    for key in (key for key in keys if not key.startswith("raw/")):
        (tmp_path / key.replace("/", "_")).write_bytes(client.get_object(Bucket="leak", Key=key)["Body"].read())
    assert hits(tmp_path) == []


def test_failed_releases_left_nothing_in_the_training_environment(finished: dict[str, Case]) -> None:
    assert [path for name in ("broken", "types", "classes") for path in finished[name].released()] == []


def test_no_canary_is_in_the_answers_of_the_api(airflow: StandaloneAirflow, finished: dict[str, Case], tmp_path: Path) -> None:
    for dag in ("leak", "leak_back"):
        for number, run in enumerate(airflow.api.request("GET", f"/dags/{dag}/dagRuns").json()["dag_runs"]):
            run_id = run["dag_run_id"]
            for task in airflow.api.tasks(dag, run_id):
                log = airflow.api.task_log(dag, run_id, task.task_id) if task.try_number else ""
                fields = airflow.api.rendered_fields(dag, run_id, task.task_id)
                (tmp_path / f"{dag}-{number}-{task.task_id}").write_text(f"{log}\n{fields}")
    assert hits(tmp_path) == []
