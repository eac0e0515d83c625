"""A purge of a table that is killed at any moment and run again ends as one that was not."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lake_disk import holds, one_of, silent
from lake_tables import append_delta, append_iceberg, read_rows

from airflow_privacy.core.io.purge.lakehouse import lakehouse_target
from airflow_privacy.core.io.purge.target import Pace

pytest.importorskip("deltalake")
pytest.importorskip("pyiceberg")
WORKER = Path(__file__).parents[1] / "support" / "lake_crash_worker.py"
FILES, ROWS = 6, 2_000
GOES = "goes-away"


@dataclass(frozen=True)
class Prepared:
    """A table, and how long a whole purge of it takes."""

    format: str
    root: Path
    seconds: float


class Killed(BaseException):
    """What a kill looks like from inside."""


def frame(number: int) -> pl.DataFrame:
    ids = range(number * ROWS, (number + 1) * ROWS)
    return pl.DataFrame({"id": ids, "name": [GOES if one % 100 == 0 else f"n{one}" for one in ids]})


def write(format_: str, root: Path, files: int) -> Path:
    for number in range(files):
        (append_delta if format_ == "delta" else append_iceberg)(root, frame(number))
    return root


def start(format_: str, root: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, str(WORKER), f"{format_}+file://{root}", "name", GOES], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def require_kept(format_: str, root: Path, files: int) -> pl.DataFrame:
    """Whatever is done by now, every row that stays is there once."""
    rows = read_rows(format_, root)
    stays = rows.filter(pl.col("name") != GOES)
    assert stays["id"].sort().to_list() == [one for one in range(files * ROWS) if one % 100]
    return rows


@pytest.fixture(scope="module", params=["delta", "iceberg"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    root = write(request.param, folder / "t", FILES)
    process = start(request.param, Path(shutil.copytree(root, folder / "timed")))
    begun = time.monotonic()
    assert process.wait() == 0
    return Prepared(request.param, root, time.monotonic() - begun)


@pytest.mark.parametrize("number", [*range(3), *(pytest.param(one, marks=pytest.mark.long) for one in range(3, 20))])
def test_after_a_kill_all_rows_that_stay_are_there_and_the_next_run_ends(prepared: Prepared, tmp_path: Path, number: int) -> None:
    root = Path(shutil.copytree(prepared.root, tmp_path / "t"))
    process = start(prepared.format, root)
    time.sleep(random.Random(f"{prepared.format}{number}").uniform(0, prepared.seconds))
    process.kill()
    process.wait()
    require_kept(prepared.format, root, FILES)

    assert start(prepared.format, root).wait() == 0
    assert holds(root, GOES) == []
    assert GOES not in require_kept(prepared.format, root, FILES)["name"].to_list()
    assert [path for path in root.rglob("*") if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize("format_", ["delta", "iceberg"])
def test_cut_short_before_any_change_of_the_folder_the_next_run_ends_alike(
    format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(format_, tmp_path / "source", 2)
    changes = {"link": os.link, "replace": Path.replace, "unlink": Path.unlink}
    left = [0]

    def counted(name: str) -> Any:
        def change(*given: Any, **named: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return changes[name](*given, **named)

        return change

    ends, cut = set(), 0
    while True:
        root = Path(shutil.copytree(source, tmp_path / f"{cut}" / "t"))
        target = lakehouse_target(f"{format_}+file://{root}", rule=one_of("name", GOES), now=lambda: datetime.now(UTC))
        step = target.find().step
        left[0] = cut
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", counted("link"))
            patch.setattr(Path, "replace", counted("replace"))
            patch.setattr(Path, "unlink", counted("unlink"))
            try:
                target.remove(step, (), pace=Pace(), progress=silent)
                whole = True
            except Killed:
                whole = False
        require_kept(format_, root, 2)
        target.remove(step, (), pace=Pace(), progress=silent)
        looked = target.look_again(step, ())
        assert (looked.left, looked.gone) == (0, 40)
        assert holds(root, GOES) == []
        require_kept(format_, root, 2)
        ends.add(len([path for path in root.rglob("*") if path.is_file()]))
        if whole:
            break
        cut += 1
    assert cut > 10
    assert len(ends) == 1
