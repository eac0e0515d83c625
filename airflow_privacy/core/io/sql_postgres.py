"""PostgreSQL: a table's columns, its rows into part files, and rows into a table, all through COPY.

Rows are read in one read-only transaction that sees one snapshot, in the order of the primary key; a table or view without one is
sorted by the text of all its columns, so that rows which tie are equal. Row security is switched off for the reading, which makes
PostgreSQL refuse where it would otherwise leave rows out without a word.

==============================================  =================================================
smallint, integer, bigint, oid                  integer
real, double precision                          number
numeric                                         decimal, of at most 38 digits
boolean, date, timestamp, timestamptz, time     the same; timestamptz in UTC
bytea                                           binary
arrays                                          nested: a list of texts
text, varchar, char, uuid, json, enum and all   string, as PostgreSQL writes them (char without its padding,
others                                          interval in ISO 8601)
==============================================  =================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Database, SqlPlace
from airflow_privacy.core.io.sql_copy import SqlColumn, decode, encode, sql_type

_BATCH_BYTES = 32 << 20
_WRITE_ROWS = 50_000
_MOST_DIGITS = 38

SETTINGS = (
    "SET LOCAL search_path TO pg_catalog",
    "SET LOCAL client_encoding TO 'UTF8'",
    "SET LOCAL DateStyle TO 'ISO, YMD'",
    "SET LOCAL IntervalStyle TO 'iso_8601'",
    "SET LOCAL TimeZone TO 'UTC'",
    "SET LOCAL bytea_output TO 'hex'",
    "SET LOCAL extra_float_digits TO 3",
    "SET LOCAL row_security TO off",
)

# Domains are followed down to the type that they are made of.
_COLUMNS = """
WITH RECURSIVE base(attnum, attname, typid, typmod) AS (
    SELECT a.attnum, a.attname, a.atttypid, a.atttypmod
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, b.attname, t.typbasetype, t.typtypmod FROM base b JOIN pg_type t ON t.oid = b.typid WHERE t.typtype = 'd'
)
SELECT b.attname, CASE WHEN n.nspname = 'pg_catalog' THEN t.typname ELSE '' END AS kind, t.typcategory = 'A' AS is_array, b.typmod
FROM base b JOIN pg_type t ON t.oid = b.typid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype <> 'd' ORDER BY b.attnum
"""

_PRIMARY_KEY = """
SELECT a.attname
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE n.nspname = %s AND c.relname = %s AND i.indisprimary
ORDER BY array_position(i.indkey::int2[], a.attnum)
"""

PLAIN: dict[str, pl.DataType] = {
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "oid": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "time": pl.Time(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
    "bytea": pl.Binary(),
}


def begin_reading(connection: Any) -> None:
    """One snapshot for all that follows, and nothing can be written."""
    execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    prepare(connection)


def prepare(connection: Any) -> None:
    """How values are written as text, in this transaction: no setting of the server, the database or the role has a say."""
    for setting in SETTINGS:
        execute(connection, setting)


def execute(connection: Any, statement: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement and give its rows, whatever kind of row the connection is set to make."""
    cursor = connection.cursor()
    try:
        # Some drivers take no None for parameters.
        cursor.execute(statement, *(() if parameters is None else (parameters,)))
        rows = cursor.fetchall() if cursor.description is not None else []
        return [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in rows]
    finally:
        cursor.close()


def name_of(database: Database, place: SqlPlace) -> str:
    """The table in a statement."""
    return f"{database.quote(place.schema)}.{database.quote(place.table)}"


def read_rows(database: Database, connection: Any, place: SqlPlace, *, where: str, spool: Spool, ordered: bool) -> list[Path]:
    """All rows of a table as Parquet part files in the spool; at least one, so that there is a schema.

    :param ordered: in the order of the primary key, or of all columns where there is none.
    :raises BadInput: ``missing-table``, ``no-columns``, ``decimal-too-wide``, ``value-out-of-range``, ``unreadable-rows``.
    """
    described = described_columns(connection, place, where=where)
    columns: list[SqlColumn] = []
    selected = ["0"]
    for name, kind, is_array, modifier in described:
        quoted = database.quote(name)
        if is_array:
            columns.append(SqlColumn(name, pl.List(pl.String)))
            selected.append(f"to_json({quoted})::text")
            continue
        dtype = PLAIN.get(kind, pl.String())
        if kind == "numeric":
            dtype = declared_decimal(modifier) or _widest(database, connection, place, name, where)
        columns.append(SqlColumn(name, dtype))
        selected.append(f"{quoted}::text" if kind == "bpchar" else quoted)
    query = f"SELECT {', '.join(selected)} FROM {name_of(database, place)}"  # noqa: S608 - quoted identifiers
    if ordered:
        query += f" ORDER BY {', '.join(_order(database, connection, place, columns))}"
    parts = _Parts(columns, spool, where)
    expected = copy_out(connection, f"COPY ({query}) TO STDOUT", parts.write)
    parts.finish()
    if parts.rows != expected:
        raise BadInput("unreadable-rows", f"The database sent {expected} rows, and {parts.rows} were read", where=where)
    return parts.paths


def described_columns(connection: Any, place: SqlPlace, *, where: str) -> list[tuple[str, str, bool, int]]:
    """Each column's name, built-in type (empty for others), whether it is an array, and the type's modifier.

    :raises BadInput: ``missing-table``.
    """
    described = execute(connection, _COLUMNS, (place.schema, place.table))
    if not described:
        raise BadInput(
            "missing-table",
            "There is no such table or view, or it has no columns",
            where=where,
            do="Check schema and name; they are taken as written, upper and lower case apart.",
        )
    return [(name, kind, is_array, modifier) for name, kind, is_array, modifier in described]


def primary_key(connection: Any, place: SqlPlace) -> list[str]:
    """The columns of the primary key in its order; none where there is no such key."""
    return [name for (name,) in execute(connection, _PRIMARY_KEY, (place.schema, place.table))]


def copy_out(connection: Any, statement: str, write: Callable[[bytes | memoryview], None]) -> int:
    """Run ``COPY … TO STDOUT``; how many rows the server says that it sent."""
    cursor = connection.cursor()
    try:
        if hasattr(cursor, "copy"):
            with cursor.copy(statement) as copy:
                for block in copy:
                    write(block)
        else:
            cursor.copy_expert(statement, _Sink(write), _BATCH_BYTES)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def create_table(database: Database, connection: Any, place: SqlPlace, schema: pl.Schema) -> None:
    """A new table with columns that hold these types without loss.

    :raises BadInput: ``unsupported-type``.
    """
    columns = ", ".join(f"{database.quote(name)} {sql_type(name, dtype)}" for name, dtype in schema.items())
    execute(connection, f"CREATE TABLE {name_of(database, place)} ({columns})")


def insert_rows(database: Database, connection: Any, place: SqlPlace, frames: Iterable[pl.DataFrame]) -> None:
    """Send the frames' rows into a table that :func:`create_table` made.

    :raises BadInput: ``value-not-representable``.
    """
    cursor = connection.cursor()
    statement = f"COPY {name_of(database, place)} FROM STDIN"
    blocks = (encode(batch) for frame in frames for batch in frame.iter_slices(_WRITE_ROWS))
    try:
        if hasattr(cursor, "copy"):  # psycopg 3
            with cursor.copy(statement) as copy:
                for block in blocks:
                    copy.write(block)
        else:
            cursor.copy_expert(statement, _Stream(blocks))
    finally:
        cursor.close()


def declared_decimal(modifier: int) -> pl.Decimal | None:
    """The type of ``numeric(precision, scale)``; ``None`` where it is not declared, or too wide."""
    if modifier < 0:
        return None
    precision = ((modifier - 4) >> 16) & 0xFFFF
    scale = (((modifier - 4) & 0x7FF) ^ 1024) - 1024
    digits = max(precision - min(scale, 0), scale)
    return pl.Decimal(digits, max(scale, 0)) if digits <= _MOST_DIGITS else None


def _widest(database: Database, connection: Any, place: SqlPlace, name: str, where: str) -> pl.Decimal:
    """The type that holds all values of a numeric column that declares none."""
    value = database.quote(name)
    finite = f"{value} NOT IN ('NaN', 'Infinity', '-Infinity')"
    query = f"""SELECT coalesce(max(scale(trim_scale({value}))), 0) AS scale,
            coalesce(max(length(trunc(abs({value}))::text)), 1) AS whole
        FROM {name_of(database, place)} WHERE {finite}"""  # noqa: S608 - quoted identifiers
    ((scale, whole),) = execute(connection, query)
    if scale + whole > _MOST_DIGITS:
        raise BadInput(
            "decimal-too-wide",
            f"Column {name!r} has numbers that need {scale + whole} digits; {_MOST_DIGITS} can be held",
            where=where,
            do="Round the column, or cast it to double precision or text, in a view.",
        )
    return pl.Decimal(_MOST_DIGITS, scale)


def _order(database: Database, connection: Any, place: SqlPlace, columns: Sequence[SqlColumn]) -> list[str]:
    key = primary_key(connection, place)
    if key:
        return [database.quote(name) for name in key]
    return [f'{database.quote(column.name)}::text COLLATE "C"' for column in columns]


class _Parts:
    """Takes what COPY sends, in pieces of any size, and keeps it as part files."""

    def __init__(self, columns: list[SqlColumn], spool: Spool, where: str) -> None:
        self._columns, self._spool, self._where = columns, spool, where
        self._waiting: list[bytes] = []
        self._held = 0
        self.paths: list[Path] = []
        self.rows = 0

    def write(self, block: bytes | memoryview) -> None:
        self._waiting.append(bytes(block))
        self._held += len(block)
        if self._held >= _BATCH_BYTES:
            data = b"".join(self._waiting)
            end = data.rfind(b"\n") + 1
            self._waiting, self._held = [data[end:]], len(data) - end
            if end:
                self._keep(data[:end])

    def finish(self) -> None:
        data = b"".join(self._waiting)
        if data or not self.paths:
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        columns = self._columns
        frame = decode(data, columns, self._where) if data else pl.DataFrame(schema=dict(columns))
        path = self._spool.path()
        with answering("temporary folder"):
            frame.write_parquet(path, compression="lz4", statistics=False)
        self.paths.append(path)
        self.rows += frame.height


class _Sink:
    """A function as a file to write to, for psycopg 2."""

    def __init__(self, write: Callable[[bytes | memoryview], None]) -> None:
        self.write = write


class _Stream:
    """Blocks as a file to read from, for psycopg 2."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._blocks, b"")
        piece, self._rest = (self._rest[:size], self._rest[size:]) if size >= 0 else (self._rest, b"")
        return piece
