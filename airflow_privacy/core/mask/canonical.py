"""One text per value, before hashing or masking characters, so that equal values of different columns and files agree.

============  ==============================================================================================
integer       decimal digits: ``-7``
decimal       decimal digits without trailing zeros: ``5.00`` and the integer ``5`` are one text
boolean       ``true``, ``false``
date          ISO 8601: ``2024-02-29``
timestamp     ISO 8601 with nine fractional digits; with a zone in UTC and ``Z``, without one as it stands
time          ``13:05:00.000000000``
text          as it stands: no trimming, no folding of case, no Unicode normalisation
binary        lower-case hexadecimal digits
============  ==============================================================================================

Text that is empty or only white space counts as missing, and so does NaN. Floats have no text that all engines agree on.
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.dtypes import family


def canonical_text(column: str, dtype: pl.DataType) -> pl.Expr:
    """The canonical text of a column, null where the value is missing. Only for types that have one."""
    value = pl.col(column)
    kind = family(dtype)
    if kind == "string":
        return text(column)
    if kind == "decimal":
        digits = value.cast(pl.String)
        return pl.when(digits.str.contains(".", literal=True)).then(digits.str.replace(r"\.?0+$", "")).otherwise(digits)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.9f")
        return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
    if kind == "time":
        return value.dt.strftime("%H:%M:%S%.9f")
    if kind == "binary":
        digits = value.bin.encode("hex")
        return pl.when(digits != "").then(digits)
    return value.cast(pl.String)


def text_of_any(column: str) -> pl.Expr:
    """As :func:`canonical_text`, for a column beside the one that is masked: its type is looked at when it is there.

    :raises polars.exceptions.ComputeError: when it is computed, if the column has a type without a canonical text. (The engine
        cannot carry an error of ours through its own code.)
    """

    def texts(values: pl.Series) -> pl.Series:
        kind = family(values.dtype)
        if kind in ("number", "nested", None):
            raise pl.exceptions.ComputeError(f"a column of type {kind} has no one text for each value")
        return values.alias("value").to_frame().select(canonical_text("value", values.dtype)).to_series()

    return pl.col(column).map_batches(texts, return_dtype=pl.String)


def text(column: str) -> pl.Expr:
    """A column as text, null where it is empty or only white space."""
    value = pl.col(column).cast(pl.String)
    return pl.when(value.str.strip_chars() != "").then(value)


def is_missing(column: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a value counts as missing: null, blank text, empty bytes, NaN."""
    value = pl.col(column)
    kind = family(dtype)
    if kind == "string":
        return text(column).is_null()
    if kind == "number":
        return value.is_null() | value.is_nan().fill_null(False)
    if kind == "binary":
        return value.is_null() | (value.bin.size() == 0).fill_null(False)
    return value.is_null()


def present(column: str, dtype: pl.DataType, then: pl.Expr) -> pl.Expr:
    """*then* where the value is not missing, null elsewhere."""
    return pl.when(~is_missing(column, dtype)).then(then)
