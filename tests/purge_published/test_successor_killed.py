"""An erasure that dies anywhere and is repeated: the same end, one revocation a passport, and readers never see half."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crash_worker import save
from erasing import end_state, erase_canary, released
from steps import Steps

from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.io.local import LocalStage, LocalStorage
from airflow_privacy.core.ledger.log import Ledger
from airflow_privacy.core.pipeline import proof

ROOT = Path(__file__).resolve().parents[2]
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]
pytestmark = pytest.mark.xdist_group("erasure-killed")


class Killed(BaseException):
    """Nothing in the code under test may catch this."""


@dataclass
class Prepared:
    """A release, a copy of it to begin again from, what an undisturbed erasure leads to, and how many writes it makes."""

    steps: Steps
    backup: Path
    end: dict[str, object]
    seconds: float = 0.0

    def begin_again(self) -> None:
        root = self.steps.case.data.parent  # type: ignore[union-attr]
        shutil.rmtree(root)
        shutil.copytree(self.backup, root)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    steps = released(tmp_path_factory.mktemp("killed"))
    backup = tmp_path_factory.mktemp("backup") / "copy"
    shutil.copytree(steps.case.data.parent, backup)  # type: ignore[union-attr]
    begun = time.monotonic()
    erase_canary(steps)
    yield Prepared(steps, backup, end_state(steps), time.monotonic() - begun)


def writes(monkeypatch: pytest.MonkeyPatch, die_before: int | None) -> list[str]:
    """Count what changes something that lasts, and die before the one of that number."""
    seen: list[str] = []

    def counted(owner: type, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def call(*given: Any, **named: Any) -> Any:
            if len(seen) == die_before:
                raise Killed
            seen.append(f"{owner.__name__}.{name}")
            return real(*given, **named)

        monkeypatch.setattr(owner, name, call)

    counted(LocalStage, "commit")
    counted(LocalStorage, "_put")
    counted(Ledger, "append_many")
    counted(Path, "unlink")
    counted(Path, "replace")
    return seen


def still_readable_or_refused(steps: Steps) -> None:
    try:
        proof.verify_passport_of(steps.workspace, str(steps.case.out))
    except PrivacyError as error:
        assert error.reason == "revoked"


def test_dying_before_any_of_its_writes_and_running_again_ends_the_same(prepared: Prepared) -> None:
    prepared.begin_again()
    with pytest.MonkeyPatch.context() as patch:
        seen = writes(patch, None)
        erase_canary(prepared.steps)
    assert len(seen) > 15
    for number in range(len(seen)):
        prepared.begin_again()
        with pytest.MonkeyPatch.context() as patch:
            writes(patch, number)
            with pytest.raises(Killed):
                erase_canary(prepared.steps)
        still_readable_or_refused(prepared.steps)
        erase_canary(prepared.steps)
        assert end_state(prepared.steps) == prepared.end, seen[: number + 1]


def start(state: Path) -> subprocess.Popen[str]:
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "erasing.py"), str(state)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{support}", "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", MOMENTS)
def test_a_killed_erasure_runs_again_to_the_same_end(prepared: Prepared, number: int, tmp_path: Path) -> None:
    steps = prepared.steps
    prepared.begin_again()
    root = steps.case.data.parent  # type: ignore[union-attr]
    state = save(steps, root, "http://127.0.0.1:1")
    process = start(state)
    time.sleep(random.Random(f"erase{number}").uniform(0, 2 * prepared.seconds))
    process.kill()
    process.communicate(timeout=60)
    still_readable_or_refused(steps)
    proof.verify_ledger_of(steps.workspace)
    erase_canary(steps)
    assert end_state(steps) == prepared.end
