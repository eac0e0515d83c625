"""Rows of PostgreSQL tables that outlived their period: which go, which stay, and what is said about them."""

from __future__ import annotations

import pytest
from postgres import PostgresServer, ServerDatabase, databases_at
from purge_sql_case import NOW, SCHEMA, by_age, by_value, ids, orders, purge, rows_at

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.table_rows import table_rows_target
from airflow_privacy.core.io.purge.target import Rule
from airflow_privacy.core.model.purge import Kept
from airflow_privacy.core.retention.disposition import Period, disposition_of


def test_a_hundred_thousand_rows_are_counted_by_what_becomes_of_them(server: PostgresServer) -> None:
    orders(server, customers=2000)
    found = rows_at(server, "orders", by_age()).find()
    assert found.things == 100_000
    assert found.step.counts == {"expired": 30_000, "held": 0, "young": 70_000, "future": 0, "unknown": 0}
    assert found.step.oldest_days == 999
    assert ids(server, "orders", "count(*)") == [100_000]


def test_exactly_the_expired_rows_of_a_hundred_thousand_go(server: PostgresServer) -> None:
    orders(server, customers=2000)
    looked = purge(rows_at(server, "orders", by_age()))
    assert (looked.gone, looked.left, looked.looked) == (30_000, 0, 70_000)
    limit = NOW.isoformat()
    assert ids(server, "orders", f"count(*) FILTER (WHERE at > timestamptz '{limit}' - interval '700 days')") == [70_000]


def test_purging_again_deletes_nothing_and_finds_the_same(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2025-12-31' - n AS at FROM generate_series(1, 1000) n")
    target = rows_at(pg, "t", by_age())
    step = target.find().step
    assert purge(target, step=step) == purge(target, step=step)


def test_a_day_on_which_rows_become_expired_is_looked_at_moment_by_moment(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE shop.t (id int, at timestamptz)")
    pg.run("INSERT INTO shop.t SELECT n, timestamptz '2024-02-01 00:00Z' + interval '1 hour' * n FROM generate_series(-12, 12) n")
    target = rows_at(pg, "t", by_age())
    assert target.find().step.counts["expired"] == 13
    purge(target)
    assert ids(pg, "t") == list(range(1, 13))


def test_unknown_future_and_infinite_anchors_are_counted_and_kept(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t (id int, at timestamp)",
        "INSERT INTO shop.t VALUES (1, NULL), (2, 'infinity'), (3, '-infinity'), (4, '2030-01-01'), (5, '0044-03-15 BC'), "
        "(6, '12000-01-01'), (7, '2020-01-01'), (8, '2025-12-01')",
    )
    target = rows_at(pg, "t", by_age())
    assert target.find().step.counts == {"expired": 1, "held": 0, "young": 1, "future": 1, "unknown": 5}
    purge(target)
    assert ids(pg, "t") == [1, 2, 3, 4, 5, 6, 8]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
@pytest.mark.parametrize("kind", ["date", "timestamp", "text", "varchar(40)", "char(40)"])
def test_the_database_and_the_rule_agree_on_every_day_around_the_limit(pg: PostgresServer, kind: str, zone: str) -> None:
    pg.run(
        f"CREATE TABLE shop.t (id int, at {kind})",
        "INSERT INTO shop.t SELECT n, (timestamp '2024-02-01' + interval '3 hours' * n)::text"
        f"{'::timestamp::date' if kind == 'date' else '::' + kind} FROM generate_series(-40, 40) n",
    )
    told = pg.run("SELECT id, at::text FROM shop.t")
    period = Period(days=700, zone=zone)
    kept = sorted(number for number, text in told if disposition_of(text.strip(), period, now=NOW) != "expired")
    target = rows_at(pg, "t", by_age(zone=zone))
    assert target.find().step.counts["expired"] == len(told) - len(kept)
    purge(target)
    assert ids(pg, "t") == kept


def test_held_rows_are_counted_and_kept(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n")
    target = rows_at(pg, "t", by_age(held=[3, 4]))
    assert target.find().step.counts["held"] == 2
    purge(target)
    assert ids(pg, "t") == [3, 4]


def test_a_row_that_was_renewed_after_it_was_found_stays(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n")
    target = rows_at(pg, "t", by_age())
    step = target.find().step
    pg.run("UPDATE shop.t SET at = '2025-12-01' WHERE id = 7")
    purge(target, step=step)
    assert ids(pg, "t") == [7]


def test_a_row_that_is_renewed_between_reading_and_locking_stays(pg: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_privacy.core.io.purge.postgres_rows import PostgresRows

    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n")
    take, renewed = PostgresRows.take, []

    def renew_first(self, connection, ids, lock_ms):
        if not renewed:
            renewed.extend(pg.run("UPDATE shop.t SET at = '2025-12-01' WHERE id = 7 RETURNING id"))
        return take(self, connection, ids, lock_ms)

    monkeypatch.setattr(PostgresRows, "take", renew_first)
    purge(rows_at(pg, "t", by_age()))
    assert renewed
    assert ids(pg, "t") == [7]


def test_another_row_that_took_a_deleted_ones_place_stays(pg: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_privacy.core.io.purge.postgres_rows import PostgresRows

    pg.run("CREATE TABLE shop.t (id int, at date)", "INSERT INTO shop.t VALUES (1, '2020-01-01')")
    take, places = PostgresRows.take, []

    def replace_first(self, connection, ids, lock_ms):
        if not places:
            places.extend(pg.run("SELECT ctid::text FROM shop.t"))
            pg.run("DELETE FROM shop.t", "VACUUM (TRUNCATE false) shop.t", "INSERT INTO shop.t VALUES (2, '2025-12-01')")
            assert pg.run("SELECT ctid::text FROM shop.t") == places
        return take(self, connection, ids, lock_ms)

    monkeypatch.setattr(PostgresRows, "take", replace_first)
    purge(rows_at(pg, "t", by_age()))
    assert places
    assert ids(pg, "t") == [2]


def test_a_row_that_others_hold_locked_is_visited_again(pg: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_privacy.core.io.purge import table_rows

    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n")
    held = pg.connect()
    held.execute("SELECT 1 FROM shop.t WHERE id = 5 FOR UPDATE")
    monkeypatch.setattr(table_rows, "sleep", lambda _: held.rollback())
    purge(rows_at(pg, "t", by_age()))
    held.close()
    assert ids(pg, "t") == []


def test_a_row_that_stays_locked_is_left_and_reported(pg: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_privacy.core.io.purge import table_rows

    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n")
    monkeypatch.setattr(table_rows, "sleep", lambda _: None)
    with pg.connect() as held:
        held.execute("SELECT 1 FROM shop.t WHERE id = 5 FOR UPDATE")
        looked = purge(rows_at(pg, "t", by_age()))
    assert (looked.gone, looked.left) == (9, 1)


@pytest.mark.parametrize("key", ["", ", PRIMARY KEY (id)", ", PRIMARY KEY (a, at, id)"])
def test_tables_with_any_key_and_with_none_are_purged(pg: PostgresServer, key: str) -> None:
    pg.run(
        f"CREATE TABLE shop.t (id int, a text, at date{key})",
        "INSERT INTO shop.t SELECT n, 'o''n \"\\' || n, date '2025-12-31' - n FROM generate_series(1, 1000) n",
    )
    purge(rows_at(pg, "t", by_age()))
    assert ids(pg, "t", "count(*)") == [699]


def test_rows_of_a_partitioned_table_go_from_every_partition(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t (id int, name text, at date, PRIMARY KEY (at, name)) PARTITION BY RANGE (at)",
        *(
            f"CREATE TABLE shop.t{y} PARTITION OF shop.t FOR VALUES FROM ('{y}-01-01') TO ('{y + 1}-01-01')"
            for y in range(2022, 2026)
        ),
        "INSERT INTO shop.t SELECT n, E'o''\\\\\"\\t' || n, date '2025-12-31' - n % 1000 FROM generate_series(1, 50000) n",
    )
    target = rows_at(pg, "t", by_age())
    assert target.find().step.counts["expired"] == 15_000
    assert purge(target).left == 0
    assert ids(pg, "t", "count(*)") == [35_000]


def test_rows_at_the_same_place_of_a_table_that_inherits_stay(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t (id int, at date)",
        "CREATE TABLE shop.u () INHERITS (shop.t)",
        "INSERT INTO shop.t VALUES (1, '2020-01-01')",
        "INSERT INTO shop.u VALUES (2, '2020-01-01')",
    )
    target = rows_at(pg, "t", by_age())
    assert any("inherit" in sentence for sentence in target.find().step.not_covered)
    purge(target)
    assert ids(pg, "t") == [2]


def test_odd_names_are_quoted(pg: PostgresServer) -> None:
    pg.run(
        """CREATE TABLE shop."a ""b'%s?" (id int PRIMARY KEY, "c ""d'%s?" date)""",
        """INSERT INTO shop."a ""b'%s?" VALUES (1, '2020-01-01'), (2, '2025-12-01')""",
    )
    uri = f"sql://pg/{SCHEMA}.a%20%22b%27%25s%3F"
    target = table_rows_target(uri, rule=by_age("c \"d'%s?"), databases=databases_at(pg), now=NOW)
    assert purge(target).gone == 1


def test_what_a_bound_of_values_lets_go_is_found_by_the_index_or_without(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t (id int PRIMARY KEY, mail text)",
        "INSERT INTO shop.t VALUES (1, 'a@b.c'), (2, 'o''n{\"\\,}@b.c'), (3, 'z@b.c'), (4, NULL)",
    )
    target = rows_at(pg, "t", by_value("mail", "a@b.c", "o'n{\"\\,}@b.c", "nobody@b.c"))
    found = target.find()
    assert (found.things, found.step.counts["expired"], found.step.counts["young"]) == (4, 2, 2)
    purge(target)
    assert ids(pg, "t") == [3, 4]


@pytest.mark.parametrize(
    ("kind", "value", "other"),
    [
        ("int", 7, 8),
        ("bigint", 7, 8),
        ("smallint", 7, 8),
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("varchar(9)", "x", "X"),
        ("char(9)", "x", "X"),
        ("boolean", True, False),
        ("double precision", 0.1, 0.2),
        ("shop.mood", "x", "X"),
    ],
)
def test_values_of_any_type_are_found(pg: PostgresServer, kind: str, value: object, other: object) -> None:
    pg.run(
        "CREATE TYPE shop.mood AS ENUM ('x', 'X')",
        f"CREATE TABLE shop.t (id {kind})",
        f"INSERT INTO shop.t VALUES ('{value}'), ('{other}'), (NULL)",
    )
    looked = purge(rows_at(pg, "t", by_value("id", value)))
    assert (looked.gone, looked.left, looked.looked) == (1, 0, 2)


def test_many_values_that_each_have_many_rows_are_read_in_pieces(pg: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_privacy.core.io.purge import postgres_rows, table_bounds

    monkeypatch.setattr(postgres_rows, "_ROWS", 100)
    monkeypatch.setattr(table_bounds, "_VALUES", 3)
    pg.run("CREATE TABLE shop.t AS SELECT n % 10 AS id FROM generate_series(1, 5000) n")
    target = rows_at(pg, "t", by_value("id", 0, 1, 2, 3, 4, 5, 6))
    assert target.find().step.counts["expired"] == 3500
    purge(target)
    assert set(ids(pg, "t")) == {7, 8, 9}


def test_space_of_deleted_rows_is_used_again(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 1000) n")
    purge(rows_at(pg, "t", by_age()))
    assert pg.run("SELECT relpages > 0 AND reltuples = 0 FROM pg_class WHERE oid = 'shop.t'::regclass") == [(True,)]


def test_a_trigger_that_refuses_leaves_rows_that_are_reported(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n",
        "CREATE FUNCTION shop.keep() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN IF OLD.id = 3 THEN RETURN NULL; END IF; RETURN OLD; END'",
        "CREATE TRIGGER keep BEFORE DELETE ON shop.t FOR EACH ROW EXECUTE FUNCTION shop.keep()",
    )
    looked = purge(rows_at(pg, "t", by_age()))
    assert (looked.gone, looked.left) == (9, 1)


def test_triggers_run_under_the_search_path_that_they_were_written_for(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n",
        "DROP TABLE IF EXISTS public.trace",
        "CREATE TABLE public.trace (n int)",
        "CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO trace VALUES (1); RETURN NULL; END'",
        "CREATE TRIGGER note AFTER DELETE ON shop.t FOR EACH ROW EXECUTE FUNCTION shop.note()",
    )
    purge(rows_at(pg, "t", by_age()))
    assert pg.run("SELECT count(*) FROM public.trace") == [(10,)]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("CREATE VIEW shop.t AS SELECT 1 AS id, now() AS at", "not-a-table"),
        ("CREATE TABLE shop.t (id int)", "missing-column"),
        ("CREATE TABLE shop.u (id int)", "missing-table"),
        ("CREATE TABLE shop.t (id int, at date) PARTITION BY RANGE (at)", "no-key"),
        ("CREATE TABLE shop.t (id int, at int)", "anchor-type"),
    ],
)
def test_what_cannot_be_purged_says_why(pg: PostgresServer, made: str, reason: str) -> None:
    pg.run(made, *(["INSERT INTO shop.t VALUES (1, 1)"] if reason == "anchor-type" else []))
    with pytest.raises(BadInput, match=reason):
        rows_at(pg, "t", by_age()).find()


def test_a_rule_for_whole_things_is_none_for_rows(pg: PostgresServer) -> None:
    with pytest.raises(BadInput, match="no-rule"):
        rows_at(pg, "t", Rule(judge_thing=lambda _: "young"))


def test_rows_that_row_security_would_hide_are_never_left_out_unseen(pg: PostgresServer) -> None:
    pg.run(
        "DROP ROLE IF EXISTS clerk",
        "CREATE ROLE clerk LOGIN",
        "GRANT USAGE ON SCHEMA shop TO clerk",
        "CREATE TABLE shop.t AS SELECT n AS id, date '2020-01-01' AS at FROM generate_series(1, 10) n",
        "GRANT ALL ON shop.t TO clerk",
        "ALTER TABLE shop.t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY first_ones ON shop.t USING (id < 5)",
    )
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Clerk(ServerDatabase):
        def connect(self):
            import psycopg

            return psycopg.connect(host=str(self.server.folder), port=self.server.port, user="clerk", dbname="postgres")

    target = table_rows_target("sql://pg/shop.t", rule=by_age(), databases=lambda _: Clerk(pg), now=NOW)
    try:
        with pytest.raises(BadInput, match="42501"):
            target.find()
    finally:
        pg.run("DROP OWNED BY clerk", "DROP ROLE clerk")


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_driver_that_makes_dictionaries_and_commits_by_itself_purges_the_same(pg: PostgresServer, driver: str) -> None:
    pg.run(
        "CREATE TABLE shop.p (a int, id int, at date, PRIMARY KEY (a, id)) PARTITION BY HASH (id)",
        *(f"CREATE TABLE shop.p{n} PARTITION OF shop.p FOR VALUES WITH (MODULUS 2, REMAINDER {n})" for n in range(2)),
        "CREATE TABLE shop.c (a int, id int, FOREIGN KEY (a, id) REFERENCES shop.p)",
        "INSERT INTO shop.p SELECT n % 3, n, date '2025-12-31' - n FROM generate_series(1, 1000) n",
        "INSERT INTO shop.c SELECT a, id FROM shop.p WHERE id = 900",
    )

    class Dictionaries:
        dialect = "postgresql"
        quote = ServerDatabase.quote

        def connect(self):
            where = {"host": str(pg.folder), "port": pg.port, "user": "owner", "dbname": "postgres"}
            if driver == "psycopg":
                import psycopg
                from psycopg.rows import dict_row

                return psycopg.connect(**where, autocommit=True, row_factory=dict_row)
            psycopg2 = pytest.importorskip("psycopg2")
            from psycopg2.extras import RealDictCursor

            connection = psycopg2.connect(**where, cursor_factory=RealDictCursor)
            connection.autocommit = True
            return connection

    target = table_rows_target("sql://pg/shop.p", rule=by_age(), databases=lambda _: Dictionaries(), now=NOW)
    assert target.find().step.counts["expired"] == 300
    assert purge(target).kept == (Kept(why="referenced", count=1),)
    assert ids(pg, "p") == [*range(1, 700), 900]
