"""SIGKILL at random moments while a million rows are masked to a folder: only whole versions are visible, and always the same."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from crash_worker import mask_version
from people import people_frame

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.version import check_files, read_manifest
from airflow_privacy.core.model.dataset import Manifest

pytestmark = pytest.mark.xdist_group("crash")
ROOT = Path(__file__).resolve().parents[2]
ROWS, REPEATED = 1_000_000, 10_000
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]


@dataclass(frozen=True)
class Prepared:
    """The table, the version that an undisturbed run makes of it, and the seconds that it took."""

    table: Path
    expected: Manifest
    seconds: float


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("million")
    people = people_frame(rows=REPEATED).lazy()
    pieces = [
        people.with_columns(
            pl.col("person_id") + REPEATED * number, pl.col("email").str.replace("@", f".{number}@", literal=True)
        )
        for number in range(ROWS // REPEATED)
    ]
    pl.concat(pieces).sink_parquet(folder / "people.parquet")
    begun = time.monotonic()
    expected = mask_version(str(folder / "people.parquet"), str(folder / "undisturbed"))
    return Prepared(folder / "people.parquet", expected, time.monotonic() - begun)


def start(prepared: Prepared, out: Path) -> subprocess.Popen[str]:
    """Start masking; returns when the process is about to open the table."""
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "crash_worker.py"), str(prepared.table), "version", str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def visible(out: Path) -> list[str]:
    """The versions that a reader finds: a version begins with its manifest."""
    return sorted(path.parent.name for path in out.glob("versions/*/manifest.json"))


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_masking_shows_whole_versions_only_and_runs_again_to_the_same(
    prepared: Prepared, number: int, tmp_path: Path
) -> None:
    out, version = tmp_path / "people", prepared.expected.version
    process = start(prepared, out)
    time.sleep(random.Random(f"million{number}").uniform(0, 1.2 * prepared.seconds))
    process.kill()
    process.communicate(timeout=120)

    assert visible(out) in ([], [version])
    if visible(out):
        check_files(local_storage(str(out)), read_manifest(str(out), version))

    assert mask_version(str(prepared.table), str(out)) == prepared.expected
    assert visible(out) == [version]
    check_files(local_storage(str(out)), prepared.expected)
    assert sum(file.rows for file in prepared.expected.files) == ROWS
