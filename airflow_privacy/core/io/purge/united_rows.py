"""Rows of one table that more than one way leads to: a place of its own, and what refers to the rows of another place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.io.purge.linked_rows import LinkedRows
from airflow_privacy.core.io.purge.table_bounds import AnyOf, Bound, among_of
from airflow_privacy.core.io.purge.table_counts import judge
from airflow_privacy.core.io.purge.table_rows import TableRows
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Target
from airflow_privacy.core.model.purge import Item, Looked, Step


def united(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Each place once, where it came first: a row that two targets find is one row, and goes when the first of them does."""
    by_uri: dict[str, list[Target]] = {}
    for target in targets:
        by_uri.setdefault(target.uri, []).append(target)
    return tuple(_one(found) for found in by_uri.values())


@dataclass(frozen=True, kw_only=True)
class UnitedRows:
    """What any of the rules lets go, goes; unless one of them holds it."""

    ways: tuple[TableRows | LinkedRows, ...] = field(repr=False)

    @property
    def uri(self) -> str:
        return self.ways[0].uri

    def find(self) -> Found:
        return self._rows().find()

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        self._rows().remove(step, items, pace=pace, progress=progress)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        return self._rows().look_again(step, items)

    def _rows(self) -> TableRows:
        rows = [way.rows() if isinstance(way, LinkedRows) else way for way in self.ways]
        return TableRows(
            place=rows[0].place,
            uri=self.uri,
            columns=tuple(dict.fromkeys(name for one in rows for name in one.columns)),
            judge_rows=_any_of(rows),
            bound=_bound_of(rows),
            databases=rows[0].databases,
            goes=tuple(dict.fromkeys(key for one in rows for key in one.goes)),
            now=rows[0].now,
        )


def _one(found: list[Target]) -> Target:
    ways = tuple(one for one in found if isinstance(one, TableRows | LinkedRows))
    return UnitedRows(ways=ways) if len(ways) > 1 else found[0]


def _bound_of(rows: Sequence[TableRows]) -> Bound:
    """None as soon as one of the rules has no values to look for: every row is read then."""
    lists = [among_of(one.bound) for one in rows]
    return AnyOf(parts=tuple(part for parts in lists for part in parts or ())) if all(one is not None for one in lists) else None


def _any_of(rows: Sequence[TableRows]) -> Callable[[pl.DataFrame], pl.Series]:
    def judge_rows(frame: pl.DataFrame) -> pl.Series:
        judged = pl.DataFrame(
            [judge(one.judge_rows, frame.select(list(one.columns))).alias(str(n)) for n, one in enumerate(rows)]
        )
        said = pl.concat_list(pl.all().cast(pl.String))
        decided = pl.when(said.list.contains("held")).then(pl.lit("held")).when(said.list.contains("expired"))
        return judged.select(decided.then(pl.lit("expired")).otherwise(pl.lit("young"))).to_series()

    return judge_rows
