"""How often each distinct value of a column of numbers occurs, exactly, counted slab by slab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.canonical import is_missing

VALUE, ROWS = "value", "rows"

MOST_VALUES = 5_000_000
"""Distinct values at most. Memory is about 40 bytes each while counting, whatever the rows: 200 MB here."""


class Histogram:
    """Counts the values of one column, frame by frame; missing ones (null, NaN) are left out."""

    def __init__(self, column: str, technique: str) -> None:
        self._column = column
        self._technique = technique
        self._counted: list[pl.DataFrame] = []
        self._held = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count the column's values in *frame*.

        :raises CheckFailed: there are too many distinct ones to hold, or infinite ones.
        """
        dtype = frame.schema[self._column]
        values = frame.select(pl.col(self._column).filter(~is_missing(self._column, dtype)).alias(VALUE))[VALUE]
        if dtype.is_float() and values.is_infinite().any():
            raise CheckFailed(
                "values-not-finite",
                f"Column {self._column!r} has infinite values, which {self._technique} cannot learn from",
                where=self._column,
                do="Choose top_bottom_code or bins for this column, or correct it at the source.",
            )
        if dtype.is_float():
            # -0.0 and 0.0 are one value, and 0.0 is how it is written.
            values = values.set(values == 0, 0.0)
        counts = values.to_frame().group_by(VALUE).agg(pl.len().cast(pl.UInt64).alias(ROWS))
        self._counted.append(counts)
        self._held += counts.height
        if self._held > MOST_VALUES:
            self._merge()

    def table(self) -> pl.DataFrame:
        """The distinct values, rising (column ``value``), and the rows of each (column ``rows``)."""
        self._merge()
        return self._counted[0].sort(VALUE)

    def _merge(self) -> None:
        merged = pl.concat(self._counted).group_by(VALUE).agg(pl.col(ROWS).sum())
        self._counted, self._held = [merged], merged.height
        if merged.height > MOST_VALUES:
            raise CheckFailed(
                "too-many-values",
                f"Column {self._column!r} has more than {MOST_VALUES} distinct values for {self._technique} to hold",
                where=self._column,
                do="Round the column at the source, or choose bins with edges of its own.",
            )


def pairs(table: pl.DataFrame) -> Iterator[tuple[Any, int]]:
    """The histogram's values and their rows as Python numbers, a few at a time in memory."""
    for piece in table.iter_slices(50_000):
        yield from zip(piece[VALUE].to_list(), piece[ROWS].to_list(), strict=True)
