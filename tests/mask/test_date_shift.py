"""Dates moved by a number of days that belongs to the subject."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from masking_builders import OTHER_TOOLS, TOOLS, decision, holds, plan_of

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.model.techniques import DateShift, Keep

SHIFT = DateShift(days=30, subject="s")
DAY = dt.date(2024, 2, 28)


def masked(values, subjects, technique=SHIFT, tools=TOOLS, dtype=None):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype), "s": subjects})
    return mask_frame(frame, plan_of(decision("c", technique), decision("s", Keep())), tools)["c"]


def test_every_shift_but_none_occurs_and_about_as_often():
    count = 60_000
    out = masked([DAY] * count, list(range(count)), DateShift(days=3, subject="s"))
    shifts = (out - DAY).dt.total_days().value_counts().sort("c")
    assert shifts["c"].to_list() == [-3, -2, -1, 1, 2, 3]
    assert shifts["count"].min() > 0.96 * count / 6


def test_one_day_is_the_smallest_shift():
    out = masked([DAY] * 100, list(range(100)), DateShift(days=1, subject="s"))
    assert {(value - DAY).days for value in out} == {-1, 1}


def test_all_dates_of_a_subject_keep_their_intervals():
    out = masked([DAY, DAY, DAY + dt.timedelta(400), DAY], ["a", "b", "a", "a"])
    assert out[2] - out[0] == dt.timedelta(400) and out[0] == out[3] != out[1]


def test_columns_of_a_subject_move_together():
    frame = pl.DataFrame({"in": [DAY], "out": [dt.datetime(2024, 3, 1, 12)], "s": ["a"]})
    plan = plan_of(decision("in", SHIFT), decision("out", SHIFT), decision("s", Keep()))
    out = mask_frame(frame, plan, TOOLS)
    assert out["out"][0] - dt.datetime.combine(out["in"][0], dt.time()) == dt.timedelta(days=2, hours=12)


def test_a_row_without_a_subject_becomes_missing():
    values = pl.Series([DAY] * 4)
    subjects = pl.Series(["a", None, " ", "b"])
    out = masked(values, subjects)
    assert out.is_null().to_list() == [False, True, True, False]
    assert all(holds(SHIFT, values, out, s=subjects))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/Havana"])
def test_a_timestamp_keeps_its_type_and_moves_by_whole_days(unit, zone):
    values = pl.Series([dt.datetime(2024, 3, 9, 13, 5), None], dtype=pl.Datetime(unit)).dt.replace_time_zone(zone)
    subjects = pl.Series(["a", "a"])
    out = masked(values, subjects)
    assert out.dtype == values.dtype
    moved = (out - values)[0]
    assert moved % dt.timedelta(days=1) == dt.timedelta(0) and 1 <= abs(moved.days) <= 30
    assert all(holds(SHIFT, values, out, s=subjects))


@pytest.mark.parametrize(
    ("form", "text"), [("%m/%d/%Y", "02/28/2024"), ("%d.%m.%y", "28.02.24"), ("%Y-%m-%d %H:%M", "2024-02-28 13:05")]
)
def test_text_is_read_and_written_by_the_format(form, text):
    technique = DateShift(days=30, subject="s", format=form)
    out = masked([text, f" {text} ", None, ""], ["a"] * 4, technique)
    moved = dt.datetime.strptime(out[0], form) - dt.datetime.strptime(text, form)
    assert moved.seconds == 0 and 1 <= abs(moved.days) <= 30
    assert out.to_list() == [out[0], out[0], None, None]
    assert all(holds(technique, [text, f" {text} ", None, ""], out, s=["a"] * 4))


def test_text_that_does_not_fit_the_format_is_refused_by_the_rule():
    technique = DateShift(days=30, subject="s", format="%m/%d/%Y")
    out = masked(["2024-02-28"], ["a"], technique)
    assert out.to_list() == [None]
    assert holds(technique, ["2024-02-28"], out, s=["a"]) == [False]


def test_another_key_moves_otherwise():
    subjects = list(range(50))
    assert masked([DAY] * 50, subjects).to_list() != masked([DAY] * 50, subjects, tools=OTHER_TOOLS).to_list()
    with pytest.raises(KeyUnavailable):
        masked([DAY], ["a"], tools=Tools())


def test_a_subject_without_one_text_a_value_is_refused():
    with pytest.raises(CheckFailed, match="masking-failed"):
        masked([DAY], [1.5])


def test_the_rule_sees_dates_that_did_not_move_or_moved_too_far():
    source = pl.Series([dt.datetime(2024, 2, 28)] * 5)
    hours = [0, 24, 24 * 31, 25, None]
    moved = pl.Series([None if one is None else dt.datetime(2024, 2, 28) + dt.timedelta(hours=one) for one in hours])
    rule = column_rule(decision("c", SHIFT), source.dtype, Tools())
    rows = pl.DataFrame({"source": source, "masked": moved, "source.s": ["a"] * 5})
    assert rows.select((rule.alone & rule.beside).fill_null(False)).to_series().to_list() == [False, True, False, False, False]


def test_the_rule_computes_the_shift_again_and_sees_another_key():
    source, subjects = pl.Series([DAY] * 40), pl.Series(list(range(40)))
    out = masked(source, subjects)
    assert all(holds(SHIFT, source, out, s=subjects))
    assert not all(holds(SHIFT, source, out, s=subjects, tools=OTHER_TOOLS))


def test_the_rule_sees_a_date_of_nobody():
    assert holds(SHIFT, [DAY], [DAY + dt.timedelta(3)], s=pl.Series([None], dtype=pl.String)) == [False]
