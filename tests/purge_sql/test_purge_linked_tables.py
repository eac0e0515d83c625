"""A subject's rows over foreign keys: Chinook's eleven tables, and which rows belong to one person."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer, databases_at
from purge_sql_case import by_age, by_value, ids

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.linked_tables import linked_rows_targets, linked_tables
from airflow_privacy.core.io.purge.target import Pace, Rule, Target
from airflow_privacy.core.io.sql import Databases, SqlPlace
from airflow_privacy.core.model.purge import Kept, Looked

TABLES = ["album", "artist", "customer", "employee", "genre", "invoice", "invoice_line", "media_type"]
TABLES += ["playlist", "playlist_track", "track"]


WRITTEN = ("employee", "customer", "invoice", "invoice_line")


@pytest.fixture(scope="module")
def loaded(server: PostgresServer, reference_data: Path) -> PostgresServer:
    """Chinook in a schema of its own, with copies of the tables that tests delete from."""
    script = (reference_data / "tables" / "chinook" / "Chinook_PostgreSql.sql").read_text()
    with server.connect(autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS chinook CASCADE")
        connection.execute("CREATE SCHEMA chinook")
        connection.execute("SET search_path TO chinook")
        connection.execute(script[script.index("CREATE TABLE album") :].encode())
        for table in WRITTEN:
            connection.execute(f"CREATE TABLE copy_of_{table} AS SELECT * FROM {table}")
    return server


@pytest.fixture
def chinook(loaded: PostgresServer) -> PostgresServer:
    """All rows are there."""
    with loaded.connect() as connection:
        connection.execute("SET session_replication_role TO replica")
        for table in WRITTEN:
            connection.execute(f"DELETE FROM chinook.{table}")
            connection.execute(f"INSERT INTO chinook.{table} SELECT * FROM chinook.copy_of_{table}")
    return loaded


def counts(server: PostgresServer) -> dict[str, int]:
    return {table: server.run(f"SELECT count(*) FROM chinook.{table}")[0][0] for table in TABLES}


def erase(targets: tuple[Target, ...]) -> list[Looked]:
    steps = [target.find().step for target in targets]
    for target, step in zip(targets, steps, strict=True):
        target.remove(step, (), pace=Pace(), progress=lambda *_: None)
    return [target.look_again(step, ()) for target, step in zip(targets, steps, strict=True)]


def at(server: PostgresServer, table: str, rule: Rule, *follow: str, schema: str = "chinook") -> tuple[Target, ...]:
    return linked_rows_targets(f"sql://pg/{schema}.{table}", rule=rule, databases=databases_at(server), follow=follow)


def test_eleven_tables_stand_in_an_order_in_which_they_can_be_emptied(chinook: PostgresServer) -> None:
    tables = [table.place.table for table in linked_tables(databases_at(chinook)("pg"), SqlPlace("pg", "chinook", "customer"))]
    assert sorted(tables) == TABLES
    with chinook.connect() as connection:
        for table in tables:
            connection.execute(f"DELETE FROM chinook.{table}")
        connection.rollback()


def test_a_customer_goes_with_invoices_and_their_lines_and_nothing_else(chinook: PostgresServer) -> None:
    before = counts(chinook)
    looked = erase(at(chinook, "customer", by_value("customer_id", 5)))
    assert [(one.uri.rpartition(".")[2], one.gone, one.left, one.kept) for one in looked] == [
        ("invoice_line", 38, 0, ()),
        ("invoice", 7, 0, ()),
        ("customer", 1, 0, ()),
    ]
    gone = {"invoice_line": 38, "invoice": 7, "customer": 1}
    assert counts(chinook) == {table: number - gone.get(table, 0) for table, number in before.items()}
    assert chinook.run("SELECT count(*) FROM chinook.customer WHERE customer_id = 5") == [(0,)]
    assert chinook.run("SELECT count(*) FROM chinook.invoice WHERE customer_id = 5") == [(0,)]


def test_a_customer_is_found_by_another_column_than_the_key(chinook: PostgresServer) -> None:
    (mail,) = chinook.run("SELECT email FROM chinook.customer WHERE customer_id = 5")[0]
    assert [one.gone for one in erase(at(chinook, "customer", by_value("email", mail)))] == [38, 7, 1]


def test_a_row_that_was_restored_is_found_in_its_table(chinook: PostgresServer) -> None:
    targets = at(chinook, "customer", by_value("customer_id", 5))
    steps = [target.find().step for target in targets]
    erase(targets)
    chinook.run(
        "INSERT INTO chinook.customer SELECT * FROM chinook.copy_of_customer WHERE customer_id = 5",
        "INSERT INTO chinook.invoice SELECT * FROM chinook.copy_of_invoice WHERE customer_id = 5 LIMIT 1",
    )
    looked = [target.look_again(step, ()) for target, step in zip(targets, steps, strict=True)]
    assert [(one.uri.rpartition(".")[2], one.left, [kept.why for kept in one.kept]) for one in looked] == [
        ("invoice_line", 0, []),
        ("invoice", 1, []),
        ("customer", 0, ["referenced"]),
    ]


def test_rows_below_are_found_though_the_one_above_is_gone(chinook: PostgresServer) -> None:
    with chinook.connect() as connection:
        connection.execute("SET session_replication_role TO replica")
        connection.execute("DELETE FROM chinook.customer WHERE customer_id = 5")
    assert [one.gone for one in erase(at(chinook, "customer", by_value("customer_id", 5)))] == [38, 7, 0]


def test_a_customer_on_hold_keeps_invoices_and_lines(chinook: PostgresServer) -> None:
    before = counts(chinook)
    targets = at(chinook, "customer", by_value("customer_id", 6, held=[5]))
    assert [target.find().step.counts["held"] for target in targets] == [38, 7, 1]
    erase(targets)
    left = counts(chinook)
    assert {table: before[table] - left[table] for table in TABLES if before[table] != left[table]} == {
        "customer": 1,
        "invoice": 7,
        "invoice_line": 38,
    }
    assert chinook.run("SELECT count(*) FROM chinook.invoice WHERE customer_id = 5") == [(7,)]


def test_what_may_be_without_the_subject_is_not_followed_and_holds_it(chinook: PostgresServer) -> None:
    targets = at(chinook, "employee", by_value("employee_id", 3))
    assert [target.uri for target in targets] == ["sql://pg/chinook.employee"]
    looked = erase(targets)
    assert (looked[0].gone, looked[0].left, looked[0].kept) == (0, 0, (Kept(why="referenced", count=1),))
    assert counts(chinook)["customer"] == 59


def test_what_may_be_without_the_subject_is_followed_where_it_is_named(chinook: PostgresServer) -> None:
    (served,) = chinook.run("SELECT count(*) FROM chinook.customer WHERE support_rep_id = 3")[0]
    looked = erase(at(chinook, "employee", by_value("employee_id", 3), "customer.support_rep_id"))
    assert {one.uri.rpartition(".")[2]: (one.gone, one.left) for one in looked if "invoice" not in one.uri} == {
        "customer": (served, 0),
        "employee": (1, 0),
    }


def test_rows_of_the_same_table_are_followed_down_to_the_last(chinook: PostgresServer) -> None:
    looked = erase(at(chinook, "employee", by_value("employee_id", 6), "employee.reports_to"))
    assert (looked[-1].gone, looked[-1].left) == (3, 0)  # 6 and, below, 7 and 8
    assert chinook.run("SELECT employee_id FROM chinook.employee ORDER BY 1") == [(1,), (2,), (3,), (4,), (5,)]


def test_rows_that_lead_to_two_people_stay_while_one_of_them_is_on_hold(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.person (id int PRIMARY KEY)",
        "CREATE TABLE shop.message (id bigint, sender bigint NOT NULL, receiver bigint NOT NULL)",
        "ALTER TABLE shop.person ALTER id TYPE bigint",
        "ALTER TABLE shop.message ADD FOREIGN KEY (sender) REFERENCES shop.person",
        "ALTER TABLE shop.message ADD FOREIGN KEY (receiver) REFERENCES shop.person",
        "INSERT INTO shop.person SELECT generate_series(1, 4)",
        "INSERT INTO shop.message VALUES (1, 1, 2), (2, 2, 1), (3, 1, 3), (4, 3, 4), (5, 1, 1)",
    )
    looked = erase(at(pg, "person", by_value("id", 1, held=[3]), schema="shop"))
    assert ids(pg, "message") == [3, 4]
    assert looked[-1].kept == (Kept(why="referenced", count=1),)


def test_keys_of_several_columns_and_of_other_types_are_followed(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.p (a int, b uuid, who text, PRIMARY KEY (a, b))",
        "CREATE TABLE shop.c (id bigint PRIMARY KEY, x uuid NOT NULL, y int NOT NULL, FOREIGN KEY (y, x) REFERENCES shop.p)",
        "CREATE TABLE shop.d (id int, c numeric(20, 0) NOT NULL)",
        "INSERT INTO shop.p SELECT n, ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd38000' || n)::uuid, 'p' || n FROM generate_series(1, 5) n",
        "INSERT INTO shop.c SELECT a * 10, b, a FROM shop.p",
        "ALTER TABLE shop.c ALTER id TYPE numeric(20, 0)",
        "INSERT INTO shop.d SELECT id, id FROM shop.c",
        "ALTER TABLE shop.d ADD FOREIGN KEY (c) REFERENCES shop.c",
    )
    assert [(one.gone, one.left) for one in erase(at(pg, "p", by_value("who", "p2", "p4"), schema="shop"))] == [(2, 0)] * 3
    assert (ids(pg, "c"), ids(pg, "d")) == ([10, 30, 50], [10, 30, 50])


def test_a_reference_that_is_not_there_cannot_be_followed(chinook: PostgresServer) -> None:
    with pytest.raises(BadInput, match="unknown-reference"):
        at(chinook, "customer", by_value("customer_id", 5), "customer.nowhere")


def test_a_rule_without_a_subject_is_refused(chinook: PostgresServer) -> None:
    with pytest.raises(BadInput, match="no-subject"):
        at(chinook, "customer", by_age())


class Lite:
    """A SQLite file, which ignores foreign keys unless it is told to obey them."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> Any:
        return sqlite3.connect(self.path)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def lite(reference_data: Path, tmp_path: Path) -> tuple[Databases, Callable[[str], list[tuple[Any, ...]]]]:
    path = tmp_path / "chinook"
    shutil.copyfile(reference_data / "tables" / "chinook" / "Chinook_Sqlite.sqlite", path)

    def run(statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(path)
        rows = connection.execute(statement).fetchall()
        connection.commit()
        connection.close()
        return rows

    return (lambda _: Lite(path)), run


def test_sqlite_gives_the_same_tables_and_rows(lite) -> None:
    databases, run = lite
    tables = linked_tables(databases("lite"), SqlPlace("lite", "main", "Customer"))
    assert len(tables) == 11
    targets = linked_rows_targets("sql://lite/main.Customer", rule=by_value("CustomerId", 5), databases=databases)
    assert [(one.uri.rpartition(".")[2], one.gone, one.left) for one in erase(targets)] == [
        ("InvoiceLine", 38, 0),
        ("Invoice", 7, 0),
        ("Customer", 1, 0),
    ]
    assert run("SELECT (SELECT count(*) FROM Customer), (SELECT count(*) FROM Invoice), (SELECT count(*) FROM InvoiceLine)") == [
        (58, 405, 2202)
    ]


def test_sqlite_keeps_a_row_that_others_refer_to_though_it_would_let_it_go(lite) -> None:
    databases, run = lite
    (target,) = linked_rows_targets("sql://lite/main.Employee", rule=by_value("EmployeeId", 3), databases=databases)
    assert target.find().kept == (Kept(why="referenced", count=1),)
    assert erase((target,))[0].kept == (Kept(why="referenced", count=1),)
    assert run("SELECT count(*) FROM Employee") == [(8,)]
