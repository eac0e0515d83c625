"""A rewritten Parquet file: schema, settings, metadata and order as before, and not a byte of the rows that went."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from purge_files_case import by_day, carry_out

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.target import Rule

OLD, YOUNG = date(2024, 1, 31), date(2024, 6, 10)
DAYS = [OLD, YOUNG, None, OLD, YOUNG, YOUNG]


def purge(path: Path, rule: Rule | None = None) -> None:
    assert carry_out(file_rows_target(str(path), rule=rule or by_day(), storages=local_storage)).left == 0


def table(**columns: Any) -> pa.Table:
    return pa.table({"day": pa.array(DAYS, pa.date32()), **columns})


def everything() -> pl.DataFrame:
    """A frame of every type that Polars writes."""
    return pl.DataFrame(
        {
            "day": DAYS,
            "int": [1, None, 3, 4, 5, 6],
            "float": [0.5, float("nan"), None, -0.0, float("inf"), 1.0],
            "text": ["a", "", None, "ü", "e" * 300, "f"],
            "bytes": [b"\x00", b"", None, b"d", b"e", b"f"],
            "flag": [True, False, None, True, False, True],
            "at": [datetime(2024, 1, 1, 1, 2, 3, 4)] * 6,
            "time": [time(1, 2, 3)] * 6,
            "span": [timedelta(seconds=1)] * 6,
            "price": [Decimal("1.50"), None, Decimal("-3.25"), Decimal("4.00"), Decimal("5.00"), Decimal("6.00")],
            "list": [[1, 2], [], None, [4], [None], [6]],
            "struct": [{"x": 1, "y": ["a"]}, {"x": None, "y": []}, None, {"x": 4, "y": ["d"]}, {"x": 5, "y": None}, None],
        },
        schema_overrides={"price": pl.Decimal(12, 2)},
    ).with_columns(
        pl.col("at").dt.replace_time_zone("Europe/Berlin").alias("zoned"),
        pl.col("at").dt.cast_time_unit("ns").alias("nanos"),
        pl.col("text").cast(pl.Categorical).alias("category"),
        pl.Series("enum", ["p", "q", None, "p", "q", "p"], dtype=pl.Enum(["p", "q", "unused"])),
        pl.col("int").cast(pl.UInt8).alias("small"),
    )


@pytest.mark.parametrize("writer", ["polars", "arrow", "pandas"])
def test_every_type_is_kept_whoever_wrote_it(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "a.parquet"
    frame = everything()
    if writer == "polars":
        frame.write_parquet(path)
    elif writer == "arrow":
        pq.write_table(frame.to_arrow(), path)
    else:
        frame = frame.drop("struct", "list")
        frame.to_pandas().to_parquet(path)
    before = pl.read_parquet(path)
    old = pq.ParquetFile(path)
    purge(path)
    assert pl.read_parquet(path).equals(before.filter((pl.col("day") != OLD).fill_null(True)), null_equal=True)
    new = pq.ParquetFile(path)
    assert new.schema_arrow.equals(old.schema_arrow, check_metadata=True)
    assert new.metadata.metadata == old.metadata.metadata
    assert str(new.schema).splitlines()[2:] == str(old.schema).splitlines()[2:]


def test_a_file_of_pandas_reads_with_its_index(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "a.parquet"
    pd.DataFrame({"day": DAYS, "x": range(6)}).to_parquet(path)
    purge(path)
    assert pd.read_parquet(path)["x"].tolist() == [1, 2, 4, 5]


@pytest.mark.parametrize("codec", ["zstd", "gzip", "none"])
def test_compression_is_kept_for_each_column(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(x=range(6)), path, compression={"day": codec, "x": "snappy"})
    before = [pq.read_metadata(path).row_group(0).column(n).compression for n in range(2)]
    purge(path)
    assert [pq.read_metadata(path).row_group(0).column(n).compression for n in range(2)] == before


def test_dictionaries_encodings_statistics_and_page_index_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        table(x=range(6), y=[1.0] * 6, z=["a"] * 6),
        path,
        use_dictionary=["z"],
        column_encoding={"x": "DELTA_BINARY_PACKED", "y": "BYTE_STREAM_SPLIT", "day": "PLAIN"},
        write_statistics=["day", "x"],
        write_page_index=True,
    )

    def told() -> list[tuple[object, ...]]:
        group = pq.read_metadata(path).row_group(0)
        columns = [group.column(n) for n in range(4)]
        return [(set(c.encodings), c.has_dictionary_page, c.is_stats_set, c.has_column_index) for c in columns]

    before = told()
    purge(path)
    assert told() == before


def test_statistics_are_of_the_rows_that_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(x=range(6)), path)
    purge(path)
    statistics = pq.read_metadata(path).row_group(0).column(0).statistics
    assert (statistics.min, statistics.max, statistics.null_count) == (YOUNG, YOUNG, 1)


def test_row_groups_sorting_and_metadata_are_kept_and_empty_row_groups_go(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    days = [YOUNG, OLD, OLD, OLD, YOUNG, YOUNG]
    sorted_by = [pq.SortingColumn(1, descending=True)]
    written = pa.table({"day": days, "x": [6, 5, 4, 3, 2, 1]}).replace_schema_metadata({"owner": "olivia"})
    pq.write_table(written, path, row_group_size=2, sorting_columns=sorted_by)
    purge(path)
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [1, 2]
    assert [list(group.sorting_columns) for group in groups] == [sorted_by, sorted_by]
    assert metadata.metadata[b"owner"] == b"olivia"


@pytest.mark.parametrize(
    "settings",
    [
        {"store_schema": False},
        {"use_compliant_nested_type": False},
        {"use_deprecated_int96_timestamps": True},
        {"store_decimal_as_integer": True},
        {"version": "1.0"},
        {"version": "2.4"},
        {"data_page_version": "2.0"},
        {"coerce_timestamps": "ms", "allow_truncated_timestamps": True},
    ],
)
def test_the_ways_of_other_writers_are_kept(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "a.parquet"
    columns = {
        "list": pa.array([[1], [], None, [4], [5], [6]]),
        "at": pa.array([datetime(2024, 1, 1)] * 6, pa.timestamp("us")),
        "price": pa.array([Decimal("1.50")] * 6, pa.decimal128(9, 2)),
        "fixed": pa.array([b"ab"] * 6, pa.binary(2)),
    }
    pq.write_table(table(**columns), path, **settings)
    before = str(pq.ParquetFile(path).schema).splitlines()[2:]
    rows = pq.read_table(path)
    purge(path)
    assert str(pq.ParquetFile(path).schema).splitlines()[2:] == before
    assert pq.read_table(path).equals(rows.take([1, 2, 4, 5]))


def test_field_ids_and_required_columns_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    schema = pa.schema(
        [
            pa.field("day", pa.date32(), nullable=False, metadata={"PARQUET:field_id": "7"}),
            pa.field("x", pa.int64(), metadata={"PARQUET:field_id": "9"}),
        ]
    )
    pq.write_table(pa.table({"day": [OLD, YOUNG], "x": [1, 2]}, schema=schema), path)
    before = str(pq.ParquetFile(path).schema).splitlines()[2:]
    purge(path)
    assert "required" in before[0] and "field_id=7" in before[0]
    assert str(pq.ParquetFile(path).schema).splitlines()[2:] == before


@pytest.mark.parametrize("ordered", [False, True])
def test_no_byte_of_a_row_that_went_is_left_in_a_dictionary(tmp_path: Path, ordered: bool) -> None:
    path = tmp_path / "a.parquet"
    names = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 0, 2, 1], pa.int8()), pa.array(["canary-one", "bob", "cid", "canary-unused"]), ordered=ordered
    )
    pq.write_table(table(name=names, text=["canary-two", "b", "c", "canary-three", "e", "f"]), path, compression="none")
    assert b"canary" in path.read_bytes()
    purge(path)
    assert b"canary" not in path.read_bytes()
    found = pq.read_table(path)
    assert found["name"].to_pylist() == ["bob", None, "cid", "bob"]
    assert found.schema.field("name").type == pa.dictionary(pa.int8(), pa.string(), ordered)


def test_categories_in_lists_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    values = pa.array([["a"], ["b"], None, ["c"], ["d"], ["e"]], pa.list_(pa.dictionary(pa.int8(), pa.string())))
    pq.write_table(table(x=values), path)
    with pytest.raises(BadInput) as caught:
        file_rows_target(str(path), rule=by_day(), storages=local_storage).find()
    assert caught.value.reason == "not-rewritable"


def test_a_large_row_group_is_written_in_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_privacy.core.io.purge.parquet_rows._GROUP_BYTES", 4_000)
    path = tmp_path / "a.parquet"
    days = [OLD if n % 3 == 0 else YOUNG for n in range(2_000)]
    pq.write_table(pa.table({"day": days, "x": range(2_000)}), path, use_dictionary=False)
    purge(path)
    assert pq.read_table(path)["x"].to_pylist() == [n for n in range(2_000) if n % 3]
    assert pq.read_metadata(path).num_row_groups > 1


def test_a_rule_over_texts_reads_categories_as_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    everything().write_parquet(path)
    seen: list[Any] = []

    def judge(rows: pl.DataFrame) -> pl.Series:
        seen.append(dict(rows.schema))
        return pl.Series(["young"] * rows.height)

    rule = Rule(columns=("enum", "category", "struct.x", "price"), judge_rows=judge)
    file_rows_target(str(path), rule=rule, storages=local_storage).find()
    assert seen == [{"enum": pl.String, "category": pl.String, "struct.x": pl.Int64, "price": pl.Decimal(12, 2)}]


@settings(max_examples=25)
@given(
    days=st.lists(st.sampled_from([OLD, YOUNG, None]), min_size=1, max_size=40),
    group=st.integers(1, 10),
    with_dictionary=st.booleans(),
)
def test_kept_rows_are_those_that_have_not_expired_in_order(
    tmp_path_factory: pytest.TempPathFactory, days: list[date | None], group: int, with_dictionary: bool
) -> None:
    path = tmp_path_factory.mktemp("place") / "a.parquet"
    rows = pa.table({"day": pa.array(days, pa.date32()), "n": range(len(days)), "t": [json.dumps(n) for n in range(len(days))]})
    pq.write_table(rows, path, row_group_size=group, use_dictionary=with_dictionary)
    purge(path)
    assert pq.read_table(path).equals(rows.take(pa.array([n for n, day in enumerate(days) if day != OLD], pa.int64())))
