"""SIGKILL at random moments of masking to a table and of the transfer: no part of a table is ever there, and the next run gives
the same rows."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from postgres import PostgresServer
from sql_case import sql_steps
from sql_crash_worker import save
from steps import Steps

from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.places import check_dataset

pytestmark = pytest.mark.xdist_group("sql")  # the prepared release serves all moments
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {"mask": "staging", "transfer": "training"}


@dataclass(frozen=True)
class Prepared:
    """A release that went through once, and the seconds that each step took in a process of its own."""

    steps: Steps
    state: Path
    seconds: dict[str, float]


def prepare(server: PostgresServer, folder: Path, rows: int) -> Prepared:
    steps = sql_steps(server, folder, rows=rows).prepare()
    steps.answer()
    state = save(steps, server, folder)
    seconds = {}
    for step, schema in SCHEMA.items():
        clear(server, schema)
        begun = time.monotonic()
        assert finish(start(state, step)) == 0
        seconds[step] = time.monotonic() - begun
    return Prepared(steps, state, seconds)


@pytest.fixture(scope="module")
def prepared(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(server, tmp_path_factory.mktemp("crash"), 30_000)


def start(state: Path, step: str) -> subprocess.Popen[str]:
    """Start a step; returns when its process is about to begin it."""
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "sql_crash_worker.py"), str(state), step],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=300)
    return process.returncode


def clear(server: PostgresServer, schema: str) -> None:
    server.run(f"DROP SCHEMA {schema} CASCADE", f"CREATE SCHEMA {schema}")


def tables(server: PostgresServer, schema: str) -> set[str]:
    return {name for (name,) in server.run(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'")}


def kill_and_repeat(server: PostgresServer, prepared: Prepared, step: str, number: int) -> None:
    steps, schema = prepared.steps, SCHEMA[step]
    dataset = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])
    clear(server, schema)
    process = start(prepared.state, step)
    time.sleep(random.Random(f"{step}{number}").uniform(0, prepared.seconds[step]))
    process.kill()
    finish(process)

    assert tables(server, schema) <= {"people", "airflow_privacy_versions"}
    if "people" in tables(server, schema):
        assert server.run(f"SELECT count(*) FROM {schema}.people") == [(dataset.rows,)]
    proof.verify_ledger_of(steps.workspace)

    assert finish(start(prepared.state, step)) == 0
    assert tables(server, schema) == {"people", "airflow_privacy_versions"}
    if step == "mask":
        check_dataset(steps.workspace, dataset)
    else:
        assert proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version == dataset.version


@pytest.mark.parametrize(("step", "number"), [("mask", 0), ("mask", 1), ("mask", 2), ("transfer", 0)])
def test_a_killed_step_leaves_no_part_of_a_table_and_runs_again_to_the_same_rows(
    server: PostgresServer, prepared: Prepared, step: str, number: int
) -> None:
    kill_and_repeat(server, prepared, step, number)
