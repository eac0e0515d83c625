"""Rows of one table that lead, over foreign keys, to rows of a subject.

Each time it is asked, the subject's rows are read and judged anew, and from them the rows below, table by table, by the values
that are referred to: those values are held in memory, so that it grows with the rows of the subject and not with the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey
from airflow_privacy.core.io.purge.generic_rows import GenericRows
from airflow_privacy.core.io.purge.postgres_rows import PostgresRows
from airflow_privacy.core.io.purge.table_bounds import Among, AnyOf, Bound, among_of
from airflow_privacy.core.io.purge.table_counts import judge
from airflow_privacy.core.io.purge.table_rows import TableRows
from airflow_privacy.core.io.purge.table_shape import require_columns, shape_of
from airflow_privacy.core.io.purge.target import Found, OneOf, Pace, Progress, Rule
from airflow_privacy.core.io.sql import Databases, SqlPlace, session, uri_of
from airflow_privacy.core.model.purge import Disposition, Item, Looked, Step


@dataclass(frozen=True, kw_only=True)
class LinkedRows:
    """A target of :func:`~airflow_privacy.core.io.purge.linked_tables.linked_rows_targets`."""

    place: SqlPlace
    root: SqlPlace
    rule: Rule = field(repr=False)
    followed: tuple[ForeignKey, ...]
    databases: Databases = field(repr=False)
    now: datetime | None = None

    @property
    def uri(self) -> str:
        return uri_of(self.place)

    def find(self) -> Found:
        return self.rows().find()

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        self.rows().remove(step, items, pace=pace, progress=progress)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        return self.rows().look_again(step, items)

    def rows(self) -> TableRows:
        """The rows of this table that are reached now."""
        with session(self.databases(self.root.connection), self.uri) as connection:
            parts = _Reach(self, connection, "expired").parts()
            held = _Reach(self, connection, "held").parts()
        own = self.rule if self.place == self.root else None
        names = [name for part in (*parts, *held) for name in part.columns]
        return TableRows(
            place=self.place,
            uri=self.uri,
            columns=tuple(dict.fromkeys([*(own.columns if own else ()), *names])),
            judge_rows=_reached(parts, held, own),
            bound=AnyOf(parts=(*(among_of(own.bound) or () if own else ()), *parts, *held)),
            databases=self.databases,
            goes=self.followed,
            now=self.now,
        )


class _Reach:
    """What is reached from the subject's rows of one disposition, as the values that foreign keys refer to."""

    def __init__(self, target: LinkedRows, connection: Any, disposition: Disposition) -> None:
        self._target, self._connection, self._disposition = target, connection, disposition
        self._database = target.databases(target.root.connection)
        self._values: dict[tuple[SqlPlace, tuple[str, ...]], pl.DataFrame] = {}

    def parts(self) -> tuple[Among, ...]:
        """For each foreign key of the target's table: the values by which its rows are reached."""
        target = self._target
        waiting = self._seed()
        while waiting:
            place, refers, new = waiting.pop()
            for key in target.followed:
                if (key.parent, key.refers) == (place, refers) and self._outgoing(key.child):
                    columns = dict(zip(key.columns, new.columns, strict=True))
                    part = Among(columns=key.columns, values=new.select(pl.col(old).alias(name) for name, old in columns.items()))
                    waiting += self._below(key.child, AnyOf(parts=(part,)), _is_reached((part,)), key.columns)
        found = []
        for key in (key for key in target.followed if key.child == target.place):
            values = self._values.get((key.parent, key.refers))
            if values is not None:
                found.append(
                    Among(columns=key.columns, values=values.rename(dict(zip(values.columns, key.columns, strict=True))))
                )
        return tuple(found)

    def _outgoing(self, place: SqlPlace) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(key.refers for key in self._target.followed if key.parent == place))

    def _seed(self) -> list[tuple[SqlPlace, tuple[str, ...], pl.DataFrame]]:
        """The subject's own rows; and the values themselves, where keys refer to just that column: a row below is found though
        the one above is gone. What the rule keeps keeps its children."""
        target = self._target
        bound, judge_rows = target.rule.bound, target.rule.judge_rows
        if not isinstance(bound, OneOf) or judge_rows is None:
            raise BadInput("no-subject", "Linked rows need a rule that names the subject's values", where=target.uri)

        kept: list[pl.Series] = []
        columns = tuple(dict.fromkeys([*target.rule.columns, bound.column]))

        def going(values: pl.DataFrame) -> pl.Series:
            found = judge(judge_rows, values.select(list(target.rule.columns))) == self._disposition
            kept.append(values[bound.column].filter(~found))
            return found

        found = self._below(target.root, bound, going, columns)
        if self._disposition == "expired" and (bound.column,) in self._outgoing(target.root):
            asked = bound.values.drop_nulls().alias(bound.column).to_frame()
            if kept:
                asked = asked.cast(kept[0].dtype, strict=False).drop_nulls()
                asked = asked.join(pl.concat(kept, how="vertical").to_frame(), on=bound.column, how="anti")
            found += [(target.root, (bound.column,), frame) for frame in self._add(target.root, (bound.column,), [asked])]
        return found

    def _below(
        self, place: SqlPlace, bound: Bound, going: Any, columns: Sequence[str]
    ) -> list[tuple[SqlPlace, tuple[str, ...], pl.DataFrame]]:
        """Read the rows of a table that go: what keys refer to there and was not seen before."""
        outgoing = self._outgoing(place)
        names = list(dict.fromkeys([*columns, *(name for refers in outgoing for name in refers)]))
        table = shape_of(self._database, self._connection, place, where=uri_of(place))
        self._connection.commit()
        require_columns(table, tuple(names), where=uri_of(place))
        kind = PostgresRows if self._database.dialect == "postgresql" else GenericRows
        rows = kind(self._database, table, names, bound, (), uri_of(place))
        read: dict[tuple[str, ...], list[pl.DataFrame]] = {refers: [] for refers in outgoing}
        for _, values in rows.scan(self._connection, bounded=True):
            chosen = values.filter(going(values.select(list(columns))))
            for refers, frames in read.items():
                frames.append(chosen.select(list(refers)).drop_nulls().unique(maintain_order=True))
        found = []
        for refers, frames in read.items():
            if new := self._add(place, refers, frames):
                found.append((place, refers, new[0]))
        return found

    def _add(self, place: SqlPlace, refers: tuple[str, ...], frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
        if not frames:
            return []
        known = self._values.get((place, refers))
        new = pl.concat(frames, how="vertical_relaxed").unique(maintain_order=True)
        if known is not None:
            new = new.join(known, on=list(refers), how="anti")
        self._values[place, refers] = new if known is None else pl.concat([known, new], how="vertical_relaxed")
        return [new] if new.height else []


def _is_reached(parts: Sequence[Among]) -> Callable[[pl.DataFrame], pl.Series]:
    """What refers to one of these values. Columns that refer to each other may differ in type: an int to a bigint."""
    known = [part.values.select(pl.col(name).cast(pl.String) for name in part.columns).drop_nulls().unique() for part in parts]

    def reached(frame: pl.DataFrame) -> pl.Series:
        going = pl.repeat(False, frame.height, eager=True)
        for part, values in zip(parts, known, strict=True):
            cells = frame.select(pl.col(name).cast(pl.String) for name in part.columns)
            marked = values.with_columns(pl.lit(True).alias("\0"))
            going |= cells.join(marked, on=list(part.columns), how="left", maintain_order="left")["\0"].fill_null(False)
        return going

    return reached


def _reached(parts: Sequence[Among], held: Sequence[Among], own: Rule | None) -> Callable[[pl.DataFrame], pl.Series]:
    """A rule: what refers to one of these values goes, or what the subject's own rule lets go; unless a hold is on it, or on
    something else that it refers to."""
    goes, stays = _is_reached(parts), _is_reached(held)

    def judge_rows(frame: pl.DataFrame) -> pl.Series:
        links = {"\0goes": goes(frame), "\0stays": stays(frame)}
        judged = pl.repeat("young", frame.height, eager=True)
        if own is not None and own.judge_rows is not None:
            judged = own.judge_rows(frame.select(list(own.columns))).cast(pl.String)
        going = pl.col("\0goes") | (pl.col("\0own") == "expired")
        staying = pl.col("\0stays") | (pl.col("\0own") == "held")
        disposition = pl.when(staying).then(pl.lit("held")).when(going).then(pl.lit("expired")).otherwise(pl.col("\0own"))
        return pl.DataFrame({**links, "\0own": judged}).select(disposition).to_series()

    return judge_rows
