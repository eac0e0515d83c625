"""Check digits against published numbers, and against every change that they must notice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.validate import sums
from airflow_privacy.core.detect.validate.dates import exists
from airflow_privacy.core.detect.validate.letters import DIGIT_VALUES, LETTER_OR_DIGIT_VALUES, Bytes, Flags, letters
from airflow_privacy.core.detect.validate.registry import INVALIDATORS, VALIDATORS

numbers = st.text("0123456789", min_size=2, max_size=18)


def rows(*texts: str) -> Bytes:
    return DIGIT_VALUES[letters(pl.Series(texts)).rows(len(texts[0]))]


def changed(text: str) -> list[str]:
    """*text* with each digit by turns any other."""
    return [text[:at] + other + text[at + 1 :] for at in range(len(text)) for other in "0123456789" if other != text[at]]


def with_check_digit(check: Callable[[Bytes], Flags], number: str) -> str:
    texts = [number + digit for digit in "0123456789"]
    (good,) = np.flatnonzero(check(rows(*texts)))
    return texts[good]


# ISO/IEC 7812-1 annex B; an IMEI and a card that are printed everywhere.
@pytest.mark.parametrize("number", ["79927398713", "490154203237518", "4539578763621486"])
def test_luhn_holds_for_published_numbers(number: str) -> None:
    assert sums.luhn(rows(number)).all()


# Verhoeff's thesis by way of common implementations: 236-3, 12345-1, 142857-0, 123456789012-0.
@pytest.mark.parametrize("number", ["2363", "123451", "1428570", "1234567890120", "84736430954837284567892"])
def test_verhoeff_holds_for_published_numbers(number: str) -> None:
    assert sums.verhoeff(rows(number)).all()


@pytest.mark.parametrize("check", [sums.luhn, sums.verhoeff])
@given(number=numbers)
def test_exactly_one_check_digit_fits_and_no_single_wrong_digit_passes(check: Callable[[Bytes], Flags], number: str) -> None:
    assert not check(rows(*changed(with_check_digit(check, number)))).any()


@given(numbers, st.data())
def test_verhoeff_notices_neighbours_exchanged(number: str, data: st.DataObject) -> None:
    text = with_check_digit(sums.verhoeff, number)
    at = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    assert sums.verhoeff(rows(swapped)).all() == (text[at] == text[at + 1])


# ISO/IEC 7064:2003, MOD 11,10: its example 0794 with check digit 5; the German tax number 86095742719.
@pytest.mark.parametrize(("number", "digit"), [("0794", 5), ("8609574271", 9)])
def test_mod11_10_gives_the_published_check_digit(number: str, digit: int) -> None:
    assert sums.mod11_10(rows(number)).tolist() == [digit]


# ISO/IEC 7064:2003, MOD 97-10: its example 794 with check characters 44.
def test_mod97_of_the_published_example_is_1() -> None:
    assert sums.mod97(rows("79444")).tolist() == [1]


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=40))
def test_mod97_is_the_remainder_of_the_long_number(text: str) -> None:
    worth = LETTER_OR_DIGIT_VALUES[letters(pl.Series([text])).rows(len(text))]
    assert sums.mod97(worth).tolist() == [int("".join(str(int(letter, 36)) for letter in text)) % 97]


# The SWIFT registry's examples.
@pytest.mark.parametrize(
    "iban",
    [
        "AL47 2121 1009 0000 0002 3569 8741", "AT61 1904 3002 3457 3201", "BE68 5390 0754 7034", "BR1800360305000010009795493C1",
        "CH93 0076 2011 6238 5295 7", "DE89-3704-0044-0532-0130-00", "FR1420041010050500013M02606", "GB29 NWBK 6016 1331 9268 19",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "NO93 8601 1117 947", "PL61109010140000071219812874",
        "SA0380000000608010167519",
    ],
)  # fmt: skip
def test_ibans_of_the_registry_hold_and_do_not_with_another_check_digit(iban: str) -> None:
    wrong = iban[:3] + str((int(iban[3]) + 1) % 10) + iban[4:]
    assert VALIDATORS["IbanRecognizer"](pl.Series([iban, wrong])).to_list() == [True, False]


@given(st.dates())
def test_every_day_of_the_calendar_exists(day: object) -> None:
    year, month, number = (np.array([int(part)]) for part in str(day).split("-"))
    assert exists(year, month, number).all()


@pytest.mark.parametrize(
    "day", ["1900-02-29", "2001-02-29", "2000-02-30", "2000-04-31", "2000-00-10", "2000-13-01", "2000-01-00"]
)
def test_no_other_day_exists(day: str) -> None:
    year, month, number = (np.array([int(part)]) for part in day.split("-"))
    assert not exists(year, month, number).any()


@pytest.mark.parametrize(
    ("table", "name"), [(VALIDATORS, name) for name in VALIDATORS] + [(INVALIDATORS, name) for name in INVALIDATORS]
)
def test_no_texts_give_no_answers(table: dict[str, Callable[[pl.Series], pl.Series]], name: str) -> None:
    answers = table[name](pl.Series([], dtype=pl.String))
    assert (answers.len(), answers.dtype) == (0, pl.Boolean)


def test_answers_do_not_depend_on_how_many_texts_are_asked_at_once() -> None:
    cards = pl.Series([f"4{number:015}" for number in range(100_000)])
    answers = VALIDATORS["CreditCardRecognizer"](cards)
    assert answers[65_530:65_545].to_list() == VALIDATORS["CreditCardRecognizer"](cards[65_530:65_545]).to_list()
    assert answers.sum() == 10_000


def test_a_text_that_is_not_ascii_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match=r"^matched texts must be ASCII$"):
        VALIDATORS["CreditCardRecognizer"](pl.Series(["411111111111111\u0661"]))
