"""Texts of columns, each looked at once where a column repeats itself, and the way back to all their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from airflow_privacy.core.detect.distinct import mostly_different
from airflow_privacy.core.detect.recognize.shape import Rows


@dataclass(frozen=True)
class Once:
    """``texts``, none null or empty: first the different ones of columns that repeat themselves, then those of the others, one by
    one. Places count through all columns.
    """

    texts: pl.Series
    different: int
    repeated: pl.Series
    repeated_at: Rows
    single_at: Rows

    def placed(self, rows: Rows) -> tuple[Rows, Rows]:
        """All places of the texts at *rows* of ``texts``: which of *rows* is meant, and the place; in any order."""
        single = np.flatnonzero(rows >= self.different)
        at = self.single_at[rows[single] - self.different]
        if len(single) == len(rows):
            return single, at
        which, everywhere = self._everywhere(rows, np.flatnonzero(rows < self.different))
        return np.concatenate([single, which]), np.concatenate([at, everywhere])

    def _everywhere(self, rows: Rows, some: Rows) -> tuple[Rows, Rows]:
        found = self.texts.gather(rows[some])
        theirs = pl.DataFrame([self.repeated.hash().alias("text"), pl.Series("at", self.repeated_at)]).with_row_index("place")
        ours = pl.DataFrame([found.hash().alias("text"), pl.Series("which", some)])
        placed = theirs.join(ours, on="text", how="inner")
        if not (self.repeated.gather(placed["place"]) == self.texts.gather(rows[placed["which"].to_numpy()])).all():
            # Two texts of one hash: compared as a whole, which is slower.
            placed = theirs.with_columns(text=self.repeated).join(ours.with_columns(text=found), on="text", how="inner")
        return placed["which"].to_numpy(), placed["at"].to_numpy()


def once(columns: Sequence[pl.Series]) -> Once:
    """The texts of *columns* (``String``, nulls allowed)."""
    repeated, repeated_at, single, single_at = [], [], [], []
    begin = 0
    for column in columns:
        there = column != ""  # null where the text is: neither is kept
        if there.sum() == len(column):
            texts, at = column.alias("text"), np.arange(begin, begin + len(column))
        else:
            texts, at = column.filter(there).alias("text"), there.arg_true().to_numpy().astype(np.int64) + begin
        begin += len(column)
        if mostly_different(texts):
            single.append(texts)
            single_at.append(at)
        else:
            repeated.append(texts)
            repeated_at.append(at)
    nothing, nowhere = pl.Series("text", [], pl.String), np.empty(0, np.int64)
    again = pl.concat(repeated) if repeated else nothing
    different = again.unique()
    return Once(
        texts=pl.concat([different, *single], rechunk=True) if single else different,
        different=len(different),
        repeated=again,
        repeated_at=np.concatenate([nowhere, *repeated_at]),
        single_at=np.concatenate([nowhere, *single_at]),
    )
