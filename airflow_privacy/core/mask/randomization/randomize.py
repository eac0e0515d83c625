"""Randomization (ISO/IEC 20889): noise, date shift by subject, permutation and microaggregation.

What is drawn comes from a key, so that a retry draws the same. Whoever holds the key can take the change back.
"""

from __future__ import annotations

import math

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, once, same_type
from airflow_privacy.core.mask.canonical import present, text_of_any
from airflow_privacy.core.mask.dtypes import plain
from airflow_privacy.core.mask.learned.groups import Groups
from airflow_privacy.core.mask.learned.permutation import Permutation
from airflow_privacy.core.mask.randomization.draws import evenly, gaussian, laplace, one_of
from airflow_privacy.core.model.techniques import DateShift, Microaggregate, Noise, Permute, name_of

_WIDEST = 2**53
_SCALES = 5


def noise(column: str, technique: Noise, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number plus bounded noise; integers stay integers, decimals become floats, NaN becomes missing.

    The draw belongs to the subject's canonical text, or to the row's number in the source where the technique names no subject
    or the row has none; and to the column, so that two columns of one subject get different noise. The result is rounded to
    ``decimals`` and then brought inside ``lower`` and ``upper``: values outside heap up there.

    **This is not differential privacy.** Bounded noise gives no epsilon at all, because results at the bounds exclude values;
    and floating point noise would not even if it were unbounded (Mironov 2012, "On significance of the least significant
    bits"). Protects single values against being matched exactly. Does not protect outliers, whose noisy value still stands out;
    nor a value of which many rows with draws of their own are known to be copies: their mean is near it. Name a ``subject``.

    :raises CheckFailed: bounds that cross, or noise that rounding would take away.
    :raises KeyUnavailable: there is no key.
    """
    key = tools.key(name_of(technique), column)
    most = most_noise(column, technique, dtype)
    even = evenly(drawn_by(column, technique.subject, tools), key)
    drawn = (laplace if technique.distribution == "laplace" else gaussian)(even, technique.scale, most)
    lower, upper = noise_bounds(column, technique, dtype)
    if dtype.is_integer():
        moved = pl.col(column).cast(pl.Int128) + drawn.round(0, mode="half_to_even").cast(pl.Int64).cast(pl.Int128)
        return moved.clip(pl.lit(lower, dtype=pl.Int128), pl.lit(upper, dtype=pl.Int128)).cast(dtype)
    moved = (pl.col(column).cast(pl.Float64) + drawn).round(technique.decimals, mode="half_to_even").clip(lower, upper)
    # -0.0 would tell the sign of a small number.
    unsigned = once(moved, lambda one: pl.when(one == 0).then(pl.lit(0.0)).otherwise(one), pl.Float64())
    return present(column, dtype, unsigned)


def drawn_by(column: str, subject: str | None, tools: Tools) -> pl.Expr:
    """The text that a row's draw belongs to; no two columns, and no subject and row, share one."""
    label = f"{len(column)}:{column}:"
    row = pl.lit(f"{label}row:") + tools.row_number().cast(pl.String)
    return row if subject is None else pl.coalesce(pl.lit(f"{label}subject:") + text_of_any(subject), row)


def most_noise(column: str, technique: Noise, dtype: pl.DataType) -> float:
    """The largest change.

    :raises CheckFailed: it is too large to compute with, or so small that rounding takes it away.
    """
    most = technique.scale * _SCALES if technique.most is None else technique.most
    step = 1.0 if dtype.is_integer() else 10.0**-technique.decimals
    if dtype in (pl.Int128, pl.UInt128):
        raise _bad_parameter(column, "has integers of 128 bits, to which no noise is added")
    if not (math.isfinite(most) and math.isfinite(technique.scale) and most < _WIDEST):
        raise _bad_parameter(column, "is to get noise of 2^53 and more, or none")
    if most <= step / 2:
        raise _bad_parameter(column, f"is to get noise of at most {most}, which rounding to multiples of {step} takes away")
    return most


def noise_bounds(column: str, technique: Noise, dtype: pl.DataType) -> tuple[int | float | None, int | float | None]:
    """The bounds of the result: whole numbers inside its type's range for integers.

    :raises CheckFailed: they cross.
    """
    lower, upper = technique.lower, technique.upper
    if any(one is not None and not math.isfinite(one) for one in (lower, upper)):
        raise _bad_parameter(column, "has bounds that are no numbers")
    low: int | float | None = lower
    high: int | float | None = upper
    if dtype.is_integer():
        bits = int("".join(filter(str.isdigit, type(dtype).__name__)))
        first, last = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.is_signed_integer() else (0, 2**bits - 1)
        low = first if lower is None else max(first, math.ceil(lower))
        high = last if upper is None else min(last, math.floor(upper))
    if low is not None and high is not None and low > high:
        raise _bad_parameter(column, "has no number between its bounds")
    return low, high


def date_shift(column: str, technique: DateShift, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A date or timestamp moved by 1 to ``days`` whole days of 24 hours, never by none, all of one subject alike.

    The shift belongs to the subject's canonical text alone: what the plan shifts by equal ``days`` in any column or table of the
    scope keeps its intervals. A row without a subject becomes missing, because a shift that all of them share could be found
    from one known date. Text is read and written by the format; what does not fit it becomes missing, which the check
    afterwards refuses. Protects against matching exact days (as for MIMIC's records). Does not hide intervals, seasons where
    ``days`` is small, nor weekdays and daylight-saving switches; one known event of a subject reveals all the others.

    :raises KeyUnavailable: there is no key.
    """
    key = tools.key(name_of(technique), column)
    drawn = one_of(text_of_any(technique.subject), key, 2 * technique.days) - technique.days
    days = once(drawn, lambda one: one + (one >= 0), pl.Int64())
    if dtype != pl.String or technique.format is None:
        return pl.col(column) + pl.duration(days=days)
    return (dates_in(column, technique.format) + pl.duration(days=days)).dt.strftime(technique.format)


def dates_in(column: str, form: str) -> pl.Expr:
    """A text column as timestamps."""
    return pl.col(column).str.strip_chars().str.to_datetime(form, strict=False, time_unit="us")


def permute(column: str, technique: Permute, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """Every row gets the value of another row of the table, missing values too (see ``learned/permutation.py``).

    A row may get its own value back, by chance or because values repeat. Protects the link between a value and the rest of its
    row. Does not protect the values themselves: all of them are in the output, the rare and the extreme too, so that a direct
    identifier or a text must never be permuted only. Breaks every relation with other columns. Rows that k-suppression takes
    away had their share: their values may be in rows that stay.

    :raises CheckFailed: the column was not looked at, or other rows were.
    """
    learned = tools.learned_of(name_of(technique), column, Permutation)
    return tools.row_number().map_batches(learned.values, return_dtype=plain(dtype))


def microaggregate(column: str, technique: Microaggregate, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number to the mean or median of its group of neighbouring values with at least ``k`` rows; NaN becomes missing.

    Univariate, with groups of as few rows as equal values allow (Domingo-Ferrer & Mateo-Sanz 2002, "Practical data-oriented
    microaggregation for statistical disclosure control"); see ``learned/groups.py``. The column alone is then k-anonymous, as
    long as no row is suppressed afterwards. Does not protect in combination with other columns, which only the risk figures
    show; and a group of equal values keeps its exact value.

    :raises CheckFailed: the column was not looked at.
    """
    learned = tools.learned_of(name_of(technique), column, Groups)
    if not learned.lows.len():
        return pl.lit(None, dtype=pl.Float64)
    group = pl.lit(learned.lows).search_sorted(pl.col(column), side="right").cast(pl.Int64) - 1
    return present(column, dtype, pl.lit(learned.centres).gather(group.clip(0)))


def _bad_parameter(column: str, what: str) -> CheckFailed:
    return CheckFailed("technique-parameter", f"Column {column!r} {what}", where=column, do="Correct the rule.")


def _number_type(technique: Noise, dtype: pl.DataType) -> pl.DataType:
    del technique
    return pl.Float64() if isinstance(dtype, pl.Decimal) else dtype


def _centre_type(technique: Microaggregate, dtype: pl.DataType) -> pl.DataType:
    if dtype.is_float() or (dtype.is_integer() and not technique.decimals):
        return dtype
    return pl.Float64()


SPECS: dict[type, Spec] = {
    Noise: Spec(noise, _number_type),
    DateShift: Spec(date_shift, same_type),
    Permute: Spec(permute, same_type),
    Microaggregate: Spec(microaggregate, _centre_type),
}
