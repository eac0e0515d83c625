"""SIGKILL at random moments of deleting rows: what is left after the next run is what one run leaves."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres import PostgresServer
from purge_sql_case import by_age, orders, purge, rows_at

pytestmark = pytest.mark.xdist_group("purge_sql")
ROOT = Path(__file__).resolve().parents[2]
ROWS = 30_000
DIGEST = "SELECT count(*), md5(string_agg(id || note, ',' ORDER BY id)) FROM shop.orders"


def start(server: PostgresServer) -> subprocess.Popen[str]:
    """Start a removal; returns when its process is about to begin it."""
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "purge_sql_worker.py"), str(server.folder), str(server.port)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=120)
    return process.returncode


@pytest.fixture(scope="module")
def whole(server: PostgresServer) -> tuple[float, list[tuple[object, ...]]]:
    """How long one run takes, and what it leaves."""
    orders(server, customers=100, rows=ROWS)
    process = start(server)
    begun = time.monotonic()
    assert finish(process) == 0
    return time.monotonic() - begun, server.run(DIGEST)


def kill_and_repeat(server: PostgresServer, whole: tuple[float, list[tuple[object, ...]]], number: int) -> None:
    seconds, left = whole
    orders(server, customers=100, rows=ROWS)
    target = rows_at(server, "orders", by_age())
    step = target.find().step
    process = start(server)
    time.sleep(random.Random(number).uniform(0, seconds))
    process.kill()
    finish(process)
    ((between, _),) = server.run(DIGEST)
    assert ROWS * 7 // 10 <= between <= ROWS
    looked = purge(target, step=step)
    assert (looked.gone, looked.left) == (step.counts["expired"], 0)
    assert server.run(DIGEST) == left


@pytest.mark.parametrize("number", range(3))
def test_a_killed_removal_ends_as_one_that_was_not(server: PostgresServer, whole, number: int) -> None:
    kill_and_repeat(server, whole, number)


@pytest.mark.long
@pytest.mark.parametrize("number", range(3, 23))
def test_a_removal_killed_at_many_moments_ends_as_one_that_was_not(server: PostgresServer, whole, number: int) -> None:
    kill_and_repeat(server, whole, number)
