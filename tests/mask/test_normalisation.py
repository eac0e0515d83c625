from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re

import phonenumbers
import polars as pl
import pytest
from cipher_columns import check, masked
from masking_builders import KEYS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.pseudonymization.normalize import normalize
from airflow_privacy.core.model.techniques import AesSiv, HmacToken, Keep


def to_e164(texts, region):
    def one(text):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return None
        valid = phonenumbers.is_valid_number(number)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None

    return pl.Series([one(text) for text in texts], dtype=pl.String)


PHONES = dataclasses.replace(TOOLS, to_e164=to_e164)


def after(texts, *steps, region=None):
    return normalize(pl.Series(texts, dtype=pl.String), steps, region, to_e164).to_list()


def token(text):
    return hmac.new(KEYS["hmac_token"].encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("trim", "  Ann \t\n", "Ann"),
        ("trim", "\u00a0\u2003Ann\u3000\u2028", "Ann"),
        ("trim", "\x1cAnn\x1f", "\x1cAnn\x1f"),
        ("trim", "\ufeffAnn\u200b", "\ufeffAnn\u200b"),
        ("nfkc", "Zoe\u0308", "Zoë"),
        ("nfkc", "\uff21\uff22\uff23\uff11\uff12", "ABC12"),
        ("nfkc", "ﬁﬂ", "fifl"),
        ("nfkc", " Ann ", " Ann "),
        ("casefold", "ANN", "ann"),
        ("casefold", "STRASSE Straße", "strasse strasse"),
        ("casefold", "ΣΑΣ \u03c3\u03b1ς", "\u03c3\u03b1\u03c3 \u03c3\u03b1\u03c3"),
        ("casefold", "İ", "i\u0307"),
        ("digits", "+49 (170) 12-3", "49170123"),
        ("digits", "٣٤ ५ \uff11\uff12", "34512"),
        ("digits", "½ ² Ⅷ 7", "7"),
        ("email", " Jane.Doe@EXAMPLE.Com. ", "Jane.Doe@example.com"),
        ("email", "a@b@C.org", "a@b@c.org"),
        ("email", "jané@BÜCHER.example.", "jané@bücher.example"),
        ("email", " no address ", "no address"),
        ("email", "ü no address ", "ü no address"),
        ("email", "x@Y..", "x@y."),
        ("email", "line\n@Y", "line\n@y"),
        ("email", "J@STRASSE.de", "J@strasse.de"),
        ("phone", "+49 170 1234567", "+491701234567"),
        ("phone", "00 12", "?0012"),
        ("phone", "12-34 / 5", "?12345"),
        ("phone", "+12", "?+12"),
        ("phone", "ask 2 times ", "?ask 2 times"),
        ("phone", "n/a", "?n/a"),
        ("phone", "٣٤", "?34"),
    ],
)
def test_a_step(step, text, expected):
    assert after([text], step) == [expected]
    # Beside a text of another script, and twice.
    assert after([text, "東京", text], step)[::2] == [expected, expected]


@pytest.mark.parametrize(
    ("step", "text"), [("trim", " \u2003 "), ("digits", "none"), ("phone", " -- "), ("nfkc", "\u3000"), ("email", " ")]
)
def test_what_a_step_empties_is_missing(step, text):
    assert after([text, None, "1"], step)[:2] == [None, None]


def test_steps_go_in_the_order_given():
    assert after(["\ufb01\u212b"], "nfkc", "casefold") == ["fi\u00e5"]
    assert after([" \u0130"], "casefold", "trim") == ["i\u0307"]
    assert after(["½"], "nfkc", "digits") == ["12"]
    assert after(["½"], "digits", "nfkc") == [None]


def test_a_national_number_is_read_with_the_region():
    assert after(["030 123456", "+49 30 123456", "0049-30-123456"], "phone", region="DE") == ["+4930123456"] * 3
    assert after(["030 123456"], "phone") == ["?030123456"]


def test_unreadable_numbers_join_only_ways_of_punctuation():
    texts = ["12 34", "12-34", "+1234", "room 12", "floor 12", "1234 x", "?1234"]
    made = after(texts, "phone")
    assert made[0] == made[1]
    assert len(set(made)) == len(texts) - 1
    assert not any(one.startswith("+") for one in made)


def test_nulls_and_repeated_values_keep_their_places():
    texts = ["B", None, "a", "b", "A", None] * 3
    assert after(texts, "casefold") == ["b", None, "a", "b", "a", None] * 3


def test_tokens_of_normalised_values_join():
    technique = HmacToken(normalize=("trim", "nfkc", "casefold"))
    made = masked([" ANN", "Ann ", "\uff21nn", None, "bob"], technique)
    assert made == [token("ann")] * 3 + [None, token("bob")]


def test_without_steps_nothing_is_joined():
    assert len(set(masked([" Ann", "Ann", "ann"], HmacToken()))) == 3


def test_phones_need_something_that_reads_them():
    for technique in (
        HmacToken(normalize=("phone",)),
        AesSiv(normalize=("phone",)),
        HmacToken(normalize=("phone",), beside=("d",)),
    ):
        with pytest.raises(CheckFailed, match="technique-not-available"):
            masked(["+49 30 123456"], technique)


def test_a_reader_that_fails_shows_no_value():
    def broken(texts, region):
        raise ValueError(f"canary {texts.to_list()}")

    with pytest.raises(CheckFailed, match="masking-failed") as caught:
        masked(["canary"], HmacToken(normalize=("phone",)), tools=dataclasses.replace(TOOLS, to_e164=broken))
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


MESSY = ["Ann", " ann", "ANN ", None, "bob", "Bob", "Zoe\u0308", "Zoë", "STRASSE", "straße", "\u2003", "x@Y.com", "x@y.COM."]
STEPS = [("trim", "nfkc", "casefold"), ("casefold",), ("email",), ("digits",), ("phone",), ("trim", "phone")]
NUMBERS = [
    "12\x1c34",
    "12\u200334",
    "+49 30 123456",
    "+4930123456",
    "030",
    "0-30",
    None,
    "ask Jane",
    "++",
    "+1 650 253 0000",
    "12",
    "1 2",
]


@pytest.mark.parametrize("steps", STEPS, ids="-".join)
@pytest.mark.parametrize("kind", [HmacToken, AesSiv])
@pytest.mark.parametrize("tools", [PHONES, dataclasses.replace(PHONES, keys={})], ids=["keys", "no keys"])
def test_the_check_passes_what_was_masked(steps, kind, tools):
    technique = kind(normalize=steps)
    check(MESSY + NUMBERS, masked(MESSY + NUMBERS, technique, tools=PHONES), technique, tools=tools)


def test_the_check_passes_values_that_a_step_emptied_with_rows_left_out():
    frame = pl.DataFrame({"c": ["none", "1", "2", "--", "5"], "g": [1, 1, 1, 1, 2]})
    plan = plan_of(
        decision("c", HmacToken(normalize=("digits",))),
        decision("g", Keep(), role="quasi-identifier"),
        k=2,
        over=("g",),
        limit=0.5,
    )
    out = mask_frame(frame, plan, TOOLS)[:-1]
    kept = (pl.Series([True] * 4 + [False]),)
    check_masked(source=Frames(frame), sink=Frames(out), plan=plan, find_entities=lambda _: {}, tools=TOOLS, kept=kept)


@pytest.mark.parametrize("kind", [HmacToken, AesSiv])
@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_sees_values_that_are_not_normalised_or_joined_wrongly(kind, tools):
    technique = kind(normalize=("trim", "casefold"))
    values = ["Ann", " ann", "Bob", "cy"]
    made = masked(values, technique)
    plain = masked(values, kind())
    for wrong in (plain, [made[0]] * 4, [made[0], made[2], *made[2:]], values):
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(values, wrong, technique, tools=tools)


def test_the_check_sees_a_missing_token_of_a_value_that_is_there():
    technique = HmacToken(normalize=("digits",))
    made = masked(["1", "2", "none"], technique)
    assert made[2] is None
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(["1", "2", "none"], [made[0], None, None], technique)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(["1", "2", "none"], [*made[:2], token("")], technique)


def test_white_space_is_unicodes():
    spaces = [chr(point) for point in range(0x110000) if re.fullmatch(r"\s", chr(point)) and not 0x1C <= point <= 0x1F]
    assert after([f"{space}x{space}" for space in spaces], "trim") == ["x"] * 25
    assert after([f"{space}é@Y{space}" for space in spaces], "email") == ["é@y"] * 25
