from __future__ import annotations

import hashlib

import polars as pl
import pytest
from cipher_columns import back, check, masked
from masking_builders import KEYS, OTHER_TOOLS, TOOLS

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.base import NO_TOOLS, Tools
from airflow_privacy.core.mask.pseudonymization import ff1
from airflow_privacy.core.model.techniques import Card

WHOLE, ISSUED = Card(), Card(keep_issuer=True)
both = pytest.mark.parametrize("technique", [WHOLE, ISSUED], ids=["whole", "issuer kept"])
NUMBERS = [
    "4111 1111 1111 1111",
    "4111-1111-1111-1112",
    "378282246310005",
    "6011 0009 9013 9424",
    "30569309025904",
    None,
    "4222222222222",
    " ",
    "6799990100000000019",
    "4111 1111 1111 1111",
]
PRESENT = [number for number in NUMBERS if number and number.strip()]


def luhn(text: str) -> int:
    """Luhn's sum as in ISO/IEC 7812-1; a valid number's ends in 0."""
    digits = [int(one) for one in text if one.isdigit()]
    total = 0
    for at, digit in enumerate(reversed(digits)):
        total += digit if at % 2 == 0 else (2 * digit if digit < 5 else 2 * digit - 9)
    return total % 10


def form(text: str) -> str:
    return "".join("0" if one.isdigit() else one for one in text)


@both
def test_separators_and_lengths_stay_and_every_number_changes(technique):
    made = masked(NUMBERS, technique)
    for before, after in zip(NUMBERS, made, strict=True):
        if before is None or not before.strip():
            assert after is None
        else:
            assert form(after) == form(before)
            assert after != before


@both
def test_a_right_check_digit_stays_right_and_a_wrong_one_wrong_by_as_much(technique):
    numbers = [f"41111111{n:07d}{last}" for n in range(0, 3000, 97) for last in range(10)]
    made = masked(numbers, technique)
    assert [luhn(one) for one in made] == [luhn(one) for one in numbers]
    assert {luhn(one) for one in made} == set(range(10))


@both
def test_what_was_encrypted_comes_back(technique):
    assert [one for one in back(masked(NUMBERS, technique), technique) if one] == PRESENT


def test_the_issuers_digits_stay_only_where_the_plan_says_so():
    numbers = [f"411111{n:09d}0" for n in range(40)]
    assert {one[:6] for one in masked(numbers, ISSUED)} == {"411111"}
    assert len({one[:6] for one in masked(numbers, WHOLE)}) > 30


def test_the_issuers_digits_stay_across_separators():
    assert masked(["4111-1122-3344-5566"], ISSUED)[0].startswith("4111-11")


def test_account_digits_are_ff1_of_the_standard_with_the_issuer_in_the_tweak():
    tweak = hashlib.sha256(b"airflow-privacy card 1 issuer").digest()[:16] + (411111).to_bytes(3, "big")
    (made,) = masked(["4111111234567895"], ISSUED)
    body = ff1.encrypt(ff1.aes(bytes.fromhex(KEYS["card"])), 10, tweak, [int(one) for one in "123456789"])
    assert made[6:-1] == "".join(map(str, body))


def test_account_digits_are_ff1_of_the_standard():
    tweak = hashlib.sha256(b"airflow-privacy card 1 whole").digest()[:16]
    (made,) = masked(["4111111234567895"], WHOLE)
    body = ff1.encrypt(ff1.aes(bytes.fromhex(KEYS["card"])), 10, tweak, [int(one) for one in "411111123456789"])
    assert made[:-1] == "".join(map(str, body))


def test_one_account_under_two_issuers_has_nothing_in_common():
    first, second = masked(["4111110000000001", "5500000000000001"], ISSUED)
    assert first[6:15] != second[6:15]


def test_integers_become_text():
    made = masked([4111111111111111, None], WHOLE, dtype=pl.Int64)
    assert made[1] is None
    assert luhn(made[0]) == 0
    assert back(made, WHOLE) == ["4111111111111111", None]


@pytest.mark.parametrize(("technique", "least"), [(WHOLE, 7), (ISSUED, 13)], ids=["whole", "issuer kept"])
def test_numbers_too_short_stop_the_masking_by_count_and_column(technique, least):
    assert masked(["4" * least], technique)
    with pytest.raises(CheckFailed, match="values-too-short") as caught:
        masked(["4" * (least - 1), "4" * least, "no number"], technique)
    assert "2 values of column 'c'" in caught.value.what
    assert "4" * 6 not in str(caught.value)
    assert caught.value.__context__ is None


@both
def test_another_key_gives_other_numbers(technique):
    assert not set(masked(PRESENT, technique)) & set(masked(PRESENT, technique, tools=OTHER_TOOLS))


def test_a_key_that_is_not_256_bits_is_refused():
    with pytest.raises(KeyUnavailable):
        masked(PRESENT, WHOLE, tools=Tools(keys={"card": "0f" * 40}))


@both
def test_the_check_passes_what_was_masked_though_detection_would_find_cards(technique):
    numbers = [*NUMBERS, *(f"55000000{n:08d}" for n in range(300))]
    made = masked(numbers, technique)

    def find(frame):
        return {"c": ["CREDIT_CARD"]} if frame["c"].str.contains("[0-9]").any() else {}

    for tools in (TOOLS, NO_TOOLS):
        check(numbers, made, technique, tools=tools, find=find)


@both
@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_sees_clear_numbers_check_digits_and_issuers(technique, tools):
    made = masked(PRESENT, technique)
    last = str((int(made[0][-1]) + 1) % 10)
    issuer = str((int(made[0][0]) + 1) % 10)
    wrong = [PRESENT, [PRESENT[0], *made[1:-1], PRESENT[-1]], [*(made[0][:-1] + last,), *made[1:-1], made[0][:-1] + last]]
    if technique.keep_issuer:
        wrong.append([issuer + made[0][1:], *made[1:-1], issuer + made[0][1:]])
    for one in wrong:
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(PRESENT, one, technique, tools=tools)


@both
def test_the_check_sees_tokens_of_another_key(technique):
    with pytest.raises(CheckFailed, match="another key"):
        check(PRESENT, masked(PRESENT, technique, tools=OTHER_TOOLS), technique)


@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_sees_another_issuer_with_a_right_check_digit(tools):
    (made,) = masked(["4111111111111111"], ISSUED)
    other = next(one for last in range(10) if luhn(one := "5" + made[1:-1] + str(last)) == 0)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(["4111111111111111"], [other], ISSUED, tools=tools)
