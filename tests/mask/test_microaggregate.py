"""Numbers to the mean or median of at least k neighbouring values."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from masking_builders import decision, holds, mask_all

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.techniques import Microaggregate


def masked(values, dtype=None, **parameters):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    technique = Microaggregate(**parameters)
    out, tools = mask_all(frame, decision("c", technique))
    assert all(holds(technique, frame["c"], out["c"], tools=tools))
    return out["c"]


def test_a_value_becomes_the_mean_of_its_group():
    assert masked([9, 1, 3, 2, 8, 10], k=3).to_list() == [9.0, 2.0, 2.0, 2.0, 9.0, 9.0]


def test_a_value_becomes_the_median_of_its_group():
    assert masked([1, 2, 30, 4, 5, 600, 7], k=3, to="median").to_list() == [2.0, 2.0, 18.5, 2.0, 18.5, 18.5, 18.5]


def test_rows_that_make_no_group_join_the_last_one():
    assert masked([1, 2, 3, 4, 5], k=2).to_list() == [1.5, 1.5, 4.0, 4.0, 4.0]


def test_equal_values_are_not_parted():
    assert masked([1, 5, 5, 5, 5, 9], k=2).to_list() == [5.0] * 6
    assert masked([5, 5, 5, 1, 9, 9], k=2, decimals=1).to_list() == [4.0, 4.0, 4.0, 4.0, 9.0, 9.0]


def test_missing_values_and_nan_are_missing_and_count_for_no_group():
    assert masked([1.0, None, 2.0, float("nan")], k=2).to_list() == [1.5, None, 1.5, None]


@pytest.mark.parametrize(
    ("values", "dtype", "decimals", "out", "expected"),
    [
        ([1, 2], pl.Int8, 0, pl.Int8, 2),
        ([2, 3], pl.UInt64, 0, pl.UInt64, 2),
        ([2**64 - 1, 2**64 - 3], pl.UInt64, 0, pl.UInt64, 2**64 - 2),
        ([1, 2], pl.Int64, 2, pl.Float64, 1.5),
        ([1.0, 2.0], pl.Float32, 2, pl.Float32, 1.5),
        ([Decimal("1.10"), Decimal("2.25")], pl.Decimal(10, 2), 2, pl.Float64, 1.68),
    ],
)
def test_types(values, dtype, decimals, out, expected):
    found = masked(values, dtype, k=2, decimals=decimals)
    assert (found.dtype, found.to_list()) == (out, [pytest.approx(expected, abs=0.006)] * 2)


@pytest.mark.parametrize("values", [[], [None, None, None]])
def test_a_column_without_values_stays_without(values):
    assert masked(values, pl.Int64, k=5).to_list() == values


def test_fewer_rows_than_a_group_needs_are_refused():
    with pytest.raises(CheckFailed, match="too-few-rows"):
        masked([1, 2, None], k=3)


def test_infinite_values_are_refused():
    with pytest.raises(CheckFailed, match="values-not-finite"):
        masked([1.0, float("-inf")], k=2)


def test_the_rule_sees_other_values():
    technique = Microaggregate(k=2)
    source = pl.Series([1, 2, 10, 12, None])
    _, tools = mask_all(pl.DataFrame({"c": source}), decision("c", technique))
    wrong = [1.5, 2.0, 1.5, 11.02, 0.0]
    assert holds(technique, source, wrong, tools=tools) == [True, False, False, False, False]


def test_no_centre_is_a_negative_zero():
    out = masked([-0.001, -0.002, -0.0, 5.0], k=2)
    assert str(out[0]) == "0.0" and str(masked([0.0, -0.0, 1.0, 1.0], k=2)[1]) == "0.0"
