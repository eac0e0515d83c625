"""Delta and Iceberg tables as source and sink."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable, VerificationError
from airflow_privacy.core.io.lakehouse_tables import read_lakehouse, stated_lakehouse, write_lakehouse
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.source import TableSource, open_source
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.dataset import Dataset, version_of_rows
from airflow_privacy.core.model.refs import ColumnType

pytest.importorskip("deltalake")
pytest.importorskip("pyiceberg")
PLAN = "sha256:" + "1" * 64
FRAME = pl.DataFrame({"a": ["x", None, "", "canary-7341"], "b": [1, 2, None, 1]})


@pytest.fixture(params=["delta", "iceberg"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}+file://{tmp_path}/people"


def root_of(uri: str) -> Path:
    return Path(uri.partition("://")[2])


def columns_of(frame: pl.DataFrame) -> tuple[ColumnType, ...]:
    return tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in frame.schema.items())


def write(uri: str, *frames: pl.DataFrame, **changes: Any) -> Dataset:
    frames = frames or (FRAME,)
    columns = columns_of(frames[0])
    digest = rows_digest(frames, columns)
    rows = sum(frame.height for frame in frames)
    version = TableVersion(version=version_of_rows(digest, PLAN), rows_digest=digest, plan=PLAN, rows=rows)
    write_lakehouse(uri, frames, columns=columns, version=changes.pop("version", version), **changes)
    return Dataset(
        uri=uri,
        version=version.version,
        plan=PLAN,
        sources=(),
        rows=rows,
        rows_read=rows,
        rows_suppressed=0,
        columns=columns,
        files=(),
        rows_digest=digest,
    )


def rows(source: TableSource) -> pl.DataFrame:
    return pl.concat(list(source.slabs()))


# -- sources


@pytest.mark.parametrize(
    ("table", "count", "columns"),
    [
        ("delta/simple_table", 3, ["id"]),  # 32 rows lie in its files
        ("delta/delta-0.8.0-date", 5, ["date", "dayOfYear"]),
        ("delta/delta-0.8.0-partitioned", 7, ["value", "year", "month", "day"]),
        ("iceberg/hive_partitioned_table", 6, ["event_date", "user_id", "event_type"]),
    ],
)
def test_the_current_snapshot_of_a_real_table_is_read(reference_data: Path, table: str, count: int, columns: list[str]) -> None:
    path = reference_data / "lakehouse" / table
    if not path.is_dir():
        pytest.skip(f"no {table} in the reference data")
    source = open_source(f"{table.partition('/')[0]}+file://{path}")
    assert (source.rows, [column.name for column in source.columns]) == (count, columns)
    assert source.digest == open_source(source.uri).digest


def test_partition_columns_have_their_values(reference_data: Path) -> None:
    source = open_source(f"delta+file://{reference_data}/lakehouse/delta/delta-0.8.0-partitioned")
    assert set(rows(source)["year"]) == {"2020", "2021"}


def test_a_copied_iceberg_table_is_read_where_it_lies(reference_data: Path, tmp_path: Path) -> None:
    there = reference_data / "lakehouse" / "iceberg" / "hive_partitioned_table"
    shutil.copytree(there, tmp_path / "copy")
    assert open_source(f"iceberg+file://{tmp_path}/copy").digest == open_source(f"iceberg+file://{there}").digest


def test_compaction_does_not_change_the_digest(tmp_path: Path) -> None:
    import deltalake

    for start in (0, 10, 20):
        deltalake.write_deltalake(str(tmp_path / "t"), pl.DataFrame({"n": range(start, start + 10)}), mode="append")
    before = open_source(f"delta+file://{tmp_path}/t").digest
    deltalake.DeltaTable(str(tmp_path / "t")).optimize.compact()
    assert open_source(f"delta+file://{tmp_path}/t").digest == before


def test_deleted_rows_are_not_read(tmp_path: Path) -> None:
    import deltalake

    deltalake.write_deltalake(str(tmp_path / "t"), pl.DataFrame({"n": range(10)}))
    deltalake.DeltaTable(str(tmp_path / "t")).delete("n < 5")
    assert sorted(rows(open_source(f"delta+file://{tmp_path}/t"))["n"]) == [5, 6, 7, 8, 9]


def test_deletion_vectors_are_refused(tmp_path: Path) -> None:
    import deltalake

    deltalake.write_deltalake(str(tmp_path / "t"), pl.DataFrame({"n": range(10)}))
    log = tmp_path / "t" / "_delta_log" / "00000000000000000001.json"
    features = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"]}
    log.write_text(json.dumps({"protocol": {**features, "writerFeatures": ["deletionVectors"]}}) + "\n")
    with pytest.raises(BadInput, match=r"unsupported-table.*deletion vectors"):
        open_source(f"delta+file://{tmp_path}/t")


def test_a_delta_table_that_names_files_of_another_folder_is_refused(tmp_path: Path) -> None:
    import deltalake

    for name in ("t", "u"):
        deltalake.write_deltalake(str(tmp_path / name), pl.DataFrame({"n": [1]}))
    part = next((tmp_path / "t").glob("*.parquet"))
    part.unlink()
    part.symlink_to(next((tmp_path / "u").glob("*.parquet")))
    with pytest.raises(BadInput, match="outside-table"):
        open_source(f"delta+file://{tmp_path}/t")


def test_an_iceberg_table_that_names_files_of_another_folder_is_refused(tmp_path: Path) -> None:
    write(f"iceberg+file://{tmp_path}/t")
    part = next((tmp_path / "t" / "data").glob("*.parquet"))
    shutil.move(part, tmp_path / "elsewhere.parquet")
    part.symlink_to(tmp_path / "elsewhere.parquet")
    with pytest.raises(BadInput, match="outside-table"):
        open_source(f"iceberg+file://{tmp_path}/t")


def test_a_damaged_file_is_refused_without_its_values(uri: str) -> None:
    write(uri)
    part = next(root_of(uri).rglob("part-*.parquet"))
    data = bytearray(part.read_bytes())
    data[4:60] = b"canary-7341" * 5 + b"x"
    part.write_bytes(data)
    with pytest.raises(PrivacyError) as refused:
        open_source(uri)
    assert "canary" not in f"{refused.value!r}"


def test_what_is_no_table_is_refused(uri: str) -> None:
    with pytest.raises(BadInput, match="missing-table"):
        open_source(uri)


@pytest.mark.parametrize("uri", ["delta://people", "delta+s3://bucket/people", "iceberg://catalog/a.b", "delta+file://host/x"])
def test_places_that_are_not_files_are_refused(uri: str) -> None:
    with pytest.raises(BadInput, match="unsupported-location"):
        open_source(uri)


# -- sinks


def test_every_type_comes_back_as_it_was_written(uri: str) -> None:
    frame = pl.DataFrame(
        {
            "s": ["tab\t\n Zoë 日本", None],
            "small": pl.Series([-128, None], dtype=pl.Int8),
            "big": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
            "f": [float("nan"), -0.0],
            "b": [True, None],
            "d": [date(2024, 2, 29), None],
            "ts": [datetime(2024, 2, 29, 12, 0, 0, 1), None],
            "tz": [datetime(2024, 2, 29, 12, tzinfo=UTC), None],
            "dec": [Decimal("-12.50"), None],
            "bin": [b"\x00\xff", b""],
            "l": [["a,b", None, ""], []],
            "gone": pl.Series([None, None], dtype=pl.Null),
            "odd name": [1, 2],
        }
    )
    back = pl.concat(list(read_lakehouse(write(uri, frame)).slabs()))
    assert back["s"].to_list() == frame["s"].to_list()


def test_rows_in_several_files_come_back(uri: str) -> None:
    dataset = write(uri, *(pl.DataFrame({"n": range(start, start + 1000)}) for start in range(0, 5000, 1000)))
    assert sum(frame.height for frame in read_lakehouse(dataset).slabs()) == 5000


def commits(uri: str) -> int:
    return len([*root_of(uri).glob("_delta_log/*.json"), *root_of(uri).glob("metadata/v*.metadata.json")])


def test_writing_the_same_version_again_commits_nothing(uri: str) -> None:
    write(uri)
    write(uri, FRAME.reverse())
    assert commits(uri) == 1


def test_another_version_takes_the_place_of_the_one_before(uri: str) -> None:
    old = write(uri)
    new = write(uri, FRAME.head(2))
    assert pl.concat(list(read_lakehouse(new).slabs())).height == 2
    with pytest.raises(VerificationError, match="version-missing"):
        read_lakehouse(old)


def test_going_back_to_an_earlier_version_works(uri: str) -> None:
    old = write(uri)
    write(uri, FRAME.head(2))
    write(uri)
    assert pl.concat(list(read_lakehouse(old).slabs())).height == 4


def test_a_delta_table_may_change_its_columns_and_an_iceberg_table_may_not(uri: str) -> None:
    write(uri)
    other = pl.DataFrame({"c": [1.5]})
    if uri.startswith("delta"):
        assert pl.concat(list(read_lakehouse(write(uri, other)).slabs())).columns == ["c"]
    else:
        with pytest.raises(BadInput, match="schema-changed"):
            write(uri, other)


def test_a_table_that_no_masking_wrote_is_never_replaced(tmp_path: Path) -> None:
    import deltalake

    deltalake.write_deltalake(str(tmp_path / "t"), pl.DataFrame({"precious": [1]}))
    with pytest.raises(BadInput, match="table-not-ours"):
        write(f"delta+file://{tmp_path}/t")


def test_rows_that_are_not_those_of_the_version_are_not_committed(uri: str) -> None:
    digest = "sha256:" + "0" * 64
    other = TableVersion(version=version_of_rows(digest, PLAN), rows_digest=digest, plan=PLAN, rows=4)
    with pytest.raises(VerificationError, match="rows-differ"):
        write(uri, version=other)
    assert commits(uri) == 0


def test_a_changed_table_is_refused(uri: str) -> None:
    dataset = write(uri)
    part = next(root_of(uri).rglob("part-*.parquet"))
    pl.DataFrame({"a": ["y", None, "", "z"], "b": [1, 2, None, 1]}).write_parquet(part, statistics=False)
    with pytest.raises((VerificationError, BadInput)):
        read_lakehouse(dataset)


def test_the_passport_is_in_the_commit_or_there_is_none(uri: str) -> None:
    def fails() -> bytes:
        raise VerificationError("no", "Not signed")

    with pytest.raises(VerificationError):
        write(uri, seal=fails)
    assert stated_lakehouse(uri) is None
    write(uri, seal=lambda: b'{"signed": true}')
    stated = stated_lakehouse(uri)
    assert stated is not None
    assert stated.passport == '{"signed": true}'


def test_a_passport_may_be_renewed(uri: str) -> None:
    write(uri, seal=lambda: b"one")
    dataset = write(uri, seal=lambda: b"two")
    stated = stated_lakehouse(uri)
    assert stated is not None
    assert stated.passport == "two"
    assert pl.concat(list(read_lakehouse(dataset).slabs())).height == 4


def test_log_and_metadata_hold_no_value(uri: str) -> None:
    write(uri)
    for path in root_of(uri).rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            assert b"canary" not in path.read_bytes()


def test_of_two_that_commit_at_the_same_time_one_is_told_to_try_again(tmp_path: Path) -> None:
    from airflow_privacy.core.io import iceberg

    uri = f"iceberg+file://{tmp_path}/t"
    write(uri)
    metadata = tmp_path / "t" / "metadata"
    (metadata / "v2.metadata.json").write_bytes((metadata / "v1.metadata.json").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iceberg, "_newest", lambda _: 1)  # as this one saw it before the other committed
        with pytest.raises(StorageUnavailable, match="table-busy"):
            write(uri, FRAME.head(1))


def test_who_was_killed_between_commit_and_hint_has_committed(tmp_path: Path) -> None:
    uri = f"iceberg+file://{tmp_path}/t"
    write(uri)
    dataset = write(uri, FRAME.head(1))
    (tmp_path / "t" / "metadata" / "version-hint.text").write_text("1")
    assert pl.concat(list(read_lakehouse(dataset).slabs())).height == 1


def test_what_a_killed_run_left_is_written_over(uri: str) -> None:
    dataset = write(uri)
    names = {path.name for path in root_of(uri).rglob("part-*")}
    shutil.rmtree(root_of(uri))
    folder = root_of(uri) / ("data" if uri.startswith("iceberg") else "")
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b"half")
    write(uri)
    assert pl.concat(list(read_lakehouse(dataset).slabs())).height == 4
    assert {path.name for path in root_of(uri).rglob("part-*")} == names
