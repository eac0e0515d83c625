"""A table in a database as part files in a spool: read once, in one statement, so that every later look sees the same rows.

The database is asked no more than that, and no transaction stays open while rows are looked at or masked; the worker's disk has
to hold the table, as for objects of a store.
"""

from __future__ import annotations

from pathlib import Path

from airflow_privacy.core.io import sql_postgres as postgres
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Databases, parse_sql, session
from airflow_privacy.core.io.sql_generic import read_any


def spool_table(uri: str, *, databases: Databases, spool: Spool) -> list[Path]:
    """The table's rows as Parquet files, in an order that is the same for the same rows.

    :raises BadInput: ``missing-table``, ``database-refused`` and what the types bring with them; never names a value.
    :raises StorageUnavailable: the database or the disk failed.
    """
    place = parse_sql(uri)
    database = databases(place.connection)
    with session(database, uri) as connection:
        if database.dialect == "postgresql":
            postgres.begin_reading(connection)
            return postgres.read_rows(database, connection, place, where=uri, spool=spool, ordered=True)
        return read_any(database, connection, place, where=uri, spool=spool)
