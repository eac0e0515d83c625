"""The verb that turns reversible tokens back."""

from __future__ import annotations

import argparse

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.pipeline.reversal import reidentify_approved


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verb."""
    parser = verb(
        verbs,
        "reidentify",
        _reidentify,
        parent=common,
        summary="turn reversible tokens back, under an approval that a gate recorded",
    )
    parser.add_argument("dataset", help="the masked dataset's digest")
    parser.add_argument("--column", action="append", required=True, help="a column to turn back; may be given several times")
    parser.add_argument("--purpose", required=True)
    parser.add_argument("--approval", required=True, help="the approval's digest")
    parser.add_argument("--out", required=True)


def _reidentify(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    done = reidentify_approved(
        workspace,
        caller(),
        dataset=workspace.artifacts.reference("dataset", options.dataset),
        columns=options.column,
        purpose=options.purpose,
        approval=workspace.artifacts.reference("approval", options.approval),
        out=options.out,
    )
    counts = done.ref.counts
    told = f"{counts['values']:,} values in {counts['columns']} columns of {counts['rows']:,} rows turned back"
    return Result(
        f"dataset {done.ref.digest}\n{told}",
        {"digest": done.ref.digest, "counts": counts},
    )
