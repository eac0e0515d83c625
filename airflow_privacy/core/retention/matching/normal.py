"""One spelling for what means the same: case, accents, punctuation, ways to write a date."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.retention.matching.rules import Field

_YEAR_FIRST = r"^\s*(\d{4})\D+(\d{1,2})\D+(\d{1,2})(?:\D|$)"
_YEAR_LAST = r"^\s*(\d{1,2})\D+(\d{1,2})\D+(\d{4})(?:\D|$)"


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
    columns = (_canonical(table[field.column], field).alias(field.column) for field in fields)
    return pl.DataFrame(list(columns))


def _canonical(column: pl.Series, field: Field) -> pl.Series:
    at = pl.col(column.name)
    match field.kind:
        case "date":
            text = _date(column)
        case "digits":
            text = _text(column).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
        case "exact":
            text = _text(column).str.strip_chars()
        case _:
            bare = _text(column).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
            text = bare.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return text.to_frame().select(pl.when(at.str.len_bytes() > 0).then(at)).to_series()


def _text(column: pl.Series) -> pl.Series:
    if column.dtype.is_float():  # whole numbers that a null turned into floats elsewhere
        at = pl.col(column.name)
        whole = at.cast(pl.Int64, strict=False)
        column = (
            column.to_frame().select(pl.when(whole == at).then(whole.cast(pl.String)).otherwise(at.cast(pl.String))).to_series()
        )
    return column.cast(pl.String, strict=False)


def _date(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Date, pl.Datetime):
        return column.dt.strftime("%Y%m%d")
    at = pl.col(column.name)

    def parts(pattern: str, order: tuple[int, int, int]) -> pl.Expr:
        return pl.concat_str(*(at.str.extract(pattern, group).str.zfill(2) for group in order))

    written = pl.coalesce(parts(_YEAR_FIRST, (1, 2, 3)), parts(_YEAR_LAST, (3, 2, 1)), at.str.replace_all(r"\D", ""))
    return _text(column).to_frame().select(written.alias(column.name)).to_series()
