"""Files that are no table, or not a readable one: each is refused with its own code, the file's name, and no value."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import open_source

CANARY = "canary.person@example.com"


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def put(path: Path, content: bytes = b"a\nx\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def twice_named() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table([pa.array([1]), pa.array([CANARY])], names=["a", "a"]), buffer)
    return buffer.getvalue()


WHOLE = parquet_bytes(pl.DataFrame({"a": [CANARY] * 50}))
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing in it": (b"", "empty-file"),
    "a header only": (b"a,b\n", "no-rows"),
    "blank lines only": (b"\n\n\n", "unreadable-csv"),
    "Parquet without rows": (parquet_bytes(pl.DataFrame({"a": []}, schema={"a": pl.String})), "no-rows"),
    "Parquet cut in half": (WHOLE[: len(WHOLE) // 2], "truncated-parquet"),
    "Parquet with a broken footer": (WHOLE[:-12] + b"\xff\xff\xff\x7f" + WHOLE[-8:], "truncated-parquet"),
    "only Parquet's first four bytes": (b"PAR1", "truncated-parquet"),
    "encrypted Parquet": (b"PARE" + WHOLE[4:], "encrypted-parquet"),
    "UTF-16 that breaks off": (f"a,b\n1,{CANARY}\n".encode("utf-16")[:-1], "damaged-encoding"),
    "UTF-8 with damage": ("a,b\n1,Müller Größe\n".encode() + b"2,\xfc " + CANARY.encode() + b"\n", "not-utf-8"),
    "a UTF-8 mark before Latin-1": (b"\xef\xbb\xbfa,b\n1,M\xfcller " + CANARY.encode() + b"\n", "not-utf-8"),
    "bytes with NULs": (bytes(range(256)) * 4 + CANARY.encode(), "not-text"),
    "control characters": (b"a,b\n\x01\x02\x03," + CANARY.encode() + b"\n", "not-text"),
    "names that occur twice": (f"a,b,a\n1,2,{CANARY}\n".encode(), "duplicate-columns"),
    "names that occur twice in Parquet": (twice_named(), "duplicate-columns"),
    "too many cells": (f"a,b\n1,2\n1,{CANARY},3\n".encode(), "ragged-row"),
    "too few cells": (f"a,b,c\n1,2,3\n1,{CANARY}\n".encode(), "ragged-row"),
    "a quotation mark that is not closed": (f'a,b\n1,"{CANARY}\n2,x\n'.encode(), "open-quote"),
    "no header": (f"{CANARY},Berlin\nb@example.com,Wien\n".encode(), "no-header"),
    "a JSON list": (b'[{"a": 1}]', "unsupported-format"),
    "JSON over several lines": (f'{{\n"a": "{CANARY}"\n}}\n'.encode(), "unreadable-json"),
    "JSON lines with a damaged line": (f'{{"a": 1}}\n{{"a": "{CANARY}\n'.encode(), "unreadable-json"),
    "JSON lines that are nested without end": (b'{"a":' + b"[" * 100_000, "unreadable-json"),
    "JSON lines with half a surrogate": (b'{"a": "\\ud800"}\n', "unreadable-json"),
    "a JSON value among objects": (f'{{"a": 1}}\n"{CANARY}"\n'.encode(), "not-an-object"),
    "JSON objects with keys that are data": (f'{{"a": {{"{CANARY}": 1}}}}\n'.encode(), "keys-hold-data"),
    "JSON objects with endless keys": (b"".join(b'{"k%d": 1}\n' % n for n in range(2_100)), "too-many-columns"),
    "a key that is object and value": (f'{{"a": {{"b": 1}}}}\n{{"a": "{CANARY}"}}\n'.encode(), "mixed-nesting"),
    "a key with a dot beside a path": (f'{{"a": {{"b": 1}}, "a.b": "{CANARY}"}}\n'.encode(), "ambiguous-path"),
    "empty JSON objects": (b"{}\n{}\n", "no-rows"),
    "text behind a quotation mark": (f'a b\n"{CANARY} x" 1 2\n'.encode(), "malformed-quoting"),
    "XML": (b"<rows><row/></rows>", "unsupported-format"),
    "Avro that breaks off": (b"Obj\x01\x04\x14avro.codec", "damaged-avro"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00", "unsupported-format"),
    "gzip that breaks off": (gzip.compress(f"a\n{CANARY}\n".encode())[:-9], "damaged-compression"),
    "gzip with a wrong checksum": (gzip.compress(b"a\nx\n")[:-8] + b"\0" * 8, "damaged-compression"),
    "Zstandard that breaks off": (zstd(f"a\n{CANARY}\n".encode() * 99)[:-9], "damaged-compression"),
    "gzip in gzip": (gzip.compress(gzip.compress(b"a\nx\n")), "unsupported-format"),
    "nothing in gzip": (gzip.compress(b""), "empty-file"),
    "bzip2": (b"BZh91AY", "unsupported-format"),
    "ragged rows in gzip": (gzip.compress(f"a,b\n1,{CANARY},3\n".encode()), "ragged-row"),
    "a column called star": (b"*,b\n1,2\n", "unusable-column-name"),
    "a column that is a pattern": (b"^.*$,b\n1,2\n", "unusable-column-name"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_file_is_refused_without_a_value(tmp_path: Path, case: str) -> None:
    content, reason = REFUSED[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        open_source(str(path))
    assert caught.value.reason == reason
    assert "table.csv" in str(caught.value)
    assert caught.value.do
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_ragged_row_is_named_by_its_line_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n1,"two\nlines"\n\n3,4,5\n')
    with pytest.raises(BadInput, match="Line 5 has 3 cells, the header has 2"):
        open_source(str(tmp_path / "t.csv"))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_source(str(tmp_path / "none.csv"))
    assert caught.value.reason == "missing-file"


@pytest.mark.parametrize("uri", ["s3://bucket/key", "https://example.com/a.csv", "file://server/share.csv"])
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_source(uri)
    assert caught.value.reason == "unsupported-location"


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda folder: folder.touch(), "empty-folder"),
    "markers only": (lambda folder: (folder / "_SUCCESS").touch(), "empty-folder"),
    "folders inside": (lambda folder: put(folder / CANARY / "1.csv"), "nested-folder"),
    "files at two depths": (lambda folder: (put(folder / f"a={CANARY}" / "1"), put(folder / "2")), "partition-mismatch"),
    "two keys": (lambda folder: (put(folder / f"b={CANARY}" / "1"), put(folder / f"c={CANARY}" / "1")), "partition-mismatch"),
    "one key twice": (lambda folder: put(folder / f"b={CANARY}" / f"b={CANARY}" / "1"), "duplicate-columns"),
    "a key that is a column": (lambda folder: put(folder / f"a={CANARY}" / "1"), "duplicate-columns"),
    "a key that is data": (lambda folder: put(folder / f"{CANARY}=1" / "1"), "nested-folder"),
    "a partition value that is no text": (lambda folder: put(folder / "b=%ff" / "1"), "unusable-name"),
    "a broken file in a partition": (lambda folder: put(folder / f"b={CANARY}" / "1", b"a,c\n1\n"), "ragged-row"),
    "a Delta table": (lambda folder: (put(folder / "1"), put(folder / "_delta_log" / "0.json")), "unsupported-format"),
    "a linked folder": (lambda folder: (put(folder / "b=1" / "1"), (folder / "b=2").symlink_to("b=1")), "linked-folder"),
    "two formats": (
        lambda folder: ((folder / "1.parquet").write_bytes(WHOLE), (folder / "2.csv").write_text("a\nx\n")),
        "mixed-formats",
    ),
    "two headers": (
        lambda folder: ((folder / "1.csv").write_text("a\nx\n"), (folder / "2.csv").write_text("b\nx\n")),
        "schema-mismatch",
    ),
    "two schemas": (
        lambda folder: (
            (folder / "1").write_bytes(WHOLE),
            (folder / "2").write_bytes(parquet_bytes(pl.DataFrame({"a": [1]}))),
        ),
        "schema-mismatch",
    ),
}


@pytest.mark.parametrize("case", list(FOLDERS))
def test_folder_is_refused(tmp_path: Path, case: str) -> None:
    make, reason = FOLDERS[case]
    make(tmp_path)
    with pytest.raises(BadInput) as caught:
        open_source(str(tmp_path))
    assert caught.value.reason == reason
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_damaged_pages_are_refused_while_reading(tmp_path: Path) -> None:
    content = bytearray(parquet_bytes(pl.DataFrame({"a": [f"{CANARY}{n}" for n in range(5_000)]})))
    content[200 : len(content) // 2] = b"\x00" * (len(content) // 2 - 200)
    (tmp_path / "t.parquet").write_bytes(content)
    source = open_source(str(tmp_path / "t.parquet"))
    with pytest.raises(BadInput) as caught:
        list(source.slabs())
    assert caught.value.reason == "unreadable-parquet"
    assert CANARY not in str(caught.value)


def test_file_that_changes_after_opening_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\nx\n")
    source = open_source(str(path))
    path.write_text("a\nx\ny\n")
    with pytest.raises(BadInput) as caught:
        list(source.slabs())
    assert caught.value.reason == "source-changed"


def test_unknown_column_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\nx\n")
    with pytest.raises(BadInput, match="'b'"):
        open_source(str(tmp_path / "t.csv")).slabs(columns=["b"])
