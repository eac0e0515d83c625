"""Tables that masking writes: whole or not at all, never over somebody else's, and held against their digest when read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl
import pytest
from postgres import PostgresServer, databases_at

from airflow_privacy.core.errors import BadInput, PrivacyError, VerificationError
from airflow_privacy.core.io import sql_tables
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.sql_tables import TableVersion, read_table, stated_version, write_table
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.dataset import Dataset, version_of_rows
from airflow_privacy.core.model.refs import ColumnType

URI = "sql://pg/staging.people"
PLAN = "sha256:" + "1" * 64
FRAME = pl.DataFrame({"a": ["x", None, "", "x"], "b": [1, 2, None, 1]})


def columns_of(frame: pl.DataFrame) -> tuple[ColumnType, ...]:
    return tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in frame.schema.items())


def version_for(frame: pl.DataFrame, plan: str = PLAN) -> TableVersion:
    digest = rows_digest([frame], columns_of(frame))
    return TableVersion(version=version_of_rows(digest, plan), rows_digest=digest, plan=plan, rows=frame.height)


def write(pg: PostgresServer, frame: pl.DataFrame = FRAME, *, uri: str = URI, plan: str = PLAN, **changes: Any) -> Dataset:
    version = changes.pop("version", version_for(frame, plan))
    write_table(uri, [frame], columns=columns_of(frame), version=version, databases=databases_at(pg), **changes)
    return Dataset(
        uri=uri,
        version=version.version,
        plan=plan,
        sources=(),
        rows=frame.height,
        rows_read=frame.height,
        rows_suppressed=0,
        columns=columns_of(frame),
        files=(),
        rows_digest=version.rows_digest,
    )


def read(pg: PostgresServer, dataset: Dataset) -> pl.DataFrame:
    return pl.concat(list(read_table(dataset, databases=databases_at(pg)).slabs()))


def tables(pg: PostgresServer) -> set[str]:
    return {name for (name,) in pg.run("SELECT tablename FROM pg_tables WHERE schemaname = 'staging'")}


def identity(pg: PostgresServer) -> int:
    return int(pg.run("SELECT 'staging.people'::regclass::oid::int")[0][0])


def test_every_type_comes_back_as_it_was_written(pg: PostgresServer) -> None:
    frame = pl.DataFrame(
        {
            "s": ["tab\t\n\r\\N \"q\" 'x' Zoë 日本", None],
            "small": pl.Series([-128, None], dtype=pl.Int8),
            "big": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
            "f": [float("nan"), -0.0],
            "f4": pl.Series([0.1, None], dtype=pl.Float32),
            "b": [True, None],
            "d": [date(2024, 2, 29), None],
            "ts": [datetime(2024, 2, 29, 12, 0, 0, 1), None],
            "tz": [datetime(2024, 2, 29, 12, tzinfo=UTC), None],
            "t": [time(13, 5, 0, 1), None],
            "dec": [Decimal("-12.50"), None],
            "bin": [b"\x00\xff", b""],
            "l": [["a,b", None, 'c"d', "\\", "{}", ""], []],
            "gone": pl.Series([None, None], dtype=pl.Null),
            'odd "name"; --': [1, 2],
        }
    )
    back = read(pg, write(pg, frame))
    assert rows_digest([back], columns_of(frame)) == rows_digest([frame], columns_of(frame))
    assert back.sort('odd "name"; --')["l"].to_list() == frame["l"].to_list()


def test_a_hundred_thousand_rows_come_back(pg: PostgresServer) -> None:
    frame = pl.DataFrame({"n": range(100_000)}).with_columns(t="token-" + pl.col("n").cast(pl.String))
    assert read(pg, write(pg, frame)).height == 100_000


def test_writing_the_same_version_again_touches_nothing(pg: PostgresServer) -> None:
    write(pg)
    before = identity(pg)
    write(pg, FRAME.reverse())
    assert identity(pg) == before
    assert tables(pg) == {"people", "airflow_privacy_versions"}


def test_another_version_takes_the_place_of_the_one_before(pg: PostgresServer) -> None:
    old = write(pg)
    new = write(pg, FRAME.head(2))
    assert read(pg, new).height == 2
    with pytest.raises(VerificationError, match="version-missing"):
        read(pg, old)


def test_a_table_that_no_masking_wrote_is_never_replaced(pg: PostgresServer) -> None:
    pg.run("CREATE TABLE staging.people AS SELECT 1 AS precious")
    with pytest.raises(BadInput, match="table-not-ours"):
        write(pg)
    assert pg.run("SELECT precious FROM staging.people") == [(1,)]


def test_the_table_of_versions_cannot_be_written_over(pg: PostgresServer) -> None:
    with pytest.raises(BadInput, match="bad-uri"):
        write(pg, uri="sql://pg/staging.airflow_privacy_versions")


def test_rows_that_are_not_those_of_the_version_are_not_shown(pg: PostgresServer) -> None:
    other = version_for(FRAME.head(3))
    with pytest.raises(VerificationError, match="rows-differ"):
        write(pg, version=other)
    assert tables(pg) == {"airflow_privacy_versions"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staging.people SET a = 'y' WHERE b = 2",
        "DELETE FROM staging.people WHERE b = 2",
        "INSERT INTO staging.people VALUES ('z', 9)",
        "ALTER TABLE staging.people RENAME COLUMN a TO c",
        "ALTER TABLE staging.people ADD COLUMN c int",
        "ALTER TABLE staging.people ALTER COLUMN b TYPE text",
    ],
)
def test_a_changed_table_is_refused_by_who_reads_it_and_by_who_writes_it_again(pg: PostgresServer, change: str) -> None:
    dataset = write(pg)
    pg.run(change)
    with pytest.raises(VerificationError, match="rows-differ"):
        read(pg, dataset)
    with pytest.raises(VerificationError, match="rows-differ"):
        write(pg)


def test_a_dataset_that_was_edited_is_refused(pg: PostgresServer) -> None:
    dataset = write(pg)
    with pytest.raises(VerificationError, match="version-differs"):
        read(pg, msgspec.structs.replace(dataset, rows_digest="sha256:" + "0" * 64))


def test_who_could_read_the_table_can_read_the_next_version(pg: PostgresServer) -> None:
    pg.run("CREATE ROLE trainer")
    try:
        write(pg)
        pg.run("GRANT SELECT ON staging.people TO trainer", "GRANT SELECT ON staging.people TO PUBLIC")
        write(pg, FRAME.head(1))
        granted = "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = 'people' AND grantee <> 'owner'"
        assert sorted(pg.run(granted)) == [("PUBLIC",), ("trainer",)]
    finally:
        pg.run("DROP OWNED BY trainer", "DROP ROLE trainer")


def test_a_table_that_a_view_needs_is_left_as_it_is(pg: PostgresServer) -> None:
    dataset = write(pg)
    pg.run("CREATE VIEW staging.v AS SELECT a FROM staging.people")
    with pytest.raises(BadInput, match="2BP01"):
        write(pg, FRAME.head(1))
    assert read(pg, dataset).height == FRAME.height


def test_the_passport_is_there_with_the_table_or_not_at_all(pg: PostgresServer) -> None:
    def fails() -> bytes:
        raise VerificationError("no", "Not signed")

    with pytest.raises(VerificationError):
        write(pg, seal=fails)
    assert tables(pg) == {"airflow_privacy_versions"}
    write(pg, seal=lambda: b"signed")
    assert stated_version(URI, databases=databases_at(pg)).passport == "signed"


def test_a_reader_sees_the_old_table_or_the_new_one(pg: PostgresServer) -> None:
    frames = [FRAME, pl.DataFrame({"a": ["y"] * 50_000, "b": range(50_000)})]
    write(pg, frames[0])
    seen, done = set(), threading.Event()

    def look() -> None:
        with pg.connect(autocommit=True) as connection:
            while not done.is_set():
                seen.add(connection.execute("SELECT count(*) FROM staging.people").fetchone()[0])

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for number in range(4):
            write(pg, frames[(number + 1) % 2])
    finally:
        done.set()
        reader.join()
    assert seen <= {FRAME.height, 50_000}


def test_several_that_write_at_the_same_time_all_end_well(pg: PostgresServer) -> None:
    with ThreadPoolExecutor(4) as pool:
        written = {one.result().version for one in [pool.submit(write, pg) for _ in range(4)]}
    assert len(written) == 1
    assert tables(pg) == {"people", "airflow_privacy_versions"}


def test_no_value_of_a_failing_copy_is_in_the_error_or_the_log(
    pg: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The server then prints: invalid input syntax for type integer: "canary-7341", COPY ..., line 1, column a: "canary-7341".
    monkeypatch.setitem(sql_tables.postgres.sql_type.__globals__["_TYPES"], pl.String, "integer")
    frame = pl.DataFrame({"a": ["canary-7341"]})
    with caplog.at_level(0), pytest.raises(PrivacyError, match="22P02") as refused:
        write(pg, frame)
    assert "canary" not in f"{refused.value} {refused.value!r} {caplog.text}"
    assert refused.value.__suppress_context__


def test_a_schema_that_is_not_there_is_refused(pg: PostgresServer) -> None:
    with pytest.raises(BadInput, match="3F000"):
        write(pg, uri="sql://pg/nowhere.people")


def test_other_databases_are_refused_as_a_sink() -> None:
    class Lite:
        dialect = "sqlite"

    with pytest.raises(BadInput, match=r"unsupported-database.*sqlite"):
        write_table(URI, [FRAME], columns=columns_of(FRAME), version=version_for(FRAME), databases=lambda _: Lite())
