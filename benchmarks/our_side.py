"""Our engine over whole columns, and its answer as the same table that Presidio's has."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from fresh import Clock
from presidio_analyzer import EntityRecognizer
from presidio_side import SPANS


def read_all(table: Path, out: Path, recognizers: list[EntityRecognizer], *, phones: bool) -> tuple[float, float]:
    """Every column; the spans go to *out*. Seconds and processor seconds, without starting up."""
    from airflow_privacy.core.detect.phones.find import find_phones
    from airflow_privacy.core.detect.recognize.engine import build_engine

    finders = [build_engine(recognizers=recognizers).find, *([find_phones] if phones else [])]
    for find in finders:
        find(pl.Series(["nothing"]))
    frame = pl.read_parquet(table)
    clock = Clock()
    found = [(column.name, find(column)) for column in frame.get_columns() for find in finders]
    spent = clock.read()
    spans = [rows.select(pl.lit(name).alias("column"), *list(SPANS)[1:]) for name, rows in found]
    pl.concat(spans).write_parquet(out)
    return spent
