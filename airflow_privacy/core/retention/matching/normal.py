"""One spelling for what means the same: case, accents, punctuation, ways to write a date."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.retention.matching.rules import Field

_YEAR_FIRST = r"^\s*(\d{4})\D+(\d{1,2})\D+(\d{1,2})(?:\D|$)"
_YEAR_LAST = r"^\s*(\d{1,2})\D+(\d{1,2})\D+(\d{4})(?:\D|$)"
_VALUE = pl.col("value")  # whatever the column's own name is: some names mean a pattern to Polars


def normalised(table: pl.DataFrame, fields: tuple[Field, ...]) -> pl.DataFrame:
    """The fields' columns as text in one spelling, in the fields' order; what holds no letter or digit is null.

    Dates become eight digits, year first; one written with the year last is read day first (a month first differs from it by
    two parts that changed places, which dates are compared for).

    :raises BadInput: a column is missing or nested.
    """
    for field in fields:
        if field.column not in table.columns:
            raise BadInput("unknown-column", f"There is no column {field.column!r} to match by", where=field.column)
        if table.schema[field.column].is_nested() or table.schema[field.column] in (pl.Binary, pl.Object):
            raise BadInput("bad-column", f"Column {field.column!r} is of a type that cannot be compared", where=field.column)
    return pl.DataFrame([_canonical(table[field.column].alias("value"), field).alias(field.column) for field in fields])


def _canonical(values: pl.Series, field: Field) -> pl.Series:
    match field.kind:
        case "date":
            text = _dated(values)
        case "digits":
            text = _text(values).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
        case "exact":
            text = _text(values).str.strip_chars()
        case _:
            bare = _text(values).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
            text = bare.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return text.to_frame().select(pl.when(_VALUE.str.len_bytes() > 0).then(_VALUE)).to_series()


def _text(values: pl.Series) -> pl.Series:
    if values.dtype.is_float():  # whole numbers that a null turned into floats elsewhere
        whole = _VALUE.cast(pl.Int64, strict=False)
        written = pl.when(whole == _VALUE).then(whole.cast(pl.String)).otherwise(_VALUE.cast(pl.String))
        return values.to_frame().select(written).to_series()
    return values.cast(pl.String, strict=False)


def _dated(values: pl.Series) -> pl.Series:
    if values.dtype in (pl.Date, pl.Datetime):
        return values.dt.strftime("%Y%m%d")

    def parts(pattern: str, order: tuple[int, int, int]) -> pl.Expr:
        return pl.concat_str(*(_VALUE.str.extract(pattern, group).str.zfill(2) for group in order))

    written = pl.coalesce(parts(_YEAR_FIRST, (1, 2, 3)), parts(_YEAR_LAST, (3, 2, 1)), _VALUE.str.replace_all(r"\D", ""))
    return _text(values).to_frame().select(written.alias("value")).to_series()
