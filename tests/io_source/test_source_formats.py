"""Each format, plain and compressed; nested values; CSV dialects; partitioned folders."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import fastavro
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import open_source

FRAME = pl.DataFrame({"id": [1, 2, 3], "name": ["Ada", "Ümit", None], "rate": [0.5, None, 2.0], "ok": [True, False, None]})


def avro_bytes(frame: pl.DataFrame) -> bytes:
    kinds = {pl.Int64: "long", pl.String: "string", pl.Float64: "double", pl.Boolean: "boolean"}
    fields = [{"name": name, "type": ["null", kinds[dtype.base_type()]]} for name, dtype in frame.schema.items()]
    buffer = io.BytesIO()
    fastavro.writer(buffer, {"type": "record", "name": "r", "fields": fields}, frame.to_dicts())
    return buffer.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "parquet": parquet_bytes,
    "avro": avro_bytes,
    "csv": lambda frame: frame.write_csv().encode(),
    "jsonl": lambda frame: frame.write_ndjson().encode(),
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
    "zstd": lambda data: b"\x50\x2a\x4d\x18\x01\x00\x00\x00x" + zstd(data[:20]) + zstd(data[20:]),
}


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def whole(path: Path, rows: int = 250_000) -> pl.DataFrame:
    return pl.concat(open_source(str(path)).slabs(rows=rows))


@pytest.mark.parametrize("compression", list(COMPRESSIONS))
@pytest.mark.parametrize("kind", list(FORMATS))
def test_every_format_gives_the_same_table_plain_and_compressed(tmp_path: Path, kind: str, compression: str) -> None:
    path = write(tmp_path / "misleading.xlsx", COMPRESSIONS[compression](FORMATS[kind](FRAME)))
    source = open_source(str(path))
    assert (source.format, source.compression, source.rows) == (kind, compression, 3)
    assert [column.dtype for column in source.columns] == ["integer", "string", "number", "boolean"]
    for rows in (1, 2, 10):
        assert_frame_equal(pl.concat(source.slabs(rows=rows)), FRAME)
    assert next(source.slabs(columns=["rate", "id"])).columns == ["rate", "id"]


@pytest.mark.parametrize("kind", list(FORMATS))
def test_a_folder_may_hold_plain_and_compressed_parts(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "1", FORMATS[kind](FRAME))
    write(tmp_path / "2", gzip.compress(FORMATS[kind](FRAME)))
    assert_frame_equal(whole(tmp_path, rows=2), pl.concat([FRAME, FRAME]))


def test_memory_stays_flat_over_a_compressed_file(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "large.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"id,name,note\n")
        for block in range(40):
            stream.write(b"".join(b"%d,person %d,%s\n" % (n, n, b"x" * 100) for n in range(block * 10_000, (block + 1) * 10_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = open_source(str(path))
    assert sum(slab.height for slab in source.slabs(rows=10_000)) == source.rows == 400_000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 300 << 10  # KiB; the text is 52 MiB


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_column_without_a_value_read_alone_has_all_rows(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "t", FORMATS[kind](pl.DataFrame({"a": [1, 2, 3], "b": pl.Series([None] * 3, dtype=pl.String)})))
    assert [frame.height for frame in open_source(str(path)).slabs(columns=["b"], rows=2)] == [2, 1]


class TestCsvDialect:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("'a','b'\n'1,5','it is'\n", [{"a": "1,5", "b": "it is"}]),
            ("a;b\n'x;y';1\nz;2\n", [{"a": "x;y", "b": 1}, {"a": "z", "b": 2}]),
            ("a,b\n'tis,1\nO'Neill,2\n", [{"a": "'tis", "b": 1}, {"a": "O'Neill", "b": 2}]),
            ("a,b\n'Bob',1\n'Al',2\n", [{"a": "'Bob'", "b": 1}, {"a": "'Al'", "b": 2}]),
            ('a,b\n"\'x",1\n', [{"a": "'x", "b": 1}]),
        ],
    )
    def test_quotation_marks_are_found(self, tmp_path: Path, text: str, expected: list[dict[str, object]]) -> None:
        assert whole(write(tmp_path / "t", text)).to_dicts() == expected

    def test_a_row_cut_by_the_sample_decides_nothing(self, tmp_path: Path) -> None:
        text = "a;b\n" + "'x;y';1\n" * 10_000 + "'open;\nz';2\n" * 10
        assert whole(write(tmp_path / "t", text)).height == 10_010


JSON_TYPES: dict[str, tuple[list[object], str, list[object]]] = {
    "whole numbers": ([1, -2, None], "integer", [1, -2, None]),
    "numbers": ([1, 2.5], "number", [1.0, 2.5]),
    "truth": ([True, None], "boolean", [True, None]),
    "truth and numbers": ([True, 1], "string", ["true", "1"]),
    "texts": (["1", "02", ""], "string", ["1", "02", ""]),
    "texts and numbers": (["a", 1, 1.5], "string", ["a", "1", "1.5"]),
    "dates": (["2024-02-29", None], "date", [dt.date(2024, 2, 29), None]),
    "timestamps": (["2024-02-29T10:00:01"], "timestamp", [dt.datetime(2024, 2, 29, 10, 0, 1)]),
    "a date and a word": (["2024-02-29", "x"], "string", ["2024-02-29", "x"]),
    "64 bits": ([2**63 - 1, -(2**63)], "integer", [2**63 - 1, -(2**63)]),
    "more than 64 bits": ([2**63], "string", ["9223372036854775808"]),
    "long numbers beside fractions": ([2**53 + 1, 0.5], "string", ["9007199254740993", "0.5"]),
    "lists": ([[1, "x", None], []], "nested", [["1", "x", None], []]),
    "lists of objects": ([[{"a": 1}]], "nested", [['{"a":1}']]),
    "a list and a value": ([["x"], "y"], "nested", [["x"], ["y"]]),
    "nothing": ([None, None], "null", [None, None]),
}


class TestJsonLines:
    @pytest.mark.parametrize("case", list(JSON_TYPES))
    def test_a_column_has_the_one_type_that_loses_nothing(self, tmp_path: Path, case: str) -> None:
        values, dtype, expected = JSON_TYPES[case]
        path = write(tmp_path / "t", "".join(json.dumps({"k": 0, "v": value}) + "\n" for value in values))
        assert open_source(str(path)).columns[1].dtype == dtype
        assert whole(path)["v"].to_list() == expected

    def test_objects_inside_become_columns_by_path(self, tmp_path: Path) -> None:
        lines = ['{"a": {"b": {"c": 1}, "d": "x"}, "e": 2}', '{"a": null, "e": 3}', "", '{"a": {"b": null}, "f": true}']
        frame = whole(write(tmp_path / "t", "\r\n".join(lines)))
        assert frame.columns == ["a.b.c", "a.d", "e", "f"]
        assert frame.rows() == [(1, "x", 2, None), (None, None, 3, None), (None, None, None, True)]

    def test_a_key_that_comes_late_is_a_column_of_all_rows(self, tmp_path: Path) -> None:
        path = write(tmp_path / "t", '{"a": 1}\n' * 30_000 + '{"a": 2, "b": "x"}\n')
        frames = list(open_source(str(path)).slabs(rows=20_000))
        assert [frame.shape for frame in frames] == [(20_000, 2), (10_001, 2)]
        assert frames[1]["b"][-1] == "x"

    def test_parts_may_lack_keys(self, tmp_path: Path) -> None:
        write(tmp_path / "1", '{"a": 1}\n')
        write(tmp_path / "2", '{"b": "x"}\n')
        assert whole(tmp_path).rows() == [(1, None), (None, "x")]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        rows=st.lists(
            st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.text(), st.integers(), st.booleans())), min_size=1
        ),
        size=st.integers(1, 7),
    )
    def test_every_value_is_there_again(self, tmp_path: Path, rows: list[dict[str, object]], size: int) -> None:
        rows = [{"key": number, **row} for number, row in enumerate(rows)]
        path = write(tmp_path / "t", "".join(json.dumps(row) + "\n" for row in rows))
        found = pl.concat(open_source(str(path)).slabs(rows=size)).to_dicts()
        assert [row["key"] for row in found] == list(range(len(rows)))
        for given_, read in zip(rows, found, strict=True):
            for name, value in given_.items():
                plain = value if isinstance(value, str) or value is None else json.dumps(value)
                assert read[name] == value or read[name] == plain


class TestParquet:
    def test_structs_become_columns_by_path_and_lists_stay_nested(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({"a": [{"b": {"c": 1}, "d": "x"}, None], "e": [[1], None], "f": [[{"g": 1}], []]})
        frame.write_parquet(tmp_path / "t")
        source = open_source(str(tmp_path / "t"))
        assert [(column.name, column.dtype) for column in source.columns] == [
            ("a.b.c", "integer"), ("a.d", "string"), ("e", "nested"), ("f", "nested"),
        ]  # fmt: skip
        assert whole(tmp_path / "t").rows() == [(1, "x", [1], [{"g": 1}]), (None, None, None, [])]
        assert next(source.slabs(columns=["a.d"])).rows() == [("x",), (None,)]

    def test_a_path_that_is_also_a_name_is_refused(self, tmp_path: Path) -> None:
        pl.DataFrame({"a": [{"b": 1}], "a.b": [2]}).write_parquet(tmp_path / "t")
        with pytest.raises(BadInput, match="duplicate-columns"):
            open_source(str(tmp_path / "t"))


class TestPartitions:
    def test_keys_become_typed_columns_behind_the_files(self, tmp_path: Path) -> None:
        for number, folder in enumerate(("day=2024-01-02/city=K%C3%B6ln%2FS%C3%BCd/n=1", "day=2024-01-03/city=02/n=-7")):
            write(tmp_path / folder / "part.csv", f"a\n{number}\n")
        source = open_source(str(tmp_path))
        assert [(column.name, column.dtype) for column in source.columns] == [
            ("a", "integer"), ("day", "date"), ("city", "string"), ("n", "integer"),
        ]  # fmt: skip
        assert whole(tmp_path).rows() == [(0, dt.date(2024, 1, 2), "Köln/Süd", 1), (1, dt.date(2024, 1, 3), "02", -7)]

    def test_the_default_partition_and_an_empty_value_are_null(self, tmp_path: Path) -> None:
        for value in ("__HIVE_DEFAULT_PARTITION__", "", "x"):
            write(tmp_path / f"k={value}" / "part", "a\n1\n")
        assert whole(tmp_path)["k"].to_list() == [None, None, "x"]

    def test_a_key_that_is_always_null_is_a_column(self, tmp_path: Path) -> None:
        for number in (1, 2):
            write(tmp_path / "k=__HIVE_DEFAULT_PARTITION__" / f"part-{number}", "a\n1\n2\n")
        assert whole(tmp_path)["k"].to_list() == [None] * 4

    def test_partition_columns_can_be_read_alone_and_in_any_order(self, tmp_path: Path) -> None:
        for value in "xy":
            write(tmp_path / f"k={value}" / "part", parquet_bytes(pl.DataFrame({"a": [1, 2], "b": [3, 4]})))
        source = open_source(str(tmp_path))
        assert pl.concat(source.slabs(columns=["k"], rows=1))["k"].to_list() == ["x", "x", "y", "y"]
        assert next(source.slabs(columns=["b", "k", "a"])).rows() == [(3, "x", 1), (4, "x", 2)]

    def test_the_digest_changes_when_a_file_moves_to_another_partition(self, tmp_path: Path) -> None:
        write(tmp_path / "k=x" / "part", "a\n1\n")
        before = open_source(str(tmp_path)).digest
        (tmp_path / "k=x").rename(tmp_path / "k=y")
        assert open_source(str(tmp_path)).digest != before

    def test_no_message_and_no_repr_shows_a_partition_value(self, tmp_path: Path) -> None:
        write(tmp_path / "mail=canary@example.com" / "1", "a\n1\n")
        source = open_source(str(tmp_path))
        assert "canary" not in repr(source)
        write(tmp_path / "mail=canary@example.com" / "1", "a\n1\n2\n")
        with pytest.raises(BadInput, match="source-changed") as caught:
            list(source.slabs())
        assert "canary" not in str(caught.value)
        assert "mail=…/1" in str(caught.value)
