"""Rows that other rows refer to: kept and reported, never deleted along, and gone once nothing refers to them."""

from __future__ import annotations

import pytest
from postgres import PostgresServer, databases_at
from purge_sql_case import SCHEMA, by_age, ids, orders, purge, rows_at

from airflow_privacy.core.io.purge.linked_tables import deletion_order, linked_tables
from airflow_privacy.core.io.purge.table_rows import TableRows
from airflow_privacy.core.io.sql import SqlPlace
from airflow_privacy.core.model.purge import Kept


def test_expired_parents_with_living_children_are_kept_and_reported(server: PostgresServer) -> None:
    orders(server, customers=2000, rows=1000)  # customers 2 to 1001 have an order
    target = rows_at(server, "customers", by_age())
    found = target.find()
    assert found.step.counts["expired"] == 300
    assert found.kept == found.step.kept == (Kept(why="referenced", count=300),)
    looked = purge(target)
    assert (looked.gone, looked.left, looked.kept) == (300, 0, (Kept(why="referenced", count=300),))
    assert ids(server, "orders", "count(*)") == [1000]


def test_children_first_frees_their_parents(server: PostgresServer) -> None:
    orders(server, customers=2000, rows=1000)
    uris = deletion_order([f"sql://pg/{SCHEMA}.customers", f"sql://pg/{SCHEMA}.orders"], databases_at(server))
    assert uris == (f"sql://pg/{SCHEMA}.orders", f"sql://pg/{SCHEMA}.customers")
    (customers,) = (t for t in linked_tables(databases_at(server)("pg"), SqlPlace("pg", SCHEMA, "orders")) if t.referred)
    parents = rows_at(server, "customers", by_age(), goes=customers.referred)
    step = parents.find().step
    assert (step.counts["expired"], step.kept) == (600, ())
    purge(rows_at(server, "orders", by_age()))
    looked = purge(parents, step=step)
    # The order of the first expired day is a day younger than its customer.
    assert (looked.gone + sum(kept.count for kept in looked.kept), looked.left) == (600, 0)
    assert server.run(
        "SELECT count(*) FROM shop.customers c WHERE at < '2024-02-01' "
        "AND NOT EXISTS (SELECT 1 FROM shop.orders WHERE customer = c.id)"
    ) == [(0,)]


@pytest.mark.parametrize("action", ["CASCADE", "RESTRICT", "SET DEFAULT", "NO ACTION"])
def test_no_action_of_the_database_deletes_or_changes_what_was_not_planned(pg: PostgresServer, action: str) -> None:
    pg.run(
        "CREATE TABLE shop.p (id int PRIMARY KEY, at date)",
        f"CREATE TABLE shop.c (id int, p int DEFAULT 0 REFERENCES shop.p ON DELETE {action})",
        "INSERT INTO shop.p VALUES (0, '2025-12-01'), (1, '2020-01-01'), (2, '2020-01-01')",
        "INSERT INTO shop.c VALUES (1, 1)",
    )
    target = rows_at(pg, "p", by_age())
    step = target.find().step
    assert step.kept == (Kept(why="referenced", count=1),)
    assert any("has no index" in sentence for sentence in step.not_covered)
    assert any("CASCADE" in sentence for sentence in step.not_covered) == (action == "CASCADE")
    purge(target)
    assert pg.run("SELECT id, p FROM shop.c") == [(1, 1)]
    assert ids(pg, "p") == [0, 1]


def test_a_reference_that_the_database_empties_holds_nothing_and_is_reported(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.p (id int PRIMARY KEY, at date)",
        "CREATE TABLE shop.c (id int, p int REFERENCES shop.p ON DELETE SET NULL)",
        "INSERT INTO shop.p VALUES (1, '2020-01-01')",
        "INSERT INTO shop.c VALUES (1, 1)",
    )
    target = rows_at(pg, "p", by_age())
    assert any("is emptied" in sentence for sentence in target.find().step.not_covered)
    purge(target)
    assert pg.run("SELECT id, p FROM shop.c") == [(1, None)]


def test_a_child_that_comes_while_its_parent_is_being_deleted_keeps_it(pg: PostgresServer, monkeypatch) -> None:
    pg.run(
        "CREATE TABLE shop.p (id int PRIMARY KEY, at date)",
        "CREATE TABLE shop.c (id int, p int REFERENCES shop.p)",
        "INSERT INTO shop.p SELECT n, '2020-01-01' FROM generate_series(1, 10) n",
    )
    from airflow_privacy.core.io.purge.postgres_rows import PostgresRows

    take, came = PostgresRows.take, []

    def insert_first(self, connection, ids, lock_ms):
        if not came:
            came.extend(pg.run("INSERT INTO shop.c VALUES (1, 4) RETURNING id"))
        return take(self, connection, ids, lock_ms)

    monkeypatch.setattr(PostgresRows, "take", insert_first)
    looked = purge(rows_at(pg, "p", by_age()))
    assert (looked.left, looked.kept) == (0, (Kept(why="referenced", count=1),))
    assert ids(pg, "p") == [4]


def tree(server: PostgresServer, *rows: tuple[int, int | None, str]) -> None:
    server.run("CREATE TABLE shop.t (id int PRIMARY KEY, up int REFERENCES shop.t DEFERRABLE INITIALLY DEFERRED, at date)")
    values = ", ".join(f"({number}, {up or 'NULL'}, '{at}')" for number, up, at in rows)
    server.run(f"INSERT INTO shop.t VALUES {values}")


OLD, YOUNG = "2020-01-01", "2025-12-01"


def test_a_chain_of_rows_that_refer_to_their_own_table_goes_whole(pg: PostgresServer, monkeypatch) -> None:
    from airflow_privacy.core.io.purge import table_batches

    monkeypatch.setattr(table_batches, "_FIRST_ROWS", 2)
    monkeypatch.setattr(table_batches, "_MOST_ROWS", 2)
    tree(pg, *((n, n - 1 or None, OLD) for n in range(1, 12)))
    target = rows_at(pg, "t", by_age())
    assert target.find().step.counts["expired"] == 11
    purge(target)
    assert ids(pg, "t") == []


def test_what_a_living_row_of_the_same_table_leads_to_stays(pg: PostgresServer) -> None:
    # 1 <- 2 <- 3 (young); 4 <- 5; 6 and 7 refer to each other, 8 to itself
    tree(pg, (1, None, OLD), (2, 1, OLD), (3, 2, YOUNG), (4, None, OLD), (5, 4, OLD), (6, 7, OLD), (7, 6, OLD), (8, 8, OLD))
    target = rows_at(pg, "t", by_age())
    found = target.find()
    assert (found.step.counts["expired"], found.kept) == (5, (Kept(why="referenced", count=2),))
    looked = purge(target)
    assert (looked.gone, looked.left, looked.kept) == (5, 0, found.kept)
    assert ids(pg, "t") == [1, 2, 3]


def test_a_long_chain_below_a_living_row_is_kept_and_does_not_take_for_ever(pg: PostgresServer) -> None:
    tree(pg, *((n, n - 1 or None, OLD) for n in range(1, 120)), (120, 119, YOUNG), (200, None, OLD))
    purge(rows_at(pg, "t", by_age()))
    assert ids(pg, "t") == list(range(1, 121))


def test_references_of_several_columns_hold(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.p (a int, id text, at date, PRIMARY KEY (id, a))",
        "CREATE TABLE shop.c (x text, y int, FOREIGN KEY (y, x) REFERENCES shop.p (a, id))",
        "INSERT INTO shop.p VALUES (1, 'a', '2020-01-01'), (1, 'b', '2020-01-01'), (2, 'a', '2020-01-01')",
        "INSERT INTO shop.c VALUES ('a', 1), (NULL, 2)",
    )
    purge(rows_at(pg, "p", by_age()))
    assert pg.run("SELECT a, id FROM shop.p") == [(1, "a")]


def test_partitioned_parents_and_children_hold(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.p (id int PRIMARY KEY, at date) PARTITION BY HASH (id)",
        *(f"CREATE TABLE shop.p{n} PARTITION OF shop.p FOR VALUES WITH (MODULUS 2, REMAINDER {n})" for n in range(2)),
        "CREATE TABLE shop.c (id int, p int REFERENCES shop.p) PARTITION BY HASH (id)",
        *(f"CREATE TABLE shop.c{n} PARTITION OF shop.c FOR VALUES WITH (MODULUS 2, REMAINDER {n})" for n in range(2)),
        "INSERT INTO shop.p SELECT n, '2020-01-01' FROM generate_series(1, 20) n",
        "INSERT INTO shop.c SELECT n, n FROM generate_series(1, 5) n",
    )
    target = rows_at(pg, "p", by_age())
    assert isinstance(target, TableRows)
    assert purge(target).kept == (Kept(why="referenced", count=5),)
    assert ids(pg, "p") == [1, 2, 3, 4, 5]


def test_rows_of_one_partition_are_held_as_those_of_the_whole(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.p (id int PRIMARY KEY, at date) PARTITION BY RANGE (id)",
        "CREATE TABLE shop.p0 PARTITION OF shop.p FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE shop.c (id int, p int REFERENCES shop.p ON DELETE CASCADE)",
        "INSERT INTO shop.p SELECT n, '2020-01-01' FROM generate_series(1, 20) n",
        "INSERT INTO shop.c SELECT n, n FROM generate_series(1, 5) n",
    )
    purge(rows_at(pg, "p0", by_age()))
    assert ids(pg, "p") == ids(pg, "c") == [1, 2, 3, 4, 5]


def test_a_circle_of_tables_stands_together(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.a (id int PRIMARY KEY, b int)",
        "CREATE TABLE shop.b (id int PRIMARY KEY, a int REFERENCES shop.a)",
        "ALTER TABLE shop.a ADD FOREIGN KEY (b) REFERENCES shop.b",
        "CREATE TABLE shop.top (id int PRIMARY KEY)",
        "ALTER TABLE shop.a ADD FOREIGN KEY (id) REFERENCES shop.top",
        "CREATE TABLE shop.low (id int REFERENCES shop.b)",
        "CREATE TABLE shop.alone (id int)",
    )
    tables = linked_tables(databases_at(pg)("pg"), SqlPlace("pg", SCHEMA, "b"))
    assert [table.place.table for table in tables] == ["low", "a", "b", "top"]
