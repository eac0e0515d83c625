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

    def placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """*rows* (``row`` of ``texts``, and more) with the place ``at`` of each text that is meant; in any order."""
        single = rows.filter(pl.col("row") >= self.different)
        at = self.single_at[single["row"].to_numpy() - self.different]
        parts = [single.with_columns(pl.Series("at", at, pl.UInt32))]
        if single.height < rows.height:
            parts.append(self._everywhere(rows.filter(pl.col("row") < self.different)))
        return pl.concat(parts) if single.height < rows.height else parts[0]

    def _everywhere(self, rows: pl.DataFrame) -> pl.DataFrame:
        found = self.texts.gather(rows["row"])
        at = pl.Series("at", self.repeated_at, pl.UInt32)
        everywhere = pl.DataFrame([at, self.repeated.hash().alias("text"), pl.int_range(len(at), eager=True).alias("place")])
        placed = everywhere.join(rows.with_columns(text=found.hash()), on="text", how="inner")
        if not (self.repeated.gather(placed["place"]) == self.texts.gather(placed["row"])).all():
            # Two texts of one hash: compared as a whole, which is slower.
            everywhere = everywhere.with_columns(text=self.repeated)
            placed = everywhere.join(rows.with_columns(text=found), on="text", how="inner")
        return placed.select(*rows.columns, "at")


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
        texts=pl.concat([different, *single]) if single else different,
        different=len(different),
        repeated=again,
        repeated_at=np.concatenate([nowhere, *repeated_at]),
        single_at=np.concatenate([nowhere, *single_at]),
    )
