"""A release that holds one canary, an erasure of it, and the state that both lead to."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from crash_worker import steps_of
from people import write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.successor import Successor, erase_from_published

CANARY = "canary.finch@mail.example"
SUBJECT = {"email": pl.Series([CANARY]), "person_id": pl.Series([900_000])}
EXTRA = ({"name": "Canary Finch", "email": CANARY},)


def released(folder: Path, *, rows: int = 600) -> Steps:
    """A published release with the canary as its last row."""
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder, rows=rows, extra=EXTRA))
    steps.prepare().answer()
    steps.transfer()
    return steps


def erase_canary(steps: Steps) -> Successor:
    """From what is published, then from staging."""
    done = erase_from_published(steps.workspace, CALLER, uri=str(steps.case.out), subject_values=SUBJECT, request="r-1")
    erase_from_published(steps.workspace, CALLER, uri=str(steps.case.staging), subject_values=SUBJECT, request="r-1")
    return done


def end_state(steps: Steps) -> dict[str, object]:
    """Everything that an erasure leaves, but for times and what hangs on them (passports)."""
    checked = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    facts = [fact for _, fact in proof.facts_of(steps.workspace)]
    proof.verify_ledger_of(steps.workspace)
    revoked = [link.digest for fact in facts if fact.kind == "revoked" for link in fact.links if link.kind != "successor"]
    return {
        "version": checked.statement.predicate.version,
        "succeeds": checked.statement.predicate.succeeds,
        "files": [*names_at(steps, str(steps.case.out)), *names_at(steps, str(steps.case.staging))],
        "revoked": sorted(revoked),
        "transferred": sum(fact.kind == "transferred" for fact in facts),
    }


def names_at(steps: Steps, uri: str) -> list[str]:
    """Every file below a dataset, without passports and what a killed writer left unfinished."""
    if uri.startswith("s3://"):
        names = steps.workspace.storages(uri).names()
    else:
        names = [path.relative_to(uri).as_posix() for path in Path(uri).rglob("*") if path.is_file()]
    return sorted(name for name in names if not name.startswith((".tmp-", "passports/")))


if __name__ == "__main__":
    prepared = steps_of(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    erase_canary(prepared)
