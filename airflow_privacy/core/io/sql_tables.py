"""Masked tables in PostgreSQL: written whole or not at all, read back before anybody sees them, and held against their digest.

A table is filled, read back, compared and put in the place of the one before in a single transaction, under an advisory lock:
whoever reads sees the old table or the new one, and a process that is killed leaves nothing. ``airflow_privacy_versions`` in the
same schema says which version each table is, and holds its passport once it is published. A table that is not named there
belongs to somebody else and is never replaced.

A table holds one version; the one before is gone when the next is there. Rights that were granted on it are granted again;
indexes, comments and triggers are not, and a table that views depend on cannot be replaced (SQLSTATE 2BP01).
Protects against partial output, lost or altered rows, and writing over other tables; not against who may write into the schema:
that shows when the table is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Database, Databases, SqlPlace, parse_sql, session
from airflow_privacy.core.io.stored_rows import StoredRows, require_rows
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.model.dataset import Dataset, version_of_rows
from airflow_privacy.core.model.refs import ColumnType

VERSIONS = "airflow_privacy_versions"

_LOCK_WAIT = "60s"


def write_table(
    uri: str,
    frames: Iterable[pl.DataFrame],
    *,
    columns: tuple[ColumnType, ...],
    version: TableVersion,
    databases: Databases,
    seal: Callable[[], bytes] | None = None,
) -> None:
    """Make a table of this version what *uri* names. If it is that already, and holds, nothing is written.

    :param frames: the rows, whose digest is the version's; at least one frame.
    :param seal: called when all rows are stored and compared, and gives the passport that goes with them.
    :raises VerificationError: ``rows-differ``; the database does not hold what was sent, or the version is there with other rows.
    :raises BadInput: ``table-not-ours`` and others.
    :raises StorageUnavailable: the database failed, or somebody else held the table for more than a minute.
    """
    place = _place(uri)
    database = _database(place, databases)
    _ensure_versions(database, place, uri)
    with session(database, uri) as connection:
        _begin_writing(connection, f"{place.schema}.{place.table}")
        there, current = _exists(connection, place), _current(database, connection, place)
        if there and current is None:
            raise BadInput(
                "table-not-ours",
                "There is a table of this name that no masking wrote; it is left alone",
                where=uri,
                do="Choose another name, or drop the table if it is not needed.",
            )
        if there and current is not None and current.version == version.version:
            _require_rows(database, connection, place, uri, columns, version)
        else:
            _replace(database, connection, place, uri, frames, columns, version)
        passport = seal().decode() if seal else ""
        if seal or not there or current is None or current.version != version.version:
            _set_current(database, connection, place, version, passport)


def read_table(dataset: Dataset, *, databases: Databases) -> StoredRows:
    """The rows of a dataset that lies in a database, after all of them held against its digest.

    :raises VerificationError: ``version-missing``, ``version-differs``, ``rows-differ``.
    """
    if version_of_rows(dataset.rows_digest, dataset.plan) != dataset.version:
        raise VerificationError("version-differs", "The dataset's version is not the digest of its rows and plan")
    place = _place(dataset.uri)
    database = _database(place, databases)
    spool = Spool()
    with session(database, dataset.uri) as connection:
        postgres.begin_reading(connection)
        if not _exists(connection, place) or not _is_version(_stated(database, connection, place), dataset.version):
            raise VerificationError("version-missing", "The table is not of this version any more", where=dataset.uri)
        version = TableVersion(version=dataset.version, rows_digest=dataset.rows_digest, plan=dataset.plan, rows=dataset.rows)
        paths = _require_rows(database, connection, place, dataset.uri, dataset.columns, version, spool=spool)
    return StoredRows(dataset.columns, tuple(paths), spool)


def stated_version(uri: str, *, databases: Databases) -> TableVersion:
    """Which version a table is said to be, and its passport; the rows are not looked at.

    :raises BadInput: ``not-published``; no masking wrote the table.
    """
    place = _place(uri)
    database = _database(place, databases)
    with session(database, uri) as connection:
        postgres.begin_reading(connection)
        found = _stated(database, connection, place) if _exists(connection, place) else None
    if found is None:
        raise BadInput("not-published", "No masked table is here", where=uri)
    return found


def _place(uri: str) -> SqlPlace:
    place = parse_sql(uri)
    if place.table == VERSIONS:
        raise BadInput("bad-uri", "This table holds the versions of the others", where=uri, do="Choose another name.")
    return place


def _database(place: SqlPlace, databases: Databases) -> Database:
    database = databases(place.connection)
    if database.dialect != "postgresql":
        raise BadInput(
            "unsupported-database",
            f"Masked tables are kept in PostgreSQL only, and this is {database.dialect}",
            where=f"connection {place.connection!r}",
            do="Mask to files, or to a PostgreSQL connection.",
        )
    return database


def _begin_writing(connection: Any, lock: str) -> None:
    postgres.prepare(connection)
    postgres.execute(connection, f"SET LOCAL lock_timeout TO '{_LOCK_WAIT}'")
    postgres.execute(connection, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"airflow-privacy {lock}",))


def _ensure_versions(database: Database, place: SqlPlace, uri: str) -> None:
    versions = place._replace(table=VERSIONS)
    with session(database, uri) as connection:
        postgres.prepare(connection)
        if _exists(connection, versions):
            return
    with session(database, uri) as connection:
        _begin_writing(connection, place.schema)  # two that create it at the same time: one would fail
        postgres.execute(
            connection,
            f"""CREATE TABLE IF NOT EXISTS {postgres.name_of(database, versions)} (
                table_name text PRIMARY KEY, version text NOT NULL, rows_digest text NOT NULL, plan text NOT NULL,
                rows bigint NOT NULL, passport text NOT NULL, written_at timestamptz NOT NULL DEFAULT now())""",
        )


def _exists(connection: Any, place: SqlPlace) -> bool:
    query = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"
    return bool(postgres.execute(connection, query, (place.schema, place.table)))


def _stated(database: Database, connection: Any, place: SqlPlace) -> TableVersion | None:
    return _current(database, connection, place) if _exists(connection, place._replace(table=VERSIONS)) else None


def _current(database: Database, connection: Any, place: SqlPlace) -> TableVersion | None:
    versions = postgres.name_of(database, place._replace(table=VERSIONS))
    query = f"SELECT version, rows_digest, plan, rows, passport FROM {versions} WHERE table_name = %s"  # noqa: S608 - quoted
    found = postgres.execute(connection, query, (place.table,))
    if not found:
        return None
    version, digest, plan, rows, passport = found[0]
    return TableVersion(version=version, rows_digest=digest, plan=plan, rows=rows, passport=passport)


def _is_version(stated: TableVersion | None, version: str) -> bool:
    return stated is not None and stated.version == version


def _set_current(database: Database, connection: Any, place: SqlPlace, version: TableVersion, passport: str) -> None:
    versions = postgres.name_of(database, place._replace(table=VERSIONS))
    postgres.execute(
        connection,
        f"""INSERT INTO {versions} (table_name, version, rows_digest, plan, rows, passport) VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (table_name) DO UPDATE SET version = excluded.version, rows_digest = excluded.rows_digest,
            plan = excluded.plan, rows = excluded.rows, passport = excluded.passport, written_at = excluded.written_at
        """,  # noqa: S608 - quoted identifiers
        (place.table, version.version, version.rows_digest, version.plan, version.rows, passport),
    )


def _replace(
    database: Database,
    connection: Any,
    place: SqlPlace,
    uri: str,
    frames: Iterable[pl.DataFrame],
    columns: tuple[ColumnType, ...],
    version: TableVersion,
) -> None:
    mark = hashlib.sha256(place.table.encode()).hexdigest()[:8]
    staging = place._replace(table=f"airflow_privacy_{version.version}_{mark}")
    pieces = iter(frames)
    first = next(pieces)
    postgres.create_table(database, connection, staging, first.schema)
    postgres.insert_rows(database, connection, staging, _chain(first, pieces))
    _require_rows(database, connection, staging, uri, columns, version)
    name, new = postgres.name_of(database, place), postgres.name_of(database, staging)
    if _exists(connection, place):
        for statement in _grants(database, connection, place, new):
            postgres.execute(connection, statement)
        postgres.execute(connection, f"DROP TABLE {name}")
    postgres.execute(connection, f"ALTER TABLE {new} RENAME TO {database.quote(place.table)}")


def _grants(database: Database, connection: Any, place: SqlPlace, new: str) -> list[str]:
    """Who could read the table can read the next version."""
    query = """SELECT a.privilege_type, coalesce(r.rolname, ''), a.is_grantable
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE n.nspname = %s AND c.relname = %s AND a.grantee <> c.relowner"""
    return [
        f"GRANT {privilege} ON {new} TO {database.quote(role) if role else 'PUBLIC'}{' WITH GRANT OPTION' if grantable else ''}"
        for privilege, role, grantable in postgres.execute(connection, query, (place.schema, place.table))
    ]


def _require_rows(
    database: Database,
    connection: Any,
    place: SqlPlace,
    uri: str,
    columns: tuple[ColumnType, ...],
    version: TableVersion,
    *,
    spool: Spool | None = None,
) -> list[Path]:
    """Read a table in this transaction and hold it against its digest."""
    spool = spool or Spool()
    paths = postgres.read_rows(database, connection, place, where=uri, spool=spool, ordered=False)
    require_rows(paths, columns, version, where=uri)
    return paths


def _chain(first: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from rest
