"""Whole columns of digits against phonenumbers, number by number."""

from __future__ import annotations

import random

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_privacy.core.detect.phones import numbering
from airflow_privacy.core.detect.phones.numbering import keyed, valid_international, valid_national
from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS, calling_codes, region_of
from airflow_privacy.core.detect.phones.shortcuts import shortcut

REGIONS = [(code, region) for code, regions in calling_codes().items() for region in regions if region != "001"]


@pytest.fixture(params=["patterns", "one by one"])
def way(request, monkeypatch):
    """Both ways that a number of values decides between."""
    monkeypatch.setattr(numbering, "FEW", -1 if request.param == "patterns" else 10**9)


@pytest.fixture
def by_patterns(monkeypatch):
    monkeypatch.setattr(numbering, "FEW", -1)


def is_valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def examples(region: str) -> list[str]:
    made = (phonenumbers.example_number_for_type(region, kind) for kind in range(11))
    return [phonenumbers.national_significant_number(number) for number in made if number is not None]


def near(number: str, code: str, chance: random.Random) -> list[str]:
    """The number with some digits changed, as people and machines would dial it, and as nobody would."""
    digits = list(number)
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        digits[chance.randrange(len(digits))] = chance.choice("0123456789")
    own = "".join(digits)
    fronts = ("", "0", "1", "8", "06", code, f"0{code}", f"{code}0", f"{code}00", f"00{code}", f"011{code}", f"0011{code}0")
    return [*(front + own for front in fronts), own[:-1], f"{own}7", own[2:], own[3:]]


def around(region: str, code: str, rounds: int) -> pl.Series:
    chance = random.Random(f"{region} {rounds}")
    numbers = [one for number in examples(region) for _ in range(rounds) for one in near(number, code, chance)]
    noise = ["".join(chance.choices("0123456789", k=chance.randrange(22))) for _ in range(20)]
    return pl.Series("n", [*numbers, *noise], dtype=pl.String).unique(maintain_order=True)


def test_international_numbers_of_all_calling_codes_are_judged_like_phonenumbers_judges_them(by_patterns):
    numbers = pl.concat([code + around(region, code, 1) for code, region in REGIONS]).unique()
    expected = [is_valid(f"+{number}", None) for number in numbers]
    assert 1_000 < sum(expected) < len(expected)
    wrong = numbers.filter(valid_international(numbers) != pl.Series(expected))
    assert wrong.to_list() == []


def test_numbers_of_no_country_are_judged_like_phonenumbers_judges_them(by_patterns):
    codes = [code for code, regions in calling_codes().items() if regions == ("001",)]
    numbers = []
    for code in codes:
        example = phonenumbers.national_significant_number(phonenumbers.example_number_for_non_geo_entity(int(code)))
        numbers += [f"{code}{example}", f"{code}{example}9", f"{code}{example[:-2]}", f"{code}0{example}"]
    assert valid_international(pl.Series(numbers)).to_list() == [is_valid(f"+{number}", None) for number in numbers]


def test_national_numbers_of_all_regions_are_judged_like_phonenumbers_judges_them(by_patterns):
    wrong = {}
    for code, region in REGIONS:
        numbers = around(region, code, 1)
        expected = pl.Series([is_valid(number, region) for number in numbers])
        odd = numbers.filter(valid_national(numbers, region)["valid"] != expected).to_list()
        if odd:
            wrong[region] = odd
    assert wrong == {}


@given(st.lists(st.text(alphabet="0123456789", max_size=22), min_size=1, max_size=30), st.sampled_from(REGIONS))
@settings(max_examples=40)
def test_any_digits_are_judged_like_phonenumbers_judges_them(numbers, place):
    code, region = place
    told = pl.Series([*numbers, *(code + number for number in numbers)])
    before, numbering.FEW = numbering.FEW, -1
    try:
        here, abroad = valid_national(told, region)["valid"], valid_international(told)
    finally:
        numbering.FEW = before
    assert here.to_list() == [is_valid(number, region) for number in told]
    assert abroad.to_list() == [is_valid(f"+{number}", None) for number in told]


def test_neither_shortcut_nor_outline_settles_a_number_otherwise_than_the_plan_does(by_patterns):
    wrong = {}
    for code, region in REGIONS:
        numbers, short = around(region, code, 1), shortcut((region,))
        key = numbers.to_frame().select(keyed(pl.col("n"))).to_series()
        valid, complete = valid_national(numbers, region).get_columns()
        lost = valid & ~numbers.str.contains(region_of(region).written)
        sure = key.str.contains(short.sure) & ~key.str.contains(short.unsure)
        doubtful = key.str.contains(short.doubtful)
        odd = numbers.filter(lost | (sure & ~complete) | (complete & ~sure & ~doubtful)).to_list()
        if odd:
            wrong[region] = odd
    assert wrong == {}


@pytest.mark.parametrize(
    ("digits", "region", "complete"),
    [
        ("030901820", "DE", True),
        ("30901820", "DE", False),
        ("2125550147", "US", True),
        ("12125550147", "US", True),
        ("01142071234567", "US", False),
        ("011442071234567", "US", True),
        ("612345678", "ES", True),
        ("0612345678", "FR", True),
        ("612345678", "FR", False),
        ("9876543210", "IN", True),
    ],
)
def test_a_number_is_complete_as_it_is_dialled_in_its_region(way, digits, region, complete):
    assert valid_national(pl.Series([digits]), region)["complete"].to_list() == [complete]


def test_a_region_that_does_not_exist_has_no_numbers():
    assert valid_national(pl.Series(["2125550147"]), "XX").to_dicts() == [{"valid": False, "complete": False}]


def test_the_default_regions_exist():
    assert all(region_of(region) for region in DEFAULT_REGIONS)
