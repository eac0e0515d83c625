"""Generalization (ISO/IEC 20889): a value becomes the larger set that it belongs to; what it says stays true.

None of these protects alone: whether a record can still be singled out is what the risk figures over *all*
quasi-identifiers say. A generalized value still tells a known person's group, and a group of one value tells everything.
"""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.canonical import present
from airflow_privacy.core.mask.dtypes import limits
from airflow_privacy.core.mask.generalization.populations import read_populations
from airflow_privacy.core.model.techniques import Bins, GeoPrefix, Round, TruncateDate

_MOST_DECIMALS = 12
_PERIOD = {"month": "1mo", "quarter": "1q", "year": "1y", "decade": "10y"}


def rounded(column: str, technique: Round, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number to the nearest multiple of ``to``, halves to the even multiple (IEEE 754 roundTiesToEven); NaN becomes missing.

    Integers are computed exactly and keep their type: where the multiple would leave it, the last one inside is taken.
    Decimals become floats. Protects against matching exact figures. Does not protect outliers: the largest salary stays the
    largest; use ``bins`` with an open last interval there.

    :raises CheckFailed: an integer column with a ``to`` that is no whole number.
    """
    del tools
    value = pl.col(column)
    if dtype.is_integer():
        return _round_integer(column, technique.to, dtype)
    number = value.cast(pl.Float64)
    # The engine divides by a constant as a product with its inverse, which is a step off for large numbers: divide by a column.
    step = number * 0 + technique.to
    multiple = (number / step).round(mode="half_to_even") * technique.to
    if _decimals(technique.to) <= _MOST_DECIMALS:
        # The nearest float of 0.3, where 3 * 0.1 is 0.30000000000000004.
        multiple = multiple.round(_decimals(technique.to))
    # From 2^52 steps on a float's own spacing is coarser than the step, and the product could overflow.
    fine = number.abs() / technique.to < 2.0**52
    # -0.0 would still tell the sign of a small number.
    result = pl.when(~fine).then(number).when(multiple == 0).then(pl.lit(0.0)).otherwise(multiple)
    return present(column, dtype, result)


def _decimals(step: float) -> int:
    """Decimal places of a step as it is written: 1 for 0.1, 2 for 0.25."""
    return max(0, -int(Decimal(repr(step)).normalize().as_tuple().exponent))


def bins(column: str, technique: Bins, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number to the label of its half-open interval; the first and last are open (top and bottom coding). NaN becomes missing.

    Protects against matching exact figures and against outliers. Does not protect a value whose interval few share.

    :raises CheckFailed: the edges are not finite or do not rise.
    """
    del tools
    labels = bin_labels(column, technique.edges)
    number = pl.col(column).cast(pl.Float64)
    chain = pl.when(number < technique.edges[0]).then(pl.lit(labels[0]))
    for edge, label in zip(technique.edges[1:], labels[1:-1], strict=True):
        chain = chain.when(number < edge).then(pl.lit(label))  # type: ignore[assignment]
    return present(column, dtype, chain.otherwise(pl.lit(labels[-1])))


def bin_labels(column: str, edges: tuple[float, ...]) -> tuple[str, ...]:
    """The labels of the intervals between *edges*: ``<18``, ``[18,30)``, ``>=30``.

    :raises CheckFailed: the edges are not finite or do not rise.
    """
    rising = all(lower < upper for lower, upper in pairwise(edges))
    if not rising or not all(math.isfinite(edge) for edge in edges):
        raise CheckFailed("technique-parameter", f"The edges of bins for column {column!r} do not rise", where=column)
    names = [str(int(edge)) if edge == int(edge) else repr(float(edge)) for edge in edges]
    inner = [f"[{lower},{upper})" for lower, upper in pairwise(names)]
    return (f"<{names[0]}", *inner, f">={names[-1]}")


def truncate_date(column: str, technique: TruncateDate, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A date or timestamp to the first day of its month, quarter, year or decade, in the column's own time zone.

    A timestamp becomes midnight there, or one o'clock where the clocks skip that hour. Text is read by the technique's format;
    what does not fit it becomes missing, which the check afterwards refuses. Protects against matching exact days.
    Does not hide order or rarity: the only one born in a decade stays alone.
    """
    del tools
    value = pl.col(column)
    if technique.format is not None and dtype == pl.String:
        return value.str.strip_chars().str.to_date(technique.format, strict=False).dt.truncate(_PERIOD[technique.to])
    if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
        return value.dt.truncate(_PERIOD[technique.to])
    local = value.dt.replace_time_zone(None).dt.truncate(_PERIOD[technique.to])
    zone = dtype.time_zone
    return pl.coalesce(
        local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null"),
        (local + pl.duration(hours=1)).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null"),
    )


def geo_prefix(column: str, technique: GeoPrefix, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """The first characters of a postal or region code, white space around it removed; blank text becomes missing.

    With ``populations``, a prefix with ``min_population`` or fewer inhabitants becomes zeros, and so does one that the file does
    not have: ``000``, as HIPAA's safe harbor has it for 20,000 people and three digits (45 CFR 164.514(b)(2)(i)(B)).
    Text only: a number has lost the leading zeros that its first characters are counted from. Protects against finding an
    address. Does not protect where a prefix has few inhabitants and no ``populations`` are given, nor a code that is no longer
    than the prefix, nor few *records* in a large population: the risk figures count those.

    :raises VerificationError: the file is not the one that the policy was read with.
    :raises BadInput: it cannot be read, or is no list of prefixes of this length.
    """
    del tools, dtype
    prefix = pl.col(column).cast(pl.String).str.strip_chars().str.slice(0, technique.length).str.strip_chars_end()
    prefix = pl.when(prefix != "").then(prefix)
    if technique.populations is None:
        return prefix
    large = [one for one, people in read_populations(column, technique).items() if people > technique.min_population]
    return pl.when(prefix.is_in(large)).then(prefix).when(prefix.is_not_null()).then(pl.lit("0" * technique.length))


def _round_integer(column: str, step: float, dtype: pl.DataType) -> pl.Expr:
    if step != int(step):
        raise CheckFailed(
            "technique-parameter",
            f"round cannot bring integer column {column!r} to multiples of {step}",
            where=column,
            do="Use a whole number.",
        )
    to = int(step)
    low, high = limits(dtype)
    if to > high:
        return pl.when(pl.col(column).is_not_null()).then(pl.lit(0)).cast(dtype)
    value = pl.col(column).cast(pl.Int128)
    wide = pl.lit(to, dtype=pl.Int128)
    floor = value // wide
    rest = (value - floor * wide) * 2
    up = (rest > to) | ((rest == to) & (floor % 2 == 1))
    nearest = (floor + up.cast(pl.Int128)) * wide
    return nearest.clip(pl.lit(-(-low // to) * to, dtype=pl.Int128), pl.lit(high // to * to, dtype=pl.Int128)).cast(dtype)


def _rounded_type(technique: Round, dtype: pl.DataType) -> pl.DataType:
    del technique
    return pl.Float64() if isinstance(dtype, pl.Decimal) else dtype


def _date_type(technique: TruncateDate, dtype: pl.DataType) -> pl.DataType:
    del technique
    return dtype if isinstance(dtype, pl.Datetime) else pl.Date()


SPECS: dict[type, Spec] = {
    Round: Spec(rounded, _rounded_type),
    Bins: Spec(bins, text_type),
    TruncateDate: Spec(truncate_date, _date_type),
    GeoPrefix: Spec(geo_prefix, text_type),
}
