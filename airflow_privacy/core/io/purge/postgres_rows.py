"""Rows of a PostgreSQL table: read without locks, in ranges of its pages; deleted in short transactions that lock, judge again
and delete, so that a row that was renewed in between stays.

A plain table's rows are named by where they lie (``ctid``), which needs no key and no index. A name can be another row's a moment
later: it is only ever deleted by after the row under it was locked and judged, in the same transaction. Partitioned tables' rows
are named by the primary key. Before PostgreSQL 14 each range of pages reads the whole table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey
from airflow_privacy.core.io.purge.table_batches import Judge, Read, Taken
from airflow_privacy.core.io.purge.table_bounds import (
    Among,
    Bound,
    among_of,
    array_literal,
    before_literal,
    chunks,
    typed_values,
)
from airflow_privacy.core.io.purge.table_shape import TableShape
from airflow_privacy.core.io.purge.target import Before
from airflow_privacy.core.io.sql import Database
from airflow_privacy.core.io.sql_copy import SqlColumn, decode

_PAGES = 128
_MOST_PAGES = 4096
_ROWS = 40_000
_SELF_ROUNDS = 50

# Triggers of the table run under the search path that they would have anyway.
_BEGIN = "; ".join(
    (
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        *postgres.SETTINGS,
        "SET LOCAL search_path TO DEFAULT",
        "SET LOCAL standard_conforming_strings TO on",
    )
)


class PostgresRows:
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
        self._database, self._table, self._holding, self._where = database, table, holding, where
        self._read = [table.columns[name] for name in columns]
        self._bound = bound
        self._by_key = table.partitioned
        name = postgres.name_of(database, table.place)
        # ONLY: rows of tables that inherit from this one are those tables' own, and may lie at the same place.
        self._from = f"{name} AS t" if self._by_key else f"ONLY {name} AS t"
        self._ids = [f"t.{database.quote(key)}::text" for key in table.key] if self._by_key else ["t.ctid"]

    def count(self, connection: Any) -> int:
        _begin(connection)
        ((rows,),) = postgres.execute(connection, f"SELECT count(*) FROM {self._from}")  # noqa: S608
        connection.commit()
        return int(rows)

    def scan(self, connection: Any, *, bounded: bool) -> Iterator[Read]:
        for condition in self._conditions() if bounded else ["true"]:
            among = bounded and among_of(self._bound) is not None and condition != "true"
            yield from self._keyed(connection, condition) if self._by_key or among else self._paged(connection, condition)

    def referred(self, connection: Any, ids: Any) -> pl.Series:
        if not self._holding or not ids.height:
            return pl.repeat(False, ids.height, eager=True)
        _begin(connection)
        free = self._free(connection, ids)
        connection.commit()
        marked = ids.join(free.with_columns(pl.lit(False).alias("held")), on=ids.columns, how="left", maintain_order="left")
        held: pl.Series = marked["held"].fill_null(True)
        return held

    def take(self, connection: Any, ids: Any, judge: Judge, lock_ms: int) -> Taken:
        _begin(connection, lock_ms)
        begun = time.monotonic()
        read = self._copy(connection, f"WHERE {self._within(ids, 't')} FOR UPDATE OF t SKIP LOCKED")
        going = read.ids.filter(judge(read.values))
        expired = going.height
        if going.height and self._holding:
            going = self._free(connection, going)
        deleted = 0
        if going.height:
            deleted = _changed(connection, f"DELETE FROM {self._from} WHERE {self._within(going, 't')}")  # noqa: S608
        connection.commit()
        return Taken(deleted, expired - going.height, time.monotonic() - begun)

    def days(self, connection: Any, name: str) -> pl.DataFrame:
        """For each day of a column that is a point in time: the first and the last moment on it, and how many rows (``rows``).

        ``low`` and ``high`` are null for rows without a moment that a frame can hold.
        """
        column = self._table.columns[name]
        moment = column.read.format(f"t.{self._database.quote(name)}")
        query = f"""SELECT 0, min(m), max(m), count(*) FROM (SELECT {moment} AS m FROM {self._from}) AS s
            GROUP BY m::date"""  # noqa: S608 - quoted identifiers
        _begin(connection)
        kind = column.dtype or pl.String()
        frame = _copied(
            connection, query, [SqlColumn("low", kind), SqlColumn("high", kind), SqlColumn("rows", pl.Int64())], self._where
        )
        connection.commit()
        return frame

    def moments(self, connection: Any, name: str, day: Any) -> pl.DataFrame:
        """Each moment (``low``) of one day of such a column, and how many rows."""
        column = self._table.columns[name]
        moment = column.read.format(f"t.{self._database.quote(name)}")
        query = f"""SELECT 0, m, count(*) FROM (SELECT {moment} AS m FROM {self._from}) AS s
            WHERE m::date = '{day.isoformat()}'::date GROUP BY m"""  # noqa: S608 - quoted identifiers
        _begin(connection)
        frame = _copied(
            connection, query, [SqlColumn("low", column.dtype or pl.String()), SqlColumn("rows", pl.Int64())], self._where
        )
        connection.commit()
        return frame

    def _conditions(self) -> list[str]:
        if isinstance(self._bound, Before):
            column = self._table.columns[self._bound.column]
            latest = before_literal(self._bound, column.kind)
            return ["true"] if latest is None else [f"t.{self._database.quote(column.name)} < {latest}"]
        parts = among_of(self._bound)
        if parts is None:
            return ["true"]
        said = [[self._among(part) for part in piece] for piece in chunks(parts)]
        if any(part is None for piece in said for part in piece):
            return ["true"]
        return [" OR ".join(f"({part})" for part in piece) for piece in said if piece]

    def _among(self, part: Among) -> str | None:
        """That the columns have one of these values; ``None`` where the database compares in another way than we do."""
        names = [f"t.{self._database.quote(name)}" for name in part.columns]
        typed = [typed_values(self._table.columns[name].kind, part.values[name]) for name in part.columns]
        if not all(typed):
            return None
        kinds = [kind for kind, _ in filter(None, typed)]
        rows = pl.DataFrame([texts.alias(str(place)) for place, (_, texts) in enumerate(filter(None, typed))]).drop_nulls()
        arrays = [array_literal(texts, kind) for texts, kind in zip(rows, kinds, strict=True)]
        if len(arrays) == 1:
            return f"{names[0]} = ANY ({arrays[0]})"
        return f"({', '.join(names)}) IN (SELECT * FROM unnest({', '.join(arrays)}))"  # noqa: S608 - quoted

    def _paged(self, connection: Any, condition: str) -> Iterator[Read]:
        page, step = 0, _PAGES
        while page < self._pages(connection):
            begun = time.monotonic()
            _begin(connection)
            within = f"t.ctid >= '({page},0)'::tid AND t.ctid < '({page + step},0)'::tid"
            read = self._copy(connection, f"WHERE {within} AND ({condition})")
            connection.commit()
            page += step
            quick = read.ids.height * 2 <= _ROWS and time.monotonic() - begun < 1
            step = min(step * 2, _MOST_PAGES) if quick else max(1, step * _ROWS // max(read.ids.height, _ROWS))
            yield read

    def _pages(self, connection: Any) -> int:
        name = postgres.name_of(self._database, self._table.place).replace("'", "''")
        query = f"SELECT pg_relation_size('{name}'::regclass) / current_setting('block_size')::int"
        _begin(connection)
        ((pages,),) = postgres.execute(connection, query)
        connection.commit()
        return int(pages)

    def _keyed(self, connection: Any, condition: str) -> Iterator[Read]:
        order = [f"t.{self._database.quote(key)}" for key in self._table.key] if self._by_key else ["t.ctid"]
        types = [self._table.columns[key].sql for key in self._table.key] if self._by_key else ["tid"]
        after = "true"
        while True:
            _begin(connection)
            read = self._copy(connection, f"WHERE ({condition}) AND {after} ORDER BY {', '.join(order)} LIMIT {_ROWS}")
            connection.commit()
            yield read
            if read.ids.height < _ROWS:
                return
            last = [array_literal(read.ids[-1, place : place + 1].to_series(), kind) for place, kind in enumerate(types)]
            after = f"({', '.join(order)}) > ({', '.join(f'({value})[1]' for value in last)})"

    def _copy(self, connection: Any, rest: str) -> Read:
        cells = [column.read.format(f"t.{self._database.quote(column.name)}") for column in self._read]
        query = f"SELECT 0, {', '.join(self._ids + cells)} FROM {self._from} {rest}"  # noqa: S608 - quoted identifiers
        columns = [SqlColumn(f"\0{place}", pl.String()) for place in range(len(self._ids))]
        columns += [SqlColumn(column.name, column.dtype or pl.String()) for column in self._read]
        frame = _copied(connection, query, columns, self._where)
        return Read(frame[:, : len(self._ids)], frame[:, len(self._ids) :])

    def _within(self, ids: pl.DataFrame, alias: str) -> str:
        """That the row named *alias* is one of these."""
        if not self._by_key:
            return f"{alias}.ctid = ANY ({array_literal(ids.to_series(), 'tid')})"
        names = [f"{alias}.{self._database.quote(key)}" for key in self._table.key]
        arrays = [array_literal(column, self._table.columns[key].sql) for column, key in zip(ids, self._table.key, strict=True)]
        if len(arrays) == 1:
            return f"{names[0]} = ANY ({arrays[0]})"
        return f"({', '.join(names)}) IN (SELECT * FROM unnest({', '.join(arrays)}))"  # noqa: S608 - quoted

    def _free(self, connection: Any, ids: pl.DataFrame) -> pl.DataFrame:
        """Those of these rows to which nothing refers that stays: no row of another table, and none of this one but these.

        What is locked here gets no new referrer: that would have to lock the row too.
        """
        for _ in range(_SELF_ROUNDS):
            left = self._unreferred(connection, ids, among=ids)
            if left.height == ids.height or not left.height or not any(key.itself for key in self._holding):
                return left
            ids = left
        return self._unreferred(connection, ids, among=ids.clear())

    def _unreferred(self, connection: Any, ids: pl.DataFrame, *, among: pl.DataFrame) -> pl.DataFrame:
        quote = self._database.quote
        conditions = [self._within(ids, "t")]
        for key in self._holding:
            same = [f"r.{quote(own)} = t.{quote(other)}" for own, other in zip(key.columns, key.refers, strict=True)]
            if key.itself and among.height:
                same.append(f"NOT ({self._within(among, 'r')})")
            child = postgres.name_of(self._database, key.child)
            conditions.append(f"NOT EXISTS (SELECT 1 FROM {child} AS r WHERE {' AND '.join(same)})")  # noqa: S608 - quoted
        query = f"SELECT 0, {', '.join(self._ids)} FROM {self._from} WHERE {' AND '.join(conditions)}"  # noqa: S608 - quoted
        return _copied(connection, query, [SqlColumn(name, pl.String()) for name in ids.columns], self._where)


def vacuum(database: Database, connection: Any, table: TableShape) -> None:
    """Let the space of deleted rows be used again. Who may not do that is told so in a warning, and nothing happens."""
    connection.commit()
    connection.autocommit = True
    # Shortening the file needs a lock that readers and writers would wait for.
    postgres.execute(connection, f"VACUUM (TRUNCATE false) {postgres.name_of(database, table.place)}")


def _begin(connection: Any, lock_ms: int = 1000) -> None:
    postgres.execute(connection, f"{_BEGIN}; SET LOCAL lock_timeout TO '{max(lock_ms, 1)}ms'")


def _copied(connection: Any, query: str, columns: list[SqlColumn], where: str) -> pl.DataFrame:
    blocks: list[bytes] = []
    postgres.copy_out(connection, f"COPY ({query}) TO STDOUT", lambda block: blocks.append(bytes(block)))
    data = b"".join(blocks)
    return decode(data, columns, where) if data else pl.DataFrame(schema=dict(columns))


def _changed(connection: Any, statement: str) -> int:
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        return int(cursor.rowcount)
    finally:
        cursor.close()
