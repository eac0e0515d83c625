"""Avro: logical types, nested and union types, block codecs, and damage."""

from __future__ import annotations

import bz2
import datetime as dt
import io
import lzma
import uuid
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import open_source

UTC = dt.UTC


def write(path: Path, schema: dict[str, Any], records: list[dict[str, Any]], **options: Any) -> Path:
    with path.open("wb") as stream:
        fastavro.writer(stream, schema, records, **options)
    return path


def record(*fields: tuple[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": name, "type": kind} for name, kind in fields]}


def whole(path: Path) -> pl.DataFrame:
    return pl.concat(open_source(str(path)).slabs())


TYPES: dict[str, tuple[Any, object, str, object]] = {
    "int": ("int", 5, "integer", 5),
    "long": ("long", 2**62, "integer", 2**62),
    "float": ("float", 0.5, "number", 0.5),
    "bytes": ("bytes", b"\xff", "binary", b"\xff"),
    "fixed": ({"type": "fixed", "name": "f", "size": 2}, b"ab", "binary", b"ab"),
    "enum": ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", "string", "B"),
    "null": ("null", None, "null", None),
    "date": ({"type": "int", "logicalType": "date"}, dt.date(1890, 2, 3), "date", dt.date(1890, 2, 3)),
    "time": ({"type": "long", "logicalType": "time-micros"}, dt.time(1, 2, 3, 4), "time", dt.time(1, 2, 3, 4)),
    "time in milliseconds": ({"type": "int", "logicalType": "time-millis"}, dt.time(1, 2, 3), "time", dt.time(1, 2, 3)),
    "timestamp": (
        {"type": "long", "logicalType": "timestamp-micros"}, dt.datetime(2024, 1, 2, 3, 4, 5, 6, UTC), "timestamp",
        dt.datetime(2024, 1, 2, 3, 4, 5, 6, UTC),
    ),
    "timestamp in milliseconds": (
        {"type": "long", "logicalType": "timestamp-millis"}, dt.datetime(1960, 1, 2, tzinfo=UTC), "timestamp",
        dt.datetime(1960, 1, 2, tzinfo=UTC),
    ),
    "local timestamp": (
        {"type": "long", "logicalType": "local-timestamp-micros"}, dt.datetime(2024, 1, 2, 3), "timestamp",
        dt.datetime(2024, 1, 2, 3),
    ),
    "decimal": (
        {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}, Decimal("-12.30"), "decimal", Decimal("-12.30"),
    ),
    "uuid": ({"type": "string", "logicalType": "uuid"}, uuid.UUID(int=5), "string", str(uuid.UUID(int=5))),
    "an unknown logical type": ({"type": "string", "logicalType": "x"}, "y", "string", "y"),
    "array": ({"type": "array", "items": ["null", "int"]}, [1, None], "nested", ["1", None]),
    "map": ({"type": "map", "values": "int"}, {"k": 1}, "nested", ['{"k":1}']),
    "union of numbers": (["null", "int", "long"], 7, "integer", 7),
    "union of number and text": (["null", "string", "long"], 7, "string", "7"),
    "union of date and text": (["string", {"type": "int", "logicalType": "date"}], dt.date(2024, 1, 2), "string", "2024-01-02"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(TYPES))
def test_a_type_is_read_as_its_column(tmp_path: Path, case: str) -> None:
    kind, value, dtype, expected = TYPES[case]
    nullable = kind if isinstance(kind, list) else ["null", kind] if kind != "null" else kind
    records = [{"v": value}] if isinstance(kind, list) and "null" not in kind else [{"v": value}, {"v": None}]
    path = write(tmp_path / "t", record(("v", nullable)), records)
    source = open_source(str(path))
    assert source.columns[0].dtype == dtype
    assert whole(path)["v"].to_list() == [expected, None][: len(records)]


def test_records_inside_become_columns_by_path(tmp_path: Path) -> None:
    inner = {"type": "record", "name": "place", "fields": [{"name": "city", "type": "string"}]}
    schema = record(("id", "long"), ("home", inner), ("work", ["null", "place"]))
    path = write(
        tmp_path / "t",
        schema,
        [{"id": 1, "home": {"city": "x"}, "work": None}, {"id": 2, "home": {"city": "y"}, "work": {"city": "z"}}],
    )
    frame = whole(path)
    assert frame.columns == ["id", "home.city", "work.city"]
    assert frame.rows() == [(1, "x", None), (2, "y", "z")]


def test_a_type_that_an_array_defines_is_known_behind_it(tmp_path: Path) -> None:
    enum = {"type": "enum", "name": "colour", "symbols": ["red"]}
    path = write(tmp_path / "t", record(("a", {"type": "array", "items": enum}), ("b", "colour")), [{"a": ["red"], "b": "red"}])
    assert whole(path).rows() == [(["red"], "red")]


def _compressed(codec: str, data: bytes) -> bytes:
    if codec == "deflate":
        return zlib.compress(data)[2:-4]
    if codec == "snappy":
        return bytes(pa.compress(data, codec="snappy", asbytes=True)) + zlib.crc32(data).to_bytes(4, "big")
    if codec == "zstandard":
        return bytes(pa.compress(data, codec="zstd", asbytes=True))
    return {"null": bytes, "bzip2": bz2.compress, "xz": lzma.compress}[codec](data)


def _container(codec: str, blocks: list[list[dict[str, Any]]]) -> bytes:
    """A container file by hand, from the specification."""
    schema = fastavro.parse_schema(record(("id", "long"), ("name", "string")))
    out = io.BytesIO()
    sync = bytes(range(16))
    meta = {"avro.schema": b'{"type":"record","name":"r","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"}]}'}
    meta |= {"avro.codec": codec.encode()} if codec != "null" else {}
    out.write(b"Obj\x01")
    fastavro.schemaless_writer(out, {"type": "map", "values": "bytes"}, meta)
    out.write(sync)
    for block in blocks:
        data = io.BytesIO()
        for item in block:
            fastavro.schemaless_writer(data, schema, item)
        fastavro.schemaless_writer(out, "long", len(block))
        fastavro.schemaless_writer(out, "bytes", _compressed(codec, data.getvalue()))
        out.write(sync)
    return out.getvalue()


CODECS = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]
PEOPLE = [[{"id": n, "name": f"person {n}"} for n in range(block * 100, block * 100 + 100)] for block in range(3)]


@pytest.mark.parametrize("codec", CODECS)
def test_blocks_are_read_in_every_codec(tmp_path: Path, codec: str) -> None:
    (tmp_path / "t").write_bytes(_container(codec, [*PEOPLE, []]))
    source = open_source(str(tmp_path / "t"))
    slabs = list(source.slabs(rows=70))
    assert [slab.height for slab in slabs] == [70, 70, 70, 70, 20]
    assert pl.concat(slabs)["id"].to_list() == list(range(source.rows)) == list(range(300))


CONTAINERS = {codec: _container(codec, PEOPLE) for codec in CODECS}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codec=st.sampled_from(CODECS), where=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_damage_is_refused_or_a_value_but_never_a_foreign_error(tmp_path: Path, codec: str, where: float, byte: int) -> None:
    data = bytearray(CONTAINERS[codec])
    data[4 + int((len(data) - 4) * where)] ^= byte
    (tmp_path / "t").write_bytes(data)
    try:
        whole(tmp_path / "t")
    except BadInput as error:
        assert "person" not in str(error)
        assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("kept", [3, 20, 150, -1, -17])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, kept: int) -> None:
    (tmp_path / "t").write_bytes(b"Obj\x01" + _container("null", PEOPLE)[4:kept])
    with pytest.raises(BadInput, match="damaged-avro"):
        open_source(str(tmp_path / "t"))


def test_a_wrong_checksum_of_a_snappy_block_is_refused(tmp_path: Path) -> None:
    data = _container("snappy", PEOPLE[:1])
    (tmp_path / "t").write_bytes(data[:-17] + bytes([data[-17] ^ 1]) + data[-16:])
    with pytest.raises(BadInput, match="damaged-avro"):
        whole(tmp_path / "t")


def test_an_unknown_codec_is_refused(tmp_path: Path) -> None:
    data = _container("xz", PEOPLE).replace(b"\x04xz", b"\x04zx")
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(BadInput, match="damaged-avro"):
        open_source(str(tmp_path / "t"))


UNSUPPORTED: dict[str, Any] = {
    "itself": record(("id", "long"), ("next", ["null", "r"])),
    "a record or a text": record(("v", ["string", {"type": "record", "name": "x", "fields": [{"name": "a", "type": "int"}]}])),
    "a long decimal": record(("v", {"type": "bytes", "logicalType": "decimal", "precision": 60, "scale": 2})),
    "no record": {"type": "array", "items": "long"},
}


@pytest.mark.parametrize("case", list(UNSUPPORTED))
def test_a_schema_without_columns_is_refused(tmp_path: Path, case: str) -> None:
    path = write(tmp_path / "t", UNSUPPORTED[case], [])
    with pytest.raises(BadInput, match="unsupported-avro"):
        open_source(str(path))


def test_no_records_are_no_rows(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-rows"):
        open_source(str(write(tmp_path / "t", record(("id", "long")), [])))


def test_parts_with_other_types_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "1", record(("id", "long")), [{"id": 1}])
    write(tmp_path / "2", record(("id", "string")), [{"id": "1"}])
    with pytest.raises(BadInput, match="schema-mismatch"):
        open_source(str(tmp_path))
