"""The verbs about origins: what a model or dataset was made of, and what was made of a dataset."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import workspace_of
from airflow_privacy.core.pipeline.affected import affected_models, derived_datasets
from airflow_privacy.core.pipeline.provenance import ColumnOrigin, provenance, tree_lines


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    parser = verb(
        verbs, "provenance", _provenance, parent=common, summary="where a model or dataset comes from, column by column"
    )
    parser.add_argument("target", help="a model's name, or the folder of a released or masked dataset")
    parser = verb(verbs, "impact", _impact, parent=common, summary="what was made of a table or dataset: folders and models")
    parser.add_argument("target", help="a table that was masked, or the folder of a released dataset")


def _provenance(options: argparse.Namespace) -> Result:
    found = provenance(workspace_of(options), options.target)
    text = "\n".join((*tree_lines(found.tree), "", *_columns(found.columns)))
    return Result(text, msgspec.to_builtins(found))


def _impact(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    folders = derived_datasets(workspace, options.target)
    models = affected_models(workspace, options.target)
    lines = [f"dataset  {uri}" for uri in folders]
    lines += [f"model    {one.model}  {one.uri}  version {one.version}{'  REVOKED' if one.revoked else ''}" for one in models]
    text = "\n".join(lines) or "The ledger knows of nothing that was made of it."
    return Result(text, {"datasets": list(folders), "models": msgspec.to_builtins(models)})


def _columns(columns: tuple[ColumnOrigin, ...]) -> Iterator[str]:
    yield f"{'source column':<20} {'role':<18} {'technique':<14} released column"
    for column in columns:
        released = column.released or "-"
        yield f"{column.source:<20} {column.role:<18} {column.technique:<14} {released}  (rule {column.rule})"
