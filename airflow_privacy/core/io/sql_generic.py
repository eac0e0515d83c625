"""Any database with a DB-API 2 connection, read through a cursor; types are those of the values that the driver gives.

Rows come sorted by all columns, as the database sorts them. A column whose rows have several types gets the one that holds all:
numbers before text. Tested with SQLite, whose columns may hold anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import refuse_duplicates
from airflow_privacy.core.io.formats.plain_values import nested_series, text_series
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Database, SqlPlace

_BATCH = 25_000


def read_any(database: Database, connection: Any, place: SqlPlace, *, where: str, spool: Spool) -> list[Path]:
    """All rows as Parquet part files of one schema; at least one.

    :raises BadInput: ``unreadable-rows``, ``duplicate-columns``.
    """
    table = f"{database.quote(place.schema)}.{database.quote(place.table)}"
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608 - quoted identifiers
    names = [column[0] for column in cursor.description]
    refuse_duplicates(names, where)
    order = ", ".join(str(number) for number in range(1, len(names) + 1))
    cursor.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - quoted identifiers
    paths: list[Path] = []
    schemas: list[pl.Schema] = []
    while (rows := cursor.fetchmany(_BATCH)) or not paths:
        frame = frame_of(names, rows, where)
        schemas.append(frame.schema)
        paths.append(_keep(frame, spool.path()))
    final = pl.Schema({name: _common([schema[name] for schema in schemas]) for name in names})
    for path, schema in zip(paths, schemas, strict=True):
        if schema != final:
            _keep(_cast(pl.read_parquet(path, glob=False), final, where), path)
    return paths


def frame_of(names: Sequence[str], rows: Sequence[Sequence[Any]], where: str) -> pl.DataFrame:
    """Rows as a frame; a column's type is that of its values.

    :raises BadInput: ``unreadable-rows``.
    """
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    try:
        return pl.DataFrame([_series(name, list(values)) for name, values in zip(names, columns, strict=True)])
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OverflowError, TypeError, ValueError) as error:
        failure = type(error).__name__
    raise BadInput("unreadable-rows", f"The database's rows could not be read: {failure}", where=where)


def _series(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bytes, memoryview, bytearray} and kinds:
        return pl.Series(name, [None if value is None else bytes(value) for value in values], dtype=pl.Binary)
    if kinds <= {list, tuple} and kinds:
        return nested_series(name, [None if value is None else list(value) for value in values])
    for among, dtype in _TYPES:
        if kinds <= among:
            if dtype == pl.Float64:
                values = [None if value is None else float(value) for value in values]
            if dtype == pl.Datetime and any(value is not None and value.tzinfo for value in values):
                return pl.Series(name, [_utc(value) for value in values], dtype=pl.Datetime("us", "UTC"))
            if dtype == pl.Int64 and any(value is not None and not -(2**63) <= value < 2**63 for value in values):
                break
            return pl.Series(name, values, dtype=dtype)
    return text_series(name, values)


_TYPES: tuple[tuple[set[type], Any], ...] = (
    (set(), pl.Null),
    ({bool}, pl.Boolean),
    ({int}, pl.Int64),
    ({int, float}, pl.Float64),
    ({Decimal}, pl.Decimal),
    ({str}, pl.String),
    ({dt.date}, pl.Date),
    ({dt.datetime}, pl.Datetime),
    ({dt.time}, pl.Time),
)


def _utc(value: dt.datetime | None) -> dt.datetime | None:
    return None if value is None else (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _common(dtypes: Sequence[pl.DataType]) -> pl.DataType:
    kinds = {dtype for dtype in dtypes if dtype != pl.Null}
    if len(kinds) <= 1:
        return next(iter(kinds), pl.Null())
    if kinds <= {pl.Int64(), pl.Float64()}:
        return pl.Float64()
    if all(isinstance(kind, pl.Decimal) for kind in kinds):
        return pl.Decimal(38, max(kind.scale for kind in kinds if isinstance(kind, pl.Decimal)))
    return pl.String()


def _cast(frame: pl.DataFrame, final: pl.Schema, where: str) -> pl.DataFrame:
    def as_final(column: pl.Series) -> pl.Series:
        dtype = final[column.name]
        return column.bin.encode("hex") if column.dtype == pl.Binary and dtype == pl.String else column.cast(dtype)

    try:
        return pl.DataFrame([as_final(column) for column in frame])
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    raise BadInput("unreadable-rows", f"A column's rows have types that do not go together: {failure}", where=where)


def _keep(frame: pl.DataFrame, path: Path) -> Path:
    with answering("temporary folder"):
        frame.write_parquet(path, compression="lz4", statistics=False)
    return path
