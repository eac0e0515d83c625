"""SIGKILL at random moments of masking and transfer: nothing half-done is visible, and the next run gives the same version."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from crash_worker import client_of, save, storages_at
from people import CONTRACT, POLICY, S3Case, people_frame, write_case
from steps import Steps, workspace_in

from airflow_privacy.core.io.version import check_version
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import proof

pytestmark = pytest.mark.xdist_group("crash")  # the prepared releases serve all moments
ROOT = Path(__file__).resolve().parents[2]
ROWS = 10_000
IN_EVERY_RUN = 3
MOMENTS = [pytest.param(number, marks=[pytest.mark.long] if number >= IN_EVERY_RUN else []) for number in range(20)]


@dataclass(frozen=True)
class Prepared:
    """A release that went through once, and the seconds that each step took in a process of its own."""

    steps: Steps
    state: Path
    version: str
    seconds: dict[str, float]


@pytest.fixture(scope="module", params=["local", "s3"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, object_store: str) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp(f"crash-{request.param}")
    client = client_of(object_store)
    workspace = replace(workspace_in(folder), storages=storages_at(client))
    if request.param == "local":
        steps = Steps(workspace=workspace, case=write_case(folder, rows=ROWS))
    else:
        client.create_bucket(Bucket="crash")
        table = io.BytesIO()
        people_frame(rows=ROWS).write_parquet(table)
        client.put_object(Bucket="crash", Key="raw/people.parquet", Body=table.getvalue())
        case = S3Case("s3://crash", folder / "contract.yaml", folder / "policy.yaml")
        case.contract.write_text(CONTRACT.format(data=case.data))
        case.policy.write_text(POLICY.format(data=case.data))
        steps = Steps(workspace=workspace, case=case)
    steps.prepare()
    version = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"]).version
    steps.answer()
    state = save(steps, folder, object_store)
    seconds = {}
    for step in ("mask", "transfer"):
        begun = time.monotonic()
        assert finish(start(state, step)) == 0
        seconds[step] = time.monotonic() - begun
    yield Prepared(steps, state, version, seconds)
    client.close()


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


def names_below(steps: Steps, target: str) -> list[str]:
    if target.startswith("s3://"):
        return steps.workspace.storages(target).names()
    return [str(path.relative_to(target)) for path in Path(target).rglob("*") if path.is_file()]


def clear(steps: Steps, target: str) -> None:
    """Take everything away, so that the next run has to write it."""
    if target.startswith("s3://"):
        for name in names_below(steps, target):
            steps.workspace.storages(target).delete(name)
    else:
        shutil.rmtree(target, ignore_errors=True)


def visible(steps: Steps, target: str) -> list[str]:
    """The versions that a reader finds: a version begins with its manifest."""
    names = [name.split("/") for name in names_below(steps, target)]
    return sorted(name[1] for name in names if name[0] == "versions" and name[-1] == "manifest.json")


def is_published(steps: Steps, target: str) -> bool:
    return steps.workspace.storages(target).size("current.json") is not None


@pytest.mark.parametrize("number", MOMENTS)
@pytest.mark.parametrize("step", ["mask", "transfer"])
def test_a_killed_step_shows_nothing_half_done_and_runs_again_to_the_same_version(
    prepared: Prepared, step: str, number: int
) -> None:
    steps, state, version = prepared.steps, prepared.state, prepared.version
    target = str(steps.case.staging if step == "mask" else steps.case.out)
    clear(steps, target)
    process = start(state, step)
    time.sleep(random.Random(f"{step}{number}").uniform(0, prepared.seconds[step]))
    process.kill()
    finish(process)

    assert visible(steps, target) in ([], [version])
    if visible(steps, target):
        dataset = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])
        check_version(msgspec.structs.replace(dataset, uri=target), storages=steps.workspace.storages)
    if is_published(steps, target):
        proof.verify_passport_of(steps.workspace, target)
    proof.verify_ledger_of(steps.workspace)

    assert finish(start(state, step)) == 0
    assert visible(steps, target) == [version]
    if step == "transfer":
        assert proof.verify_passport_of(steps.workspace, target).statement.predicate.version == version
    else:
        assert not is_published(steps, target)
