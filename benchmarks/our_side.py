"""Our engine over whole columns, and its answer as the same table that Presidio's has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from fresh import Clock


def read_all(table: Path, out: Path, recognizers: Sequence[str] | None, *, phones: bool) -> tuple[float, float]:
    """Every column by *recognizers* (names; None for those of a new analyzer); the spans go to *out*.

    Seconds and processor seconds, without starting up.
    """
    from airflow_privacy.core.detect.recognize.engine import build_engine

    finders = [build_engine(recognizers=recognizers).find]
    if phones:
        from airflow_privacy.core.detect.phones.finder import find_phones

        finders.append(find_phones)
    for find in finders:
        find(pl.Series(["nothing"]))
    frame = pl.read_parquet(table)
    clock = Clock()
    found = [(column.name, find(column)) for column in frame.get_columns() for find in finders]
    spent = clock.read()
    spans = [rows.select(pl.lit(name).alias("column"), "at", "entity", "start", "end", "score") for name, rows in found]
    pl.concat(spans).write_parquet(out)
    return spent
