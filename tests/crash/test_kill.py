"""SIGKILL at random moments of masking and transfer: nothing half-done is visible, and the next run gives the same version."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from people import write_case
from steps import Steps, workspace_in

from airflow_privacy.core.io.version import open_version
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import proof

ROOT = Path(__file__).resolve().parents[2]
ROWS = 10_000
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= 3 else []) for number in range(20)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A release that went through once, with its version and the seconds that each step took in a process of its own."""
    folder = tmp_path_factory.mktemp("crash-reference")
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder, rows=ROWS)).prepare()
    version = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"]).version
    steps.answer()
    state = save(steps, folder)
    seconds = {}
    for step in ("mask", "transfer"):
        process, begun = start(state, step), time.monotonic()
        assert finish(process) == 0
        seconds[step] = time.monotonic() - begun
    return {"steps": steps, "folder": folder, "state": state, "version": version, "seconds": seconds}


def save(steps: Steps, folder: Path) -> Path:
    state = folder / "state.json"
    case = {name: str(getattr(steps.case, name)) for name in ("data", "raw", "contract", "policy")}
    refs = {name: msgspec.to_builtins(ref) for name, ref in steps.refs.items()}
    state.write_text(json.dumps({"case": case, "refs": refs, "folder": str(folder)}))
    return state


def start(state: Path, step: str) -> subprocess.Popen[str]:
    """Start a step; returns when its process is about to begin it."""
    support = ROOT / "tests" / "support"
    process = subprocess.Popen(
        [sys.executable, str(support / "crash_worker.py"), str(state), step],
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


def clear(folder: Path) -> None:
    """Take the versions away, so that the next run has to write them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("number", MOMENTS)
@pytest.mark.parametrize("step", ["mask", "transfer"])
def test_a_killed_step_shows_nothing_half_done_and_runs_again_to_the_same_version(
    prepared: dict[str, object], step: str, number: int
) -> None:
    steps, state, version = prepared["steps"], prepared["state"], prepared["version"]
    assert isinstance(steps, Steps)
    assert isinstance(state, Path)
    target = steps.case.staging if step == "mask" else steps.case.out
    clear(target)
    if step == "transfer":
        assert finish(start(state, "mask")) == 0
    process = start(state, step)
    time.sleep(random.Random(f"{step}{number}").uniform(0, prepared["seconds"][step]))  # type: ignore[index]
    process.kill()
    finish(process)

    dataset = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])
    visible = sorted(path.name for path in (target / "versions").glob("[!.]*"))
    assert visible in ([], [version])
    if visible:
        open_version(msgspec.structs.replace(dataset, uri=str(target)))  # whole, byte for byte
    if step == "transfer" and (target / "current.json").exists():
        proof.verify_passport_of(steps.workspace, str(target))
    proof.verify_ledger_of(steps.workspace)

    assert finish(start(state, step)) == 0
    assert [path.name for path in (target / "versions").iterdir() if not path.name.startswith(".")] == [version]
    if step == "transfer":
        assert proof.verify_passport_of(steps.workspace, str(target)).statement.predicate.version == version
