"""Intervals between the column's own quantiles."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, holds, mask_all, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.learned import histogram
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import FreeText, Inside, Keep, QuantileBins


def masked(values, count, dtype=None):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    technique = QuantileBins(count=count)
    out, tools = mask_all(frame, decision("c", technique))
    assert all(holds(technique, frame["c"], out["c"], tools=tools))
    return out["c"].to_list()


def test_each_interval_has_its_share_of_the_rows():
    out = masked(list(range(1000)), 4)
    assert {label: out.count(label) for label in out} == {"<249": 249, "[249,499)": 250, "[499,749)": 250, ">=749": 251}


def test_edges_are_values_of_the_column_as_the_inverted_distribution_function_gives_them():
    # Hyndman & Fan's type 1: the first value that the share of rows does not exceed.
    assert masked([1, 2, 2, 3, 5, 8, 9, 9], 4) == ["<2", "[2,3)", "[2,3)", "[3,8)", "[3,8)", ">=8", ">=8", ">=8"]


def test_a_value_with_many_rows_is_one_edge():
    out = masked([1] + [5] * 98 + [9], 10)
    assert sorted(set(out)) == ["<5", ">=5"]


@pytest.mark.parametrize("values", [[7], [7, 7, 9], [1, 9] * 5, [0] * 9 + [1]])
def test_neither_the_smallest_nor_the_largest_value_is_in_a_label(values):
    assert set(masked(values, 4)) == {"*"}


@pytest.mark.parametrize(
    ("values", "dtype", "labels"),
    [
        ([1.5, 2.5, 3.5, float("nan"), None], pl.Float64, ["<2.5", ">=2.5", ">=2.5", None, None]),
        ([1.5, 2.0, 3.5], pl.Float32, ["<2", ">=2", ">=2"]),
        ([2**64 - 3, 2**64 - 2, 2**64 - 1], pl.UInt64, ["<18446744073709551614", *[">=18446744073709551614"] * 2]),
        ([Decimal("1.10"), Decimal("2.50"), Decimal("3.00")], pl.Decimal(10, 2), ["<2.5", ">=2.5", ">=2.5"]),
        ([-1, 0, 1], pl.Int8, ["<0", ">=0", ">=0"]),
        ([-(2**100), 0, 2**100], pl.Int128, ["<0", ">=0", ">=0"]),
        ([1e-300, 1e300, 1.5e300], pl.Float64, [f"<{int(1e300)}", *[f">={int(1e300)}"] * 2]),
    ],
)
def test_every_kind_of_number_has_edges_of_its_own(values, dtype, labels):
    assert masked(values, 2, dtype) == labels


@pytest.mark.parametrize("zeros", [[0.0, -0.0], [-0.0, 0.0]])
def test_both_zeros_are_one_value(zeros):
    assert masked([-1.0, *zeros, 1.0], 4) == ["<0", ">=0", ">=0", ">=0"]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64, pl.Null])
@pytest.mark.parametrize("values", [[], [None, None]])
def test_a_column_without_values_stays_without(values, dtype):
    assert masked(values, 4, dtype) == values


def test_how_the_source_cuts_its_batches_does_not_matter():
    frame = pl.DataFrame({"c": [n * 7919 % 1000 for n in range(999)]})
    plan = plan_of(decision("c", QuantileBins(count=7)))
    one, many = (learn(source, plan, TOOLS)["c"] for source in (Frames(frame), Frames(*frame.iter_slices(50))))
    assert one.labels == many.labels


def test_rows_that_a_condition_leaves_out_are_not_learned_from():
    frame = pl.DataFrame({"c": [1, 2, 3, 1000, 1001, 1002], "out": [False] * 3 + [True] * 3})
    left_out = RecordRule(name="r", column="out", equals=(True,))
    decisions = (decision("c", QuantileBins(count=2)), decision("out", Keep()))
    out, _ = mask_all(frame, *decisions, drop_records=[left_out])
    assert out["c"].to_list()[:3] == ["<2", ">=2", ">=2"]


def test_infinite_values_are_refused():
    with pytest.raises(CheckFailed, match="values-not-finite"):
        masked([1.0, float("inf")], 2)


def test_too_many_distinct_values_are_refused(monkeypatch):
    monkeypatch.setattr(histogram, "MOST_VALUES", 99)
    assert len(set(masked(list(range(99)), 3))) == 3
    with pytest.raises(CheckFailed, match="too-many-values"):
        masked(list(range(100)), 3)


def test_without_the_pass_nothing_is_masked():
    with pytest.raises(CheckFailed, match="nothing-learned"):
        mask_frame(pl.DataFrame({"c": [1]}), plan_of(decision("c", QuantileBins(count=2))), TOOLS)


def test_a_type_that_does_not_fit_is_refused_before_anything_is_learned():
    with pytest.raises(CheckFailed, match="technique-does-not-fit"):
        learn(Frames(pl.DataFrame({"c": ["x"]})), plan_of(decision("c", QuantileBins(count=2))), TOOLS)


def test_what_learns_cannot_be_inside_another_technique():
    plan = plan_of(decision("c", Inside(fields={"[]": QuantileBins(count=2)})))
    with pytest.raises(CheckFailed, match="needs the whole column"):
        learn(Frames(pl.DataFrame({"c": [[1]]})), plan, TOOLS)


def test_only_the_columns_in_question_are_read():
    asked = []

    class Columnar(Frames):
        def slabs(self, *, columns=None):
            asked.append(columns)
            return iter([self.frames[0].select(columns)])

    frame = pl.DataFrame({"a": [1], "c": [1], "d": [2]})
    decisions = [decision("a", Keep()), decision("c", QuantileBins(count=2)), decision("d", Keep())]
    learn(Columnar(frame), plan_of(*decisions), TOOLS)
    learn(Columnar(frame), plan_of(decision("a", Keep()), decision("c", FreeText()), decision("d", Keep())), TOOLS)
    assert asked == [["c"]]


def test_the_rule_sees_other_labels():
    technique = QuantileBins(count=2)
    source = pl.Series([1, 2, 3, None, 3])
    _, tools = mask_all(pl.DataFrame({"c": source}), decision("c", technique))
    assert holds(technique, source, ["<3", "<3", "[1,3)", "<2", ">=2"], tools=tools) == [False, False, False, False, True]


def test_nothing_that_was_learned_is_in_the_repr():
    _, tools = mask_all(pl.DataFrame({"c": [1, 86429, 99999]}), decision("c", QuantileBins(count=2)))
    assert "86429" not in repr(tools) + repr(tools.learned["c"])
