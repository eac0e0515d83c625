from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter

import polars as pl
import pytest
from cipher_columns import check, masked
from masking_builders import KEYS, OTHER_TOOLS, TOOLS

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.pseudonymization.tokens import tokens_of
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, HmacToken
from airflow_privacy.core.model.techniques.collisions import bias_bound, collision_bound, longest_token

LETTERS = {
    "hex": "0123456789abcdef",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "alphanumeric": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "digits": "0123456789",
}
LONGEST = {"hex": 64, "base32": 51, "base58": 43, "alphanumeric": 42, "digits": 64}
VALUES = ["Jane", None, "Zoë 東京", "", "x" * 500, "Jane", "\0"]
every_alphabet = pytest.mark.parametrize("alphabet", LETTERS)


def digest(text: str) -> bytes:
    return hmac.new(KEYS["hmac_token"].encode(), text.encode(), hashlib.sha256).digest()


def written(octets: bytes, letters: str, length: int) -> str:
    number = int.from_bytes(octets, "big") * len(letters) ** length >> 256
    made = ""
    for _ in range(length):
        number, at = divmod(number, len(letters))
        made = letters[at] + made
    return made


@every_alphabet
@pytest.mark.parametrize("length", [4, 5, 9, 10, 31, 32, 42])
def test_a_token_is_the_digest_as_a_fraction_in_the_alphabets_radix(alphabet, length):
    expected = [written(digest(one), LETTERS[alphabet], length) if one else None for one in VALUES]
    assert masked(VALUES, HmacToken(alphabet=alphabet, length=length)) == expected


def test_base32_is_rfc_4648s():
    assert masked(["x"], HmacToken(alphabet="base32", length=51)) == [base64.b32encode(digest("x")).decode()[:51]]


@every_alphabet
def test_a_shorter_token_begins_a_longer_one(alphabet):
    (long,) = masked(["x"], HmacToken(alphabet=alphabet, length=LONGEST[alphabet]))
    assert len(long) == LONGEST[alphabet]
    assert masked(["x"], HmacToken(alphabet=alphabet, length=7)) == [long[:7]]


@every_alphabet
def test_the_ends_of_the_range_are_the_first_and_the_last_token(alphabet):
    letters, length = LETTERS[alphabet], LONGEST[alphabet]
    made = tokens_of(pl.Series(["0" * 64, "f" * 64]), letters, length).to_list()
    assert made == [letters[0] * length, written(b"\xff" * 32, letters, length)]


@pytest.mark.parametrize("alphabet", ["base32", "base58", "alphanumeric"])
def test_more_characters_than_256_bits_are_refused(alphabet):
    longest = LONGEST[alphabet]
    assert longest_token(alphabet) == longest
    with pytest.raises(CheckFailed, match="256 bits") as caught:
        masked(["x"], HmacToken(alphabet=alphabet, length=longest + 1))
    assert str(longest) in caught.value.do


@every_alphabet
def test_the_longest_token_is_the_one_that_256_bits_fill(alphabet):
    radix = len(LETTERS[alphabet])
    assert longest_token(alphabet) == LONGEST[alphabet]
    assert LONGEST[alphabet] == 64 or radix ** LONGEST[alphabet] <= 2**256 < radix ** (LONGEST[alphabet] + 1)


@pytest.mark.parametrize("radix", [3, 7, 10, 58])
def test_the_bias_is_within_its_bound(radix):
    """The same construction on 16 bits, where every digest can be counted."""
    for length in range(1, 6):
        space = radix**length
        if space > 1 << 16:
            break
        counts = Counter((number * space) >> 16 for number in range(1 << 16))
        assert len(counts) == space
        for count in counts.values():
            assert abs(count / (1 << 16) * space - 1) <= space / (1 << 16)


def test_the_stated_bias():
    assert bias_bound(HmacToken()) == 0
    assert bias_bound(HmacToken(alphabet="base32", length=51)) == 0
    assert bias_bound(HmacToken(alphabet="digits", length=20)) == pytest.approx(10**20 / 2**256)
    assert 0.05 < bias_bound(HmacToken(alphabet="base58", length=43)) < 0.07


def test_characters_are_evenly_used():
    digests = pl.Series([hashlib.sha256(str(n).encode()).hexdigest() for n in range(20_000)])
    tokens = tokens_of(digests, LETTERS["digits"], 10)
    for at in range(10):
        counts = tokens.str.slice(at, 1).value_counts()["count"]
        assert sum((count - 2000) ** 2 / 2000 for count in counts) < 33.7  # chi-squared, 9 degrees, 1 in 10,000


def test_the_collision_bound_is_the_birthday_bound():
    assert collision_bound(1000, HmacToken(length=16)) == 1000**2 / (2 * 16**16)
    assert collision_bound(10**6, HmacToken(alphabet="digits", length=6)) == 1.0
    assert collision_bound(10**9, HmacToken()) == pytest.approx(1e18 / 2**129)
    assert collision_bound(0, HmacToken(length=4)) == 0
    assert collision_bound(10**30, HmacToken(length=64)) == pytest.approx(1e60 / 2**257)


@pytest.mark.parametrize("technique", [AesSiv(), Ff1(), Card()])
def test_what_turns_back_has_no_collisions(technique):
    assert collision_bound(10**12, technique) == 0


def test_collisions_are_as_frequent_as_the_bound_says():
    """20 distinct values out of 65,536 tokens, 600 times: about 600 · 190 / 65,536 ≈ 1.7 collisions; the bound says 1.8."""
    technique = HmacToken(length=4)
    tokens = masked([f"v{n}" for n in range(12_000)], technique)
    met = sum(len(set(tokens[at : at + 20])) < 20 for at in range(0, 12_000, 20))
    assert met <= 600 * collision_bound(20, technique) + 8


@every_alphabet
def test_the_check_passes_what_was_masked(alphabet):
    technique = HmacToken(alphabet=alphabet, length=20)
    for tools in (TOOLS, NO_TOOLS):
        check(VALUES, masked(VALUES, technique), technique, tools=tools)


@every_alphabet
def test_the_check_sees_another_key_and_other_letters(alphabet):
    technique = HmacToken(alphabet=alphabet, length=20)
    values = [f"value {n}" for n in range(40)]
    with pytest.raises(CheckFailed, match="another key"):
        check(values, masked(values, technique, tools=OTHER_TOOLS), technique)
    made = masked(values, technique)
    for wrong in ("!" * 20, made[0][:-1], made[0] + made[0][0], None, values[0]):
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(values, [wrong, *made[1:]], technique, tools=NO_TOOLS)


def meeting_own_value():
    """Values of five digits; one of them is its own token."""
    technique = HmacToken(alphabet="digits", length=5)
    every = [f"{n:05d}" for n in range(100_000)]
    tokens = masked(every, technique)
    return technique, [one for one, token in zip(every, tokens, strict=True) if one == token]


def test_a_short_token_that_is_its_own_value_by_chance_passes_and_one_in_clear_does_not():
    technique, own = meeting_own_value()
    if not own:
        pytest.skip("this key gives no value its own token")
    values = [own[0], *(f"{n:05d}" for n in range(0, 4000, 101) if f"{n:05d}" not in own)]
    made = masked(values, technique)
    assert made[0] == values[0]
    check(values, made, technique)
    clear = next(at for at, one in enumerate(made) if one != values[at] and values[at] not in made)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(values, [*made[:clear], values[clear], *made[clear + 1 :]], technique)


def test_tokens_that_are_other_values_by_chance_pass():
    """2,000 of a million values, and 2,000 of a million tokens: about four meet."""
    technique = HmacToken(alphabet="digits", length=6)
    values = [f"{n * 499:06d}" for n in range(700)]
    made = masked(values, technique)
    assert len(set(made)) == len(made)
    for tools in (TOOLS, NO_TOOLS):
        check(values, made, technique, tools=tools)


def test_a_column_in_clear_is_seen_though_its_values_have_a_tokens_form():
    technique = HmacToken(alphabet="digits", length=6)
    values = [f"{n * 499:06d}" for n in range(700)]
    for tools in (TOOLS, NO_TOOLS):
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(values, values, technique, tools=tools)
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(values, values[::-1], technique, tools=tools)
