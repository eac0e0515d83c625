"""Which encoding a text is read in, by the stated rule."""

from __future__ import annotations

import codecs
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io import text_encoding
from airflow_privacy.core.io.source import open_source

TEXT = "name,städte\nMüller,„Köln“\nŽižka,Brno\n"
PLAIN = "name,note\nMüller,café\n"

ENCODINGS: dict[str, tuple[bytes, str, str]] = {
    "UTF-8": (TEXT.encode(), "utf-8", TEXT),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", TEXT),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), "utf-16", TEXT),
    "UTF-16 with the other mark": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16", TEXT),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "utf-16-le", TEXT),
    "UTF-16 without a mark, high byte first": (TEXT.encode("utf-16-be"), "utf-16-be", TEXT),
    "UTF-32 with a mark": (TEXT.encode("utf-32"), "utf-32", TEXT),
    "UTF-32 without a mark": (TEXT.encode("utf-32-le"), "utf-32-le", TEXT),
    "UTF-32 without a mark, high byte first": (TEXT.encode("utf-32-be"), "utf-32-be", TEXT),
    "Windows-1252": (TEXT.encode("cp1252"), "cp1252", TEXT),
    "Latin-1": (PLAIN.encode("latin-1"), "cp1252", PLAIN),  # the two agree on all letters
    "Latin-1 that Windows-1252 does not define": (b"a,b\nM\xfcller,\x81\n", "latin-1", "a,b\nMüller,\x81\n"),
    "ASCII": (b"a,b\nx,y\n", "utf-8", "a,b\nx,y\n"),
    "one stray byte among one UTF-8 letter": ("a,b\nü,".encode() + b"\xfc\n", "cp1252", "a,b\nÃ¼,ü\n"),
}


@pytest.mark.parametrize("case", list(ENCODINGS))
def test_text_is_read_in_the_encoding_that_the_rule_gives(tmp_path: Path, case: str) -> None:
    content, encoding, text = ENCODINGS[case]
    (tmp_path / "t").write_bytes(content)
    source = open_source(str(tmp_path / "t"))
    frame = pl.concat(source.slabs())
    header, *rows = [line.split(",") for line in text.splitlines()]
    assert source.encoding == encoding
    assert frame.columns == header
    assert [list(row) for row in frame.iter_rows()] == rows


def test_damaged_utf_8_is_refused_with_its_first_line_and_not_read_as_latin(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes("a\nMüller\nGröße\n".encode() + b"canary\xfc\nx\xe9\n" + "äöü\n".encode())
    with pytest.raises(BadInput, match=r"not-utf-8.*line 4 is the first of 2") as caught:
        open_source(str(tmp_path / "t"))
    assert "canary" not in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
    size=st.integers(1, 9),
)
def test_utf_8_is_known_wherever_the_blocks_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    monkeypatch.setattr(text_encoding, "_BLOCK", size)
    (tmp_path / "t").write_text(text, encoding="utf-8")
    assert text_encoding.encoding_of(tmp_path / "t", "t") == "utf-8"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=1), min_size=1),
    encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]),
)
def test_wide_text_is_known_with_and_without_a_mark(tmp_path: Path, cells: list[str], encoding: str) -> None:
    text = "header,x\n" + "".join(f"{cell},1\n" for cell in cells)
    (tmp_path / "t").write_bytes(text.encode(encoding))
    assert text_encoding.encoding_of(tmp_path / "t", "t") == encoding
    assert b"".join(text_encoding.as_utf8(tmp_path / "t", encoding, "t")).decode() == text
