"""Birth dates to whole years on one fixed day."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from masking_builders import TOOLS, decision, holds, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import Age

D = dt.date


def ages(values, technique, dtype=None):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    return mask_frame(frame, plan_of(decision("c", technique)), TOOLS)["c"]


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (D(2000, 6, 15), "2025-06-14", 24),
        (D(2000, 6, 15), "2025-06-15", 25),
        (D(2004, 2, 29), "2025-02-28", 20),
        (D(2004, 2, 29), "2025-03-01", 21),
        (D(2004, 2, 29), "2024-02-29", 20),
        (D(2003, 3, 1), "2024-02-29", 20),
        (D(2025, 6, 15), "2025-06-15", 0),
        (D(2025, 6, 16), "2025-06-15", None),
        (D(1935, 1, 1), "2025-12-31", 90),
        (D(1901, 1, 1), "2025-12-31", 90),
        (None, "2025-12-31", None),
    ],
)
def test_whole_years_are_counted_on_the_day(born, on, years):
    out = ages([born], Age(at=on), pl.Date)
    assert (out.dtype, out.to_list()) == (pl.Int64, [years])
    assert holds(Age(at=on), pl.Series([born], dtype=pl.Date), out) == [True]


def test_the_top_is_a_parameter():
    assert ages([D(1940, 1, 1)], Age(at="2025-06-15", top=85)).to_list() == [85]


def test_text_is_read_by_the_format():
    technique = Age(at="2025-06-15", format="%m/%d/%Y")
    assert ages([" 06/15/2000 ", "", None], technique).to_list() == [25, None, None]


def test_text_that_does_not_fit_the_format_is_refused_by_the_rule():
    technique = Age(at="2025-06-15", format="%m/%d/%Y")
    assert ages(["15.06.2000"], technique).to_list() == [None]
    assert holds(technique, ["15.06.2000"], pl.Series([None], dtype=pl.Int64)) == [False]


def test_a_timestamp_counts_by_its_day_in_its_own_zone():
    at = pl.Series([dt.datetime(2000, 6, 15, 23, 30, tzinfo=dt.UTC)])
    technique = Age(at="2025-06-15")
    assert ages(at.dt.convert_time_zone("Europe/Berlin"), technique).to_list() == [24]
    assert ages(at.dt.convert_time_zone("UTC"), technique).to_list() == [25]


def test_a_day_that_no_calendar_has_is_refused():
    with pytest.raises(CheckFailed, match="technique-parameter"):
        ages([D(2000, 1, 1)], Age(at="2025-02-30"))


def test_the_rule_sees_other_ages():
    source = [D(2000, 6, 15), D(2000, 6, 16), D(1900, 1, 1), D(2030, 1, 1), D(2000, 1, 1)]
    assert holds(Age(at="2025-06-15"), source, [25, 25, 125, -5, None]) == [True, False, False, False, False]
