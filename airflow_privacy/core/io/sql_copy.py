r"""PostgreSQL's COPY text format to and from frames, a column at a time.

One row a line, tabs between fields, ``\N`` for null, a backslash before what would be read otherwise: the same rules in both
directions, so that each is the other's test. Values go through Polars only; no Python object is made of a cell.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import msgspec
import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.plain_values import nested_series

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\v": "\v"}
_FOREIGN = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


class SqlColumn(NamedTuple):
    """A column of a database: its name, and the type that its values are read into."""

    name: str
    dtype: pl.DataType


def decode(lines: bytes, columns: list[SqlColumn], where: str) -> pl.DataFrame:
    """Lines that begin with a field of no meaning (so that no line is empty), as a frame.

    :raises BadInput: ``value-out-of-range``; a value is none of the column's type here, such as a date of ``infinity``.
    """
    # Names of our own: a column may be called like a pattern.
    fields = ["row", *(f"c{number}" for number in range(len(columns)))]
    try:
        texts = pl.read_csv(
            io.BytesIO(lines),
            has_header=False,
            separator="\t",
            quote_char=None,
            null_values="\\N",
            empty_string_is_null=False,
            schema=dict.fromkeys(fields, pl.String),
        ).drop("row")
        frame = texts.select(_typed(pl.col(field), dtype) for field, (_, dtype) in zip(texts.columns, columns, strict=True))
        for field, column in zip(texts.columns, columns, strict=True):
            if isinstance(column.dtype, pl.List):
                frame = frame.with_columns(_lists(field, texts[field]))
    except _FOREIGN as error:
        failure = type(error).__name__
    else:
        for field, column in zip(frame.columns, columns, strict=True):
            if frame[field].null_count() != texts[field].null_count():
                raise BadInput(
                    "value-out-of-range",
                    f"Column {column.name!r} holds a value that cannot be represented, such as an infinite date, one before "
                    "the year 1 or after 9999, or the time 24:00",
                    where=where,
                    do="Leave such rows out, or cast the column to text, in a view.",
                )
        return frame.rename(dict(zip(frame.columns, (column.name for column in columns), strict=True)))
    raise BadInput("unreadable-rows", f"The database's rows could not be read: {failure}", where=where)


def encode(frame: pl.DataFrame) -> bytes:
    """A frame's rows as lines for ``COPY … FROM STDIN``.

    :raises BadInput: ``value-not-representable``; a text with a NUL character, or a time finer than a microsecond.
    """
    fields = [f"c{number}" for number in range(frame.width)]
    plain = frame.rename(dict(zip(frame.columns, fields, strict=True)))
    for name, field, dtype in zip(frame.columns, fields, frame.dtypes, strict=True):
        if plain.select(_unrepresentable(pl.col(field), dtype).any()).item():
            raise BadInput(
                "value-not-representable",
                f"Column {name!r} holds a value that PostgreSQL cannot store: a NUL character, or a time below a microsecond",
            )
    cells = [_escaped(pl.col(field), dtype, name) for name, field, dtype in zip(frame.columns, fields, frame.dtypes, strict=True)]
    try:
        lines = plain.select(pl.concat_str(cells, separator="\t")).to_series()
        return f"{lines.str.join(chr(10)).item()}\n".encode() if lines.len() else b""
    except _FOREIGN as error:
        failure = type(error).__name__
    raise BadInput("unwritable-rows", f"Rows could not be written out for the database: {failure}")


def sql_type(name: str, dtype: pl.DataType) -> str:
    """The PostgreSQL type that holds a column without loss.

    :raises BadInput: ``unsupported-type``.
    """
    if isinstance(dtype, pl.Datetime):
        return "timestamp with time zone" if dtype.time_zone else "timestamp"
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision or 38},{dtype.scale})"
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return "text[]"
    for kind, sql in _TYPES.items():
        if dtype == kind:
            return sql
    raise BadInput(
        "unsupported-type",
        f"Column {name!r} has a type that PostgreSQL has no column for",
        do="Release it to files, or have the policy drop or redact it.",
    )


_TYPES = {
    pl.String: "text",
    pl.Boolean: "boolean",
    pl.Int8: "smallint",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.UInt8: "smallint",
    pl.UInt16: "integer",
    pl.UInt32: "bigint",
    pl.UInt64: "numeric(20,0)",
    pl.Float32: "real",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Time: "time",
    pl.Binary: "bytea",
    pl.Null: "text",
}


def _typed(field: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Boolean):
        return field.replace_strict({"t": True, "f": False}, default=None, return_dtype=pl.Boolean)
    if isinstance(dtype, pl.Date):
        return field.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(dtype, pl.Time):
        return field.str.to_time("%H:%M:%S%.f", strict=False)
    if isinstance(dtype, pl.Datetime):
        # The session's time zone is UTC: every value ends in +00.
        text = field.str.strip_suffix("+00") if dtype.time_zone else field
        parsed = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        return parsed.dt.replace_time_zone("UTC") if dtype.time_zone else parsed
    if isinstance(dtype, pl.Binary):
        return field.str.strip_prefix("\\\\x").str.decode("hex", strict=False)
    if isinstance(dtype, pl.String | pl.List):
        return field.str.replace_many(list(_UNESCAPES), list(_UNESCAPES.values())) if isinstance(dtype, pl.String) else field
    return field.cast(dtype, strict=False)


def _lists(field: str, texts: pl.Series) -> pl.Series:
    """Arrays come as JSON; their elements as text, as from every other source."""
    unescaped = texts.str.replace_many(list(_UNESCAPES), list(_UNESCAPES.values()))
    return nested_series(field, [None if text is None else msgspec.json.decode(text) for text in unescaped])


def _unrepresentable(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        return value.str.contains("\0", literal=True)
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return value.list.eval(pl.element().str.contains("\0", literal=True)).list.any()
    if isinstance(dtype, pl.Time) or (isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns"):
        return value.cast(pl.Int64) % 1000 != 0
    return pl.lit(False)


def _escaped(value: pl.Expr, dtype: pl.DataType, name: str) -> pl.Expr:
    if dtype == pl.String:
        text = value.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    elif isinstance(dtype, pl.Boolean):
        text = value.cast(pl.String)
    elif isinstance(dtype, pl.Datetime):
        zone = "+00" if dtype.time_zone else ""
        utc = value.dt.convert_time_zone("UTC") if dtype.time_zone else value
        text = utc.dt.strftime(f"%Y-%m-%d %H:%M:%S%.6f{zone}")
    elif isinstance(dtype, pl.Time):
        text = value.dt.strftime("%H:%M:%S%.6f")
    elif isinstance(dtype, pl.Binary):
        text = pl.lit("\\\\x") + value.bin.encode("hex")
    elif isinstance(dtype, pl.List):
        # An array's literal quotes each element with backslashes of its own, which COPY's escaping doubles.
        quoted = pl.element().str.replace_many(["\\", '"'], ["\\\\", '\\"'])
        element = pl.concat_str([pl.lit('"'), quoted, pl.lit('"')]).fill_null("NULL")
        literal = pl.concat_str([pl.lit("{"), value.list.eval(element).list.join(","), pl.lit("}")])
        text = literal.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    else:
        sql_type(name, dtype)
        text = value.cast(pl.String)
    return text.fill_null("\\N")
