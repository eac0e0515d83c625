"""SIGKILL at random moments while a million rows are masked to a folder, an object store and a table: nothing partial is ever
visible, and the next run gives the same bytes, or rows."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from crash_worker import client_of, mask_million, storages_at
from people import people_frame
from postgres import PostgresServer

from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.io.version import check_files, read_manifest
from airflow_privacy.core.pipeline.places import Written

pytestmark = pytest.mark.xdist_group("crash")
ROOT = Path(__file__).resolve().parents[2]
ROWS, REPEATED = 1_000_000, 10_000
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]


@dataclass(frozen=True)
class Prepared:
    """The table, where it is masked to, what an undisturbed run makes of it, and the seconds that it took."""

    table: Path
    out: str
    endpoint: str
    server: PostgresServer
    expected: Written
    seconds: float

    def again(self) -> Written:
        """Mask in this process, to the end."""
        return mask_million(str(self.table), self.out, self.endpoint, str(self.server.folder), str(self.server.port))

    def storage(self) -> Storage:
        """Where the files lie."""
        return storages_at(client_of(self.endpoint))(self.out)

    def names(self) -> list[str]:
        """The files that lie there."""
        if self.out.startswith("s3:"):
            return self.storage().names()
        return [str(path.relative_to(self.out)) for path in Path(self.out).rglob("*") if path.is_file()]

    def clear(self) -> None:
        """Take everything away, so that the next run has to write it."""
        if self.out.startswith("sql:"):
            self.server.run("DROP SCHEMA IF EXISTS million CASCADE", "CREATE SCHEMA million")
            return
        if not self.out.startswith("s3:"):
            shutil.rmtree(self.out, ignore_errors=True)
            return
        for name in self.names():
            self.storage().delete(name)

    def require_whole_or_nothing(self) -> None:
        """Whatever a reader can find is the whole version."""
        if self.out.startswith("sql:"):
            tables = {name for (name,) in self.server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'million'")}
            assert tables <= {"people", "airflow_privacy_versions"}
            if "people" in tables:
                assert self.server.run("SELECT count(*) FROM million.people") == [(ROWS,)]
            return
        names = [name.split("/") for name in self.names()]
        versions = sorted(name[1] for name in names if name[0] == "versions" and name[-1] == "manifest.json")
        assert versions in ([], [self.expected.version])
        for version in versions:
            check_files(self.storage(), read_manifest(self.out, version, storages=storages_at(client_of(self.endpoint))))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("million") / "people.parquet"
    people = people_frame(rows=REPEATED).lazy()
    pieces = [
        people.with_columns(
            pl.col("person_id") + REPEATED * number, pl.col("email").str.replace("@", f".{number}@", literal=True)
        )
        for number in range(ROWS // REPEATED)
    ]
    pl.concat(pieces).sink_parquet(path)
    return path


@pytest.fixture(scope="module", params=["folder", "s3", "postgres"])
def prepared(
    request: pytest.FixtureRequest,
    table: Path,
    object_store: str,
    server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Prepared:
    out = "sql://pg/million.people"
    if request.param == "folder":
        out = str(tmp_path_factory.mktemp("out") / "people")
    elif request.param == "s3":
        client_of(object_store).create_bucket(Bucket="million")
        out = "s3://million/people"
    case = Prepared(table, out, object_store, server, Written(version=""), 0.0)
    case.clear()
    begun = time.monotonic()
    expected = case.again()
    assert expected.rows_digest or sum(file.rows for file in expected.files) == ROWS
    return Prepared(table, out, object_store, server, expected, time.monotonic() - begun)


def start(prepared: Prepared) -> subprocess.Popen[str]:
    """Start masking; returns when the process is about to open the table."""
    support = ROOT / "tests" / "support"
    where = (prepared.out, prepared.endpoint, str(prepared.server.folder), str(prepared.server.port))
    process = subprocess.Popen(
        [sys.executable, str(support / "crash_worker.py"), str(prepared.table), "million", *where],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_masking_shows_nothing_partial_and_runs_again_to_the_same(prepared: Prepared, number: int) -> None:
    prepared.clear()
    process = start(prepared)
    time.sleep(random.Random(f"million{number}").uniform(0, 1.1 * prepared.seconds))
    process.kill()
    process.communicate(timeout=120)

    prepared.require_whole_or_nothing()
    assert prepared.again() == prepared.expected
    prepared.require_whole_or_nothing()
