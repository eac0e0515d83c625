"""Rows of any other database: read by primary key; deleted where key and the rule's columns are still what was judged.

No lock is asked for, since databases spell that in many ways: a row that was renewed in between has other values, and a DELETE
that names the values passes it by. Tested with SQLite, which allows one writer at a time, so that a batch holds up all others.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey
from airflow_privacy.core.io.purge.table_batches import Read, Taken
from airflow_privacy.core.io.purge.table_bounds import Bound, among_of
from airflow_privacy.core.io.purge.table_shape import TableShape
from airflow_privacy.core.io.sql import Database
from airflow_privacy.core.io.sql_generic import frame_of

_ROWS = 10_000
_MOST_VALUES = 300
_MARK = "\0"  # where a parameter goes; no name has this character


@dataclass(frozen=True)
class KeyRows:
    """Primary keys, and the rule's values that they were read with, as the driver gave them."""

    rows: list[tuple[Any, ...]] = field(repr=False)

    @property
    def height(self) -> int:
        return len(self.rows)

    def filter(self, mask: pl.Series) -> KeyRows:
        return KeyRows([row for row, chosen in zip(self.rows, mask, strict=True) if chosen])

    def slice(self, offset: int, length: int) -> KeyRows:
        return KeyRows(self.rows[offset : offset + length])


class GenericRows:
    """The rows of one table, with the columns that a rule reads."""

    def __init__(
        self,
        database: Database,
        table: TableShape,
        columns: Sequence[str],
        bound: Bound,
        holding: Sequence[ForeignKey],
        where: str,
    ) -> None:
        self._database, self._table, self._columns, self._holding = database, table, columns, holding
        self._bound, self._where = bound, where
        self._name = postgres.name_of(database, table.place)

    def count(self, connection: Any) -> int:
        ((rows,),) = postgres.execute(connection, f"SELECT count(*) FROM {self._name}")  # noqa: S608 - quoted
        connection.commit()
        return int(rows)

    def scan(self, connection: Any, *, bounded: bool) -> Iterator[Read]:
        """A moment is no bound here: what a date is, each database says otherwise."""
        condition, values = self._among() if bounded else ("1 = 1", ())
        key = [self._database.quote(name) for name in self._table.key]
        cells = [self._database.quote(name) for name in self._columns]
        known = "".join(f" AND {name} IS NOT NULL" for name in key)  # SQLite allows keys without a value
        last: tuple[Any, ...] = ()
        while True:
            after, parameters = self._after(key, last)
            where = f"({condition}) AND {after}{known}"
            query = f"SELECT {', '.join(key + cells)} FROM {self._name} WHERE {where} ORDER BY {', '.join(key)}"  # noqa: S608
            cursor = connection.cursor()
            try:
                cursor.execute(_marked(connection, query), (*values, *parameters))
                rows = [tuple(row) for row in cursor.fetchmany(_ROWS)]
            finally:
                cursor.close()
            connection.commit()
            if rows:
                frame = frame_of(list(self._columns), [row[len(key) :] for row in rows], self._where)
                yield Read(KeyRows(rows), frame)
            if len(rows) < _ROWS:
                return
            last = rows[-1][: len(key)]

    def referred(self, connection: Any, ids: KeyRows) -> pl.Series:
        if not self._holding:
            return pl.repeat(False, ids.height, eager=True)
        own = [self._same(name) for name in self._table.key]
        query = f"SELECT count(*) FROM {self._name} WHERE {' AND '.join([*own, *self._unreferred()])}"  # noqa: S608 - quoted
        found = []
        for row in ids.rows:
            cursor = connection.cursor()
            cursor.execute(_marked(connection, query), row[: len(own)])
            found.append(not cursor.fetchone()[0])
            cursor.close()
        connection.commit()
        return pl.Series(found, dtype=pl.Boolean)

    def take(self, connection: Any, ids: KeyRows, lock_ms: int) -> Taken:  # noqa: ARG002
        """The rows were judged by the values that they are deleted by."""
        same = [self._same(name) for name in self._table.key]
        # Null is like nothing, so that it is asked for apart.
        nulls = {tuple(cell is None for cell in row[len(same) :]) for row in ids.rows}
        begun, deleted = time.monotonic(), 0
        cursor = connection.cursor()
        for pattern in sorted(nulls):
            cells = [
                f"{self._database.quote(name)} IS NULL" if null else self._same(name)
                for name, null in zip(self._columns, pattern, strict=True)
            ]
            conditions = " AND ".join([*same, *cells, *self._unreferred()])
            rows = [
                (*row[: len(same)], *(cell for cell in row[len(same) :] if cell is not None))
                for row in ids.rows
                if tuple(cell is None for cell in row[len(same) :]) == pattern
            ]
            statement = _marked(connection, f"DELETE FROM {self._name} WHERE {conditions}")  # noqa: S608 - quoted
            for row in rows:
                cursor.execute(statement, row)
                deleted += max(cursor.rowcount, 0)
        connection.commit()
        cursor.close()
        return Taken(deleted, 0, time.monotonic() - begun)

    def _same(self, name: str) -> str:
        return f"{self._name}.{self._database.quote(name)} = {_MARK}"

    def _unreferred(self) -> list[str]:
        quote = self._database.quote
        found = []
        for key in self._holding:
            same = [f"r.{quote(own)} = {self._name}.{quote(other)}" for own, other in zip(key.columns, key.refers, strict=True)]
            if key.itself:  # a row may refer to itself
                differs = [f"r.{quote(name)} <> {self._name}.{quote(name)}" for name in self._table.key]
                same.append(f"({' OR '.join(differs)})")
            child = postgres.name_of(self._database, key.child)
            found.append(f"NOT EXISTS (SELECT 1 FROM {child} r WHERE {' AND '.join(same)})")  # noqa: S608 - quoted
        return found

    def _among(self) -> tuple[str, tuple[Any, ...]]:
        """SQLite is asked for a short list of values; what it takes for equal beyond ours, the rule sorts out."""
        parts = among_of(self._bound)
        if parts is None or self._database.dialect != "sqlite" or any(len(part.columns) != 1 for part in parts):
            return "1 = 1", ()
        lists = [part.values.to_series().drop_nulls().to_list() for part in parts]
        if sum(map(len, lists)) > _MOST_VALUES or not all(type(value) in (int, str) for some in lists for value in some):
            return "1 = 1", ()
        said, values = [], []
        for part, some in zip(parts, lists, strict=True):
            forms = list(dict.fromkeys(form for value in some for form in _forms(value)))
            said.append(f"{self._database.quote(part.columns[0])} IN ({', '.join(_MARK * len(forms))})" if forms else "1 = 0")
            values += forms
        return " OR ".join(said) or "1 = 0", tuple(values)

    def _after(self, key: Sequence[str], last: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """That a key comes after another, in a way that databases without row values understand."""
        if not last:
            return "1 = 1", ()
        said, parameters = [], []
        for place in range(len(key)):
            said.append("(" + " AND ".join([*(f"{name} = {_MARK}" for name in key[:place]), f"{key[place]} > {_MARK}"]) + ")")
            parameters += [*last[:place], last[place]]
        return f"({' OR '.join(said)})", tuple(parameters)


def _forms(value: int | str) -> tuple[int | str, ...]:
    """A value as a number and as text: a column of SQLite may hold either."""
    text = str(value)
    whole = text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 19
    return (text, int(text)) if whole else (text,)


def _marked(connection: Any, statement: str) -> str:
    """The statement with the driver's own marks for parameters."""
    module = sys.modules.get(type(connection).__module__.partition(".")[0])
    style = getattr(module, "paramstyle", "qmark")
    if style == "qmark":
        return statement.replace(_MARK, "?")
    if style in ("format", "pyformat"):
        return statement.replace("%", "%%").replace(_MARK, "%s")
    pieces = statement.split(_MARK)
    return pieces[0] + "".join(f":{place}{piece}" for place, piece in enumerate(pieces[1:], 1))
