"""The quick ways of counting a column give what counting value by value gives."""

from __future__ import annotations

from collections import Counter
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_privacy.core.detect import distinct, patterns
from airflow_privacy.core.detect.tally import Tally

# One of each kind, and what stands in the way of it.
VALUES = (
    "ann@example.org", "mailto:bob@example.com", "192.0.2.17", "2001:db8::1", "fe80::a", "536-22-8741", "536 22 8741",
    "00:1b:44:11:3a:b7", "aa-bb-cc-dd-ee-ff", "abcd.abcd.abcd", "12345678-1234-1234-1234-123456789abc",
    "deadbeef-dead-beef-dead-beefdeadbeef", "https://example.org/a?b=c@d", "www.example.org", "www.a.bc/d@example.org",
    "2024-05-17", "17.05.2024 10:30", "52.5200, 13.4050", "DE89370400440532013000", "de89 3704 0044 0532 0130 00",
    "DE89370400440532013001", "GB82 WEST 1234 5698 7654 32", "4111 1111 1111 1111", "4111111111111112", "378282246310005",
    "+49 151 23456789", "(0)30/2037872", "0049302037872", "212-555-0143", "1719000000000", "20240517", "536228741", "12",
    "n/a", "--", "?", "Ann Miller", "O'Neill", "Www.Abe", "Abe-de-ad-a", "call +49 151 23456789 now",
    "write to ann@example.org, or not", "one two three four", "a\tb  c\nd", "  padded ", "x" * 201, "é" * 12, "ßaß 12",
    "paid 4111-1111-1111-1111 from 192.0.2.17", "see DE89 3704 0044 0532 0130 00 please", "", " ",
)  # fmt: skip


def tallied(values: list[str | None], dtype: str = "string") -> Tally:
    tally = Tally(name="v", dtype=dtype, keep=1_000)
    tally.add(pl.Series(values, dtype=pl.String))
    return tally


def counts(values: list[str | None]) -> Counter[str]:
    return Counter(tallied(values).counts)


def one_by_one(values: list[str | None]) -> Counter[str]:
    total: Counter[str] = Counter()
    for value in values:
        total.update(_of(value))
    return total


@cache
def _of(value: str | None) -> Counter[str]:
    return counts([value])


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.sampled_from(VALUES), st.text(max_size=30)), max_size=30))
def test_a_column_counts_as_its_values_do(values: list[str | None]) -> None:
    assert counts(values) == one_by_one(values)


@pytest.mark.parametrize("usual", VALUES)
def test_what_most_values_are_hides_none_of_the_others(usual: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "_ALL_DIFFERENT", 0.0)  # equal values row by row
    column = [usual] * 60 + list(VALUES)
    assert counts(column) == one_by_one(column)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=20), st.integers(2, 9))
def test_repeated_values_count_as_often_as_they_come(values: list[str], times: int) -> None:
    once = tallied(list(values))
    many = tallied(list(values) * times)
    assert Counter(many.counts) == Counter({name: count * times for name, count in once.counts.items()})
    assert many.distinct == once.distinct
    assert many.sample.equals(once.sample)
    assert many.runs.equals(once.runs)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.sampled_from(VALUES), st.text(max_size=8)), max_size=40), st.integers(1, 40))
def test_slabs_change_nothing(values: list[str], size: int) -> None:
    whole, cut = tallied(list(values)), Tally(name="v", dtype="string", keep=1_000)
    for start in range(0, len(values), size):
        cut.add(pl.Series(values[start : start + size], dtype=pl.String))
    assert cut.counts == whole.counts
    assert (cut.distinct, cut.distinct_ratio) == (whole.distinct, whole.distinct_ratio)
    assert cut.sample.equals(whole.sample)
    assert cut.runs.equals(whole.runs)


@pytest.mark.parametrize("entity", list(patterns.FULL))
@settings(max_examples=30)
@given(data=st.data())
def test_a_whole_entity_passes_the_gates_and_is_no_placeholder(entity: str, data: st.DataObject) -> None:
    pattern = patterns.FULL[entity].replace(r"\p{L}", "[a-zé]")
    value = pl.Series([data.draw(st.from_regex(pattern, fullmatch=True))])
    if not value.str.contains(patterns.FULL[entity]).all():
        return  # Python's \w and $ allow more
    assert (value.str.contains(patterns.DIGIT) | value.str.contains(patterns.SIGN)).all()
    assert value.str.contains(patterns.ANY_GATE).all()
    assert not value.str.contains(patterns.PLACEHOLDER).any()
    if entity in patterns.APART:
        before = list(patterns.FULL)[: list(patterns.FULL).index(entity)]
        assert not any(value.str.contains(patterns.FULL[other]).any() for other in before)
    if entity in patterns.UNBROKEN:
        assert not value.str.contains(r"\s").any()


@pytest.mark.parametrize("usual", ["Berlin", "+49 151 23456789", "DE89370400440532013000", "192.0.2.17", "1234"])
def test_one_mail_address_among_a_hundred_thousand_other_values_is_found(usual: str) -> None:
    column = [usual] * 100_000
    column[77_777] = "ann@example.org"
    assert tallied(list(column)).count("EMAIL_ADDRESS") == 1


def test_one_mail_address_in_a_hundred_thousand_different_codes_is_found() -> None:
    column: list[str | None] = [f"K{number}" for number in range(100_000)]
    column[5] = "K17 (ann@example.org)"
    assert tallied(column).count("held:EMAIL_ADDRESS") == 1


def test_categories_count_as_text_does() -> None:
    tally = Tally(name="v", dtype="string", keep=10)
    tally.add(pl.Series([*VALUES, *VALUES], dtype=pl.Categorical))
    assert Counter(tally.counts) == counts([*VALUES, *VALUES])


def test_a_national_number_with_three_blanks_behind_its_area_is_found() -> None:
    assert tallied(["ring (089) / 123456 again"]).count("held:PHONE_NUMBER") == 1
