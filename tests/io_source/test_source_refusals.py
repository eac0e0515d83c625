"""Files that are no table, or not a readable one: each is refused with its own code, the file's name, and no value."""

from __future__ import annotations

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
    "UTF-16 with a mark": (f"a,b\n1,{CANARY}\n".encode("utf-16"), "not-utf-8"),
    "UTF-16 without a mark": (f"a,b\n1,{CANARY}\n".encode("utf-16-le"), "not-utf-8"),
    "UTF-32": (f"a,b\n1,{CANARY}\n".encode("utf-32"), "not-utf-8"),
    "Latin-1 in a cell": (f"a,b\n1,M\xfcller {CANARY}\n".encode("latin-1"), "not-utf-8"),
    "Latin-1 in the header": (f"stra\xdfe,b\n1,{CANARY}\n".encode("latin-1"), "not-utf-8"),
    "names that occur twice": (f"a,b,a\n1,2,{CANARY}\n".encode(), "duplicate-columns"),
    "names that occur twice in Parquet": (twice_named(), "duplicate-columns"),
    "too many cells": (f"a,b\n1,2\n1,{CANARY},3\n".encode(), "ragged-row"),
    "too few cells": (f"a,b,c\n1,2,3\n1,{CANARY}\n".encode(), "ragged-row"),
    "a quotation mark that is not closed": (f'a,b\n1,"{CANARY}\n2,x\n'.encode(), "open-quote"),
    "no header": (f"{CANARY},Berlin\nb@example.com,Wien\n".encode(), "no-header"),
    "JSON": (b'{"a": 1}\n', "unsupported-format"),
    "a JSON list": (b'[{"a": 1}]', "unsupported-format"),
    "XML": (b"<rows><row/></rows>", "unsupported-format"),
    "Avro": (b"Obj\x01\x04\x14avro.codec", "unsupported-format"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00", "unsupported-format"),
    "gzip": (b"\x1f\x8b\x08\x00", "unsupported-format"),
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
    assert caught.value.reason == "unsupported-scheme"


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda folder: folder.touch(), "empty-folder"),
    "markers only": (lambda folder: (folder / "_SUCCESS").touch(), "empty-folder"),
    "folders inside": (lambda folder: (folder / "year=2024").mkdir(), "nested-folder"),
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
