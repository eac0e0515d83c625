"""Canaries through the whole release, on success and on failures: none may be found anywhere but in the data itself."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from people import Case, write_case
from people_dag import PEOPLE_DAG, conf_of

from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0

CANARIES = {
    "name": "Zebedee Quaxolotl",
    "email": "zq.canary.4711@quaxolotl.example",
    "notes": "reach Zebedee Quaxolotl at +49 171 8423977 or zq.note.0815@quaxolotl.example, IBAN DE89370400440532013000",
}
NEEDLES = ("Quaxolotl", "quaxolotl", "zq.canary.4711", "zq.note.0815", "8423977", "DE89370400440532013000", "CANARYVALUE")
FEWEST_CHARACTERS = 8  # of a base64 spelling: shorter ones occur by chance


def spellings() -> dict[str, bytes]:
    """Every needle in clear, reversed, in hexadecimal, and in base64 at each of the three alignments."""
    found: dict[str, bytes] = {}
    for needle in NEEDLES:
        clear = needle.encode()
        found[f"{needle} in clear"] = clear
        found[f"{needle} reversed"] = clear[::-1]
        found[f"{needle} in hexadecimal"] = clear.hex().encode()
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + clear)
            # The characters at both ends hang on the neighbours: the middle is the same wherever the value stands.
            middle = encoded[4 if shift else 0 : len(encoded) - 4]
            if len(middle) >= FEWEST_CHARACTERS:
                found[f"{needle} in base64, shift {shift}"] = middle
    return found


def hits(*roots: Path) -> list[str]:
    """Where any spelling occurs: in the bytes of every file, and in every cell of every SQLite database."""
    needles = spellings()
    found = []
    for root in roots:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            data = path.read_bytes()
            if data.startswith(b"SQLite format 3"):
                data += _cells(path)
            found += [f"{path.relative_to(root)}: {name}" for name, needle in needles.items() if needle in data]
    return found


def _cells(path: Path) -> bytes:
    parts = []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - the name comes from the schema
                parts += [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
    return b"\n".join(parts)


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


@pytest.fixture(scope="module")
def finished(
    airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Case]]:
    """One release that succeeds and three that fail, each with canaries in the data."""
    airflow.add_dag(PEOPLE_DAG.replace('"people', '"leak'), "leak_dag.py")
    airflow.wait_parsed(["leak"])
    runs = {}
    for name, damage in (("success", None), ("broken", broken_csv), ("types", wrong_types), ("classes", small_classes)):
        case = write_case(tmp_path_factory.mktemp(f"leak-{name}"), extra=[CANARIES] * 3 if name != "types" else [])
        source = damage(case) if damage else case.raw
        runs[name] = (case, airflow.api.trigger("leak", conf_of(case, source=str(source)), user="maria"))
    airflow.api.wait_answerable("leak", runs["success"][1], "approve", timeout=SECONDS)
    airflow.api.answer("leak", runs["success"][1], "approve", user="stella")
    airflow.api.wait_for_run("leak", runs["success"][1], ["success"], timeout=SECONDS)
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


def test_no_canary_is_in_what_was_staged_and_released(finished: dict[str, Case]) -> None:
    case = finished["success"]
    out = pl.concat([pl.read_parquet(path) for path in case.released() if path.suffix == ".parquet"])
    text = out.select(pl.all().cast(pl.String)).write_csv()
    assert [needle for needle in NEEDLES if needle in text] == []
    assert hits(case.data / "staging", case.data / "training") == []


def test_failed_releases_left_nothing_in_the_training_environment(finished: dict[str, Case]) -> None:
    assert [path for name in ("broken", "types", "classes") for path in finished[name].released()] == []


def test_no_canary_is_in_the_answers_of_the_api(airflow: StandaloneAirflow, finished: dict[str, Case], tmp_path: Path) -> None:
    for number, run in enumerate(airflow.api.request("GET", "/dags/leak/dagRuns").json()["dag_runs"]):
        run_id = run["dag_run_id"]
        for task in airflow.api.tasks("leak", run_id):
            log = airflow.api.task_log("leak", run_id, task.task_id) if task.try_number else ""
            fields = airflow.api.rendered_fields("leak", run_id, task.task_id)
            (tmp_path / f"{number}-{task.task_id}").write_text(f"{log}\n{fields}")
    assert hits(tmp_path) == []
