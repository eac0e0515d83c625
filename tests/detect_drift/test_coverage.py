"""What a scan says it saw."""

from __future__ import annotations

import re

import pytest
from findings_builders import column, findings
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.bounds import upper_bound_95
from airflow_privacy.core.detect.coverage import coverage, extent, is_cut_short


def test_a_full_scan_says_that_all_rows_were_read() -> None:
    seen = findings(column("a", matched=12), rows=100_000)
    assert coverage(seen.columns[0], seen) == "all 100,000 rows read, 12 values match"
    assert extent(seen) == "all 100,000 rows read"


def test_a_sample_without_a_match_says_what_it_leaves_possible() -> None:
    seen = findings(column("a", matched=0), rows=3_000, total=100_000)
    assert coverage(seen.columns[0], seen) == "0 of 3,000 seen: below 0.1 %"
    assert extent(seen) == "3,000 of 100,000 rows read, drawn at random"


def test_a_sample_of_matches_only_leaves_all_possible() -> None:
    seen = findings(column("a", matched=50), rows=50, total=100)
    assert coverage(seen.columns[0], seen) == "50 of 50 seen: possibly all"


@given(st.integers(1, 10**9), st.data())
def test_the_bound_that_is_told_is_never_below_the_bound(scanned: int, data: st.DataObject) -> None:
    matched = data.draw(st.integers(0, min(scanned - 1, 5_000)))
    seen = findings(column("a", matched=matched), rows=scanned, total=scanned + 1)
    told = re.search(r"below ([0-9.]+) %", coverage(seen.columns[0], seen))
    assert told
    bound = upper_bound_95(matched, scanned)
    assert bound * (1 - 1e-8) <= float(told[1]) / 100 <= bound * 1.12


@pytest.mark.parametrize(
    ("gap", "words"), [({"undecoded": 3}, "3 values could not be read as text"), ({"timed_out": 2}, "2 values took a pattern")]
)
def test_values_that_were_not_looked_into_are_counted(gap: dict[str, int], words: str) -> None:
    seen = findings(column("a", **gap), rows=100)
    assert words in coverage(seen.columns[0], seen)


def test_only_what_was_given_up_cuts_a_scan_short() -> None:
    assert is_cut_short(findings(column("a"), column("b", timed_out=1), rows=10))
    assert not is_cut_short(findings(column("a", undecoded=5), rows=10))


@pytest.mark.parametrize("matched", [0, 1, 7])
@pytest.mark.parametrize("total", [100, 1_000])
def test_nothing_is_ever_declared_free_of_personal_data(matched: int, total: int) -> None:
    seen = findings(column("a", matched=matched), rows=100, total=total)
    assert not re.search(r"\bno (pii|personal)|\bclean\b|\bfree\b", coverage(seen.columns[0], seen).lower())
