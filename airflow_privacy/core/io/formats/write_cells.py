"""What the writers of text formats share: one spelling for each type, and refusals that show no value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import polars as pl

from airflow_privacy.core.errors import BadInput, StorageUnavailable

FOREIGN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, ArithmeticError)


def spelled(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as text formats hold it: ISO 8601 for dates and times (microseconds; instants in UTC with ``Z``), lower-case
    hexadecimal digits for bytes, categories as text; numbers and booleans are left to the format."""
    value = pl.col(column)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
        return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if dtype == pl.Date:
        return value.dt.strftime("%Y-%m-%d")
    if dtype == pl.Time:
        return value.dt.strftime("%H:%M:%S%.6f")
    if dtype == pl.Binary:
        return value.bin.encode("hex")
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Decimal):
        return value.cast(pl.String)
    if dtype == pl.Duration:
        return value.cast(pl.Int64)
    return value


def one_schema(frames: Iterable[pl.DataFrame], where: str) -> Iterator[pl.DataFrame]:
    """The frames as they come.

    :raises BadInput: ``no-rows`` where there is not even an empty frame; ``schema-changed`` where one has other columns.
    """
    schema: pl.Schema | None = None
    for frame in frames:
        schema = schema or frame.schema
        if list(frame.schema.items()) != list(schema.items()):
            raise BadInput("schema-changed", "The table changes its columns on the way", where=where)
        yield frame
    if schema is None:
        raise BadInput("no-rows", "There is nothing to write, not even columns", where=where)


def write_stream(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Open *path* and let *write* fill it.

    :raises BadInput: a value or type does not fit the format; says which kind of failure it was, never the value.
    :raises StorageUnavailable: the disk failed.
    """
    failure, disk = "", False
    try:
        with path.open("wb") as stream:
            write(stream)
    except FOREIGN as error:
        failure = type(error).__name__
    except OSError as error:
        failure, disk = type(error).__name__, True
    if disk:
        raise StorageUnavailable("not-written", f"The file could not be written: {failure}", where=path.name)
    if failure:
        raise BadInput("not-writable", f"The table does not fit the format: {failure}", where=path.name)


def refuse_nested(frame: pl.DataFrame, where: str) -> None:
    """:raises BadInput: naming the columns of lists and records."""
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    if nested:
        raise BadInput(
            "nested-column",
            f"The format holds no lists or records: {', '.join(map(repr, nested))}",
            where=where,
            do="Write JSON lines, Avro or Parquet, or leave these columns out.",
        )
