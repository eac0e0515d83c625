"""Everything that a table's folder on disk holds, referenced or not: the values of every file, whatever reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import fastavro
import polars as pl
import pyarrow.parquet as pq

from airflow_privacy.core.io.purge.target import OneOf, Rule
from airflow_privacy.core.model.purge import Disposition


def texts_on_disk(root: Path) -> Iterator[tuple[Path, str]]:
    """Texts of all values in all files below *root*, with names of files and folders; statistics, bounds and metadata too."""
    for path in sorted(root.rglob("*")):
        yield path, unquote(unquote(str(path.relative_to(root))))
        if path.is_file():
            yield from ((path, text) for text in _texts(path))


def holds(root: Path, *needles: str) -> list[str]:
    """Which files hold one of these texts, in a value or as bytes."""
    found = {path.relative_to(root) for path, text in texts_on_disk(root) if any(needle in text for needle in needles)}
    raw = [path for path in root.rglob("*") if path.is_file()]
    found |= {path.relative_to(root) for path in raw if any(needle.encode() in path.read_bytes() for needle in needles)}
    return sorted(map(str, found))


def values_on_disk(root: Path, column: str) -> set[object]:
    """All values that a column has in any Parquet file below *root*."""
    files = [path for path in root.rglob("*.parquet") if "_delta_log" not in path.parts]
    tables = [pq.read_table(path, partitioning=None) for path in files]
    return {value for table in tables if column in table.column_names for value in table[column].to_pylist()}


def one_of(column: str, *values: object) -> Rule:
    """The rows with one of these values go, as in an erasure."""
    series = pl.Series(values)

    def judge(frame: pl.DataFrame) -> pl.Series:
        told = pl.when(pl.col(column).is_in(series.implode())).then(pl.lit("expired")).otherwise(pl.lit("young"))
        return frame.select(told.fill_null("unknown").alias("told"))["told"]

    return Rule(columns=(column,), judge_rows=judge, bound=OneOf(column=column, values=series))


def before(column: str, moment: object) -> Rule:
    """The rows whose anchor is earlier go; those without an anchor stay."""

    def judge(frame: pl.DataFrame) -> pl.Series:
        anchor = pl.col(column)
        expired: Disposition = "expired"
        dated = pl.when(anchor < moment).then(pl.lit(expired)).otherwise(pl.lit("young"))
        told = pl.when(anchor.is_null()).then(pl.lit("unknown")).otherwise(dated)
        return frame.select(told.alias("told"))["told"]

    return Rule(columns=(column,), judge_rows=judge)


def _texts(path: Path) -> Iterator[str]:
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix == ".avro":
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            yield json.dumps(dict(reader.metadata), default=str)
            for record in reader:
                yield from _leaves(record)
    else:
        yield path.read_bytes().decode("latin-1")
        with_json = path.read_bytes().decode(errors="ignore")
        for line in with_json.splitlines():
            try:
                yield from _leaves(json.loads(line))
            except ValueError:
                break


def _parquet(path: Path) -> Iterator[str]:
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        row_group = file.metadata.row_group(group)
        for column in range(row_group.num_columns):
            statistics = row_group.column(column).statistics
            if statistics is not None and statistics.has_min_max:
                yield f"{statistics.min} {statistics.max}"
    yield str(file.metadata.metadata)
    for row in file.read().to_pylist():
        yield from _leaves(row)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(key)
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    else:
        yield str(value)
