"""Tables of a PostgreSQL server as sources."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
from postgres import PostgresServer, databases_at

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.source import TableSource, open_source
from airflow_privacy.core.io.sql import parse_sql


def opened(pg: PostgresServer, uri: str) -> TableSource:
    return open_source(uri, databases=databases_at(pg))


def rows(source: TableSource) -> list[dict[str, object]]:
    return pl.concat(list(source.slabs())).to_dicts()


TYPES = {
    "smallint": ("-7", "integer", -7),
    "integer": ("7", "integer", 7),
    "bigint": ("9223372036854775807", "integer", 2**63 - 1),
    "real": ("0.5", "number", 0.5),
    "double precision": ("5e-324", "number", 5e-324),
    "numeric(10,2)": ("12345678.90", "decimal", Decimal("12345678.90")),
    "numeric": ("12345678901234567890.125", "decimal", Decimal("12345678901234567890.125")),
    "boolean": ("t", "boolean", True),
    "date": ("2024-02-29", "date", date(2024, 2, 29)),
    "timestamp": ("2024-02-29 12:00:00.000001", "timestamp", datetime(2024, 2, 29, 12, 0, 0, 1)),
    "timestamptz": ("2024-02-29 12:00:00.5+02", "timestamp", datetime(2024, 2, 29, 10, 0, 0, 500_000, tzinfo=UTC)),
    "time": ("13:05:00.25", "time", time(13, 5, 0, 250_000)),
    "text": ("tab\t\n\r\\N \"quoted\" 'x' Zoë 日本", "string", "tab\t\n\r\\N \"quoted\" 'x' Zoë 日本"),
    "varchar(20)": ("", "string", ""),
    "char(5)": ("ab", "string", "ab"),
    "uuid": ("00000000-0000-0000-0000-00000000000A", "string", "00000000-0000-0000-0000-00000000000a"),
    "bytea": ("\\x00ff", "binary", b"\x00\xff"),
    "json": ('{"a": "x\\ty"}', "string", '{"a": "x\\ty"}'),
    "interval": ("1 day 2 hours", "string", "P1DT2H"),
    "inet": ("10.0.0.1", "string", "10.0.0.1"),
    "text[]": ('{"a,b",NULL,"c\\"d","\\\\"}', "nested", ["a,b", None, 'c"d', "\\"]),
    "integer[]": ("{1,2}", "nested", ["1", "2"]),
    "raw.mood": ("glad", "string", "glad"),
    "raw.positive": ("5", "integer", 5),
}


def test_every_type_is_read_with_its_nulls(pg: PostgresServer) -> None:
    pg.run("CREATE TYPE raw.mood AS ENUM ('glad')", "CREATE DOMAIN raw.positive AS integer CHECK (VALUE > 0)")
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(TYPES))
    pg.run(f"CREATE TABLE raw.t (id integer PRIMARY KEY, {columns})")
    with pg.connect() as connection:
        marks = ", ".join(f"%s::{kind}" for kind in TYPES)
        connection.execute(f"INSERT INTO raw.t VALUES (2, {marks})", [given for given, _, _ in TYPES.values()])
        connection.execute("INSERT INTO raw.t (id) VALUES (1)")
    source = opened(pg, "sql://pg/raw.t")
    nulls, values = rows(source)
    assert set(list(nulls.values())[1:]) == {None}
    assert list(values.values())[1:] == [expected for _, _, expected in TYPES.values()]
    assert [column.dtype for column in source.columns][1:] == [dtype for _, dtype, _ in TYPES.values()]


def test_odd_names_are_quoted(pg: PostgresServer) -> None:
    pg.run('CREATE SCHEMA "Ra%w.1"', """CREATE TABLE "Ra%w.1"."a""b ; DROP" ("The ""id" int, "sel'ect" text)""")
    pg.run("""INSERT INTO "Ra%w.1"."a""b ; DROP" VALUES (1, 'x')""")
    source = opened(pg, "sql://pg/Ra%25w%2E1.a%22b%20%3B%20DROP")
    assert rows(source) == [{'The "id': 1, "sel'ect": "x"}]
    pg.run('DROP SCHEMA "Ra%w.1" CASCADE')


def test_rows_come_in_the_order_of_the_primary_key(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t (v text, a int, b int, PRIMARY KEY (b, a))")
    pg.run("INSERT INTO raw.t VALUES ('3', 1, 2), ('2', 9, 1), ('1', 1, 1)")
    assert [row["v"] for row in rows(opened(pg, "sql://pg/raw.t"))] == ["1", "2", "3"]


def test_without_a_key_the_order_is_that_of_the_rows_and_not_of_their_places(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t (v json, n int)", """INSERT INTO raw.t VALUES ('{"b": 1}', 2), ('{"a": 1}', 9), (NULL, 1)""")
    first = opened(pg, "sql://pg/raw.t")
    pg.run("CREATE TABLE raw.u AS SELECT * FROM raw.t ORDER BY n")
    second = opened(pg, "sql://pg/raw.u")
    assert rows(first) == rows(second)
    assert first.digest == second.digest


def test_a_view_is_a_table(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t (n int)", "INSERT INTO raw.t VALUES (1), (2)", "CREATE VIEW raw.v AS SELECT n * 2 AS n FROM raw.t")
    assert rows(opened(pg, "sql://pg/raw.v")) == [{"n": 2}, {"n": 4}]


def test_settings_of_the_role_do_not_change_what_is_read(pg: PostgresServer) -> None:
    pg.run(
        "CREATE TABLE raw.t (a timestamptz, b bytea, c date)",
        "INSERT INTO raw.t VALUES ('2024-02-29 12:00+00', 'x', '2024-02-29')",
    )
    before = opened(pg, "sql://pg/raw.t").digest
    settings = {"timezone": "Asia/Kolkata", "bytea_output": "escape", "datestyle": "German", "search_path": "raw"}
    pg.run(*(f"ALTER ROLE owner SET {name} TO '{value}'" for name, value in settings.items()))
    try:
        assert opened(pg, "sql://pg/raw.t").digest == before
    finally:
        pg.run("ALTER ROLE owner RESET ALL")


def test_a_changed_row_changes_the_digest(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t AS SELECT i AS n FROM generate_series(1, 100) i")
    before = opened(pg, "sql://pg/raw.t").digest
    pg.run("UPDATE raw.t SET n = 0 WHERE n = 50")
    assert opened(pg, "sql://pg/raw.t").digest != before


def test_what_was_opened_stays_as_it_was(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t AS SELECT i AS n FROM generate_series(1, 100) i")
    source = opened(pg, "sql://pg/raw.t")
    pg.run("DROP TABLE raw.t")
    assert sum(frame.height for frame in source.slabs(columns=["n"], rows=7)) == source.rows == 100


def test_a_table_larger_than_a_batch_is_read_whole(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t AS SELECT i AS n, repeat('x', 1000) AS t FROM generate_series(1, 50000) i")
    source = opened(pg, "sql://pg/raw.t")
    assert source.rows == 50_000
    assert sum(sum(frame["n"]) for frame in source.slabs(columns=["n"])) == 50_000 * 50_001 // 2


def test_psycopg_2_reads_the_same(pg: PostgresServer) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    from psycopg2.extras import RealDictCursor

    class Old:
        dialect = "postgresql"

        def connect(self):
            return psycopg2.connect(
                host=str(pg.folder), port=pg.port, user="owner", dbname="postgres", cursor_factory=RealDictCursor
            )

        def quote(self, name: str) -> str:
            return databases_at(pg)("pg").quote(name)

    pg.run("CREATE TABLE raw.t AS SELECT i AS n, repeat('x', 20) AS t FROM generate_series(1, 5000) i")
    assert open_source("sql://pg/raw.t", databases=lambda _: Old()).digest == opened(pg, "sql://pg/raw.t").digest


@pytest.mark.parametrize(("value", "reason"), [("'infinity'::date", "value-out-of-range"), ("1e40::numeric", "decimal-too-wide")])
def test_values_that_cannot_be_represented_are_refused(pg: PostgresServer, value: str, reason: str) -> None:
    pg.run(f"CREATE TABLE raw.t AS SELECT {value} AS odd")
    with pytest.raises(BadInput, match=rf"{reason}.*'odd'"):
        opened(pg, "sql://pg/raw.t")


def test_rows_that_a_policy_hides_are_not_left_out_in_silence(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t AS SELECT i AS n FROM generate_series(1, 10) i", "ALTER TABLE raw.t ENABLE ROW LEVEL SECURITY")
    pg.run("CREATE POLICY few ON raw.t USING (n < 3)", "CREATE ROLE reader LOGIN")
    pg.run("GRANT USAGE ON SCHEMA raw TO reader", "GRANT SELECT ON raw.t TO reader", "ALTER ROLE owner SET role TO reader")
    try:
        with pytest.raises(BadInput, match="42501"):
            opened(pg, "sql://pg/raw.t")
    finally:
        with pg.connect(options="-c role=none", autocommit=True) as connection:
            connection.execute("ALTER ROLE owner RESET ALL")
            connection.execute("DROP OWNED BY reader")
            connection.execute("DROP ROLE reader")


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("sql://pg/raw.nothing", "missing-table"),
        ("sql://pg/raw", "bad-uri"),
        ("sql://pg/.t", "bad-uri"),
        ("sql://pg/raw.a.b", "bad-uri"),
        ("sql://pg/raw/t", "bad-uri"),
        ("sql://pg/r%61w.t", "bad-uri"),
        ("sql://user@pg/raw.t", "bad-uri"),
        ("SQL://pg/raw.t", "bad-uri"),
    ],
)
def test_what_names_no_table_is_refused(pg: PostgresServer, uri: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        opened(pg, uri)


def test_an_empty_table_is_refused_as_an_empty_file_is(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t (n int)")
    with pytest.raises(BadInput, match="no-rows"):
        opened(pg, "sql://pg/raw.t")


def test_a_server_that_is_not_there_may_be_there_later(pg: PostgresServer) -> None:
    class Gone:
        dialect = "postgresql"

        def connect(self):
            raise ConnectionError("password=secret")

        def quote(self, name: str) -> str:
            return name

    with pytest.raises(StorageUnavailable) as unavailable:
        open_source("sql://pg/raw.t", databases=lambda _: Gone())
    assert "secret" not in str(unavailable.value)


def test_without_connections_the_error_says_what_is_missing() -> None:
    with pytest.raises(BadInput, match="connection"):
        open_source("sql://pg/raw.t")


def test_a_place_is_what_its_uri_says() -> None:
    assert parse_sql("sql://pg/a%2Eb.C%20d") == ("pg", "a.b", "C d")


def test_no_value_of_a_refused_table_is_in_the_error(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE raw.t AS SELECT 'canary-7341'::text AS v", "CREATE VIEW raw.w AS SELECT v::int AS v FROM raw.t")
    with pytest.raises(PrivacyError) as refused:
        opened(pg, "sql://pg/raw.w")
    assert "canary" not in f"{refused.value} {refused.value!r}"
    assert refused.value.__suppress_context__
    assert "22P02" in refused.value.what
