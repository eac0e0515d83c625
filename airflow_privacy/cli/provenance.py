"""The verb about origins: what a model or dataset was made of, and what happened to each column on the way."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import workspace_of
from airflow_privacy.core.pipeline.provenance import ColumnOrigin, Origin, provenance


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verb."""
    parser = verb(
        verbs, "provenance", _provenance, parent=common, summary="where a model or dataset comes from, column by column"
    )
    parser.add_argument("target", help="a model's name, or the folder of a released or masked dataset")


def _provenance(options: argparse.Namespace) -> Result:
    found = provenance(workspace_of(options), options.target)
    text = "\n".join((*_tree(found.tree), "", *_columns(found.columns)))
    return Result(text, msgspec.to_builtins(found))


def _tree(node: Origin) -> Iterator[str]:
    version = f"  version {node.version}" if node.version else ""
    rows = f"  {node.rows:,} rows" if node.rows is not None else ""
    yield f"{node.kind} {node.name}{version}{rows}"
    for position, step in enumerate(node.steps, 1):
        last = position == len(node.steps)
        yield f"{'└' if last else '├'}─ {step.how}  ({step.at}, {step.run})"
        yield from (f"{' ' if last else '│'}  {line}" for line in _tree(step.origin))


def _columns(columns: tuple[ColumnOrigin, ...]) -> Iterator[str]:
    yield f"{'source column':<20} {'role':<18} {'technique':<14} released column"
    for column in columns:
        released = column.released or "-"
        yield f"{column.source:<20} {column.role:<18} {column.technique:<14} {released}  (rule {column.rule})"
