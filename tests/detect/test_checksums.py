"""Check digits against published examples and slow references."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect import checksums


def ask(check: Callable[[pl.Series], pl.Series], *texts: str) -> list[bool]:
    return check(pl.Series(texts)).to_list()


@given(st.text("0123456789", min_size=1, max_size=19))
def test_luhn_agrees_with_the_textbook(digits: str) -> None:
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    assert ask(checksums.luhn, digits) == [total % 10 == 0]


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=5, max_size=34))
def test_mod97_agrees_with_the_textbook(text: str) -> None:
    number = int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4]))
    assert ask(checksums.mod97, text) == [number % 97 == 1]


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
    ],
)
def test_published_test_cards_pass(number: str) -> None:
    assert ask(checksums.card, number) == [True]


@pytest.mark.parametrize(
    "number", ["4111111111111112", "1719000000000", "0000000000000000", "411111111111111", "9999999999999995"]
)
def test_numbers_of_no_issuer_length_or_check_fail(number: str) -> None:
    assert ask(checksums.card, number) == [False]


@pytest.mark.parametrize(
    "text", ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"]
)
def test_published_ibans_pass(text: str) -> None:
    assert ask(checksums.iban, text) == [True]


@pytest.mark.parametrize("text", ["DE89370400440532013001", "DE8937040044053201300", "ZZ89370400440532013000"])
def test_ibans_with_a_wrong_digit_length_or_country_fail(text: str) -> None:
    assert not any(ask(checksums.iban, text))
