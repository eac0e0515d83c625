"""Numbers beyond a bound become the bound."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from masking_builders import TOOLS, decision, holds, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import TopBottomCode

BOTH = TopBottomCode(lower=2, upper=90)


def masked(values, technique, dtype=None):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    return mask_frame(frame, plan_of(decision("c", technique)), TOOLS)["c"]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64])
def test_the_type_and_what_lies_between_the_bounds_stay(dtype):
    out = masked([1, 2, 50, 90, 91, None], BOTH, dtype)
    assert (out.dtype, out.to_list()) == (dtype, [2, 2, 50, 90, 90, None])


def test_one_bound_is_enough():
    assert masked([-5, 5], TopBottomCode(lower=0)).to_list() == [0, 5]
    assert masked([-5, 5], TopBottomCode(upper=0)).to_list() == [-5, 0]


def test_infinite_values_are_coded_and_nan_becomes_missing():
    assert masked([float("-inf"), float("inf"), float("nan")], BOTH).to_list() == [2, 90, None]


def test_decimals_stay_decimals():
    out = masked([Decimal("1.10"), Decimal("2.60")], TopBottomCode(upper=1.25), pl.Decimal(10, 2))
    assert (out.dtype, out.to_list()) == (pl.Decimal(10, 2), [Decimal("1.10"), Decimal("1.25")])


def test_large_integers_are_compared_exactly():
    values = [2**62 + 1, 2**62 - 1]
    assert masked(values, TopBottomCode(upper=2.0**62), pl.UInt64).to_list() == [2**62, 2**62 - 1]


@pytest.mark.parametrize(
    ("technique", "dtype"),
    [
        (TopBottomCode(), pl.Int64),
        (TopBottomCode(lower=3, upper=2), pl.Int64),
        (TopBottomCode(upper=1.5), pl.Int64),
        (TopBottomCode(upper=300), pl.Int8),
        (TopBottomCode(lower=-1), pl.UInt64),
        (TopBottomCode(upper=1.255), pl.Decimal(10, 2)),
        (TopBottomCode(upper=float("inf")), pl.Float64),
        (TopBottomCode(upper=float("nan")), pl.Float64),
        (TopBottomCode(lower=1, upper=float("nan")), pl.Float64),
        (TopBottomCode(upper=1e300), pl.Int64),
    ],
)
def test_bounds_that_say_nothing_or_do_not_fit_are_refused(technique, dtype):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked([1], technique, dtype)


def test_the_rule_sees_values_that_the_bounds_would_not_leave():
    source = [1, 1, 50, 50, 95, 95, 95, None, None]
    wrong = [2, 1, 50, 90, 90, 95, 50, None, 2]
    assert holds(BOTH, source, wrong) == [True, False, True, False, True, False, False, True, False]
