"""A rewritten CSV or JSON lines file: every byte of what stays is the byte that was there."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from purge_files_case import by_day, carry_out, write

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.csv_dialect import Dialect
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge import text_records
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.text_records import Text, blocks

OLD, YOUNG = "2024-01-31", "2024-06-10"
DAYS = st.sampled_from([OLD, YOUNG, "", "soon", f" {OLD} "])
# What cells are made of: everything that could be taken for an end of a cell or a row.
CELLS = st.text(st.sampled_from("ab \"',;\n\r\tü"), max_size=6)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5)
MARKS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def purge(path: Path, column: str = "day") -> None:
    assert carry_out(file_rows_target(str(path), rule=by_day(column), storages=local_storage)).left == 0


def goes(day: str) -> bool:
    return day.strip() == OLD


def cell(text: str, dialect: Dialect, always: bool) -> str:
    quote = dialect.quote
    if not always and not set(text) & {quote, dialect.delimiter, "\n", "\r"}:
        return text
    return quote + text.replace(quote, quote * 2) + quote


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(CELLS, DAYS, CELLS, st.booleans()), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    blanks=st.lists(st.booleans(), min_size=12, max_size=12),
    last_end=st.booleans(),
    block=st.integers(4, 200),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]),
)
def test_csv_records_that_stay_are_copied_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory,
    rows: Sequence[tuple[str, str, str, bool]],
    delimiter: str,
    end: str,
    blanks: Sequence[bool],
    last_end: bool,
    block: int,
    encoding: str,
) -> None:
    dialect = Dialect(delimiter, '"')
    path = tmp_path_factory.mktemp("place") / "a.csv"
    header = f'"name"{delimiter}day{delimiter}"no""te"{end}'
    records = [
        delimiter.join([cell("x" + first, dialect, always), cell(day, dialect, always), cell(third, dialect, always)]) + end
        for first, day, third, always in rows
    ]
    records = [record + end * blank for record, blank in zip(records, blanks, strict=False)]
    stays = [index for index, (_, day, _, _) in enumerate(rows) if not goes(day)]
    blank_only = [end * blanks[index] if index not in stays else record for index, record in enumerate(records)]
    if not last_end and not blanks[len(rows) - 1]:
        records[-1] = records[-1].removesuffix(end)
        blank_only[-1] = blank_only[-1].removesuffix(end)
    codec = encoding.removesuffix("-sig")
    mark = MARKS.get(encoding, b"")
    path.write_bytes(mark + (header + "".join(records)).encode(codec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_records, "_BLOCK", block * 2)
        purge(path)
    assert path.read_bytes() == mark + (header + "".join(blank_only)).encode(codec)


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(DAYS, st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(4, 200),
)
def test_json_lines_that_stay_are_copied_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, rows: Sequence[tuple[str, str, bool]], end: str, block: int
) -> None:
    path = tmp_path_factory.mktemp("place") / "a.jsonl"
    lines = [
        json.dumps({"day": day, "text": text, "more": {"day": OLD}}, ensure_ascii=ascii_only, indent=None) + end
        for day, text, ascii_only in rows
    ]
    path.write_bytes("".join(lines).encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_records, "_BLOCK", block)
        purge(path)
    stays = [line for line, (day, _, _) in zip(lines, rows, strict=True) if not goes(day)]
    assert path.read_bytes() == "".join(stays).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("day,n\n2024-01-31,\"a\nb\"\n2024-06-10,\"c\n2024-01-31,d\"\n", "day,n\n2024-06-10,\"c\n2024-01-31,d\"\n"),
        ("day;n\n2024-01-31;1,5\n2024-06-10;2,5\n", "day;n\n2024-06-10;2,5\n"),
        ("'day','n'\n'2024-01-31','a'\n'2024-06-10','b''c'\n", "'day','n'\n'2024-06-10','b''c'\n"),
        ("\n\nday,n\n\n2024-01-31,a\n\n2024-06-10,b\n\n", "\n\nday,n\n\n\n2024-06-10,b\n\n"),
        ("n,day\n5\" pipe,2024-01-31\n6\" pipe,2024-06-10\na,2024-01-31\n", "n,day\n6\" pipe,2024-06-10\n"),
        ("n,day\n5\" pipe,2024-06-10\n\"x\n6\",2024-01-31\n7\" b,2024-06-10\n", "n,day\n5\" pipe,2024-06-10\n7\" b,2024-06-10\n"),
        ("n,day\n a \"b\" ,2024-01-31\nc,2024-06-10", "n,day\nc,2024-06-10"),
        ("day\n2024-01-31\n2024-06-10\n", "day\n2024-06-10\n"),
        ("day,n\n2024-01-31,a\n2024-06-10,b\n2024-01-31,c", "day,n\n2024-06-10,b\n"),
        ("day,\n2024-01-31,a\n2024-06-10,b\n", "day,\n2024-06-10,b\n"),
    ],
)  # fmt: skip
def test_odd_csv_is_cut_as_readers_read_it(tmp_path: Path, before: str, after: str) -> None:
    for newline in ("\n", "\r\n"):
        path = write(tmp_path / "a.csv", before.replace("\n", newline))
        purge(path)
        assert path.read_bytes().decode() == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'n,day\n"a"b,2024-06-10\n"c\nd",2024-06-10\n', "malformed-quoting"),
        (b'n,day\n' + b'a,2024-06-10\n' * 9_000 + b'"a"b,2024-06-10\n', "malformed-quoting"),
        (b'n,day\n1,2024-01-31\n2,"2024\n', "open-quote"),
        (b"n,day\n1,2024-01-31,3\n", "unreadable-csv"),
    ],
)  # fmt: skip
def test_csv_whose_rows_are_not_certain_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = write(tmp_path / "a.csv", data)
    with pytest.raises(BadInput) as caught:
        file_rows_target(str(path), rule=by_day(), storages=local_storage).find()
    assert caught.value.reason == reason and path.read_bytes() == data


def test_a_record_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_records, "_RECORD_BYTES", 1_000)
    monkeypatch.setattr(text_records, "_BLOCK", 100)
    path = write(tmp_path / "a.csv", b'n,day\n"' + b"x" * 2_000 + b'",2024-06-10\n')
    with pytest.raises(BadInput) as caught:
        list(blocks(path, Text("utf-8", b"", Dialect(",", '"')), "here"))
    assert caught.value.reason == "record-too-large"


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        (f'{{"day": "{OLD}"}}', True),
        ('{"day": null}', False),
        ('{"day": 2020}', True),
        ('{"day": 20200101}', False),
        ('{"day": ["2020-01-01"]}', False),
        ('{"day": {"day": "2020-01-01"}}', False),
        (f'{{"day": "{YOUNG}", "day": "{OLD}"}}', True),
        ('{"Day": "2020-01-01"}', False),
    ],
)
def test_json_values_are_judged_as_texts(tmp_path: Path, line: str, gone: bool) -> None:
    other = f'{{"day": "{YOUNG}"}}\n'
    path = write(tmp_path / "a.jsonl", f"{other}{line}\n")
    purge(path)
    assert path.read_text() == (other if gone else f"{other}{line}\n")


def test_a_path_that_is_written_in_two_ways_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"a": {"b": "2020-01-01"}, "a.b": "2024-06-10"}\n')
    with pytest.raises(BadInput) as caught:
        file_rows_target(str(path), rule=by_day("a.b"), storages=local_storage).find()
    assert caught.value.reason == "unreadable-json"


def test_utf_16_json_lines_are_cut_too(tmp_path: Path) -> None:
    kept = f'{{"day": "{YOUNG}", "n": "ü\u0a0a"}}\r\n'
    path = write(tmp_path / "a.jsonl", (f'{{"day": "{OLD}"}}\r\n' + kept).encode("utf-16"))
    purge(path)
    assert path.read_bytes() == codecs.BOM_UTF16_LE + kept.encode("utf-16-le")


def test_characters_whose_bytes_look_like_ends_are_no_ends(tmp_path: Path) -> None:
    text = f"day,n\n{OLD},a\n{YOUNG},\u0a0a\u0d0d\u2c22\n"
    path = write(tmp_path / "a.csv", text.encode("utf-16"))
    purge(path)
    assert path.read_bytes().decode("utf-16") == text.replace(f"{OLD},a\n", "")
