"""What holds for every pseudonym, whatever text, key and batches."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import math

import numpy as np
import polars as pl
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.pseudonymization import ff1, ff1_batch
from airflow_privacy.core.mask.pseudonymization.ff1_batch import crypt
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256
from airflow_privacy.core.mask.pseudonymization.reverse import reverse_column
from airflow_privacy.core.mask.rules import siv
from airflow_privacy.core.mask.rules.chance import is_chance
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, HmacToken, name_of

quick = settings(max_examples=12, deadline=None)
keys = st.binary(min_size=32, max_size=32).map(bytes.hex)
phones = st.from_regex(r"\A\+?[0-9]{6}[-0-9 ()]{0,20}\Z")
cards = st.from_regex(r"\A[0-9]{13}[-0-9 ]{0,8}\Z")
any_text = st.text(max_size=12)


def is_blank(text):
    """As the engine sees it: Python's own strip takes four control characters with it that are no white space."""
    return text is None or pl.Series([text]).str.strip_chars()[0] == ""


def to_e164(texts, region):
    digits = texts.str.replace_all("[^0-9]", "")
    return pl.select(pl.when(digits.str.len_chars() > 6).then("+" + digits)).to_series()


PHONES = dataclasses.replace(TOOLS, to_e164=to_e164)
CASES = [
    (Ff1(short="null"), any_text | phones),
    (Ff1(alphabet="alphanumeric", short="null"), any_text | st.emails()),
    (Ff1(alphabet="αβγδε 😀-", short="null"), st.text("αβγδε 😀-xyz", max_size=20)),
    (Card(), cards),
    (Card(keep_issuer=True), cards),
    (AesSiv(), any_text),
    (AesSiv(normalize=("trim", "nfkc", "casefold")), any_text),
    (HmacToken(alphabet="base58", length=22), any_text),
    (HmacToken(alphabet="digits", length=40), any_text),
    (HmacToken(normalize=("nfkc", "trim", "casefold")), any_text),
    (HmacToken(normalize=("email",)), any_text | st.emails()),
    (HmacToken(normalize=("phone",)), any_text | phones),
    (HmacToken(normalize=("digits",), alphabet="base32", length=30), any_text | phones),
]
every_case = pytest.mark.parametrize(
    ("technique", "values"), CASES, ids=[f"{name_of(one)}-{at}" for at, (one, _) in enumerate(CASES)]
)


def frame_of(values):
    return pl.DataFrame({"c": pl.Series(values, dtype=pl.String)})


def mask(frame, technique, tools=PHONES):
    return mask_frame(frame, plan_of(decision("c", technique)), tools)


@every_case
def test_rows_order_and_missing_values_stay_and_the_input_is_untouched(technique, values):
    @quick
    @given(st.lists(st.none() | values, max_size=12), st.integers(0, 12))
    def holds(texts, at):
        frame = frame_of(texts)
        before = frame.clone()
        out = mask(frame, technique)
        assert frame.equals(before, null_equal=True)
        assert out.height == frame.height
        assert not [1 for text, token in zip(texts, out["c"], strict=True) if is_blank(text) and token is not None]
        halves = pl.concat([mask(frame[:at], technique), mask(frame[at:], technique)])
        assert halves.equals(out, null_equal=True)
        assert mask(frame.reverse(), technique).equals(out.reverse(), null_equal=True)

    holds()


@every_case
def test_the_check_agrees(technique, values):
    @quick
    @given(st.lists(st.none() | values, max_size=12))
    def holds(texts):
        frame = frame_of(texts)
        plan = plan_of(decision("c", technique))
        for tools in (PHONES, dataclasses.replace(PHONES, keys={})):
            check_masked(
                source=Frames(frame), sink=Frames(mask(frame, technique)), plan=plan, find_entities=lambda _: {}, tools=tools
            )

    holds()


@every_case
def test_nothing_is_equal_across_keys(technique, values):
    name = name_of(technique)

    @quick
    @given(st.lists(values, min_size=1, max_size=12), keys, keys)
    def holds(texts, one, other):
        assume(one != other)
        frame = frame_of(texts)
        first, again, second = (
            mask(frame, technique, dataclasses.replace(PHONES, keys={name: key}))["c"] for key in (one, one, other)
        )
        assert first.equals(again, null_equal=True)
        tokens = [token for token in first if token and len(token) > 15]
        equal = [a for a, b in zip(first, second, strict=True) if a in tokens and a == b]
        # FF1 over fifteen and more characters of two has a chance of one in 30,000 to be equal.
        assert not equal or isinstance(technique, Ff1 | Card)

    holds()


@quick
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8), keys)
def test_aes_siv_comes_back_from_any_text(texts, key):
    made = mask(frame_of(texts), AesSiv(), Tools(keys={"aes_siv": key}))["c"]
    expected = [text if text.strip(BLANK) else None for text in texts]
    assert reverse_column(made, AesSiv(), key).to_list() == expected


@quick
@given(st.data(), keys)
def test_ff1_comes_back_from_any_text_and_keeps_all_but_the_alphabet(data, key):
    letters = data.draw(
        st.text(st.characters(exclude_categories=("Cs",)), min_size=2, max_size=60).map(dict.fromkeys).map("".join)
    )
    assume(len(letters) >= 2)
    texts = data.draw(
        st.lists(st.text(st.sampled_from(letters) | st.characters(exclude_categories=("Cs",)), max_size=40), max_size=6)
    )
    technique = Ff1(alphabet="".join(letters), short="null")
    assume(technique.alphabet not in ("hex",))
    made = mask(frame_of(texts), technique, Tools(keys={"ff1": key}))["c"]
    for before, after, again in zip(texts, made, reverse_column(made, technique, key), strict=True):
        enough = sum(one in letters for one in before) >= ff1.shortest(len(letters))
        assert (after is not None) == (enough and bool(before.strip(BLANK)))
        if after is not None:
            assert again == before
            assert len(after) == len(before)
            assert [one in letters for one in after] == [one in letters for one in before]
            assert [one for one in after if one not in letters] == [one for one in before if one not in letters]


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(2, 1 << 16), st.binary(max_size=40), st.sampled_from((16, 24, 32)))
def test_the_batch_is_the_reference_for_any_radix_length_and_tweak(data, radix, tweak, size):
    n = data.draw(st.integers(ff1.shortest(radix), ff1.shortest(radix) + 40))
    rows = data.draw(st.lists(st.lists(st.integers(0, radix - 1), min_size=n, max_size=n), min_size=1, max_size=3))
    key = data.draw(st.binary(min_size=size, max_size=size))
    made = crypt(np.array(rows), radix, key, tweak)
    assert made.tolist() == [ff1.encrypt(ff1.aes(key), radix, tweak, row) for row in rows]
    assert crypt(made, radix, key, tweak, decrypting=True).tolist() == rows


@settings(max_examples=40, deadline=None)
@given(st.integers(13, 64), st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=3), st.integers(0, 9), st.booleans())
def test_a_rows_own_tweak_comes_after_the_common_one(n, own, numeral, decrypting):
    key, tweak, turn = bytes(range(32)), bytes(range(16)), ff1.decrypt if decrypting else ff1.encrypt
    rows = [[numeral] * n] * len(own)
    made = crypt(np.array(rows), 10, key, tweak, decrypting=decrypting, beside=np.array(own, dtype=np.uint64))
    expected = [turn(ff1.aes(key), 10, tweak + one.to_bytes(3, "big"), row) for one, row in zip(own, rows, strict=True)]
    assert made.tolist() == expected


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(2, 2**64 - 1) | st.integers(2**63 - 2, 2**63 + 2) | st.integers(2**56, 2**57))
def test_arithmetic_by_a_modulus_of_up_to_64_bits_is_exact(data, modulus):
    below = st.integers(0, modulus - 1)
    one = data.draw(below)
    other = data.draw(below | st.just(modulus - one - 1) | st.just((modulus - one) % modulus))
    first, then = data.draw(st.integers(0, 2**64 - 1)), data.draw(st.integers(0, 2**32 - 1))
    a, b, c, d = (np.array([number], dtype=np.uint64) for number in (one, other, first, then))
    assert ff1_batch._plus(a, b, modulus).tolist() == [(one + other) % modulus]
    assert ff1_batch._minus(a, b, modulus).tolist() == [(one - other) % modulus]
    assert ff1_batch._reduced(c, d, modulus).tolist() == [((first << 32) + then) % modulus]


@quick
@given(st.lists(st.text(max_size=60), max_size=8), st.text(min_size=1, max_size=150))
def test_keyed_hmac_is_the_standard_librarys_for_any_text_and_key(texts, key):
    made = frame_of(texts).select(hmac_sha256(pl.col("c"), key)).to_series().to_list()
    assert made == [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for text in texts]


@quick
@given(st.binary(min_size=64, max_size=64), st.binary(max_size=20), st.binary(min_size=1, max_size=80))
def test_both_ways_of_computing_aes_siv_agree(key, associated, text):
    assert siv.encrypt(key, associated, text) == AESSIV(key).encrypt(text, [associated])


@quick
@given(st.integers(0, 200), st.floats(0, 100))
def test_what_is_chance_is_judged_by_poissons_tail(count, mean):
    tail = 1 - math.fsum(
        math.exp(at * math.log(mean) - mean - math.lgamma(at + 1)) if mean else float(at == 0) for at in range(count)
    )
    if count <= mean or tail > 2e-6:
        assert is_chance(count, mean)
    elif tail < 1e-7:
        assert not is_chance(count, mean)


BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
