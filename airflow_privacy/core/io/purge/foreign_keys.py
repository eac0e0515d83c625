"""Which tables of a database refer to which, as its catalogue says.

PostgreSQL and SQLite have catalogues of their own, MySQL an extended one; every other database is asked as ISO/IEC 9075-11
(``information_schema``) says, which is tested as PostgreSQL implements it. References that no constraint declares are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from airflow_privacy.core.io.sql import Database, SqlPlace
from airflow_privacy.core.io.sql_postgres import execute

OnDelete: TypeAlias = Literal["no action", "restrict", "cascade", "set null", "set default"]


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Rows of ``child`` refer with ``columns`` to rows of ``parent``, by its columns ``refers``.

    :param required: no reference may be empty, so that a row of the child cannot be without its parent.
    :param indexed: an index of the child begins with one of the columns.
    """

    name: str
    child: SqlPlace
    columns: tuple[str, ...]
    parent: SqlPlace
    refers: tuple[str, ...]
    on_delete: OnDelete = "no action"
    required: bool = False
    indexed: bool = True

    @property
    def itself(self) -> bool:
        """Whether the table refers to itself."""
        return self.child == self.parent

    @property
    def holds(self) -> bool:
        """Whether a row that is referred to stays: else the database would refuse to delete it, or would delete more with it."""
        return self.on_delete != "set null" or self.required


_POSTGRES = """
SELECT con.conname, cn.nspname AS child_schema, c.relname AS child, names.columns,
    pn.nspname AS parent_schema, p.relname AS parent, names.refers,
    CASE con.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default' WHEN 'r' THEN 'restrict'
        ELSE 'no action' END AS on_delete,
    names.required,
    EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = ANY (con.conkey) AND i.indpred IS NULL)
        AS indexed
FROM pg_catalog.pg_constraint con
JOIN pg_catalog.pg_class c ON c.oid = con.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = con.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
CROSS JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY k.n) AS columns, bool_or(a.attnotnull) AS required,
        array_agg(b.attname::text ORDER BY k.n) AS refers
    FROM unnest(con.conkey, con.confkey) WITH ORDINALITY AS k(own, other, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.own
    JOIN pg_catalog.pg_attribute b ON b.attrelid = con.confrelid AND b.attnum = k.other
) AS names
WHERE con.contype = 'f' AND (con.conparentid = 0 OR NOT c.relispartition)
ORDER BY cn.nspname, c.relname, con.conname
"""

# Joined here: databases plan joins of these views badly.
_RULES = """
SELECT constraint_schema, constraint_name, unique_constraint_schema, unique_constraint_name, delete_rule
FROM information_schema.referential_constraints ORDER BY constraint_schema, constraint_name
"""
_USAGE = """
SELECT constraint_schema, constraint_name, table_schema, table_name, column_name
FROM information_schema.key_column_usage ORDER BY constraint_schema, constraint_name, ordinal_position
"""
_REQUIRED = "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE is_nullable = 'NO'"

_MYSQL = """
SELECT k.constraint_name, k.table_schema, k.table_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
    k.referenced_column_name, r.delete_rule, c.is_nullable
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
JOIN information_schema.columns c
    ON c.table_schema = k.table_schema AND c.table_name = k.table_name AND c.column_name = k.column_name
WHERE k.referenced_table_name IS NOT NULL
ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""


def foreign_keys(database: Database, connection: Any, schema: str) -> tuple[ForeignKey, ...]:
    """Every foreign key that the connection may see, ordered by name.

    :param schema: where SQLite has the tables (``main``); others are asked for all schemas.
    """
    if database.dialect == "postgresql":
        execute(connection, "SET LOCAL jit TO off")
        return tuple(_one(*row) for row in execute(connection, _POSTGRES))
    if database.dialect == "sqlite":
        return tuple(_sqlite(database, connection, schema))
    if database.dialect in ("mysql", "mariadb"):
        return tuple(_grouped(execute(connection, _MYSQL)))
    return tuple(_standard(connection))


def referring(keys: Iterable[ForeignKey], place: SqlPlace) -> tuple[ForeignKey, ...]:
    """Those by which others, or the table itself, refer to a table."""
    return tuple(key for key in keys if key.parent[1:] == place[1:])


def _one(
    name: str,
    schema: str,
    table: str,
    columns: Sequence[str],
    parent_schema: str,
    parent: str,
    refers: Sequence[str],
    on_delete: OnDelete,
    required: bool,
    indexed: bool = True,
) -> ForeignKey:
    return ForeignKey(
        name=name,
        child=SqlPlace("", schema, table),
        columns=tuple(columns),
        parent=SqlPlace("", parent_schema, parent),
        refers=tuple(refers),
        on_delete=on_delete,
        required=required,
        indexed=indexed,
    )


def _standard(connection: Any) -> list[ForeignKey]:
    usage: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for schema, name, *column in execute(connection, _USAGE):
        usage.setdefault((schema, name), []).append((column[0], column[1], column[2]))
    required = set(execute(connection, _REQUIRED))
    found = []
    for schema, name, unique_schema, unique, on_delete in execute(connection, _RULES):
        own, other = usage.get((schema, name), []), usage.get((unique_schema, unique), [])
        if own and other:
            columns, refers = [column for _, _, column in own], [column for _, _, column in other]
            strict = any(column in required for column in own)
            found.append(_one(name, *own[0][:2], columns, *other[0][:2], refers, _rule(str(on_delete).lower()), strict))
    return found


def _grouped(rows: Iterable[Sequence[Any]]) -> list[ForeignKey]:
    """One key of the lines that MySQL has for its columns."""
    grouped: dict[tuple[str, str, str], list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault((row[1], row[2], row[0]), []).append(row)
    found = []
    for (schema, table, name), lines in grouped.items():
        on_delete = str(lines[0][7]).lower()
        required = any(str(line[8]).upper() == "NO" for line in lines)
        columns, refers = [line[3] for line in lines], [line[6] for line in lines]
        found.append(_one(name, schema, table, columns, lines[0][4], lines[0][5], refers, _rule(on_delete), required))
    return found


def _rule(text: str) -> OnDelete:
    known: tuple[OnDelete, ...] = ("cascade", "set null", "set default", "restrict")
    return next((rule for rule in known if rule == text), "no action")


def _sqlite(database: Database, connection: Any, schema: str) -> list[ForeignKey]:
    quoted = database.quote(schema)
    tables = execute(connection, f"SELECT name FROM {quoted}.sqlite_master WHERE type = 'table' ORDER BY name")  # noqa: S608
    by_folded = {name.lower(): name for (name,) in tables}  # SQLite folds names, and keeps them as they were written
    found = []
    for (table,) in tables:
        described = execute(connection, f"PRAGMA {quoted}.table_info({database.quote(table)})")
        required = {row[1] for row in described if row[3]}
        grouped: dict[int, list[tuple[Any, ...]]] = {}
        for row in execute(connection, f"PRAGMA {quoted}.foreign_key_list({database.quote(table)})"):
            grouped.setdefault(row[0], []).append(row)
        for number, rows in sorted(grouped.items()):
            parent = by_folded.get(rows[0][2].lower(), rows[0][2])
            key = sorted(_sqlite_key(database, connection, quoted, parent).items())
            refers = [row[4] or key[place][1] for place, row in enumerate(rows)]
            columns = [row[3] for row in rows]
            strict = any(column in required for column in columns)
            found.append(
                _one(f"{table} {number}", schema, table, columns, schema, parent, refers, _rule(rows[0][6].lower()), strict)
            )
    return found


def _sqlite_key(database: Database, connection: Any, quoted: str, table: str) -> dict[int, str]:
    return {row[5]: row[1] for row in execute(connection, f"PRAGMA {quoted}.table_info({database.quote(table)})") if row[5]}
