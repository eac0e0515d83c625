"""A contract's period as judges of rows and of whole things.

Which anchor counts is the caller's to say, who knows the place: a column that folders are partitioned by or a time of writing
judges whole things, any other column judges rows. A judge tells a disposition and nothing else, and never raises with a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Contract, Retention
from airflow_privacy.core.model.purge import Disposition
from airflow_privacy.core.retention.disposition import (
    Period,
    disposition_of,
    dispositions,
    earliest,
    last_moment,
    latest_of,
    zone_of,
)
from airflow_privacy.core.retention.hold import Cover, Digests, columns_of, hold_of_thing, holds_of_rows

By: TypeAlias = Literal["rows", "partition", "age"]
"""What is judged: rows by a column; whole things by a partition's value, or by when they were written."""


@dataclass
class Watch:
    """What judges saw while a place was looked at: the earliest anchor of what goes, and how many each hold kept, by its id."""

    earliest: datetime | None = None
    held: Counter[str] = field(default_factory=Counter)

    def going(self, moment: datetime | None) -> None:
        """Something goes whose anchor means this moment at the latest."""
        if moment is not None and (self.earliest is None or moment < self.earliest):
            self.earliest = moment


class Thing(Protocol):
    """A file, object or version, by what can be known without opening it."""

    @property
    def partitions(self) -> Mapping[str, str | None]: ...

    @property
    def modified(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class Judges:
    """One period, ready to be applied at one place.

    :param columns: what :attr:`rows` reads; empty where whole things are judged.
    :param limit: the latest moment that the anchor of what goes may mean, in UTC.
    :param reason: why things go, in a sentence.
    """

    columns: tuple[str, ...]
    rows: Callable[[pl.DataFrame], pl.Series] | None = field(default=None, repr=False)
    thing: Callable[[Thing], Disposition] | None = field(default=None, repr=False)
    anchor: str | None
    limit: datetime
    reason: str


def judges_of(
    contract: Contract,
    *,
    by: By,
    as_of: datetime,
    cover: Cover,
    digests: Digests | None = None,
    watch: Watch | None = None,
) -> Judges:
    """What the contract's retention says at one place.

    :param by: what is judged there.
    :param as_of: the moment that ages are counted to, aware.
    :param cover: the holds on the dataset that are in force.
    :param digests: keyed digests of subjects, for holds of subjects.
    :param watch: told what goes and what is held, while the judges are asked.
    :raises BadInput: the contract promises no retention, has no anchor where rows or partitions are judged, or names an unknown
        time zone.
    """
    retention = contract.retention
    if retention is None:
        do = "Add retention to the contract's slaProperties."
        raise BadInput("no-retention", "The contract promises no retention period", where=contract.name, do=do)
    if by != "age" and retention.anchor is None:
        raise BadInput(
            "no-anchor",
            "The contract does not say which column the period is counted from, and rows have no age of their own",
            where=contract.name,
            do="Name it as the element of retention in slaProperties.",
        )
    period = Period(days=retention.days, zone=retention.zone)
    limit = last_moment(as_of, period)
    if by == "rows":
        columns = tuple(dict.fromkeys((retention.anchor or "", *columns_of(cover, subject_key=contract.subject_key))))
        judge = _rows_judge(contract, retention.anchor or "", period, as_of, cover, digests, watch)
        return Judges(columns=columns, rows=judge, anchor=retention.anchor, limit=limit, reason=_reason(retention, by))
    thing = _thing_judge(retention, by, period, as_of, cover, watch)
    return Judges(columns=(), thing=thing, anchor=retention.anchor, limit=limit, reason=_reason(retention, by))


def _rows_judge(
    contract: Contract,
    anchor: str,
    period: Period,
    as_of: datetime,
    cover: Cover,
    digests: Digests | None,
    watch: Watch | None,
) -> Callable[[pl.DataFrame], pl.Series]:
    def judge(rows: pl.DataFrame) -> pl.Series:
        judged = dispositions(rows[anchor], period, now=as_of).cast(pl.String)
        expired = judged == "expired"
        if not expired.any():
            return judged
        if not cover.ids:
            if watch is not None:
                watch.going(earliest(rows[anchor].filter(expired), period))
            return judged
        by = holds_of_rows(cover, rows.filter(expired), subject_key=contract.subject_key, digests=digests)
        if watch is not None:
            watch.held.update(dict(by.drop_nulls().value_counts().rows()))
            watch.going(earliest(rows[anchor].filter(expired).filter(by.is_null()), period))
        kept = pl.select(pl.when(by.is_null()).then(pl.lit("expired")).otherwise(pl.lit("held"))).to_series()
        return judged.scatter(expired.arg_true(), kept)

    return judge


def _thing_judge(
    retention: Retention, by: By, period: Period, as_of: datetime, cover: Cover, watch: Watch | None
) -> Callable[[Thing], Disposition]:
    anchor = retention.anchor

    def judge(thing: Thing) -> Disposition:
        told = thing.modified if by == "age" else thing.partitions.get(anchor or "")
        # A text of digits alone is a year; a file's time needs a zone, and one without is no time that we know.
        if isinstance(told, datetime) and told.utcoffset() is None:
            return "unknown"
        found = disposition_of(told, period, now=as_of)
        if found != "expired":
            return found
        hold = hold_of_thing(cover, thing.partitions)
        if watch is not None and hold is not None:
            watch.held[hold] += 1
        elif watch is not None:
            watch.going(latest_of(told, zone_of(period.zone)) if isinstance(told, str) else told)
        return found if hold is None else "held"

    return judge


def _reason(retention: Retention, by: By) -> str:
    day = "day" if retention.days == 1 else "days"
    if by == "age":
        return f"Kept {retention.days} {day} from when it was written"
    what = "column" if by == "rows" else "partition"
    return f"Kept {retention.days} {day} from its {what} {retention.anchor}, read in {retention.zone}"
