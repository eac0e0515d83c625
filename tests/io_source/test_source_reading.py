"""What sources read: types, missing values, slabs, digests, folders."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from airflow_privacy.core.io.source import open_source


def whole(path: Path, rows: int = 250_000) -> pl.DataFrame:
    return pl.concat(open_source(str(path)).slabs(rows=rows))


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


TYPED: dict[str, tuple[list[str], str, object]] = {
    "whole numbers": (["1", "-20", ""], "integer", [1, -20, None]),
    "one leading zero keeps text": (["1", "02"], "string", ["1", "02"]),
    "plus keeps text": (["+1", "2"], "string", ["+1", "2"]),
    "zero is a number": (["0", "7"], "integer", [0, 7]),
    "decimals": (["1.5", "-.5", "3"], "number", [1.5, -0.5, 3.0]),
    "exponent without a point keeps text": (["1e5", "2e7"], "string", ["1e5", "2e7"]),
    "truth": (["true", "False", ""], "boolean", [True, False, None]),
    "dates": (["2024-02-29", "1999-12-31"], "date", [dt.date(2024, 2, 29), dt.date(1999, 12, 31)]),
    "one impossible date keeps text": (["2024-02-29", "2023-02-29"], "string", ["2024-02-29", "2023-02-29"]),
    "timestamps": (
        ["2024-01-01T10:00", "2024-01-01 10:00:01.5"],
        "timestamp",
        [dt.datetime(2024, 1, 1, 10), dt.datetime(2024, 1, 1, 10, 0, 1, 500_000)],
    ),
    "timestamps with a zone keep text": (["2024-01-01T10:00:00Z"], "string", ["2024-01-01T10:00:00Z"]),
    "words": (["a", "", "  "], "string", ["a", None, None]),
    "numbers and a word": (["1", "n/a"], "string", ["1", "n/a"]),
    "a column of inch marks": (['5"', '6"', '7"'], "string", ['5"', '6"', '7"']),
    "nothing": (["", ""], "null", [None, None]),
    "nineteen digits keep text": (["9999999999999999999"], "string", ["9999999999999999999"]),
}


@pytest.mark.parametrize("case", list(TYPED))
def test_csv_column_is_typed_by_all_its_values(tmp_path: Path, case: str) -> None:
    cells, dtype, values = TYPED[case]
    path = csv(tmp_path, "k,v\n" + "".join(f"x,{cell}\n" for cell in cells))
    source = open_source(str(path))
    assert source.columns[1].dtype == dtype
    assert whole(path)["v"].to_list() == values


def test_a_late_value_decides_for_all_slabs(tmp_path: Path) -> None:
    path = csv(tmp_path, "v\n" + "1\n" * 500 + "x\n")
    assert {frame["v"].dtype for frame in open_source(str(path)).slabs(rows=10)} == {pl.String}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_in_the_header(tmp_path: Path, delimiter: str) -> None:
    path = csv(tmp_path, f'"a,x"{delimiter}b\n1{delimiter}"q{delimiter}r"\n')
    assert whole(path).to_dicts() == [{"a,x": 1, "b": f"q{delimiter}r"}]


def test_quotes_line_breaks_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffa,b\r\n"x\ny","say ""hi"""\r\n'.encode())
    assert whole(path).to_dicts() == [{"a": "x\ny", "b": 'say "hi"'}]


def test_names_are_stripped_and_nameless_columns_get_one(tmp_path: Path) -> None:
    assert whole(csv(tmp_path, ",  b\n0,1\n")).columns == ["column_1", "b"]


def test_content_decides_not_the_extension(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.csv")
    (tmp_path / "b.parquet").write_text("a\n1\n")
    assert open_source(str(tmp_path / "a.csv")).format == "parquet"
    assert open_source(str(tmp_path / "b.parquet")).format == "csv"


def test_parquet_types_have_their_logical_names(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "s": ["x"], "i": [1], "n": [1.0], "b": [True], "d": [dt.date(2024, 1, 1)], "t": [dt.datetime(2024, 1, 1)],
            "c": pl.Series(["x"], dtype=pl.Categorical), "bin": [b"x"], "l": [[1]], "st": [{"a": 1}], "time": [dt.time(1)],
            "dec": pl.Series(["1.5"]).str.to_decimal(scale=1), "null": [None],
        }
    )  # fmt: skip
    frame.write_parquet(tmp_path / "t")
    source = open_source(str(tmp_path / "t"))
    assert {column.name: column.dtype for column in source.columns} == {
        "s": "string", "i": "integer", "n": "number", "b": "boolean", "d": "date", "t": "timestamp", "c": "string",
        "bin": "binary", "l": "nested", "st.a": "integer", "time": "time", "dec": "decimal", "null": "null",
    }  # fmt: skip
    assert next(source.slabs())["c"].dtype == pl.String


def test_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    path = csv(tmp_path, "a\n1\n")
    assert open_source(str(path)).digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_file_uri_and_path_open_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_text("a\n1\n")
    assert open_source(path.as_uri()).digest == open_source(str(path)).digest


def test_folder_is_read_in_sorted_order_without_markers(tmp_path: Path) -> None:
    for name, value in (("part-2", 2), ("part-1", 1), ("part-10", 3)):
        pl.DataFrame({"a": [value]}).write_parquet(tmp_path / name)
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "manifest.json").write_text("{}")
    assert whole(tmp_path)["a"].to_list() == [1, 3, 2]


def test_digest_of_a_folder_changes_when_bytes_move_between_files(tmp_path: Path) -> None:
    digests = set()
    for number, (first, second) in enumerate((("x\ny\n", "z\n"), ("x\n", "y\nz\n"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "1").write_text("a\n" + first)
        (folder / "2").write_text("a\n" + second)
        digests.add(open_source(str(folder)).digest)
    assert len(digests) == 2


def test_columns_come_in_the_order_asked(tmp_path: Path) -> None:
    source = open_source(str(csv(tmp_path, "a,b,c\n1,2,3\n")))
    assert next(source.slabs(columns=["c", "a"])).columns == ["c", "a"]


CELL = st.one_of(st.none(), st.integers(-999, 999).map(str), st.text('abcä,"\n 0123456789.-', max_size=8))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=25),
    size=st.integers(1, 30),
    kind=st.sampled_from(["csv", "parquet"]),
)
def test_slabs_joined_are_the_whole_and_no_larger_than_asked(
    tmp_path: Path, rows: list[tuple[str | None, str | None]], size: int, kind: str
) -> None:
    frame = pl.DataFrame(
        {"key": range(len(rows)), "x": [row[0] for row in rows], "y": [row[1] for row in rows]},
        schema_overrides={"x": pl.String, "y": pl.String},
    )
    path = tmp_path / "t"
    if kind == "csv":
        frame.write_csv(path, quote_style="always")
    else:
        frame.write_parquet(path, row_group_size=7)
    source = open_source(str(path))
    slabs = list(source.slabs(rows=size))
    assert source.rows == frame.height
    assert max(slab.height for slab in slabs) <= size
    assert_frame_equal(pl.concat(slabs), pl.concat(source.slabs()))
    if kind == "parquet":
        assert_frame_equal(pl.concat(slabs), frame)
    else:
        assert pl.concat(slabs)["key"].to_list() == list(range(len(rows)))
