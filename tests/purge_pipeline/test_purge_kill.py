"""SIGKILL at random moments of a purge: a re-run ends in the same state, with one certificate."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from purge_case import CALLER, PurgeCase, days, purge_case

from airflow_privacy.core.pipeline.proof import verify_ledger_of
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge

ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]


def start(case: PurgeCase, plan: str) -> subprocess.Popen[str]:
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "purge_crash_worker.py"), str(case.workspace.home), plan],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long a purge takes that nobody kills."""
    case = purge_case(tmp_path_factory.mktemp("whole"), days(*range(1, 10), *range(40, 90)))
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    process = start(case, plan.digest)
    begun = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_purge_goes_on_to_the_same_end_and_one_certificate(tmp_path: Path, seconds: float, number: int) -> None:
    case = purge_case(tmp_path, days(*range(1, 10), *range(40, 90)))
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    for kill in range(2):
        process = start(case, plan.digest)
        time.sleep(random.Random(f"{number}.{kill}").uniform(0, seconds))
        process.kill()
        process.communicate()
    done = run_purge(case.workspace, CALLER, plan=plan)
    again = run_purge(case.workspace, CALLER, plan=plan)
    assert case.files() == sorted(days(*range(1, 10)))
    assert done.ref is not None and again.ref is not None and done.ref.digest == again.ref.digest
    assert case.kinds() == ["planned", "started", "purged", "certified"]
    assert len(list((case.workspace.home / "artifacts" / "certificate").glob("*.json"))) == 1
    verify_purge(case.workspace, CALLER, certificate=done.ref)
    verify_ledger_of(case.workspace)
