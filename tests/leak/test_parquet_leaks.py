"""What a Parquet source holds beside its rows never reaches the masked parts: metadata, statistics, dictionaries, indexes.

The source is full of canaries: in clear values of masked columns, in categories that no row has, in metadata of the file, of its
schema and of its fields, in statistics, page indexes and bloom filters. Then the bytes of the parts are searched, as they lie
there and decompressed page by page.
"""

from __future__ import annotations

import base64
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.mask.parts import ZSTD_LEVEL, Source
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import Bins, GeoPrefix, HmacToken, Keep, Null, PartialMask, Redact, TruncateDate

CANARY = "CanaryQuaxolotl"
ROWS = 2_000
MAGIC = b"PAR1"

PLAN = plan_of(
    decision("id", HmacToken()),
    decision("name", Redact()),
    decision("phone", PartialMask()),
    decision("zip", GeoPrefix(length=2)),
    decision("income", Bins(edges=(10.0, 20.0))),
    decision("born", TruncateDate(to="decade")),
    decision("notes", Null()),
    decision("city", Keep()),
    decision("tier", Keep()),
    decision("where.note", Redact()),
    decision("where.code", Keep()),
)


def write_source(path: Path) -> None:
    """A table as pyarrow and pandas write it, with everything switched on."""

    def category(values: list[str], unseen: str) -> pa.Array:
        known = [*sorted(set(values)), unseen]
        return pa.DictionaryArray.from_arrays(pa.array([known.index(value) for value in values], pa.int32()), known)

    n = range(ROWS)
    note = pa.field("note", pa.string(), metadata={"example": f"{CANARY}-struct"})
    columns = {
        "id": pa.array([f"{CANARY}-id-{i}" for i in n]),
        "name": category([f"{CANARY}-name-{i % 7}" for i in n], f"{CANARY}-unseen-name"),
        "phone": pa.array([f"{CANARY} {i}" for i in n]),
        "zip": pa.array([f"{10 + i % 3}{CANARY}" for i in n]),
        "income": pa.array([i % 30 for i in n]),
        "born": pa.array([i % 9_000 for i in n], pa.int32()).cast(pa.date32()),
        "notes": pa.array([f"{CANARY}-note-{i % 11}" for i in n]),
        "city": category([("Bonn", "Lyon")[i % 2] for i in n], f"{CANARY}-unseen-city"),
        "tier": pa.array([("gold", "silver")[i % 2] for i in n]),
        "where": pa.array([{"note": f"{CANARY}-{i}", "code": i % 5} for i in n], pa.struct([note, ("code", pa.int64())])),
    }
    fields = [pa.field(name, column.type, metadata={"comment": f"{CANARY}-field"}) for name, column in columns.items()]
    fields[-1] = pa.field("where", pa.struct([note, ("code", pa.int64())]), metadata={"comment": f"{CANARY}-field"})
    metadata = {"owner": f"{CANARY}-key-value", "pandas": '{"index_columns": ["' + CANARY + '-pandas"]}', CANARY: "as a key"}
    table = pa.table(list(columns.values()), schema=pa.schema(fields, metadata=metadata))
    pq.write_table(
        table,
        path,
        compression="none",
        row_group_size=500,
        data_page_size=512,
        write_statistics=True,
        write_page_index=True,
        store_schema=True,
        bloom_filter_options={"id": True, "notes": {"ndv": ROWS, "fpp": 0.05}},
    )


@pytest.fixture(scope="module")
def source_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "people.parquet"
    write_source(path)
    return path


@pytest.fixture(scope="module", params=["unread", "frames", "suppressed"])
def parts(request: pytest.FixtureRequest, source_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The masked parts, by each of the engine's ways: straight from the file, from frames, and with rows left out."""
    opened = open_source(str(source_file))
    source: Source = opened
    plan: MaskingPlan = PLAN
    if request.param == "frames":
        source = Frames(*opened.slabs(rows=300))
    elif request.param == "suppressed":
        plan = plan_of(*PLAN.decisions, k=2, over=("city",))
    stage = tmp_path_factory.mktemp(f"stage-{request.param}")
    result = mask_table(source=source, plan=plan, tools=TOOLS, stage=stage)
    assert result.rows_written == ROWS
    return [stage / name for name in result.parts]


def spellings(text: str) -> dict[str, bytes]:
    """A text in clear, in both cases, reversed, in hexadecimal and in base64 at each of the three alignments."""
    clear = text.encode()
    found = {"clear": clear, "lower": clear.lower(), "reversed": clear[::-1], "hex": clear.hex().encode()}
    found["utf-16"] = text.encode("utf-16-le")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + clear)
        found[f"base64-{shift}"] = encoded[4 if shift else 0 : len(encoded) - 4]
    return found


def hits(data: bytes) -> list[str]:
    return [name for name, needle in spellings(CANARY).items() if needle in data]


def pages(path: Path) -> bytes:
    """Every value of every dictionary and data page, decompressed by rewriting the file without compression or encoding."""
    plain = path.with_suffix(".plain")
    # Values come through the dictionaries as stored: a category that no row uses would stay in them.
    table = pq.read_table(path, read_dictionary=pq.read_schema(path).names)
    dictionaries = [str(chunk.dictionary.to_pylist()) for column in table.columns for chunk in column.chunks if _coded(chunk)]
    pq.write_table(pq.read_table(path), plain, compression="none", use_dictionary=False)
    data = plain.read_bytes()
    plain.unlink()
    return data + "".join(dictionaries).encode() + _frames(path)


def _coded(chunk: pa.Array) -> bool:
    return pa.types.is_dictionary(chunk.type)


def _frames(path: Path) -> bytes:
    """What every Zstandard frame of the file decompresses to, wherever it lies: pages that no footer names too."""
    data, found, start = path.read_bytes(), [], 0
    while (start := data.find(b"\x28\xb5\x2f\xfd", start)) >= 0:
        try:
            with pa.CompressedInputStream(pa.BufferReader(data[start:]), "zstd") as stream:
                for _ in range(1 << 12):
                    piece = stream.read(1 << 12)
                    if not piece:
                        break
                    found.append(piece)
        except OSError:
            pass  # the next page's header follows the frame
        start += 4
    return b"".join(found)


def test_the_source_is_full_of_canaries(source_file: Path) -> None:
    data = source_file.read_bytes()
    for canary in ("unseen-name", "unseen-city", "key-value", "pandas", "id-1999"):
        assert f"{CANARY}-{canary}".encode() in data, canary
    schema = pq.read_schema(source_file)
    assert CANARY in str(schema.field("id").metadata) and CANARY in str(schema.field("where").type.field("note").metadata)
    metadata = pq.read_metadata(source_file)
    assert metadata.row_group(0).column(0).is_stats_set
    assert metadata.row_group(0).column(0).has_column_index
    assert metadata.row_group(0).column(0).bloom_filter_offset


def test_the_search_finds_canaries_inside_compressed_pages(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [f"{CANARY}{n}" for n in range(500)]})
    frame.write_parquet(tmp_path / "a.parquet", compression="zstd", compression_level=ZSTD_LEVEL, statistics=False)
    pq.write_table(frame.to_arrow(), tmp_path / "b.parquet", compression="zstd", use_dictionary=False)
    for name in ("a", "b"):
        assert "clear" in hits(_frames(tmp_path / f"{name}.parquet")), name
        assert "clear" in hits(pages(tmp_path / f"{name}.parquet")), name


def test_no_canary_is_in_the_bytes_of_the_parts(parts: list[Path]) -> None:
    assert [hits(path.read_bytes()) for path in parts] == [[]] * len(parts)


def test_no_canary_is_in_the_pages_of_the_parts(parts: list[Path]) -> None:
    assert [hits(pages(path)) for path in parts] == [[]] * len(parts)


def test_the_parts_have_no_metadata_but_their_own_schema(parts: list[Path]) -> None:
    for path in parts:
        assert set(pq.read_metadata(path).metadata) == {b"ARROW:schema"}
        schema = pq.read_schema(path)
        assert not schema.metadata
        assert [field.name for field in schema if any(not key.startswith(b"PARQUET:") for key in field.metadata or {})] == []


def test_the_parts_have_no_statistics_indexes_or_bloom_filters(parts: list[Path]) -> None:
    for path in parts:
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                assert not column.is_stats_set, column.path_in_schema
                assert not column.has_column_index, column.path_in_schema  # an offset index has positions, no values
                assert column.bloom_filter_offset is None, column.path_in_schema


def test_dictionaries_hold_masked_values_of_rows_only(parts: list[Path]) -> None:
    for path in parts:
        table = pq.read_table(path, read_dictionary=pq.read_schema(path).names)
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                if _coded(chunk):
                    assert set(chunk.dictionary.to_pylist()) == set(chunk.to_pylist()) - {None}, name


def test_no_column_is_written_as_a_category(parts: list[Path]) -> None:
    for path in parts:
        types = pq.read_schema(path).types
        assert [str(kind) for kind in types if pa.types.is_dictionary(kind)] == []
