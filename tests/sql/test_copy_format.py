"""PostgreSQL's COPY text format, in both directions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.sql_copy import SqlColumn, decode, encode, sql_type


def sent(frame: pl.DataFrame) -> bytes:
    """What the server would send for what was written to it: a field of no meaning first."""
    return b"".join(b"0\t" + line + b"\n" for line in encode(frame).split(b"\n")[:-1])


def there_and_back(frame: pl.DataFrame) -> pl.DataFrame:
    return decode(sent(frame), [SqlColumn(name, dtype) for name, dtype in frame.schema.items()], "t")


@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_any_text_comes_back_as_it_was(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"^a$": texts}, schema={"^a$": pl.String})
    assert there_and_back(frame).equals(frame)


def test_typed_values_come_back_as_they_were() -> None:
    frame = pl.DataFrame(
        {
            "i": [-(2**63), None],
            "f": [5e-324, float("-inf")],
            "d": [date(1, 1, 1), date(9999, 12, 31)],
            "ts": [datetime(2024, 2, 29, 12, 0, 0, 1), None],
            "tz": [datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC), None],
            "t": [time(23, 59, 59, 999_999), None],
            "dec": [Decimal("-1.50"), None],
        }
    )
    assert there_and_back(frame).equals(frame)


@pytest.mark.parametrize(
    ("line", "dtype"),
    [
        ("infinity", pl.Date()),
        ("0044-03-15 BC", pl.Date()),
        ("24:00:00", pl.Time()),
        ("-infinity", pl.Datetime("us", "UTC")),
        ("NaN", pl.Decimal(10, 2)),
    ],
)
def test_a_value_that_has_no_place_here_is_refused_and_not_read_as_missing(line: str, dtype: pl.DataType) -> None:
    with pytest.raises(BadInput, match="value-out-of-range") as refused:
        decode(f"0\t{line}\n".encode(), [SqlColumn("a", dtype)], "t")
    assert line not in str(refused.value)


@pytest.mark.parametrize("frame", [pl.DataFrame({"a": ["canary\0"]}), pl.DataFrame({"a": [["canary\0"]]})])
def test_a_text_that_postgresql_cannot_store_is_refused_without_showing_it(frame: pl.DataFrame) -> None:
    with pytest.raises(BadInput, match="value-not-representable") as refused:
        encode(frame)
    assert "canary" not in str(refused.value)


def test_times_below_a_microsecond_are_refused_and_not_cut() -> None:
    with pytest.raises(BadInput, match="value-not-representable"):
        encode(pl.DataFrame({"a": pl.Series([1], dtype=pl.Datetime("ns"))}))


def test_a_struct_has_no_column_type() -> None:
    with pytest.raises(BadInput, match="unsupported-type"):
        sql_type("a", pl.Struct({"x": pl.String}))
