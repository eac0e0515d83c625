"""A purge of versions that is killed anywhere: no half version for readers on the way, and the same end when it runs again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from purging_versions import nothing, older_than

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.target import Pace
from airflow_privacy.core.io.purge.versions import versions_target
from airflow_privacy.core.io.version import check_files, read_manifest, write_version
from airflow_privacy.core.io.version_copy import publish

ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]
VERSIONS, PARTS = 12, 20


def age(folder: Path) -> None:
    moment = (datetime.now(UTC) - timedelta(days=400)).timestamp()
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "people"
    for number in range(VERSIONS):

        def parts(stage: Path, number: int = number) -> None:
            for part in range(PARTS):
                pl.DataFrame({"number": [number, part]}).write_parquet(stage / f"part-{part:05d}.parquet")

        version = write_version(str(folder), "sha256:" + "0" * 64, parts).version
        if number % 2:
            publish(str(folder), version, b"{}" * (number + 1))
    return folder


def readers_see_no_half(place: Path) -> None:
    for manifest in place.glob("versions/*/manifest.json"):
        check_files(local_storage(str(place)), read_manifest(str(place), manifest.parent.name))


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_purge_runs_again_to_the_same_end(made: Path, tmp_path: Path, number: int) -> None:
    whole = ("unknown", "expired")[number % 2]
    place = tmp_path / "people"
    shutil.copytree(made, place)
    age(place)
    target = versions_target(str(place), rule=older_than(30, whole=whole), storages=local_storage)  # type: ignore[arg-type]
    planned = target.find()
    assert planned.listing is not None
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "purging_versions.py"), str(place), "30", whole],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(f"versions{number}").uniform(0, 0.15))
    process.kill()
    process.communicate(timeout=60)
    if whole == "unknown":
        readers_see_no_half(place)
    target.remove(planned.step, planned.listing.items, pace=Pace(), progress=nothing)
    looked = target.look_again(planned.step, planned.listing.items)
    assert (looked.left, looked.gone, looked.kept) == (0, looked.looked, ())
    left = 0 if whole == "expired" else 1
    assert len(list(place.glob("versions/*"))) == left
    assert (place / "current.json").exists() is bool(left)


def test_dying_after_any_deletion_leaves_what_the_next_run_finishes(made: Path, tmp_path: Path) -> None:
    class Killed(BaseException):
        """Nothing may catch this."""

    real, count = Path.unlink, 0
    place = tmp_path / "people"
    shutil.copytree(made, place)
    keep = sorted(path.name for path in (place / "versions").iterdir())[:2]
    for folder in (place / "versions").iterdir():
        if folder.name not in keep:
            shutil.rmtree(folder)
    (place / "current.json").unlink(missing_ok=True)
    age(place)
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    planned = target.find()
    assert planned.listing is not None
    runs = 0
    while target.look_again(planned.step, planned.listing.items).left:
        count, runs = 0, runs + 1
        assert runs < 3 * PARTS

        def dying(self: Path, missing_ok: bool = False) -> None:
            nonlocal count
            count += 1
            if count > 3:
                raise Killed
            real(self, missing_ok=missing_ok)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "unlink", dying)
            with contextlib.suppress(Killed):
                target.remove(planned.step, planned.listing.items, pace=Pace(), progress=nothing)
        readers_see_no_half(place)
    assert runs > 5
    assert not list(place.rglob("*.parquet"))
