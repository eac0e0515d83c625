"""Which database a ``sql://`` URI leads to in Airflow."""

from __future__ import annotations

import json

import pytest
from postgres import PostgresServer

from airflow_privacy.core.errors import BadInput, MissingExtra, StorageUnavailable
from airflow_privacy.core.io.source import open_source
from airflow_privacy.hooks.sql import connection_databases


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("airflow.providers.postgres")

    def define(name: str, **fields: object) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))

    return define


def test_a_table_is_read_through_an_airflow_connection(pg: PostgresServer, connection) -> None:
    connection("crm", conn_type="postgres", host="127.0.0.1", port=pg.port, login="owner", schema="postgres")
    pg.run("CREATE TABLE raw.t AS SELECT 1 AS n")
    assert open_source("sql://crm/raw.t", databases=connection_databases()).rows == 1


def test_a_connection_that_makes_dictionaries_and_commits_by_itself_reads_the_same(pg: PostgresServer, connection) -> None:
    extra = {"cursor": "dictcursor", "autocommit": True}
    connection("crm", conn_type="postgres", host="127.0.0.1", port=pg.port, login="owner", schema="postgres", extra=extra)
    pg.run("CREATE TABLE raw.t (n numeric PRIMARY KEY)", "INSERT INTO raw.t VALUES (1)")
    assert open_source("sql://crm/raw.t", databases=connection_databases()).rows == 1


def test_a_server_that_does_not_answer_may_do_so_later_and_the_password_is_not_shown(pg: PostgresServer, connection) -> None:
    connection("crm", conn_type="postgres", host="127.0.0.1", port=1, login="owner", password="secret-7341", schema="postgres")
    with pytest.raises(StorageUnavailable) as unavailable:
        open_source("sql://crm/raw.t", databases=connection_databases())
    assert "secret" not in repr(unavailable.value)


def test_a_connection_that_is_not_there_is_refused(connection) -> None:
    with pytest.raises(BadInput, match=r"no-connection.*nowhere"):
        open_source("sql://nowhere/raw.t", databases=connection_databases())


def test_a_connection_to_something_else_is_refused(connection) -> None:
    connection("store", conn_type="aws")
    with pytest.raises(BadInput, match="no-sql-connection"):
        open_source("sql://store/raw.t", databases=connection_databases())


def test_a_connection_whose_provider_is_missing_says_so(connection) -> None:
    connection("odd", conn_type="teradata")
    with pytest.raises(MissingExtra, match="teradata"):
        open_source("sql://odd/raw.t", databases=connection_databases())
