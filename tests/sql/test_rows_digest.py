"""The digest of rows: the same for the same rows in any order and cut, another for anything else."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.refs import ColumnType

ROW = {
    "i": 7,
    "n": 0.1,
    "b": True,
    "d": date(2024, 2, 29),
    "ts": datetime(2024, 2, 29, 12, 0, 0, 5),
    "tz": datetime(2024, 2, 29, 12, tzinfo=UTC),
    "t": time(13, 5),
    "dec": Decimal("5.10"),
    "s": "Zoë",
    "bin": b"\x00\xff",
    "l": ["a", None],
}


def columns_of(frame: pl.DataFrame) -> list[ColumnType]:
    return [ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in frame.schema.items()]


def digest(frame: pl.DataFrame, **changes: int) -> str:
    return rows_digest([frame], columns_of(frame), **changes)


def test_a_row_is_encoded_as_the_documentation_says() -> None:
    frame = pl.DataFrame(ROW | {"l": [["a", None]]})
    schema = digest_of([{"name": column.name, "type": column.dtype} for column in columns_of(frame)])
    cells = [
        "7",
        str(int.from_bytes(bytes.fromhex("3fb999999999999a"))),
        "true",
        "2024-02-29",
        "2024-02-29T12:00:00.000005000",
        "2024-02-29T12:00:00.000000000Z",
        "13:05:00.000000000",
        "5.1",
        "Zoë",
        "00ff",
        "1:an",
    ]
    row = schema + "".join(f"{len(cell.encode())}:{cell}" for cell in cells)
    assert digest(frame) == "sha256:" + hashlib.sha256(hashlib.sha256(row.encode()).digest()).hexdigest()


texts = st.lists(st.tuples(st.none() | st.text(max_size=4), st.none() | st.text(max_size=4)), min_size=1, max_size=8)


@given(texts, st.randoms(use_true_random=False), st.integers(1, 8))
def test_neither_order_nor_cut_matter(rows: list[tuple[str | None, str | None]], chance, cut: int) -> None:
    schema = {"a": pl.String, "b": pl.String}
    shuffled = list(rows)
    chance.shuffle(shuffled)
    one = pl.DataFrame(rows, schema=schema, orient="row")
    other = pl.DataFrame(shuffled, schema=schema, orient="row")
    assert digest(one) == rows_digest(other.iter_slices(cut), columns_of(other), held=3)


@given(texts, texts)
def test_other_rows_have_another_digest(rows, others) -> None:
    def one(given) -> str:
        return digest(pl.DataFrame(given, schema={"a": pl.String, "b": pl.String}, orient="row"))

    key = repr  # None and text do not compare
    assert (one(rows) == one(others)) == (sorted(rows, key=key) == sorted(others, key=key))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [None]}, {"a": [""]}),
        ({"a": ["1:b"], "b": [""]}, {"a": ["1"], "b": [":b"]}),
        ({"a": ["x"]}, {"b": ["x"]}),
        ({"a": [1]}, {"a": ["1"]}),
        ({"a": ["x"], "b": ["y"]}, {"b": ["y"], "a": ["x"]}),
        ({"a": ["x"]}, {"a": ["x", "x"]}),
        ({"a": [0.0]}, {"a": [-0.0]}),
        ({"a": [[None]]}, {"a": [[]]}),
        ({"a": [["ab"]]}, {"a": [["a", "b"]]}),
        ({"a": [datetime(2024, 1, 1)]}, {"a": [datetime(2024, 1, 1, tzinfo=UTC)]}),
    ],
)
def test_what_differs_in_any_way_has_another_digest(one: dict[str, list[object]], other: dict[str, list[object]]) -> None:
    assert digest(pl.DataFrame(one)) != digest(pl.DataFrame(other))


def test_the_physical_type_does_not_matter_where_the_logical_one_is_given() -> None:
    columns = [ColumnType(name="a", dtype="integer")]
    narrow, wide = pl.DataFrame({"a": [5, 120]}, schema={"a": pl.Int8}), pl.DataFrame({"a": [Decimal(5), Decimal(120)]})
    assert rows_digest([narrow], columns) == rows_digest([wide], columns)


def test_a_column_of_another_type_is_refused_even_where_its_text_is_the_same() -> None:
    with pytest.raises(BadInput, match="columns-differ"):
        rows_digest([pl.DataFrame({"a": ["5"]})], [ColumnType(name="a", dtype="integer")])


def test_digests_on_disk_give_what_those_in_memory_give() -> None:
    frame = pl.DataFrame({"a": range(3000)})
    assert digest(frame) == rows_digest(frame.iter_slices(100), columns_of(frame), held=250)


def test_a_column_named_like_a_pattern_is_a_column() -> None:
    assert digest(pl.DataFrame({"^a$": [1], "a": [2]})) != digest(pl.DataFrame({"^a$": [2], "a": [1]}))


def test_a_type_without_a_canonical_text_is_refused() -> None:
    with pytest.raises(BadInput, match="no-row-encoding"):
        rows_digest([pl.DataFrame({"a": [timedelta(1)]})], [ColumnType(name="a", dtype="integer")])
