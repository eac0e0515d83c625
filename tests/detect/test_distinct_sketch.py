"""Distinct counts beyond what is counted exactly."""

from __future__ import annotations

import polars as pl
import pytest

from airflow_privacy.core.detect import distinct
from airflow_privacy.core.detect.tally import Tally


def counted(values: pl.Series, rows: int) -> Tally:
    tally = Tally(name="v", dtype="integer", keep=5)
    for start in range(0, len(values), rows):
        tally.add(values.slice(start, rows))
    return tally


@pytest.fixture(autouse=True)
def small_sketch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "SKETCH", 2_000)


def test_estimate_is_near_and_the_same_for_all_slabs() -> None:
    values = pl.Series(range(50_000))
    estimates = {counted(values, rows).distinct for rows in (50_000, 7_001)}
    assert len(estimates) == 1
    assert estimates.pop() == pytest.approx(50_000, rel=0.1)


def test_unique_values_keep_the_ratio_one_beyond_the_sketch() -> None:
    assert counted(pl.Series(range(50_000)), 9_000).distinct_ratio == 1.0


def test_repeated_values_show_in_the_ratio_beyond_the_sketch() -> None:
    assert counted(pl.Series([*range(25_000), *range(25_000)]), 9_000).distinct_ratio == 0.5


def test_few_values_are_counted_exactly() -> None:
    assert counted(pl.Series([1, 2, 2, None]), 2).distinct == 2
