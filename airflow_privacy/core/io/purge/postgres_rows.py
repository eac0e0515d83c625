"""Rows of a PostgreSQL table: read without locks, in ranges of its pages; deleted in short transactions that lock what is still
the version that was judged, and delete it, so that a row that was renewed in between stays.

A plain table's rows are named by where they lie (``ctid``), which needs no key and no index; partitioned tables' rows by the
primary key. With either goes the transaction that wrote the row (``xmin``): every UPDATE writes a new version with another one,
and a place is used again only by a later transaction. So a row that has both still has the values that were judged.

Before PostgreSQL 14 each range of pages reads the whole table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey
from airflow_privacy.core.io.purge.table_batches import Read, Taken
from airflow_privacy.core.io.purge.table_bounds import (
    Among,
    Bound,
    among_of,
    array_literal,
    before_literal,
    chunks,
    quoted,
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
        *postgres.SETTINGS,
        "SET LOCAL search_path TO DEFAULT",
        "SET LOCAL standard_conforming_strings TO on",
        "SET LOCAL jit TO off",  # compiling takes longer than any statement here should
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
        self._names = [f"t.{database.quote(key)}" for key in table.key] if self._by_key else ["t.ctid"]
        self._types = [table.columns[key].sql for key in table.key] if self._by_key else ["tid"]

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
        # One snapshot: a row that moved away meanwhile is neither free nor held.
        _begin(connection, isolation="REPEATABLE READ")
        arrays = _arrays(ids, self._types)
        columns = [SqlColumn(name, pl.String()) for name in ids.columns[:-1]]
        there = _fetched(connection, self._names, f"{self._from} WHERE {self._within(arrays, 't')}", columns, self._where)
        held = there.join(self._free(connection, arrays), on=there.columns, how="anti").with_columns(pl.lit(True).alias("held"))
        connection.commit()
        marked: pl.Series = ids.join(held, on=there.columns, how="left", maintain_order="left")["held"].fill_null(False)
        return marked

    def take(self, connection: Any, ids: Any, lock_ms: int) -> Taken:
        _begin(connection, lock_ms)
        postgres.execute(connection, "SET LOCAL enable_seqscan TO off")  # not even a large batch is looked for in the whole table
        begun = time.monotonic()
        rows, locked = self._lock(connection, ids)
        deleted = 0
        if rows:
            # A statement of its own sees what was committed before the rows were locked; nobody can refer to them since.
            if any(key.itself for key in self._holding):
                locked = _arrays(self._free(connection, locked), self._types)
            conditions = [self._within(locked, "t"), *(self._unreferred(key, ()) for key in self._holding if not key.itself)]
            deleted = _changed(connection, f"DELETE FROM {self._from} WHERE {' AND '.join(conditions)}")  # noqa: S608
        connection.commit()
        return Taken(deleted, rows - deleted, time.monotonic() - begun)

    def days(self, connection: Any, name: str) -> pl.DataFrame:
        """For each day of a column that is a point in time: the first and the last moment on it, and how many rows (``rows``).

        ``low`` and ``high`` are null for rows without a moment that a frame can hold.
        """
        column = self._table.columns[name]
        moment = column.read.format(f"t.{self._database.quote(name)}")
        source = f"(SELECT {moment} AS m FROM {self._from}) AS s GROUP BY m::date"  # noqa: S608 - quoted identifiers
        kind = column.dtype or pl.String()
        columns = [SqlColumn("low", kind), SqlColumn("high", kind), SqlColumn("rows", pl.Int64())]
        _begin(connection)
        frame = _fetched(connection, ["min(m)", "max(m)", "count(*)"], source, columns, self._where)
        connection.commit()
        return frame

    def moments(self, connection: Any, name: str, day: Any) -> pl.DataFrame:
        """Each moment (``low``) of one day of such a column, and how many rows."""
        column = self._table.columns[name]
        moment = column.read.format(f"t.{self._database.quote(name)}")
        source = f"(SELECT {moment} AS m FROM {self._from}) AS s WHERE m::date = '{day.isoformat()}'::date GROUP BY m"  # noqa: S608
        columns = [SqlColumn("low", column.dtype or pl.String()), SqlColumn("rows", pl.Int64())]
        _begin(connection)
        frame = _fetched(connection, ["m", "count(*)"], source, columns, self._where)
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
        order = ", ".join(self._names)
        after = "true"
        while True:
            _begin(connection)
            read = self._copy(connection, f"WHERE ({condition}) AND {after} ORDER BY {order} LIMIT {_ROWS}")
            connection.commit()
            yield read
            if read.ids.height < _ROWS:
                return
            last = [array_literal(read.ids[-1, place : place + 1].to_series(), kind) for place, kind in enumerate(self._types)]
            after = f"({order}) > ({', '.join(f'({value})[1]' for value in last)})"

    def _copy(self, connection: Any, rest: str) -> Read:
        columns = [SqlColumn(f"\0{place}", pl.String()) for place in range(len(self._names) + 1)]
        cells = [*self._names, "t.xmin"]
        cells += [column.read.format(f"t.{self._database.quote(column.name)}") for column in self._read]
        columns += [SqlColumn(column.name, column.dtype or pl.String()) for column in self._read]
        frame = _fetched(connection, cells, f"{self._from} {rest}", columns, self._where)
        return Read(frame[:, : len(self._names) + 1], frame[:, len(self._names) + 1 :])

    def _lock(self, connection: Any, ids: pl.DataFrame) -> tuple[int, list[str]]:
        """Lock those of these rows that are still the same and that nobody else holds: how many, and what names them."""
        arrays = [*_arrays(ids, self._types), array_literal(ids[:, -1], "xid")]
        given = [f"w{place}" for place in range(len(arrays))]
        same = " AND ".join(f"{own} = w.{other}" for own, other in zip([*self._names, "t.xmin"], given, strict=True))
        found = ", ".join(f"coalesce(array_agg(l.l{place})::text, '{{}}') AS l{place}" for place in range(len(self._names)))
        named = ", ".join(f"{name} AS l{place}" for place, name in enumerate(self._names))
        # A row at a time, whatever the planner thinks of the table: a locking subquery is not joined in another way.
        statement = f"""SELECT count(*), {found} FROM unnest({", ".join(arrays)}) AS w({", ".join(given)}),
            LATERAL (SELECT {named} FROM {self._from} WHERE {same} FOR UPDATE SKIP LOCKED) AS l"""  # noqa: S608 - quoted
        ((rows, *texts),) = postgres.execute(connection, statement)
        return int(rows), [f"{quoted(text)}::{kind}[]" for text, kind in zip(texts, self._types, strict=True)]

    def _within(self, arrays: Sequence[str], alias: str) -> str:
        """That the row named *alias* is one of these."""
        names = [f"{alias}.{name.removeprefix('t.')}" for name in self._names]
        if len(arrays) == 1:
            return f"{names[0]} = ANY ({arrays[0]})"
        return f"({', '.join(names)}) IN (SELECT * FROM unnest({', '.join(arrays)}))"  # noqa: S608 - quoted

    def _free(self, connection: Any, arrays: Sequence[str]) -> pl.DataFrame:
        """Those of these rows to which nothing refers that stays: no row of another table, and none of this one but these."""
        columns = [SqlColumn(f"\0{place}", pl.String()) for place in range(len(self._names))]

        def free(among: Sequence[str], but: Sequence[str]) -> pl.DataFrame:
            conditions = [self._within(among, "t"), *(self._unreferred(key, but) for key in self._holding)]
            return _fetched(connection, self._names, f"{self._from} WHERE {' AND '.join(conditions)}", columns, self._where)

        among, height = arrays, -1
        for _ in range(_SELF_ROUNDS):
            left = free(among, among)
            if left.height in (0, height) or not any(key.itself for key in self._holding):
                return left
            among, height = _arrays(left, self._types), left.height
        return free(among, _arrays(left.clear(), self._types))

    def _unreferred(self, key: ForeignKey, but: Sequence[str]) -> str:
        """That no row refers to row ``t`` by this key; of the table itself none but these."""
        quote = self._database.quote
        same = [f"r.{quote(own)} = t.{quote(other)}" for own, other in zip(key.columns, key.refers, strict=True)]
        if key.itself and but:
            same.append(f"NOT ({self._within(but, 'r')})")
        child = postgres.name_of(self._database, key.child)
        return f"NOT EXISTS (SELECT 1 FROM {child} AS r WHERE {' AND '.join(same)})"  # noqa: S608 - quoted


def vacuum(database: Database, connection: Any, table: TableShape) -> None:
    """Let the space of deleted rows be used again. Who may not do that is told so in a warning, and nothing happens."""
    connection.commit()
    connection.autocommit = True
    # Shortening the file needs a lock that readers and writers would wait for.
    postgres.execute(connection, f"VACUUM (TRUNCATE false) {postgres.name_of(database, table.place)}")


def _begin(connection: Any, lock_ms: int = 1000, *, isolation: str = "READ COMMITTED") -> None:
    postgres.execute(
        connection, f"SET TRANSACTION ISOLATION LEVEL {isolation}; {_BEGIN}; SET LOCAL lock_timeout TO '{max(lock_ms, 1)}ms'"
    )


def _fetched(connection: Any, cells: Sequence[str], source: str, columns: list[SqlColumn], where: str) -> pl.DataFrame:
    """Rows as one text, as COPY would write it: a driver spends more on taking rows one by one than a server on this."""
    names = [f"c{place}" for place in range(len(cells))]
    inner = ", ".join(f"{cell} AS {name}" for cell, name in zip(cells, names, strict=True))
    line = " || ".join(["'0'", *(f"E'\\t' || {_cell(name, dtype)}" for name, (_, dtype) in zip(names, columns, strict=True))])
    ((text,),) = postgres.execute(connection, f"SELECT string_agg({line}, E'\\n') FROM (SELECT {inner} FROM {source}) AS s")  # noqa: S608
    return decode(f"{text}\n".encode(), columns, where) if text is not None else pl.DataFrame(schema=dict(columns))


def _cell(name: str, dtype: pl.DataType) -> str:
    if dtype == pl.Boolean():
        return f"CASE WHEN {name} THEN 't' WHEN NOT {name} THEN 'f' ELSE '\\N' END"
    text = f"{name}::text"
    if not (dtype.is_numeric() or dtype.is_temporal()):
        for char, escaped in (("'\\'", "'\\\\'"), ("E'\\t'", "'\\t'"), ("E'\\n'", "'\\n'"), ("E'\\r'", "'\\r'")):
            text = f"replace({text}, {char}, {escaped})"
    return f"coalesce({text}, '\\N')"


def _arrays(ids: pl.DataFrame, types: Sequence[str]) -> list[str]:
    return [array_literal(ids[:, place], kind) for place, kind in enumerate(types)]


def _changed(connection: Any, statement: str) -> int:
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        return int(cursor.rowcount)
    finally:
        cursor.close()
