"""Telephone numbers in one spelling, so that tokens of one number join however it was written."""

from __future__ import annotations

import polars as pl
import pytest

from airflow_privacy.core.detect.phones.spelling import to_e164


@pytest.mark.parametrize(
    ("written", "region", "spelled"),
    [
        ("+49 171 8423977", None, "+491718423977"),
        ("0171/8423977", "DE", "+491718423977"),
        ("0049 (0)171 8423977", "DE", "+491718423977"),
        ("+49 (0)171-842 3977", "US", "+491718423977"),
        ("(212) 555-0147", "US", "+12125550147"),
        ("(212) 555-0147 ext. 12", "US", "+12125550147"),
        ("0171 8423977", None, None),
        ("no number", "DE", None),
        ("1", "DE", None),
        ("", "DE", None),
        (None, "DE", None),
    ],
)
def test_a_number_is_spelled_as_e164(written, region, spelled):
    assert to_e164(pl.Series([written], dtype=pl.String), region).to_list() == [spelled]


def test_order_and_repetitions_stay():
    numbers = pl.Series(["+1 212 555 0147", "x", None, "+1 (212) 555-0147"])
    assert to_e164(numbers, None).to_list() == ["+12125550147", None, None, "+12125550147"]
