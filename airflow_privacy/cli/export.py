"""The verb that writes a published dataset as another kind of file."""

from __future__ import annotations

import argparse
from pathlib import Path

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.pipeline.export import export


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verb."""
    parser = verb(
        verbs, "export", _export, parent=common, summary="write a published dataset as CSV, JSON lines, Avro or hive folders"
    )
    parser.add_argument("dataset", help="the published dataset's folder")
    parser.add_argument("--format", choices=("csv", "jsonl", "avro", "hive"), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--by", action="append", default=[], help="hive: a column to part by; may be given several times")
    parser.add_argument("--for-spreadsheets", action="store_true", help="CSV: keep cells from being read as formulas")


def _export(options: argparse.Namespace) -> Result:
    rows = export(
        workspace_of(options),
        caller(),
        dataset=options.dataset,
        format=options.format,
        out=options.out,
        by=options.by,
        for_spreadsheets=options.for_spreadsheets,
    )
    return Result(f"{rows:,} rows written to {options.out}", {"rows": rows, "out": str(options.out), "format": options.format})
