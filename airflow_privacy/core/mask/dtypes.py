"""Column types: which family a Polars type belongs to, its logical name, and the type that a column is written with."""

from __future__ import annotations

from typing import Literal, TypeAlias

import polars as pl

from airflow_privacy.core.errors import CheckFailed

Family: TypeAlias = Literal[
    "string", "integer", "number", "boolean", "date", "timestamp", "time", "decimal", "binary", "nested", "null"
]

_OF_LOGICAL: dict[str, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "time": pl.Time(),
    "decimal": pl.Decimal(38, 9),
    "binary": pl.Binary(),
    "null": pl.Null(),
}


def family(dtype: pl.DataType) -> Family | None:
    """The logical name of *dtype* (the words of ``ColumnType.dtype``); ``None`` for types that no file should hold."""
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "string"
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    if dtype.is_nested():
        return "nested"
    for kind, name in _SIMPLE:
        if isinstance(dtype, kind):
            return name
    return None


_SIMPLE: tuple[tuple[type[pl.DataType], Family], ...] = (
    (pl.Boolean, "boolean"),
    (pl.Date, "date"),
    (pl.Datetime, "timestamp"),
    (pl.Time, "time"),
    (pl.Decimal, "decimal"),
    (pl.Binary, "binary"),
    (pl.Null, "null"),
)


def of_logical(column: str, name: str) -> pl.DataType:
    """A Polars type for a logical name, for callers that have no frame at hand.

    :raises CheckFailed: the name stands for no single type.
    """
    dtype = _OF_LOGICAL.get(name)
    if dtype is None:
        raise CheckFailed("unknown-type", f"Column {column!r} has type {name!r}, which names no single column type")
    return dtype


def plain(dtype: pl.DataType) -> pl.DataType:
    """The type that a column is written with: categoricals and enums become text, at every depth.

    A Parquet schema carries an enum's categories, and a dictionary those of rows that are not there: both would release
    values of the source beside the masked rows.
    """
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(plain(_instance(dtype.inner)))
    if isinstance(dtype, pl.Array):
        return pl.Array(plain(_instance(dtype.inner)), shape=dtype.size)
    if isinstance(dtype, pl.Struct):
        return pl.Struct([pl.Field(field.name, plain(_instance(field.dtype))) for field in dtype.fields])
    return dtype


def plainly(frame: pl.DataFrame) -> pl.DataFrame:
    """*frame* with every column in its plain type."""
    changed = [pl.Series.cast(column, plain(column.dtype)) for column in frame if plain(column.dtype) != column.dtype]
    return frame.with_columns(changed) if changed else frame


def limits(dtype: pl.DataType) -> tuple[int, int]:
    """The smallest and the largest number of an integer type."""
    bits = int("".join(filter(str.isdigit, type(dtype).__name__)))
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.is_signed_integer() else (0, 2**bits - 1)


def require_plain_name(column: str) -> None:
    """Refuse a column name that Polars would read as a pattern over several columns.

    :raises CheckFailed: the name is ``*`` or looks like ``^…$``.
    """
    if column == "*" or (column.startswith("^") and column.endswith("$")):
        raise CheckFailed("unusable-column-name", f"The column name {column!r} is a pattern", do="Rename it at the source.")


def _instance(dtype: object) -> pl.DataType:
    if isinstance(dtype, pl.DataType):
        return dtype
    assert isinstance(dtype, type) and issubclass(dtype, pl.DataType)  # noqa: S101 - narrows a Polars type class
    return dtype()
