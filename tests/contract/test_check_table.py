"""Each promise about a table, held and broken: the count is right and no value is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.contract import check
from airflow_privacy.core.contract.check import Breach, check_table, require
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.contract import Column, Contract, Freshness, Table
from airflow_privacy.core.model.refs import ColumnType

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)
CANARY = "canary.person@example.com"


@dataclass
class Frame:
    """A frame as a source; slabs of two rows, so that every check crosses a border."""

    frame: pl.DataFrame
    slab_rows: int = 2
    uri: str = "memory:"

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return tuple(ColumnType(name=name, dtype=family(dtype) or "") for name, dtype in self.frame.schema.items())

    @property
    def rows(self) -> int:
        return self.frame.height

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = 250_000) -> Iterator[pl.DataFrame]:
        for start in range(0, self.frame.height, min(rows, self.slab_rows)):
            yield self.frame.slice(start, self.slab_rows).select(columns if columns is not None else self.frame.columns)


def breaches(
    data: dict[str, Any] | pl.DataFrame, *columns: Column, freshness: Freshness | None = None, now: datetime = NOW
) -> tuple[Breach, ...]:
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data, strict=False)
    table = Table(name="t", columns=columns)
    contract = Contract(id="c", name="c", version="1", status="active", freshness=freshness, tables=(table,))
    found = check_table(table, contract, Frame(frame), now=now)
    assert "canary" not in repr(found)
    return found


def only(found: tuple[Breach, ...]) -> Breach:
    [breach] = found
    return breach


def test_a_table_that_keeps_every_promise_has_no_breach() -> None:
    columns = (
        Column(name="id", logical_type="integer", required=True, unique=True, primary_key=True),
        Column(name="mail", logical_type="string", required=True),
    )
    assert breaches({"id": [1, 2, 3], "mail": ["a", "b", "c"]}, *columns) == ()


# Columns


def test_a_promised_column_that_is_missing() -> None:
    breach = only(breaches({"a": [1]}, Column(name="a"), Column(name="b", required=True, unique=True, logical_type="date")))
    assert breach == Breach(check="schema", column="b", what="the column is promised and not there", count=1)


def test_a_column_that_nobody_promised() -> None:
    breach = only(breaches({"a": [1], "b": [CANARY]}, Column(name="a")))
    assert breach == Breach(check="schema", column="b", what="the column is there and not promised", count=1)


def test_a_column_in_another_case_is_another_column() -> None:
    assert [breach.column for breach in breaches({"Mail": ["x"]}, Column(name="mail"))] == ["mail", "Mail"]


def test_two_columns_of_one_name() -> None:
    class Twice(Frame):
        @property
        def columns(self) -> tuple[ColumnType, ...]:
            return (ColumnType(name="a", dtype="string"),) * 2

    table = Table(name="t", columns=(Column(name="a", required=True),))
    contract = Contract(id="c", name="c", version="1", status="active", tables=(table,))
    breach = only(check_table(table, contract, Twice(pl.DataFrame({"a": [CANARY]})), now=NOW))
    assert (breach.check, breach.count) == ("schema", 2)


# Nullability


def test_missing_values_of_a_required_column_are_counted_over_slabs() -> None:
    breach = only(breaches({"a": [None, "x", None, "", CANARY, None]}, Column(name="a", required=True)))
    assert breach == Breach(check="nullability", column="a", what="4 values are missing", count=4)


def test_one_missing_value_is_told_in_the_singular() -> None:
    assert only(breaches({"a": [1, None]}, Column(name="a", required=True))).what == "1 value is missing"


def test_nan_counts_as_missing() -> None:
    assert only(breaches({"a": [1.0, float("nan"), None]}, Column(name="a", required=True))).count == 2


def test_a_blank_text_is_a_value() -> None:
    assert breaches({"a": [" ", "x"]}, Column(name="a", required=True)) == ()


def test_a_primary_key_is_required() -> None:
    assert only(breaches({"a": [1, None]}, Column(name="a", primary_key=True))).check == "nullability"


def test_missing_values_of_another_column_are_no_breach() -> None:
    assert breaches({"a": [None, "", "x"]}, Column(name="a", logical_type="string", unique=True)) == ()


def test_a_column_of_nulls_breaks_a_requirement_and_fits_every_type() -> None:
    frame = pl.DataFrame({"a": [None, None]}, schema={"a": pl.Null})
    assert only(breaches(frame, Column(name="a", required=True, unique=True, logical_type="date"))).check == "nullability"


# Types


@pytest.mark.parametrize(
    ("promised", "values", "count"),
    [
        ("integer", [CANARY, "x"], 2),
        ("integer", ["1", "-2", "+3", " 4 ", ""], 0),
        ("integer", ["1.0", "1e3", "0x1", "1_000", "\u0661"], 5),
        ("integer", [1.0, -2.0, None, float("nan")], 0),
        ("integer", [1.5, 2.0, float("inf")], 2),
        ("integer", [Decimal("1.00"), Decimal("1.50")], 1),
        ("number", ["1", "-1.5", ".5", "5.", "1e-3", "1E+3"], 0),
        ("number", ["1,5", "1.5.1", "e3", "nan", "inf", "--1"], 6),
        ("number", [1, 2], 0),
        ("number", [Decimal("1.5")], 0),
        ("boolean", ["true", "FALSE", "0", "1", "True"], 0),
        ("boolean", ["yes", "no", "t", "2"], 4),
        ("boolean", [0, 1, 1], 0),
        ("boolean", [0, 1, 2, -1], 2),
        ("date", ["2024-02-29", " 2024-12-31"], 0),
        ("date", ["2023-02-29", "2024-13-01", "24-01-01", "01.02.2024", "2024-1-1", "2024-01-01T00:00:00"], 6),
        ("date", [datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1)], 1),
        ("timestamp", ["2024-01-01", "2024-01-01 10:00", "2024-01-01T10:00:30", "2024-01-01T10:00:30.123456Z"], 0),
        ("timestamp", ["2024-01-01T10:00+02:00", "2024-01-01 10:00:30+0200", "2024-01-01T10:00:30z"], 0),
        ("timestamp", ["2024-01-01T25:00", "2024-02-30T10:00:00", "10:00", "2024-01-01T10", "1714646400"], 5),
        ("timestamp", [date(2024, 1, 1)], 0),
        ("time", ["10:00", "23:59:59", "00:00:00.5"], 0),
        ("time", ["24:00", "10:60", "9:00", "10:00:60"], 4),
        ("string", ["", "x", None], 0),
        ("object", ['{"a": 1}', "x"], 0),
        ("array", ["[1]"], 0),
        ("map", ["{}"], 0),
    ],
)
def test_values_that_do_not_read_as_the_promised_type_are_counted(promised: str, values: list[Any], count: int) -> None:
    found = breaches({"a": values}, Column(name="a", logical_type=promised))
    assert sum(breach.count for breach in found) == count
    assert {breach.check for breach in found} <= {"type"}
    if found:
        assert found[0].what.endswith(f"not read as {promised}")


@pytest.mark.parametrize(
    ("promised", "values", "found"),
    [
        ("string", [1], "integer"),
        ("integer", [True], "boolean"),
        ("date", [1], "integer"),
        ("boolean", [1.0], "number"),
        ("timestamp", [1714646400000], "integer"),
        ("time", [datetime(2024, 1, 1)], "timestamp"),
        ("number", [date(2024, 1, 1)], "date"),
        ("object", [1], "integer"),
    ],
)
def test_a_column_of_the_wrong_type_is_one_breach(promised: str, values: list[Any], found: str) -> None:
    breach = only(breaches({"a": values}, Column(name="a", logical_type=promised)))
    assert breach == Breach(check="type", column="a", what=f"the column is {found}, promised is {promised}", count=1)


@pytest.mark.parametrize(
    ("promised", "values"),
    [("object", [{"a": 1}]), ("array", [[1, 2]]), ("time", [time(10)]), ("date", [date(2024, 1, 1)]), (None, [1])],
)
def test_a_column_of_the_promised_type_is_no_breach(promised: str | None, values: list[Any]) -> None:
    assert breaches({"a": values}, Column(name="a", logical_type=promised)) == ()


def test_categories_are_texts() -> None:
    frame = pl.DataFrame({"a": ["1", "x", ""]}, schema={"a": pl.Categorical})
    assert only(breaches(frame, Column(name="a", logical_type="integer"))).count == 1
    assert only(breaches(frame, Column(name="a", required=True))).count == 1


# Uniqueness


def test_a_key_that_comes_again_in_another_slab() -> None:
    breach = only(breaches({"a": [CANARY, "b", "c", CANARY, CANARY]}, Column(name="a", unique=True)))
    assert breach == Breach(check="uniqueness", column="a", what="2 rows repeat an earlier key", count=2)


def test_a_key_that_comes_again_in_the_same_slab() -> None:
    assert only(breaches({"a": [1, 1]}, Column(name="a", unique=True))).what == "1 row repeats an earlier key"


def test_missing_keys_do_not_repeat_one_another() -> None:
    assert breaches({"a": [None, "", None, "", "x"]}, Column(name="a", unique=True)) == ()


def test_a_primary_key_of_two_columns_is_unique_as_a_pair() -> None:
    key = (Column(name="a", primary_key=True), Column(name="b", primary_key=True))
    assert breaches({"a": [1, 1, 2], "b": ["x", "y", "x"]}, *key) == ()
    breach = only(breaches({"a": [1, 1, 1], "b": ["x", "y", "x"]}, *key))
    assert (breach.column, breach.count) == ("a, b", 1)


def test_a_primary_key_that_is_also_unique_is_told_once() -> None:
    assert only(breaches({"a": [1, 1]}, Column(name="a", primary_key=True, unique=True))).check == "uniqueness"


def test_categories_of_different_slabs_are_compared_by_their_text() -> None:
    frame = pl.DataFrame({"a": ["x", "y", "z", "x"]}, schema={"a": pl.Categorical})
    assert only(breaches(frame, Column(name="a", unique=True))).count == 1


@given(
    values=st.lists(st.integers(0, 30) | st.none(), max_size=60),
    memory=st.sampled_from([3, 10_000]),
    exact=st.sampled_from([0, 99]),
)
def test_repeats_are_counted_exactly_however_little_memory_there_is(values: list[int | None], memory: int, exact: int) -> None:
    kept = (check.HASHES_IN_MEMORY, check.EXACT_DOUBTS)
    present = [value for value in values if value is not None]
    try:
        check.HASHES_IN_MEMORY, check.EXACT_DOUBTS = memory, exact
        found = breaches(pl.DataFrame({"a": values}, schema={"a": pl.Int64}), Column(name="a", unique=True))
    finally:
        check.HASHES_IN_MEMORY, check.EXACT_DOUBTS = kept
    assert sum(breach.count for breach in found) == len(present) - len(set(present))


def test_keys_of_one_hash_are_told_apart_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.Expr, "hash", lambda self, **_: pl.lit(7, dtype=pl.UInt64) + self.len() * 0)
    assert breaches({"a": [1, 2, 3, 4]}, Column(name="a", unique=True)) == ()
    assert only(breaches({"a": [1, 2, 3, 1]}, Column(name="a", unique=True))).count == 1


# Freshness

DAY = Freshness(column="at", hours=24)
AT = Column(name="at")


@pytest.mark.parametrize(
    "newest",
    [
        NOW.replace(tzinfo=None) - timedelta(hours=23),
        NOW.astimezone(timezone(timedelta(hours=9))) - timedelta(hours=23),
        NOW.replace(tzinfo=None) + timedelta(hours=23),
        date(2024, 5, 1),
        "2024-05-01T13:00:00Z",
        "2024-05-01 13:00",
        "2024-05-01T22:00:00+09:00",
    ],
    ids=str,
)
def test_one_fresh_row_is_enough(newest: Any) -> None:
    old = "2020-01-01" if isinstance(newest, str) else newest.replace(year=2020)
    assert breaches({"at": [old, old, newest, None]}, AT, freshness=DAY) == ()


@pytest.mark.parametrize(
    "newest",
    [
        NOW.replace(tzinfo=None) - timedelta(hours=25),
        NOW.replace(tzinfo=None) + timedelta(hours=25),
        date(2024, 4, 30),
        "2024-05-01T11:59:00Z",
        "2024-05-01T20:59:00+09:00",
        CANARY,
        None,
    ],
    ids=str,
)
def test_old_rows_and_rows_of_the_future_are_not_fresh(newest: Any) -> None:
    schema = {"at": pl.String} if newest is None else None
    breach = only(breaches(pl.DataFrame({"at": [newest, newest, newest]}, schema=schema), AT, freshness=DAY))
    assert (breach.check, breach.what) == ("freshness", "no row is newer than the promised 24 hours")


def test_freshness_cannot_be_read_from_a_number() -> None:
    assert "type integer" in only(breaches({"at": [1]}, AT, freshness=DAY)).what


def test_freshness_of_a_column_that_is_not_there() -> None:
    assert [breach.check for breach in breaches({"a": [1]}, Column(name="a"), freshness=DAY)] == ["freshness"]
    assert [breach.check for breach in breaches({"a": [1]}, Column(name="a"), AT, freshness=DAY)] == ["schema"]


def test_freshness_of_another_table_is_not_this_ones() -> None:
    table, other = Table(name="t", columns=(Column(name="a"),)), Table(name="o", columns=(AT,))
    contract = Contract(id="c", name="c", version="1", status="active", freshness=DAY, tables=(table, other))
    assert check_table(table, contract, Frame(pl.DataFrame({"a": [1]})), now=NOW) == ()


def test_an_empty_table_is_not_fresh() -> None:
    frame = pl.DataFrame({"at": []}, schema={"at": pl.Datetime("us")})
    assert only(breaches(frame, AT, freshness=DAY)).check == "freshness"


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="naive-clock"):
        breaches({"at": [1]}, AT, now=NOW.replace(tzinfo=None))


# What is said


def test_every_breach_is_told_at_once() -> None:
    columns = (Column(name="a", required=True, unique=True), Column(name="b", logical_type="integer"), Column(name="c"))
    found = breaches({"a": ["x", "x", None], "b": [CANARY, "1", "2"], "d": [1, 2, 3]}, *columns)
    assert [(breach.check, breach.column) for breach in found] == [
        ("schema", "c"),
        ("schema", "d"),
        ("nullability", "a"),
        ("type", "b"),
        ("uniqueness", "a"),
    ]
    with pytest.raises(CheckFailed, match="contract-broken") as caught:
        require(found)
    for told in ("c: the column is promised", "d: the column is there", "a: 1 value is missing", "b: 1 value does not read"):
        assert told in caught.value.what
    assert "canary" not in str(caught.value)


def test_no_breach_is_no_error() -> None:
    require(())


def test_rows_that_are_not_what_the_columns_say_are_refused_without_values() -> None:
    class Lying(Frame):
        @property
        def columns(self) -> tuple[ColumnType, ...]:
            return (ColumnType(name="a", dtype="timestamp"),)

    table = Table(name="t", columns=(Column(name="a", logical_type="date"),))
    contract = Contract(id="c", name="c", version="1", status="active", tables=(table,))
    with pytest.raises(BadInput, match="unreadable-table") as caught:
        check_table(table, contract, Lying(pl.DataFrame({"a": [CANARY]})), now=NOW)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None
