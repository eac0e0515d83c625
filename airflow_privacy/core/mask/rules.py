"""What a masked column must look like, technique by technique, for the check afterwards.

Nothing here uses the expressions that mask: a fault there must not hide itself. A rule has two conditions, each true where a row
is right: ``alone`` looks at the masked value only, ``beside`` at the source's value of the same row too. Both are over the
columns ``source`` and ``masked``; a condition that is null counts as broken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from airflow_privacy.core.mask.canonical import canonical_text, is_missing, text
from airflow_privacy.core.mask.dtypes import family, plain
from airflow_privacy.core.mask.generalize import bin_labels
from airflow_privacy.core.mask.hierarchy import TOP, read_hierarchy
from airflow_privacy.core.mask.suppress import SEPARATOR, head_of, tail_of
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import (
    Bins,
    GeoPrefix,
    Hierarchy,
    HmacToken,
    Keep,
    Null,
    PartialMask,
    Redact,
    Round,
    TruncateDate,
)

SOURCE, MASKED = "source", "masked"
_source, _masked = pl.col(SOURCE), pl.col(MASKED)
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_TRUE = pl.lit(True)


class ColumnRule(NamedTuple):
    """The two conditions, and whether equal source values must have equal masked values and different ones different."""

    alone: pl.Expr
    beside: pl.Expr
    one_to_one: bool = False


def column_rule(decision: Decision, dtype: pl.DataType) -> ColumnRule:
    """The rule for a released column whose source type is *dtype*. What the source lacks must be missing, nothing else."""
    if family(dtype) == "null":
        return ColumnRule(_masked.is_null(), _TRUE)
    technique = decision.technique
    if isinstance(technique, Keep):
        return ColumnRule(_TRUE, _source.cast(plain(dtype)).eq_missing(_masked))
    if isinstance(technique, Null):
        return ColumnRule(_masked.is_null(), _TRUE)
    alone, beside, one_to_one = _RULES[type(technique)](technique, decision, dtype)
    missing = is_missing(SOURCE, dtype)
    return ColumnRule(_masked.is_null() | alone, pl.when(missing).then(_masked.is_null()).otherwise(beside), one_to_one)


def _redact(technique: Redact, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del decision, dtype
    return ColumnRule(_masked == technique.text, _masked.is_not_null())


def _hmac_token(technique: HmacToken, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del decision
    return ColumnRule(_masked.str.contains(token_form(technique)), _masked != canonical_text(SOURCE, dtype), one_to_one=True)


def token_form(technique: HmacToken) -> str:
    """The pattern of a token."""
    return f"^[0-9a-f]{{{technique.length}}}$"


def _partial_mask(technique: PartialMask, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del decision
    kept, letter = technique.keep_first + technique.keep_last, f"[^{SEPARATOR}]"
    clear = _masked.str.replace_all(technique.char, "", literal=True).str.count_matches(letter)
    value = canonical_text(SOURCE, dtype)
    long = value.str.count_matches(letter) > kept
    shape = value.str.replace_all(letter, technique.char.replace("$", "$$")) == _masked.str.replace_all(
        letter, technique.char.replace("$", "$$")
    )
    ends = pl.lit(True)
    if technique.keep_first:
        head = head_of(value, technique.keep_first)
        ends = ends & _masked.str.starts_with(head)
    if technique.keep_last:
        ends = ends & _masked.str.ends_with(tail_of(value, technique.keep_last))
    return ColumnRule(clear <= kept, shape & pl.when(long).then(ends).otherwise(clear == 0))


def _round(technique: Round, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del decision
    step = technique.to
    number = _masked.cast(pl.Float64)
    if dtype.is_integer():
        whole = pl.lit(int(step), dtype=pl.Int128)
        distance = (_source.cast(pl.Int128) - _masked.cast(pl.Int128)).abs()
        return ColumnRule(_masked.cast(pl.Int128) % whole == 0, distance < whole)
    spacing = 2.0**-22 if dtype == pl.Float32 else 2.0**-50
    allowed = number.abs() * spacing
    off = (number - (number / step).round(mode="half_to_even") * step).abs()
    near = (_source.cast(pl.Float64) - number).abs() <= step / 2 + allowed
    # From there on a float's own spacing is coarser than the step, and the quotient may overflow.
    coarse = number.abs() >= step * 2.0**52
    return ColumnRule((off <= allowed) | coarse, near | (_source == _masked) & number.is_infinite())


def _bins(technique: Bins, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del dtype
    labels = bin_labels(decision.column, technique.edges)
    number = _source.cast(pl.Float64)
    bounds = zip(labels, (-float("inf"), *technique.edges), (*technique.edges, None), strict=True)
    inside = [(_masked == label) & (number >= low) & (_TRUE if high is None else number < high) for label, low, high in bounds]
    return ColumnRule(_masked.is_in(list(labels)), pl.any_horizontal(inside))


def _truncate_date(technique: TruncateDate, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del decision
    months = _MONTHS[technique.to]
    first = (_month_of(_masked) % months == 0) & (_masked.dt.day() == 1)
    if isinstance(dtype, pl.Datetime):
        # Where the clocks skip midnight the day begins at one.
        hours = _masked.dt.hour() <= (0 if dtype.time_zone is None else 1)
        first = first & hours & (_masked.dt.minute() == 0) & (_masked.dt.second() == 0) & (_masked.dt.nanosecond() == 0)
    source = _source
    if technique.format is not None and dtype == pl.String:
        source = _source.str.strip_chars().str.to_date(technique.format, strict=False)
    return ColumnRule(first, _month_of(source) // months == _month_of(_masked) // months)


def _month_of(value: pl.Expr) -> pl.Expr:
    return value.dt.year().cast(pl.Int64) * 12 + value.dt.month().cast(pl.Int64) - 1


def _geo_prefix(technique: GeoPrefix, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    del dtype
    value = text(SOURCE).str.strip_chars()
    size = _masked.str.len_chars()
    beside = value.str.head(technique.length).str.strip_chars_end() == _masked
    if decision.role == "direct-identifier":
        beside = beside & (_masked != value)
    return ColumnRule((size >= 1) & (size <= technique.length), beside)


def _hierarchy(technique: Hierarchy, decision: Decision, dtype: pl.DataType) -> ColumnRule:
    above = read_hierarchy(decision.column, technique)
    labels = {*above.values(), TOP}
    value = canonical_text(SOURCE, dtype).str.strip_chars()
    return ColumnRule(_masked.is_in(sorted(labels)), value.replace_strict(above, default=TOP) == _masked)


_Rule: TypeAlias = Callable[[Any, Decision, pl.DataType], ColumnRule]
_RULES: dict[type, _Rule] = {
    Redact: _redact,
    HmacToken: _hmac_token,
    PartialMask: _partial_mask,
    Round: _round,
    Bins: _bins,
    TruncateDate: _truncate_date,
    GeoPrefix: _geo_prefix,
    Hierarchy: _hierarchy,
}
