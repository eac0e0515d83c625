"""Bounded noise that a key draws."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from statistics import NormalDist

import msgspec
import polars as pl
import pytest
from masking_builders import OTHER_TOOLS, TOOLS, Frames, decision, holds, mask_all, plan_of

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import kept_slabs
from airflow_privacy.core.mask.randomization.draws import evenly, gaussian, laplace
from airflow_privacy.core.mask.rules.base import MASKED, ROW, SOURCE
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import Keep, Noise

BOTH = pytest.mark.parametrize("distribution", ["laplace", "gaussian"])
N = 20_000


def masked(values, technique, dtype=None, tools=TOOLS, **others):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype), **others})
    return mask_frame(frame, plan_of(decision("c", technique), *(decision(name, Keep()) for name in others)), tools)["c"]


def draws(distribution, scale, most, count=200_000):
    texts = pl.select(text=pl.int_range(count).cast(pl.String))
    function = {"laplace": laplace, "gaussian": gaussian}[distribution]
    return texts.select(function(evenly(pl.col("text"), "0f" * 32), scale, most).alias("drawn"))["drawn"]


def test_the_normal_distribution_is_the_standard_library_s():
    even = pl.Series([-1 + 2.0**-52, -0.999, -0.85, -0.5, -1e-9, 1e-9, 0.3, 0.85, 0.9, 0.999999, 1 - 2.0**-52])
    found = even.to_frame("even").select(gaussian(pl.col("even"), 1.0, 40.0)).to_series()
    assert found.to_list() == pytest.approx([NormalDist().inv_cdf((1 + one) / 2) for one in even], rel=1e-9)


def test_laplace_s_quantiles_are_those_of_the_formula():
    even = pl.Series([-0.75, -0.5, 0.5, 0.75])
    found = even.to_frame("even").select(laplace(pl.col("even"), 2.0, 500.0)).to_series()
    assert found.to_list() == pytest.approx([-2.772588722, -1.386294361, 1.386294361, 2.772588722])


@BOTH
def test_draws_are_even_on_both_sides_and_do_not_heap_up_at_the_bounds(distribution):
    drawn = draws(distribution, 10.0, 15.0)
    assert abs(drawn.mean()) < 0.06 and drawn.abs().max() < 15
    assert abs((drawn > 0).mean() - 0.5) < 0.005
    # The density falls outwards: the last of fifteen equal steps has the fewest draws.
    steps = drawn.abs().floor().value_counts().sort("drawn")["count"].to_list()
    assert len(steps) == 15 and steps[-1] < 1.2 * steps[-2]


@pytest.mark.parametrize(("distribution", "deviation"), [("laplace", 2**0.5 * 3), ("gaussian", 3)])
def test_the_scale_is_laplace_s_b_or_gauss_s_deviation(distribution, deviation):
    assert draws(distribution, 3.0, 60.0).std() == pytest.approx(deviation, rel=0.02)


@BOTH
@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt16, pl.Int8, pl.Float32, pl.Float64])
def test_the_change_is_bounded_and_the_type_stays(distribution, dtype):
    source = pl.Series([50] * N, dtype=dtype)
    technique = Noise(distribution=distribution, scale=5, most=12)
    out = masked(source, technique)
    assert out.dtype == dtype
    assert (out.cast(pl.Float64) - 50).abs().max() == 12
    assert out.n_unique() == 25
    assert all(holds(technique, source[:50], out[:50]))


def test_the_change_is_at_most_five_scales_where_nothing_else_is_said():
    change = (masked([0.0] * N, Noise(distribution="laplace", scale=1, decimals=3))).abs().max()
    assert 4 < change <= 5


def test_results_are_rounded_and_brought_inside_their_bounds():
    out = masked([1.0, 99.0] * 500, Noise(distribution="gaussian", scale=3, lower=0, upper=100, decimals=1))
    assert (out.min(), out.max()) == (0, 100)
    assert out.equals(out.round(1))


def test_no_result_is_a_negative_zero():
    out = masked([-0.4] * 200, Noise(distribution="laplace", scale=1))
    assert 0 in out.to_list() and not any(str(value) == "-0.0" for value in out)


def test_integers_stay_inside_their_type():
    out = masked([-128, 127] * 200, Noise(distribution="gaussian", scale=40), pl.Int8)
    assert (out.min(), out.max()) == (-128, 127)


def test_large_integers_get_exact_noise():
    source = [2**63 + 1] * 200
    out = masked(source, Noise(distribution="laplace", scale=2), pl.UInt64)
    assert {value - 2**63 for value in out} <= set(range(-9, 12)) and out.n_unique() > 5


def test_decimals_become_floats_and_missing_values_stay():
    out = masked([Decimal("1.25"), None], Noise(distribution="laplace", scale=1, decimals=2), pl.Decimal(10, 2))
    assert (out.dtype, out[1]) == (pl.Float64, None)
    assert masked([float("nan"), 1.0], Noise(distribution="laplace", scale=1))[0] is None


def test_all_rows_of_a_subject_get_one_change_and_rows_without_a_subject_their_own():
    subject = ["a", "b", None, " "] * 300
    out = masked([0] * 1200, Noise(distribution="gaussian", scale=1000, subject="s"), s=pl.Series(subject))
    by = {who: {value for value, one in zip(out, subject, strict=True) if one == who} for who in ("a", "b", None, " ")}
    assert (len(by["a"]), len(by["b"])) == (1, 1) and by["a"] != by["b"]
    assert min(len(by[None]), len(by[" "])) > 250


def test_a_subject_has_one_change_whatever_type_its_column_has():
    technique = Noise(distribution="gaussian", scale=1000, subject="s")
    one, other = masked([0], technique, s=pl.Series([7])), masked([0], technique, s=pl.Series(["7"]))
    assert one.to_list() == other.to_list()


def test_two_columns_of_a_subject_get_different_changes():
    frame = pl.DataFrame({"a": [0], "b": [0], "s": ["x"]})
    technique = Noise(distribution="gaussian", scale=1000, subject="s")
    out = mask_frame(frame, plan_of(decision("a", technique), decision("b", technique), decision("s", Keep())), TOOLS)
    assert out["a"][0] != out["b"][0]


def test_a_row_s_change_belongs_to_its_number_in_the_table():
    technique = Noise(distribution="gaussian", scale=1000)
    whole = masked([0] * 10, technique)
    assert masked([0] * 4, technique, tools=replace(TOOLS, first_row=6)).to_list() == whole[6:].to_list()
    assert whole.n_unique() == 10


def test_rows_that_are_left_out_change_no_other_row():
    frame = pl.DataFrame({"c": [0] * 20, "n": list(range(20))})
    decisions = decision("c", Noise(distribution="gaussian", scale=1000)), decision("n", Keep())
    whole = mask_frame(frame, plan_of(*decisions), TOOLS)
    odd = RecordRule(name="odd", column="n", equals=tuple(range(1, 20, 2)))
    plan = plan_of(*decisions)
    slabs = kept_slabs(Frames(frame), msgspec.structs.replace(plan, drop_records=(odd,)))
    parts = [mask_frame(slab.frame, plan, slab.tools(TOOLS)) for slab in slabs]
    assert pl.concat(parts).equals(whole.filter(pl.col("n") % 2 == 0))


def test_another_key_gives_another_change():
    technique = Noise(distribution="laplace", scale=1000)
    assert masked([0] * 50, technique).to_list() != masked([0] * 50, technique, tools=OTHER_TOOLS).to_list()
    with pytest.raises(KeyUnavailable):
        masked([0], technique, tools=Tools())


@pytest.mark.parametrize(
    ("parameters", "dtype"),
    [
        ({"scale": 1, "most": 0.5}, pl.Int64),
        ({"scale": 0.01, "decimals": 1}, pl.Float64),
        ({"scale": 1e300}, pl.Float64),
        ({"scale": float("inf"), "most": 3}, pl.Float64),
        ({"scale": 1, "lower": 3, "upper": 2}, pl.Float64),
        ({"scale": 1, "lower": 2.1, "upper": 2.9}, pl.Int64),
        ({"scale": 1, "upper": float("nan")}, pl.Float64),
        ({"scale": 1, "lower": 300}, pl.Int8),
        ({"scale": 1}, pl.Int128),
    ],
)
def test_parameters_that_do_nothing_or_cannot_be_are_refused(parameters, dtype):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked([1], Noise(distribution="laplace", **parameters), dtype)


def test_a_subject_without_one_text_a_value_is_refused():
    with pytest.raises(CheckFailed, match="masking-failed"):
        masked([1], Noise(distribution="laplace", scale=1, subject="s"), s=pl.Series([1.5]))


@BOTH
@pytest.mark.parametrize("subject", [None, "s"])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float32, pl.Float64])
def test_the_rule_computes_the_same_again_and_sees_any_other_change(distribution, subject, dtype):
    technique = Noise(distribution=distribution, scale=100, decimals=3, subject=subject, lower=0, upper=900)
    subjects = pl.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2), None] * 100)
    source = pl.Series([n * 3 for n in range(300)], dtype=dtype)
    out = masked(source, technique, s=subjects)
    rule = column_rule(decision("c", technique), source.dtype, TOOLS)
    rows = pl.DataFrame({SOURCE: source, MASKED: out, ROW: range(300), "source.s": subjects})
    assert rows.select((rule.alone & rule.beside).all()).item()
    assert rule.again(rows) == out.to_list()
    shifted = rows.with_columns(pl.col(MASKED) + 1)
    assert all(one != other for one, other in zip(rule.again(shifted), shifted[MASKED], strict=True))
    other = column_rule(decision("c", technique), source.dtype, OTHER_TOOLS)
    assert other.again(rows) != out.to_list()


def test_without_row_numbers_the_rule_cannot_compute_them_again():
    technique = Noise(distribution="laplace", scale=100)
    rows = pl.DataFrame({SOURCE: [1, 2], MASKED: [7, 8]})
    assert column_rule(decision("c", technique), pl.Int64(), TOOLS).again(rows) == [7, 8]


def test_the_rule_sees_changes_beyond_the_bounds():
    technique = Noise(distribution="laplace", scale=1, most=10, lower=0, upper=100)
    source = [50, 50, 5, 200, 200, None]
    rule = column_rule(decision("c", technique), pl.Int64(), Tools())
    rows = pl.DataFrame({SOURCE: source, MASKED: [60, 61, -1, 100, 195, 3]})
    assert rows.select((rule.alone & rule.beside).fill_null(False)).to_series().to_list() == [
        True, False, False, True, False, False,
    ]  # fmt: skip


def test_a_whole_table_is_masked_without_a_pass_before():
    out, tools = mask_all(pl.DataFrame({"c": [1, 2]}), decision("c", Noise(distribution="laplace", scale=5)))
    assert out.height == 2 and not tools.learned
