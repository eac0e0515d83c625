"""The verb about origins: what a model or dataset was made of, and what happened to each column on the way."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import workspace_of
from airflow_privacy.core.pipeline.provenance import ColumnOrigin, provenance, tree_lines


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verb."""
    parser = verb(
        verbs, "provenance", _provenance, parent=common, summary="where a model or dataset comes from, column by column"
    )
    parser.add_argument("target", help="a model's name, or the folder of a released or masked dataset")


def _provenance(options: argparse.Namespace) -> Result:
    found = provenance(workspace_of(options), options.target)
    text = "\n".join((*tree_lines(found.tree), "", *_columns(found.columns)))
    return Result(text, msgspec.to_builtins(found))


def _columns(columns: tuple[ColumnOrigin, ...]) -> Iterator[str]:
    yield f"{'source column':<20} {'role':<18} {'technique':<14} released column"
    for column in columns:
        released = column.released or "-"
        yield f"{column.source:<20} {column.role:<18} {column.technique:<14} {released}  (rule {column.rule})"
