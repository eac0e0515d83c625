"""Whole cells, and whole columns, that are telephone numbers."""

from __future__ import annotations

import random

import phonenumbers
import polars as pl
import pytest

from airflow_privacy.core.detect.phones.cells import are_phones
from airflow_privacy.core.detect.phones.evidence import best_plan
from airflow_privacy.core.detect.phones.spelling import count_phones, is_phone


def judged(value: str | None, **options) -> bool | None:
    return are_phones(pl.Series([value], dtype=pl.String), **options)[0]


@pytest.mark.parametrize(
    "value",
    [
        "+49 30 901820",
        " +49 (0)30/901820 ",
        "0049 30 901820",
        "tel: 030 901820",
        "(212) 736-5000 x204",
        "2127365000",
        "0309018201",
        "01 42 68 53 00",
        "\uff10\uff13\uff10\u2013\uff19\uff10\uff11\uff18\uff12\uff10",
    ],
)
def test_a_number_as_it_is_dialled_is_one(value):
    assert judged(value) is True


@pytest.mark.parametrize(
    "value",
    [
        "",
        "n/a",
        "1643",
        "030 901820 or 089 233030",
        "call 030 901820",
        "10.0.12.200",
        "2024-01-15",
        "1719000000123",
        "4111 1111 1111 1111",
        "90210-1234",
        "078-05-1120",
        "+999 1234567890",
        "30901820",
        "1718423977",
    ],
)
def test_anything_else_is_none(value):
    assert judged(value) is False


@pytest.mark.parametrize("value", ["30901820", "1718423977", "491718423977", "4915120000977"])
def test_a_column_that_is_told_to_hold_numbers_may_lack_their_prefixes(value):
    assert judged(value) is False
    assert judged(value, told=True) is True


@pytest.mark.parametrize("value", ["1643", "10.0.12.200", "2024-01-15", "4111 1111 1111 1111", "x"])
def test_being_told_makes_no_number_of_what_is_certainly_none(value):
    assert judged(value, told=True) is False


def test_nulls_and_order_stay():
    assert are_phones(pl.Series(["x", None, "+49 30 901820", "x"])).to_list() == [False, None, True, False]
    assert are_phones(pl.Series([], dtype=pl.String)).to_list() == []
    assert are_phones(pl.Series([None], dtype=pl.String)).to_list() == [None]


def test_single_candidates_are_asked_of_phonenumbers():
    assert is_phone("+49 (0)30 901820")
    assert not is_phone("+999 1234567890")
    assert count_phones(["+49 30 901820", "x", "(212) 736-5000"]) == 2


def column(region: str, first: str, digits: int) -> pl.Series:
    chance, numbers = random.Random(region), []
    while len(numbers) < 300:
        number = first + "".join(chance.choices("0123456789", k=digits))
        if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
            numbers.append(number)
    return pl.Series(numbers)


@pytest.mark.parametrize(("region", "first", "digits"), [("US", "2", 9), ("DE", "15", 9), ("ES", "6", 8), ("IN", "9", 9)])
def test_one_plan_fits_a_column_of_bare_numbers_better_than_chance(region, first, digits):
    fit = best_plan(column(region, first, digits))
    assert fit is not None
    assert fit.lift > 0.5


@pytest.mark.parametrize("digits", [8, 9, 10, 11])
def test_no_plan_fits_a_column_of_random_digits_better_than_chance(digits):
    chance = random.Random(digits)
    numbers = pl.Series([str(chance.randrange(10 ** (digits - 1), 10**digits)) for _ in range(500)])
    fit = best_plan(numbers)
    assert fit is not None
    assert fit.lift < 0.25


def test_a_column_without_bare_digits_has_no_plan():
    assert best_plan(pl.Series(["a", None, "12"])) is None
