"""Whether a permuted column holds its source's values, each as often, and not each in its own row."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.records import COUNT, ClassCounts

FEW = 20
"""Up to so many distinct values a permutation may leave every row as it was by chance."""


class Moved:
    """Counts a column's values by their hashes, slab by slab, on both sides. Memory grows with the distinct values."""

    def __init__(self) -> None:
        self._there = ClassCounts(("value",))
        self._here = ClassCounts(("value",))
        self._moved = False

    def add_source(self, values: pl.Series) -> None:
        """Values of rows that the plan's conditions leave in, whether or not k-suppression took them away later."""
        self._there.add(_hashes(values))

    def add_masked(self, values: pl.Series, beside: pl.Series | None = None) -> None:
        """Written values, and what the source holds in the same rows, where that is known."""
        self._here.add(_hashes(values))
        self._moved = self._moved or beside is None or not values.equals(beside.cast(values.dtype), null_equal=True)

    def fault(self) -> str:
        """What is wrong, to be said of the column; empty where nothing is."""
        there, here = self._there.table(), self._here.table()
        if not here.height:
            return ""
        beside = here.join(there, on="value", how="left", suffix="_there", nulls_equal=True)
        if beside.filter(pl.col(COUNT) > pl.col(f"{COUNT}_there").fill_null(0)).height:
            return "holds values that its source does not have, or has less often"
        if not self._moved and here.height > FEW:
            return "holds every value in its own row"
        return ""


def _hashes(values: pl.Series) -> pl.DataFrame:
    return values.hash().alias("value").to_frame()
