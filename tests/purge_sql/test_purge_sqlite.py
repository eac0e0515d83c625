"""Rows of databases of which DB-API is known and nothing else: SQLite, and PostgreSQL taken for one that speaks the standard."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer, ServerDatabase
from purge_sql_case import NOW, by_age, by_value, ids, purge

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge import generic_rows
from airflow_privacy.core.io.purge.table_rows import table_rows_target
from airflow_privacy.core.io.purge.target import Rule, Target
from airflow_privacy.core.model.purge import Kept


class Lite:
    """A SQLite file."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> Any:
        return sqlite3.connect(self.path)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        connection = self.connect()
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        connection.close()
        return rows

    def target(self, rule: Rule, table: str = "t") -> Target:
        return table_rows_target(f"sql://lite/main.{table}", rule=rule, databases=lambda _: self, now=NOW)


@pytest.fixture
def lite(tmp_path: Path) -> Lite:
    return Lite(tmp_path / "db")


def many(count: int) -> str:
    days = "date('2025-12-31', '-' || (n % 1000) || ' days')"
    return f"WITH c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) INSERT INTO t SELECT n, {days} FROM c"


def test_rows_are_counted_and_exactly_the_expired_go(lite: Lite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic_rows, "_ROWS", 500)
    lite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT)", many(3000), "INSERT INTO t VALUES (9001, NULL), (9002, 'soon')")
    target = lite.target(by_age())
    found = target.find()
    assert (found.things, found.step.oldest_days) == (3002, 1000)
    assert found.step.counts == {"expired": 900, "held": 0, "young": 2100, "future": 0, "unknown": 2}
    looked = purge(target)
    assert (looked.gone, looked.left, looked.looked) == (900, 0, 2102)
    assert lite.run("SELECT count(*) FROM t WHERE at < '2024-02-01'") == [(0,)]


def test_a_row_that_is_renewed_between_reading_and_deleting_stays(lite: Lite, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT)", "INSERT INTO t VALUES (1, '2020-01-01'), (2, '2020-01-01')")
    take: Callable[..., Any] = generic_rows.GenericRows.take

    def renew_first(self, connection, ids, lock_ms):
        lite.run("UPDATE t SET at = '2025-12-01' WHERE id = 2")
        return take(self, connection, ids, lock_ms)

    monkeypatch.setattr(generic_rows.GenericRows, "take", renew_first)
    purge(lite.target(by_age()))
    assert lite.run("SELECT id FROM t") == [(2,)]


def test_keys_of_several_columns_and_rows_with_empty_cells_go(lite: Lite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic_rows, "_ROWS", 3)
    lite.run("CREATE TABLE t (a TEXT, id INT, at TEXT, PRIMARY KEY (at, a, id))")
    lite.run(*(f"INSERT INTO t VALUES ('a{n % 3}', {n}, '20{20 + n % 6}-01-01')" for n in range(20)))
    purge(lite.target(by_age()))
    assert {at[:4] for (at,) in lite.run("SELECT at FROM t")} == {"2025"}
    lite.run(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, mail TEXT, phone TEXT)", "INSERT INTO u VALUES (1, 'a', NULL), (2, NULL, 'a')"
    )

    def judge(rows):
        import polars as pl

        return rows.select(pl.when(pl.col("phone").is_null()).then(pl.lit("expired")).otherwise(pl.lit("young"))).to_series()

    purge(lite.target(Rule(columns=("mail", "phone"), judge_rows=judge), "u"))
    assert lite.run("SELECT id FROM u") == [(2,)]


def test_what_a_list_of_values_lets_go_is_found_as_number_and_as_text(lite: Lite) -> None:
    lite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, who)", "INSERT INTO t VALUES (1, '5'), (2, '6'), (3, NULL)")
    target = lite.target(by_value("who", "5"))
    assert target.find().step.counts["young"] == 2
    purge(target)
    assert lite.run("SELECT id FROM t") == [(2,), (3,)]


def test_rows_that_others_refer_to_stay_though_sqlite_does_not_mind(lite: Lite) -> None:
    lite.run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t, at TEXT)",
        "CREATE TABLE c (id INTEGER, t INTEGER REFERENCES T ON DELETE CASCADE)",
        "INSERT INTO t VALUES (1, 1, '2020-01-01'), (2, NULL, '2020-01-01'), (3, 2, '2020-01-01'), (4, NULL, '2020-01-01')",
        "INSERT INTO c VALUES (1, 4)",
    )
    looked = purge(lite.target(by_age()))
    assert (looked.left, looked.kept) == (0, (Kept(why="referenced", count=1),))
    assert lite.run("SELECT id FROM t") == [(4,)]


def test_odd_names_are_quoted(lite: Lite) -> None:
    lite.run("""CREATE TABLE "a ""b'%s?" ("i?" INTEGER PRIMARY KEY, "c ?%s" TEXT)""")
    lite.run("""INSERT INTO "a ""b'%s?" VALUES (1, '2020-01-01'), (2, '2025-12-01')""")
    assert purge(lite.target(by_age("c ?%s"), "a%20%22b%27%25s%3F")).gone == 1


def test_a_table_without_a_key_is_refused(lite: Lite) -> None:
    lite.run("CREATE TABLE t (id INTEGER, at TEXT)")
    with pytest.raises(BadInput, match="no-key"):
        lite.target(by_age()).find()


@dataclass(frozen=True)
class Standard(ServerDatabase):
    """PostgreSQL, of which nothing is known but the standard."""

    dialect: str = "standard"

    def connect(self) -> Any:
        return self.server.connect(options="-c jit=off")  # PostgreSQL's views of the standard's catalogue are large


def test_a_database_that_speaks_the_standard_is_asked_by_it(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t (a int, id int, at date, PRIMARY KEY (id, a))",
        "CREATE TABLE shop.c (id int, t int, a int, FOREIGN KEY (t, a) REFERENCES shop.t (id, a) ON DELETE CASCADE)",
        "INSERT INTO shop.t SELECT n % 5, n, date '2025-12-31' - n FROM generate_series(1, 1000) n",
        "INSERT INTO shop.c VALUES (1, 999, 4)",
    )
    target = table_rows_target("sql://pg/shop.t", rule=by_age(), databases=lambda _: Standard(pg), now=NOW)
    found = target.find()
    assert (found.step.counts["expired"], found.kept) == (300, (Kept(why="referenced", count=1),))
    assert purge(target).left == 0
    assert ids(pg, "t") == [*range(1, 700), 999]
