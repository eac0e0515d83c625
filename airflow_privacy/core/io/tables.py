"""Tables that are no files to us: in a database, or in a lakehouse. One set of functions, chosen by the URI's scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io import lakehouse_tables, sql_tables
from airflow_privacy.core.io.lakehouse import is_lakehouse, parse_lakehouse
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Databases, is_sql
from airflow_privacy.core.io.sql_source import spool_table
from airflow_privacy.core.io.stored_rows import StoredRows
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ColumnType


def is_table(uri: str) -> bool:
    """Whether the URI names a table that has no version folders: ``sql://``, ``delta+file://``, ``iceberg+file://``."""
    return is_sql(uri) or is_lakehouse(uri)


def spool_rows(uri: str, *, databases: Databases, spool: Spool) -> tuple[str, list[Path]]:
    """The format's name, and the table's rows as Parquet files in an order that is the same for the same table."""
    if is_sql(uri):
        return "sql", spool_table(uri, databases=databases, spool=spool)
    return parse_lakehouse(uri).format, lakehouse_tables.spool_lakehouse(uri, spool=spool)


def write_rows(
    uri: str,
    frames: Iterable[pl.DataFrame],
    *,
    columns: tuple[ColumnType, ...],
    version: TableVersion,
    databases: Databases,
    seal: Callable[[], bytes] | None = None,
) -> None:
    """See :func:`sql_tables.write_table`."""
    if is_sql(uri):
        sql_tables.write_table(uri, frames, columns=columns, version=version, databases=databases, seal=seal)
    else:
        lakehouse_tables.write_lakehouse(uri, frames, columns=columns, version=version, seal=seal)


def read_rows(dataset: Dataset, *, databases: Databases) -> StoredRows:
    """A dataset's rows, after all of them held against its digest.

    :raises VerificationError: they do not.
    """
    if is_sql(dataset.uri):
        return sql_tables.read_table(dataset, databases=databases)
    return lakehouse_tables.read_lakehouse(dataset)


def stated_rows(uri: str, *, databases: Databases) -> TableVersion:
    """Which version a table is said to be, and its passport; the rows are not looked at.

    :raises BadInput: ``not-published``; no masking wrote the table.
    """
    if is_sql(uri):
        return sql_tables.stated_version(uri, databases=databases)
    stated = lakehouse_tables.stated_lakehouse(uri)
    if stated is None:
        raise BadInput("not-published", "No masked table is here", where=uri)
    return stated
