"""What generalized values must look like."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text, text
from airflow_privacy.core.mask.dtypes import limits
from airflow_privacy.core.mask.generalization.generalize import bin_labels
from airflow_privacy.core.mask.generalization.hierarchy import TOP, read_hierarchy
from airflow_privacy.core.mask.generalization.populations import read_populations
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Bins, GeoPrefix, Hierarchy, Round, TruncateDate

_source, _masked = pl.col(SOURCE), pl.col(MASKED)

_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}


def _round(technique: Round, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, tools
    step = technique.to
    number = _masked.cast(pl.Float64)
    if dtype.is_integer():
        to, value, was = int(step), _masked.cast(pl.Int128), _source.cast(pl.Int128)
        low, high = limits(dtype)
        # At the ends of the type the nearest multiple may lie outside: the last one inside is taken.
        first, last = (pl.lit(end, dtype=pl.Int128) for end in (-(-low // to) * to, high // to * to))
        near = (was - value).abs() * 2 <= to
        return ColumnRule(value % to == 0, near | ((value == last) & (was > last)) | ((value == first) & (was < first)))
    spacing = 2.0**-22 if dtype == pl.Float32 else 2.0**-50
    allowed = number.abs() * spacing
    off = (number - (number / step).round(mode="half_to_even") * step).abs()
    near = (_source.cast(pl.Float64) - number).abs() <= step / 2 + allowed
    # From there on a float's own spacing is coarser than the step, and the quotient may overflow.
    coarse = number.abs() >= step * 2.0**52
    return ColumnRule((off <= allowed) | coarse, near | (_source == _masked) & number.is_infinite())


def _bins(technique: Bins, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del dtype, tools
    labels = bin_labels(decision.column, technique.edges)
    number = _source.cast(pl.Float64)
    bounds = zip(labels, (-float("inf"), *technique.edges), (*technique.edges, None), strict=True)
    inside = [(_masked == label) & (number >= low) & (TRUE if high is None else number < high) for label, low, high in bounds]
    return ColumnRule(_masked.is_in(list(labels)), pl.any_horizontal(inside))


def _truncate_date(technique: TruncateDate, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, tools
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


def _geo_prefix(technique: GeoPrefix, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del dtype, tools
    value = text(SOURCE).str.strip_chars()
    head = value.str.head(technique.length).str.strip_chars_end()
    size = _masked.str.len_chars()
    alone = (size >= 1) & (size <= technique.length)
    beside = head == _masked
    if technique.populations is not None:
        people = read_populations(decision.column, technique)
        zeros = "0" * technique.length
        few = head.replace_strict(people, default=0, return_dtype=pl.Int64) <= technique.min_population
        beside = pl.when(few).then(_masked == zeros).otherwise(beside)
        alone = _masked.is_in([*people, zeros])
    if decision.role == "direct-identifier":
        beside = beside & (_masked != value)
    return ColumnRule(alone, beside)


def _hierarchy(technique: Hierarchy, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del tools
    above = read_hierarchy(decision.column, technique)
    labels = {*above.values(), TOP}
    value = canonical_text(SOURCE, dtype).str.strip_chars()
    return ColumnRule(_masked.is_in(sorted(labels)), value.replace_strict(above, default=TOP) == _masked)


RULES: dict[type, Rule] = {
    Round: _round,
    Bins: _bins,
    TruncateDate: _truncate_date,
    GeoPrefix: _geo_prefix,
    Hierarchy: _hierarchy,
}
