"""SIGKILL at random moments while files or their rows go: the next run ends in the same state, with nothing left beside."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from purge_files_case import NOW, carry_out, names, write
from purge_files_worker import target_of

pytestmark = pytest.mark.xdist_group("crash-files")
ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]


def partitions(place: Path) -> None:
    for day in range(1, 29):
        for part in range(2):
            write(place / f"day=2024-0{1 + 5 * (day % 2)}-{day % 12 + 1:02d}" / f"part-{day}-{part}.csv", b"x" * 10_000)


def tables(place: Path) -> None:
    place.mkdir(parents=True)
    days = pl.Series("day", np.datetime64(NOW.date()) - np.arange(5_000) % 60)
    frame = pl.DataFrame({"day": days, "n": np.arange(5_000), "text": ["some text of a row"] * 5_000})
    for number in range(2):
        frame.write_parquet(place / f"a-{number}")
        frame.write_csv(place / f"b-{number}")
        frame.with_columns(pl.col("day").cast(pl.String)).write_ndjson(place / f"c-{number}")
        frame.filter(pl.col("day") < NOW.date() - timedelta(days=40)).write_parquet(place / f"d-{number}")  # goes as a whole


MADE: dict[str, Callable[[Path], None]] = {"files": partitions, "rows": tables}


@dataclass(frozen=True)
class Case:
    """A kind of target, the state in which a run ends that nobody kills, and the seconds it takes."""

    kind: str
    state: dict[str, str]
    seconds: float


def state_of(place: Path) -> dict[str, str]:
    """Everything below the place, with its content."""
    return {name: "" if name.endswith("/") else hashlib.sha256((place / name).read_bytes()).hexdigest() for name in names(place)}


def prepared(kind: str, folder: Path) -> Path:
    place = folder / "place"
    MADE[kind](place)
    found = target_of(kind, place).find()
    assert found.listing is not None and found.listing.items
    (folder / "step.json").write_bytes(msgspec.json.encode(found.step))
    (folder / "items.json").write_bytes(msgspec.json.encode(found.listing.items))
    return place


def start(kind: str, place: Path) -> subprocess.Popen[str]:
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "purge_files_worker.py"), kind, str(place)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module", params=["files", "rows"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    place = prepared(request.param, tmp_path_factory.mktemp("whole"))
    process = start(request.param, place)
    begun = time.monotonic()
    process.communicate(timeout=120)
    assert process.returncode == 0
    return Case(request.param, state_of(place), time.monotonic() - begun)


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_removal_goes_on_to_the_same_end(tmp_path: Path, case: Case, number: int) -> None:
    place = prepared(case.kind, tmp_path)
    found = target_of(case.kind, place).find()
    for kill in range(2):
        process = start(case.kind, place)
        time.sleep(random.Random(f"{number}.{kill}").uniform(0, case.seconds))
        process.kill()
        process.communicate()
    looked = carry_out(target_of(case.kind, place), found)
    assert looked.left == 0
    assert state_of(place) == case.state
