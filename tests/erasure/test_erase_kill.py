"""SIGKILL at random moments of an erasure: a re-run ends with the same rows, one certificate, and no identifier on disk."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from canaries import CANARIES, hits
from erase_case import CALLER, EraseCase, erase_case

from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.erase_verify import verify_erasure
from airflow_privacy.core.pipeline.proof import verify_ledger_of

ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]
WHO = CANARIES["email"]


def written(folder: Path) -> EraseCase:
    """Forty files, every one with the person."""
    folder.mkdir(exist_ok=True)
    case = erase_case(folder)
    place = folder / "visits"
    place.mkdir()
    for number in range(40):
        rows = [{"mail": WHO if row == 3 else f"p{number}.{row}@mail.example", "stay": row} for row in range(20)]
        pl.DataFrame(rows).write_parquet(place / f"part-{number}.parquet")
    case.contract("visits", place, "mail")
    return case


def start(case: EraseCase, plan: str) -> subprocess.Popen[str]:
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "erase_crash_worker.py"), str(case.workspace.home), plan],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long an erasure takes that nobody kills."""
    case = written(tmp_path_factory.mktemp("whole"))
    process = start(case, case.planned(case.request({"mail": WHO})).digest)
    begun = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_erasure_goes_on_to_the_same_end_and_forgets(tmp_path: Path, seconds: float, number: int) -> None:
    case = written(tmp_path)
    plan = case.planned(case.request({"mail": WHO}))
    for kill in range(2):
        process = start(case, plan.digest)
        time.sleep(random.Random(f"{number}.{kill}").uniform(0, seconds))
        process.kill()
        process.communicate()
    done, again = (run_erasure(case.workspace, CALLER, plan=plan) for _ in range(2))
    assert done.ref is not None and again.ref is not None and done.ref.digest == again.ref.digest
    assert case.kinds()[3:] == ["started", "purged", "certified", "subject-erased"]
    assert len(list((case.workspace.home / "artifacts" / "certificate").glob("*.json"))) == 1
    rows = pl.concat(pl.read_parquet(path) for path in (tmp_path / "visits").glob("*.parquet"))
    assert rows.height == 40 * 19 and WHO not in set(rows["mail"])
    assert hits(tmp_path) == []
    verify_erasure(case.workspace, CALLER, certificate=done.ref)
    verify_ledger_of(case.workspace)
