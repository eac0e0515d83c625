"""Rows that are in memory, through detection, plan, masking and risk, by way of a raw file that does not stay."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl

from airflow_privacy.core.detect.drift import OnDrift
from airflow_privacy.core.errors import BadInput, StorageUnavailable, problem_of
from airflow_privacy.core.model.flow import Outcome
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.apply import assess_risk, mask
from airflow_privacy.core.pipeline.prepare import detect, plan_masking
from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class Masked(NamedTuple):
    """The masked dataset, and its risk report: it cannot be made later, because the raw rows are gone then."""

    dataset: Outcome
    risk: Outcome


def mask_rows(
    workspace: Workspace,
    caller: Caller,
    *,
    frame: pl.DataFrame,
    key: str,
    stage: str,
    contract: str,
    policy: str,
    purpose: str,
    recipient: str,
    destination: str,
    out: str,
) -> Masked:
    """Detect, plan, mask and assess a frame as the table of *contract*; every step is recorded as in a release.

    :param key: what the work is called; the same rows under the same key give the same dataset, so that a retry changes nothing.
    :param stage: a local folder in the source environment of *policy*. The raw rows lie there as a Parquet file that only this
        user can read, and are deleted before this returns or raises. A killed process leaves the file; the next try under the
        same key replaces and deletes it.
    :raises BadInput: the stage is not local, or the frame cannot be written as Parquet.
    :raises CheckFailed: as :func:`detect`, :func:`plan_masking`, :func:`mask` and :func:`assess_risk` do.
    """
    with _raw_file(workspace, frame, stage, key) as source:
        findings = detect(workspace, caller, source=source, contract=contract).ref
        plan = plan_masking(
            workspace,
            caller,
            contract=contract,
            policy=policy,
            findings=findings,
            purpose=purpose,
            recipient=recipient,
            destination=destination,
        ).ref
        dataset = mask(workspace, caller, source=source, plan=plan, out=out)
        return Masked(dataset, assess_risk(workspace, caller, dataset=dataset.ref))


def detect_rows(
    workspace: Workspace,
    caller: Caller,
    *,
    frame: pl.DataFrame,
    key: str,
    called: str,
    stage: str,
    contract: str | None = None,
    sample_rows: int | None = None,
    on_drift: OnDrift | None = None,
    announce: Callable[[ArtifactRef], None] | None = None,
) -> Outcome:
    """Detect on a frame, which lies at *stage* meanwhile as for :func:`mask_rows`.

    :param called: the name by which the next run finds these findings again; *key* is another one in each run.
    :raises BadInput: as :func:`mask_rows`.
    :raises CheckFailed: as :func:`detect`.
    """
    with _raw_file(workspace, frame, stage, key) as source:
        return detect(
            workspace,
            caller,
            source=source,
            contract=contract,
            sample_rows=sample_rows,
            on_drift=on_drift,
            called=called,
            announce=announce,
        )


@contextmanager
def _raw_file(workspace: Workspace, frame: pl.DataFrame, stage: str, key: str) -> Iterator[str]:
    root = workspace.storages(stage).local()
    if root is None:
        raise BadInput(
            "stage-not-local",
            "Raw rows are staged in a local folder only: an object store may keep what is deleted",
            where=stage,
            do="Name a folder of the worker that the policy counts to the source environment.",
        )
    # Named by the work and not by chance, so that the plan, and with it the dataset's version, is the same on a retry.
    name = f"raw-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    folder = root / name
    path = folder / "rows.parquet"
    try:
        with _storing(path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            path.unlink(missing_ok=True)
        _write(frame, path)
        yield f"{stage.rstrip('/')}/{name}/{path.name}"
    finally:
        with _storing(path):
            path.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir()


def _write(frame: pl.DataFrame, path: Path) -> None:
    try:
        with _storing(path), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            frame.write_parquet(file)
        return
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    raise BadInput("frame-not-writable", f"The rows cannot be written as Parquet: {failure}", do="Give each column one type.")


@contextmanager
def _storing(path: Path) -> Iterator[None]:
    try:
        yield
        return
    except OSError as error:
        failure = problem_of(error)
    raise StorageUnavailable("stage-not-usable", f"The raw rows could not be staged or deleted: {failure}", where=str(path))
