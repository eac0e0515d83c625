"""How many rows there are of each disposition, without keeping any.

A rule that reads one column which is a point in time, and nothing else, is asked for the first and the last moment of each day:
where both are alike, so are those in between, and the database counts them. Every other rule sees all rows, or all that can go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, get_args

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.postgres_rows import PostgresRows
from airflow_privacy.core.io.purge.table_batches import Rows
from airflow_privacy.core.io.purge.table_bounds import Bound, among_of
from airflow_privacy.core.io.purge.table_shape import TableShape
from airflow_privacy.core.io.purge.target import Before
from airflow_privacy.core.model.purge import Disposition

JudgeRows = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True)
class Counts:
    """Rows by disposition, in all, and of the expired the oldest anchor. ``referred`` would be expired, and others hold them."""

    by: dict[str, int]
    things: int
    oldest: datetime | None = None
    referred: int = 0

    def with_referred(self, expired: int, referred: int) -> Counts:
        """What was counted, now that it is known what holds."""
        return replace(self, by={**self.by, "expired": expired}, referred=referred)


def count_rows(
    rows: Rows, connection: Any, table: TableShape, columns: Sequence[str], judge_rows: JudgeRows, bound: Bound
) -> Counts:
    """Look at a table as closely as the rule needs.

    :raises BadInput: ``bad-rule``; it did not judge every row.
    """
    if isinstance(bound, Before) and tuple(columns) == (bound.column,) and isinstance(rows, PostgresRows):
        dtype = table.columns[bound.column].dtype
        if dtype is not None and dtype.is_temporal() and dtype != pl.Time():
            return _by_days(rows, connection, bound.column, judge_rows)
    among = among_of(bound) is not None
    by = dict.fromkeys(get_args(Disposition), 0)
    oldest = None
    for read in rows.scan(connection, bounded=among):
        judged = judge(judge_rows, read.values)
        _add(by, judged, None)
        if isinstance(bound, Before):
            oldest = _older(oldest, read.values[bound.column].filter(judged == "expired"))
    things = sum(by.values())
    if among:
        # What has none of the values does not go; the rule need not say why.
        all_rows = max(rows.count(connection), things)
        by["young"] += all_rows - things
        things = all_rows
    return Counts(by, things, oldest)


def judge(judge_rows: JudgeRows, values: pl.DataFrame) -> pl.Series:
    """One disposition a row, as texts.

    :raises BadInput: ``bad-rule``.
    """
    if not values.height:
        return pl.Series(dtype=pl.String)
    judged = judge_rows(values).cast(pl.String)
    if judged.len() != values.height or judged.null_count() or not judged.is_in(list(get_args(Disposition))).all():
        raise BadInput("bad-rule", "The rule did not judge every row")
    return judged


def oldest_days(oldest: datetime | None, now: datetime) -> int:
    """The age of the oldest in whole days."""
    return 0 if oldest is None else max((now - oldest).days, 0)


def _by_days(rows: PostgresRows, connection: Any, column: str, judge_rows: JudgeRows) -> Counts:
    by = dict.fromkeys(get_args(Disposition), 0)
    days = rows.days(connection, column)
    low, high = (judge(judge_rows, days.select(pl.col(end).alias(column))) for end in ("low", "high"))
    alike = low == high
    _add(by, low.filter(alike), days["rows"].filter(alike))
    oldest = _older(None, days["low"].filter(low == "expired"))
    for first in days["low"].filter(~alike):
        moments = rows.moments(connection, column, first.date() if isinstance(first, datetime) else first)
        judged = judge(judge_rows, moments.select(pl.col("low").alias(column)))
        _add(by, judged, moments["rows"])
    return Counts(by, sum(by.values()), oldest)


def _add(by: dict[str, int], judged: pl.Series, rows: pl.Series | None) -> None:
    weights = rows if rows is not None else pl.repeat(1, judged.len(), eager=True)
    for name, number in pl.DataFrame({"name": judged, "rows": weights}).group_by("name").agg(pl.col("rows").sum()).rows():
        by[name] += number


def _older(oldest: datetime | None, anchors: pl.Series) -> datetime | None:
    if anchors.dtype == pl.String:
        anchors = anchors.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    first = anchors.min() if anchors.dtype.is_temporal() and anchors.len() else None
    if not isinstance(first, date):
        return oldest
    moment = first if isinstance(first, datetime) else datetime(first.year, first.month, first.day)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if oldest is None else min(oldest, moment)
