"""Rows of a table in a database that a rule lets go.

Found without a lock; deleted in batches, each a short transaction, of what is still what the rule lets go. Rows that others hold
locked are visited again. A row that rows of another table refer to stays, and is reported as ``referenced``: the database would
refuse it, or would delete (``ON DELETE CASCADE``) what nobody planned. Once those rows are gone, it goes.

Not covered: bytes in the table's files until their space is used again, the write-ahead log, replicas, backups, tables that
inherit from a plain table, and copies that triggers have made elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey
from airflow_privacy.core.io.purge.generic_rows import GenericRows
from airflow_privacy.core.io.purge.postgres_rows import PostgresRows, vacuum
from airflow_privacy.core.io.purge.table_batches import BatchSize, Rows, Taken, Throttle
from airflow_privacy.core.io.purge.table_bounds import Bound, among_of
from airflow_privacy.core.io.purge.table_counts import count_rows, judge, oldest_days
from airflow_privacy.core.io.purge.table_shape import TableShape, require_columns, shape_of
from airflow_privacy.core.io.purge.target import Before, Found, Pace, Progress, Rule, Target
from airflow_privacy.core.io.sql import Database, Databases, SqlPlace, parse_sql, session
from airflow_privacy.core.model.purge import Item, Kept, Looked, Step

_TRIES = 5
_WAIT_SECONDS = 0.1

_SPACE = (
    "Bytes of deleted rows stay in the table's files until their space is used again; VACUUM lets it be used again, and only "
    "VACUUM FULL writes the table anew."
)
_ELSEWHERE = "The write-ahead log, replicas and backups of the database are not covered."


def table_rows_target(
    uri: str,
    *,
    rule: Rule,
    databases: Databases,
    goes: Sequence[ForeignKey] = (),
    now: datetime | None = None,
    reuse_space: bool = True,
) -> Target:
    """The rows of ``sql://conn/schema.table`` that *rule* lets go.

    :param goes: foreign keys whose rows go earlier in the same plan: what only they hold is not counted as kept by
        :meth:`Target.find`.
    :param now: what ages are counted to; by default the moment of :meth:`Target.find`.
    :param reuse_space: ``VACUUM`` the table after rows went (PostgreSQL).
    :raises BadInput: ``bad-uri``; ``no-rule``, where the rule judges no rows.
    """
    if rule.judge_rows is None:
        raise BadInput("no-rule", "Rows of a table are judged by a rule for rows, and there is none", where=uri)
    place = parse_sql(uri)
    return TableRows(
        place=place,
        uri=uri,
        columns=rule.columns,
        judge_rows=rule.judge_rows,
        bound=rule.bound,
        databases=databases,
        goes=tuple(goes),
        now=now,
        reuse_space=reuse_space,
    )


@dataclass(frozen=True)
class _Opened:
    """A connection to the table, and what it is."""

    database: Database
    connection: Any = field(repr=False)
    table: TableShape
    rows: Rows
    holding: tuple[ForeignKey, ...]


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """See :func:`table_rows_target`."""

    place: SqlPlace
    uri: str
    columns: tuple[str, ...]
    judge_rows: Callable[[pl.DataFrame], pl.Series] = field(repr=False)
    bound: Bound = field(repr=False)
    databases: Databases = field(repr=False)
    goes: tuple[ForeignKey, ...] = ()
    now: datetime | None = None
    reuse_space: bool = True

    def find(self) -> Found:
        """See :class:`Target`; counts in the database what can be counted there, and judges the rest in batches."""
        with self._open() as opened:
            counts = count_rows(opened.rows, opened.connection, opened.table, self.columns, self.judge_rows, self.bound)
            blocking = tuple(
                key for key in opened.holding if not any(key.child[1:] == k.child[1:] and key.name == k.name for k in self.goes)
            )
            if blocking and counts.by["expired"]:
                counts = counts.with_referred(*self._expired(opened, blocking))
            kept = (Kept(why="referenced", count=counts.referred),) if counts.referred else ()
            not_covered = _not_covered(opened)
        step = Step(
            method="delete-rows",
            uri=self.uri,
            unit="rows",
            dataset="",
            counts=counts.by,
            oldest_days=oldest_days(counts.oldest, self.now or datetime.now(UTC)),
            kept=kept,
            not_covered=not_covered,
        )
        return Found(step=step, listing=None, things=counts.things, kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        """See :class:`Target`. Throttled by rows deleted; the lock time of a batch steers how large the next one is."""
        size, throttle = BatchSize(pace), Throttle(pace.rows_per_second)
        planned, done, idle = step.counts.get("expired", 0), 0, 0
        while idle < _TRIES:
            deleted, waiting = 0, 0
            try:
                for taken, tried in self._pass(pace, size, throttle):
                    deleted += taken.deleted
                    waiting += tried - taken.deleted - taken.referred
                    progress(done + deleted, max(planned, done + deleted))
            except StorageUnavailable:
                # A lock that was not to be had in time, or a deadlock; a server that is gone shows when nothing goes any more.
                if idle == _TRIES - 1:
                    raise
                waiting = 1
            done += deleted
            if not deleted and not waiting:
                break
            idle = 0 if deleted else idle + 1
            if waiting:
                time.sleep(_WAIT_SECONDS * (idle + 1))
        if done and self.reuse_space:
            with self._open() as opened:
                if opened.database.dialect == "postgresql":
                    vacuum(opened.database, opened.connection, opened.table)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:  # noqa: ARG002
        """See :class:`Target`; by the rule, over all rows that may go."""
        with self._open() as opened:
            things = opened.rows.count(opened.connection)
            left, referred = self._expired(opened, opened.holding)
        planned = step.counts.get("expired", 0) + sum(kept.count for kept in step.kept if kept.why == "referenced")
        return Looked(
            uri=self.uri,
            method="delete-rows",
            looked=things,
            left=left,
            gone=max(planned - left - referred, 0),
            kept=(Kept(why="referenced", count=referred),) if referred else (),
        )

    def _pass(self, pace: Pace, size: BatchSize, throttle: Throttle) -> Iterator[tuple[Taken, int]]:
        """Go through the table once; for each batch what became of it, and how many rows were to go."""
        with self._open() as opened:
            for read in opened.rows.scan(opened.connection, bounded=True):
                going, start = read.ids.filter(self._going(read.values)), 0
                while start < going.height:
                    batch = going.slice(start, size.rows)
                    start += batch.height
                    taken = opened.rows.take(opened.connection, batch, pace.lock_ms)
                    size.after(batch.height, taken.seconds)
                    throttle.after(taken.deleted)
                    yield taken, batch.height

    def _expired(self, opened: _Opened, holding: tuple[ForeignKey, ...]) -> tuple[int, int]:
        """How many rows are expired and free to go, and how many are expired and held by others."""
        rows = self._rows(opened.database, opened.table, holding)
        free, referred = 0, 0
        whole: list[Any] = []
        for read in rows.scan(opened.connection, bounded=True):
            going = read.ids.filter(self._going(read.values))
            if any(key.itself for key in holding) and isinstance(rows, PostgresRows):
                whole.append(going)  # what refers to a row may be read later, and go too
                continue
            held = int(rows.referred(opened.connection, going).sum())
            free, referred = free + going.height - held, referred + held
        if whole:
            held = int(rows.referred(opened.connection, pl.concat(whole)).sum())
            free, referred = sum(ids.height for ids in whole) - held, held
        return free, referred

    def _going(self, values: pl.DataFrame) -> pl.Series:
        return judge(self.judge_rows, values) == "expired"

    @contextmanager
    def _open(self) -> Iterator[_Opened]:
        database = self.databases(self.place.connection)
        with session(database, self.uri) as connection:
            table = shape_of(database, connection, self.place, where=self.uri)
            connection.commit()
            named = [part.columns for part in among_of(self.bound) or ()] + (
                [(self.bound.column,)] if isinstance(self.bound, Before) else []
            )
            require_columns(table, (*self.columns, *(name for names in named for name in names)), where=self.uri)
            holding = tuple(key for key in table.referred if key.holds)
            yield _Opened(database, connection, table, self._rows(database, table, holding), holding)

    def _rows(self, database: Database, table: TableShape, holding: tuple[ForeignKey, ...]) -> Rows:
        kind = PostgresRows if database.dialect == "postgresql" else GenericRows
        return kind(database, table, self.columns, self.bound, holding, self.uri)


def _not_covered(opened: _Opened) -> tuple[str, ...]:
    postgres = opened.database.dialect == "postgresql"
    found = [_SPACE, _ELSEWHERE] if postgres else [_ELSEWHERE]
    if opened.table.inherited:
        found.append("Tables that inherit from this one are tables of their own.")
    for key in opened.table.referred:
        child = f"{key.child.schema}.{key.child.table}"
        if key.on_delete == "cascade":
            found.append(
                f"{child} would lose its rows with those that they refer to (ON DELETE CASCADE); such rows are kept instead."
            )
        if not key.holds:
            found.append(f"{child}.{', '.join(key.columns)} is emptied where it refers to a row that goes; the row stays.")
        if not key.indexed:
            found.append(f"{child}.{', '.join(key.columns)} has no index: each row that goes is looked for in the whole table.")
    return tuple(found)
