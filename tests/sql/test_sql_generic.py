"""Databases of which nothing is known but DB-API, here SQLite: its columns may hold anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io import sql_generic
from airflow_privacy.core.io.source import TableSource, open_source


class Lite:
    """A SQLite file."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., TableSource]:
    def open_with(*statements: str, table: str = "t") -> TableSource:
        with sqlite3.connect(tmp_path / "db") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return open_source(f"sql://lite/main.{table}", databases=lambda _: Lite(tmp_path / "db"))

    return open_with


def test_types_are_those_of_the_values(opened) -> None:
    source = opened(
        "CREATE TABLE t (a, b, c, d, e)", "INSERT INTO t VALUES (1, 0.5, 'x', x'00ff', NULL), (NULL, 2, '', NULL, NULL)"
    )
    assert [column.dtype for column in source.columns] == ["integer", "number", "string", "binary", "null"]
    assert pl.concat(list(source.slabs()))["b"].to_list() == [2.0, 0.5]


def test_a_type_that_changes_after_the_first_batch_holds_for_all(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_generic, "_BATCH", 2)
    source = opened("CREATE TABLE t (n, v)", "INSERT INTO t VALUES (1, 1), (2, 2), (3, 0.5), (4, NULL), (5, 'five')")
    frame = pl.concat(list(source.slabs()))
    assert frame["v"].to_list() == ["1", "2", "0.5", None, "five"]


def test_rows_are_sorted_so_that_their_places_do_not_matter(opened) -> None:
    one = opened("CREATE TABLE t (n, v)", "INSERT INTO t VALUES (2, 'b'), (1, 'a')")
    two = opened("CREATE TABLE u (n, v)", "INSERT INTO u VALUES (1, 'a'), (2, 'b')", table="u")
    assert one.digest == two.digest
    assert [frame.rows() for frame in one.slabs()] == [frame.rows() for frame in two.slabs()]


def test_odd_names_are_quoted(opened) -> None:
    source = opened('CREATE TABLE "a b""" ("c ""d")', 'INSERT INTO "a b""" VALUES (1)', table="a%20b%22")
    assert [column.name for column in source.columns] == ['c "d']


def test_the_customers_of_a_real_database_are_read(reference_data: Path) -> None:
    path = next((reference_data / "tables" / "chinook").glob("*.sqlite"))
    source = open_source("sql://lite/main.Customer", databases=lambda _: Lite(path))
    assert source.rows == 59
    assert {column.name: column.dtype for column in source.columns}["SupportRepId"] == "integer"


def test_an_empty_table_is_refused(opened) -> None:
    with pytest.raises(BadInput, match="no-rows"):
        opened("CREATE TABLE t (n)")
