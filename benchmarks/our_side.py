"""Our engine over whole columns, and its answer as the same table that Presidio's has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from detection_data import WARM
from fresh import Clock


def read_all(table: Path, out: Path, recognizers: Sequence[str] | None, *, phones: bool) -> tuple[float, float]:
    """Every column by *recognizers* (names; None for those of a new analyzer); the spans go to *out*.

    Seconds and processor seconds, after some rows to warm up.
    """
    from airflow_privacy.core.detect.recognize.engine import build_engine

    engine = build_engine(recognizers=recognizers)

    def find(columns: list[pl.Series]) -> list[tuple[str, pl.DataFrame]]:
        found = list(zip([column.name for column in columns], engine.find_in(columns), strict=True))
        if phones:
            from airflow_privacy.core.detect.phones.finder import find_phones

            found += [(column.name, find_phones(column)) for column in columns]
        return found

    frame = pl.read_parquet(table)
    find(frame.head(WARM).get_columns())
    clock = Clock()
    found = find(frame.get_columns())
    spent = clock.read()
    spans = [rows.select(pl.lit(name).alias("column"), "at", "entity", "start", "end", "score") for name, rows in found]
    pl.concat(spans).write_parquet(out)
    return spent
