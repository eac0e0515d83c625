"""Conditions that a Python function decides, over the columns that it needs at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl


def judged(columns: Mapping[str, pl.Expr], judge: Callable[[pl.DataFrame], pl.Series]) -> pl.Expr:
    """*judge* over a frame of *columns*: one boolean a row. Whatever it raises may hold values; all rows are broken then."""

    def run(rows: pl.Series) -> pl.Series:
        try:
            return judge(rows.struct.unnest())
        except Exception:  # noqa: BLE001 - its message may hold values
            return pl.repeat(False, rows.len(), eager=True)

    return pl.struct(value.alias(name) for name, value in columns.items()).map_batches(run, return_dtype=pl.Boolean())
