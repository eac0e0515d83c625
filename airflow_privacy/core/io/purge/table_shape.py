"""What a database says about a table that rows are to be deleted from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey, foreign_keys, referring
from airflow_privacy.core.io.sql import Database, SqlPlace

_KIND = """
SELECT c.relkind, EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""

_TYPES = """
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""

_KEY = """
SELECT k.column_name FROM information_schema.table_constraints t
JOIN information_schema.key_column_usage k ON k.constraint_schema = t.constraint_schema
    AND k.constraint_name = t.constraint_name AND k.table_schema = t.table_schema AND k.table_name = t.table_name
WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = '{schema}' AND t.table_name = '{table}' ORDER BY k.ordinal_position
"""

_FIRST = "'0001-01-01'"
_AFTER_LAST = "'10000-01-01'"


@dataclass(frozen=True)
class TableColumn:
    """:param kind: PostgreSQL's built-in type, empty for others. :param sql: the type as it is declared.
    :param read: how the column is selected, ``{}`` for its name: what no frame can hold is read as null, which is unknown."""

    name: str
    kind: str = ""
    sql: str = ""
    dtype: pl.DataType | None = None
    read: str = "{}"


@dataclass(frozen=True, kw_only=True)
class TableShape:
    """A table: its columns by name, its primary key, and the foreign keys by which rows refer to its rows."""

    place: SqlPlace
    columns: dict[str, TableColumn]
    key: tuple[str, ...]
    referred: tuple[ForeignKey, ...]
    partitioned: bool = False
    inherited: bool = False


def shape_of(database: Database, connection: Any, place: SqlPlace, *, where: str) -> TableShape:
    """Look a table up.

    :raises BadInput: ``missing-table``, ``not-a-table`` (a view, a foreign table), ``no-key``.
    """
    referred = referring(foreign_keys(database, connection, place.schema), place)
    if database.dialect == "postgresql":
        return _postgres(connection, place, referred, where)
    names = _names(database, connection, place)
    key = _generic_key(database, connection, place)
    if not key:
        raise BadInput(
            "no-key",
            "The table has no primary key, and nothing else that names a row",
            where=where,
            do="Give it a primary key.",
        )
    return TableShape(place=place, columns={name: TableColumn(name) for name in names}, key=key, referred=referred)


def require_columns(table: TableShape, columns: tuple[str, ...], *, where: str) -> None:
    """:raises BadInput: ``missing-column``."""
    for name in columns:
        if name not in table.columns:
            raise BadInput(
                "missing-column", f"The table has no column {name!r}", where=where, do="Names are taken as written, case and all."
            )


def _postgres(connection: Any, place: SqlPlace, referred: tuple[ForeignKey, ...], where: str) -> TableShape:
    described = postgres.described_columns(connection, place, where=where)
    ((kind, inherited),) = postgres.execute(connection, _KIND, (place.schema, place.table))
    if kind not in ("r", "p"):
        raise BadInput("not-a-table", "Rows are deleted from tables, and this is a view or lies in another database", where=where)
    declared = dict(postgres.execute(connection, _TYPES, (place.schema, place.table)))
    key = tuple(postgres.primary_key(connection, place))
    if kind == "p" and not key:
        raise BadInput(
            "no-key",
            "A partitioned table without a primary key has nothing that names a row",
            where=where,
            do="Give it a primary key, or name each partition as a table of its own.",
        )
    columns = {name: _column(name, kind, declared[name], is_array, modifier) for name, kind, is_array, modifier in described}
    return TableShape(
        place=place, columns=columns, key=key, referred=referred, partitioned=kind == "p", inherited=inherited and kind == "r"
    )


def _column(name: str, kind: str, declared: str, is_array: bool, modifier: int) -> TableColumn:
    if is_array:
        return TableColumn(name, "", declared, pl.List(pl.String()), "to_json({})::text")
    if kind in ("date", "timestamp", "timestamptz"):
        within = f"CASE WHEN {{0}} >= {_FIRST} AND {{0}} < {_AFTER_LAST} THEN {{0}} END"
        return TableColumn(name, kind, declared, postgres.PLAIN[kind], within)
    if kind == "time":
        return TableColumn(name, kind, declared, postgres.PLAIN[kind], "CASE WHEN {0} < '24:00' THEN {0} END")
    if kind == "numeric":
        known = postgres.declared_decimal(modifier)
        if known is None:  # any number of digits: as text
            return TableColumn(name, kind, declared, pl.String(), "{}::text")
        return TableColumn(name, kind, declared, known, "CASE WHEN {0} <> 'NaN' THEN {0} END")
    read = "{}::text" if kind == "bpchar" else "{}"
    return TableColumn(name, kind, declared, postgres.PLAIN.get(kind, pl.String()), read)


def _names(database: Database, connection: Any, place: SqlPlace) -> list[str]:
    cursor = connection.cursor()
    try:
        cursor.execute(f"SELECT * FROM {postgres.name_of(database, place)} WHERE 1 = 0")  # noqa: S608 - quoted identifiers
        return [column[0] for column in cursor.description]
    finally:
        cursor.close()


def _generic_key(database: Database, connection: Any, place: SqlPlace) -> tuple[str, ...]:
    if database.dialect == "sqlite":
        described = postgres.execute(
            connection, f"PRAGMA {database.quote(place.schema)}.table_info({database.quote(place.table)})"
        )
        return tuple(row[1] for row in sorted(described, key=lambda row: row[5]) if row[5])
    schema, table = (name.replace("'", "''") for name in (place.schema, place.table))
    return tuple(name for (name,) in postgres.execute(connection, _KEY.format(schema=schema, table=table)))
