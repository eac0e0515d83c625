"""Record suppression by condition (ISO/IEC 20889): rows that the source says must not be released, left out before all else.

Protects the people whom a rule names (minors, those who objected) from being in the output at all: their values take part in no
learned statistic either. Does not protect where the column is wrong or empty, unless a rule asks for ``missing`` too.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.parts import Source, source_slabs
from airflow_privacy.core.model.plan import MaskingPlan, RecordRule

_WIDEST = 2**127


@dataclass(frozen=True)
class KeptRows:
    """A slab of the source without the rows that conditions leave out.

    ``keep``: true for every row of the slab that stays, None where all stay; ``first_row``: the slab's first row in the source.
    """

    frame: pl.DataFrame
    first_row: int
    keep: pl.Series | None

    @property
    def rows_read(self) -> int:
        """Rows of the slab as the source gives it."""
        return self.frame.height if self.keep is None else self.keep.len()

    def tools(self, tools: Tools) -> Tools:
        """*tools* that know where the frame's rows stand in the source."""
        return replace(tools, first_row=self.first_row, rows=None if self.keep is None else self.numbers())

    def numbers(self) -> pl.Series:
        """The numbers of the frame's rows in the source, as UInt64."""
        if self.keep is None:
            return pl.int_range(self.first_row, self.first_row + self.frame.height, dtype=pl.UInt64, eager=True)
        return self.keep.arg_true().cast(pl.UInt64) + self.first_row

    def and_of(self, kept: pl.Series | None) -> pl.Series | None:
        """The slab's rows that stay where of the frame's rows only *kept* do."""
        if kept is None or self.keep is None:
            return self.keep if kept is None else kept
        return pl.repeat(False, self.keep.len(), eager=True).scatter(self.keep.arg_true().filter(kept), True)


def kept_slabs(source: Source, plan: MaskingPlan) -> Iterator[KeptRows]:
    """The source's slabs, without the rows that the plan's conditions leave out.

    :raises CheckFailed: a condition names no column of the source, or does not fit the column's type.
    """
    first = 0
    for slab in source_slabs(source):
        keep = keep_rows(slab, plan.drop_records)
        yield KeptRows(slab if keep is None else slab.filter(keep), first, keep)
        first += slab.height


def keep_rows(frame: pl.DataFrame, rules: Sequence[RecordRule]) -> pl.Series | None:
    """Which rows of a source's frame stay: those that meet no rule. ``None`` where all do.

    :raises CheckFailed: a rule names no column of the frame, or does not fit the column's type; names rule and column.
    """
    gone = [_meets(rule, frame.schema) for rule in rules]
    if not gone:
        return None
    try:
        keep = frame.select(keep=~pl.any_horizontal(gone))["keep"]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    else:
        return None if keep.all() else keep
    raise CheckFailed("record-rule", f"The plan's conditions on records could not be asked of the source: {failure}")


def _meets(rule: RecordRule, schema: pl.Schema) -> pl.Expr:
    """Whether a row meets all of a rule's conditions; never null."""
    if rule.column not in schema:
        raise _refused(rule, "names no column of the source")
    dtype = schema[rule.column]
    gone = is_missing(rule.column, dtype)
    compared = rule.equals or rule.below is not None or rule.above is not None
    if rule.missing is None and not compared:
        raise _refused(rule, "has no condition")
    if rule.missing:
        if compared:
            raise _refused(rule, "asks for a missing value and compares it, which no record can meet")
        return gone
    met = [~gone]
    if rule.equals:
        met.append(pl.any_horizontal([_equals(rule, dtype, value) for value in rule.equals]))
    if rule.below is not None:
        met.append(_beyond(rule, dtype, rule.below, below=True))
    if rule.above is not None:
        met.append(_beyond(rule, dtype, rule.above, below=False))
    return pl.all_horizontal(met).fill_null(False)


def _equals(rule: RecordRule, dtype: pl.DataType, value: str | int | float | bool) -> pl.Expr:
    column, kind = pl.col(rule.column), family(dtype)
    if isinstance(value, str):
        # Blank text is a missing value, and equals nothing.
        if kind == "string" and value.strip():
            return column.cast(pl.String) == pl.lit(value)
    elif isinstance(value, bool):
        if kind == "boolean":
            return column if value else ~column
    elif kind == "integer" and math.isfinite(value) and value == int(value) and abs(value) < _WIDEST:
        return column.cast(pl.Int128) == pl.lit(int(value), dtype=pl.Int128)
    elif kind in ("number", "decimal") and math.isfinite(value):
        return column.cast(pl.Float64) == pl.lit(float(value))
    raise _refused(rule, f"compares with a {type(value).__name__} that the column of type {kind} cannot hold")


def _beyond(rule: RecordRule, dtype: pl.DataType, bound: float | str, *, below: bool) -> pl.Expr:
    column, kind = pl.col(rule.column), family(dtype)
    if isinstance(bound, str):
        if kind in ("date", "timestamp"):
            # A timestamp by its day, in its own time zone.
            day = column.dt.date()
            limit = pl.lit(_day(rule, bound))
            return day < limit if below else day > limit
    elif kind == "integer" and math.isfinite(bound) and abs(bound) < _WIDEST:
        # Exact, where a float cannot hold the number.
        whole = column.cast(pl.Int128)
        if below:
            return whole < pl.lit(math.ceil(bound), dtype=pl.Int128)
        return whole > pl.lit(math.floor(bound), dtype=pl.Int128)
    elif kind in ("number", "decimal") and math.isfinite(bound):
        number = column.cast(pl.Float64)
        return number < bound if below else number > bound
    raise _refused(rule, f"compares with a {type(bound).__name__}, which does not fit the column's type {kind}")


def _day(rule: RecordRule, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise _refused(rule, "compares with a text that is no ISO 8601 date")


def _refused(rule: RecordRule, why: str) -> CheckFailed:
    return CheckFailed(
        "record-rule",
        f"The record rule {rule.name!r} on column {rule.column!r} {why}",
        where=f"record rule {rule.name}",
        do="Correct drop_records in the policy.",
    )
