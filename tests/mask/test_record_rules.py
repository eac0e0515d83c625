"""Rows that a condition names are not in the output, and everything else is as without them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import masking_builders
import msgspec
import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.conditions import keep_rows, kept_slabs
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import Bins, Keep


def rule(column="c", **conditions):
    return RecordRule(name="a rule", column=column, **conditions)


def stays(values, *rules, dtype=None):
    keep = keep_rows(pl.DataFrame({"c": pl.Series(values, dtype=dtype)}), rules)
    return [True] * len(values) if keep is None else keep.to_list()


@pytest.mark.parametrize(
    ("values", "dtype", "conditions", "expected"),
    [
        ([17, 18, None], pl.Int8, {"below": 18}, [False, True, True]),
        ([17, 18, 19], pl.UInt64, {"above": 17.5}, [True, False, False]),
        ([2**63, 2**63 + 1], pl.UInt64, {"equals": (2**63 + 1,)}, [True, False]),
        ([1.5, float("nan"), None, 2.5], pl.Float64, {"below": 2}, [False, True, True, True]),
        ([Decimal("1.10"), Decimal("2.00")], pl.Decimal(10, 2), {"equals": (1.1, 7)}, [False, True]),
        (["yes", "Yes", " ", None], pl.String, {"equals": ("yes",)}, [False, True, True, True]),
        (["a", "b"], pl.Enum(["a", "b"]), {"equals": ("b",)}, [True, False]),
        ([True, False, None], pl.Boolean, {"equals": (False,)}, [True, False, True]),
        (["x", " ", None], pl.String, {"missing": True}, [True, False, False]),
        (["x", " ", None], pl.String, {"missing": False}, [False, True, True]),
        ([dt.date(2008, 1, 1), dt.date(2008, 1, 2), None], pl.Date, {"above": "2008-01-01"}, [True, False, True]),
        ([5, 15, 25], pl.Int64, {"above": 10, "below": 20}, [True, False, True]),
        ([5, 15], pl.Int64, {"equals": (5, 15), "above": 10}, [True, False]),
    ],
)
def test_a_row_goes_where_all_conditions_hold(values, dtype, conditions, expected):
    assert stays(values, rule(**conditions), dtype=dtype) == expected


def test_a_timestamp_is_compared_by_its_day_in_its_own_zone():
    late = pl.Series([dt.datetime(2007, 12, 31, 23, 30, tzinfo=dt.UTC)]).dt.convert_time_zone("Europe/Berlin")
    assert stays(late, rule(below="2008-01-01")) == [True]
    assert stays(late.dt.convert_time_zone("UTC"), rule(below="2008-01-01")) == [False]


def test_a_row_goes_where_any_rule_holds():
    assert stays([1, 2, 3], rule(equals=(1,)), rule(equals=(3,))) == [False, True, False]


def test_nothing_is_said_where_all_rows_stay():
    assert keep_rows(pl.DataFrame({"c": [1]}), []) is None
    assert keep_rows(pl.DataFrame({"c": [1]}), [rule(equals=(2,))]) is None


@pytest.mark.parametrize(
    ("values", "conditions"),
    [
        ([1], {}),
        ([1], {"equals": ("1",)}),
        ([1], {"equals": (True,)}),
        ([1], {"equals": (1.5,)}),
        ([1], {"below": "2008-01-01"}),
        ([1], {"below": float("inf")}),
        ([1.0], {"above": float("nan")}),
        ([1], {"missing": True, "below": 3}),
        (["1"], {"equals": (1,)}),
        (["1"], {"equals": (" ",)}),
        (["1"], {"below": 2}),
        (["2008"], {"below": "2008-01-01"}),
        ([dt.date(2008, 1, 1)], {"below": "1 January"}),
        ([dt.date(2008, 1, 1)], {"above": 2008}),
        ([dt.date(2008, 1, 1)], {"equals": ("2008-01-01",)}),
        ([True], {"equals": (1,)}),
        ([[1]], {"equals": (1,)}),
    ],
)
def test_what_cannot_be_compared_is_refused(values, conditions):
    with pytest.raises(CheckFailed, match=r"record-rule.*'a rule'.*'c'"):
        stays(values, rule(**conditions))


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(CheckFailed, match="no column of the source"):
        stays([1], rule("other", missing=True))


def test_no_value_is_in_the_refusal():
    with pytest.raises(CheckFailed) as caught:
        stays(pl.Series([2**127 + 12345], dtype=pl.UInt128), rule(above=1))
    assert "12345" not in str(caught.value) and caught.value.__context__ is None


FRAME = pl.DataFrame({"age": [n % 90 for n in range(1000)], "row": list(range(1000))})
MINORS = RecordRule(name="minors", column="age", below=18)


@pytest.fixture
def small_slabs(monkeypatch):
    for function in (parts.slabs_of, parts.source_slabs):
        monkeypatch.setattr(function, "__defaults__", (300,))


def plan(**more):
    made = plan_of(decision("age", Bins(edges=(40,))), decision("row", Keep()), **more)
    return msgspec.structs.replace(made, drop_records=(MINORS,))


def run(tmp_path, frame=FRAME, **more):
    result = mask_table(source=Frames(frame), plan=plan(**more), tools=TOOLS, stage=tmp_path)
    return result, pl.concat(PartFiles([tmp_path / name for name in result.parts]).slabs())


@pytest.mark.usefixtures("small_slabs")
def test_the_rows_are_not_in_the_output_and_are_counted(tmp_path):
    result, out = run(tmp_path)
    adults = FRAME.filter(pl.col("age") >= 18)
    assert out["row"].to_list() == adults["row"].to_list()
    assert (result.rows_read, result.rows_written) == (1000, adults.height)
    assert result.rows_left_out == result.rows_suppressed == 1000 - adults.height


@pytest.mark.usefixtures("small_slabs")
def test_the_result_says_which_rows_of_each_slab_were_kept(tmp_path):
    # Five children at the start, and two rows whose class is too small in the first and the third slab.
    few = FRAME.with_columns(age=pl.when(pl.col("row").is_in([250, 700])).then(pl.lit(20)).otherwise(pl.lit(50)))
    few = few.with_columns(age=pl.when(pl.col("row") < 5).then(pl.lit(3)).otherwise("age"))
    result, out = run(tmp_path, few, k=3, over=("age",), limit=0.01)
    kept = pl.concat([pl.repeat(True, 300, eager=True) if one is None else one for one in result.kept[:3]])
    assert [None if one is None else one.len() for one in result.kept] == [300, None, 300, None]
    assert out["row"].to_list()[: int(kept.sum())] == FRAME["row"][:900].filter(kept).to_list()
    assert (result.rows_left_out, result.rows_suppressed) == (5, 7)


@pytest.mark.usefixtures("small_slabs")
def test_the_limit_of_suppression_by_k_does_not_count_them(tmp_path):
    result, _ = run(tmp_path, k=2, over=("age",), limit=0.0)
    assert result.rows_left_out == result.rows_suppressed > 0


def test_a_table_of_which_nothing_stays_is_written_empty(tmp_path):
    result, out = run(tmp_path, FRAME.filter(pl.col("age") < 18))
    assert (out.height, out.columns, result.rows_written) == (0, ["age", "row"], 0)


def test_nothing_is_written_before_a_refusal(tmp_path):
    broken = msgspec.structs.replace(plan(), drop_records=(MINORS, rule("gone", missing=True)))
    with pytest.raises(CheckFailed, match="record-rule"):
        mask_table(source=Frames(FRAME), plan=broken, tools=TOOLS, stage=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("small_slabs")
def test_rows_keep_the_number_that_they_have_in_the_source():
    numbers = [
        slab.frame.select(number=slab.tools(masking_builders.TOOLS).row_number(), row="row")
        for slab in kept_slabs(Frames(FRAME), plan())
    ]
    assert all(one["number"].to_list() == one["row"].to_list() for one in numbers)
