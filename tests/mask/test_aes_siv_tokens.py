from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from cipher_columns import back, check, masked
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from masking_builders import KEYS, OTHER_KEYS, OTHER_TOOLS, TOOLS

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable, VerificationError
from airflow_privacy.core.mask.base import NO_TOOLS, Tools
from airflow_privacy.core.mask.pseudonymization.reverse import reverse_column
from airflow_privacy.core.model.techniques import AesSiv, Bins, Card, Ff1, HmacToken, Keep, Redact, Surrogate

VALUES = ["Jane Doe", "jane@example.com", None, "", "  ", "Zoë 東京 👩", "Jane Doe", "x"]
PRESENT = ["Jane Doe", "jane@example.com", None, None, None, "Zoë 東京 👩", "Jane Doe", "x"]


def reference(text: str, key: str) -> str:
    long = HKDF(algorithm=SHA256(), length=64, salt=None, info=b"airflow-privacy aes_siv 1 key").derive(bytes.fromhex(key))
    made = AESSIV(long).encrypt(text.encode(), [b"airflow-privacy aes_siv 1"])
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def test_a_token_is_aes_siv_under_the_derived_key():
    assert masked(VALUES, AesSiv()) == [None if one is None else reference(one, KEYS["aes_siv"]) for one in PRESENT]


def test_what_was_encrypted_comes_back():
    assert back(masked(VALUES, AesSiv()), AesSiv()) == PRESENT


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        ([7, -7], pl.Int8, ["7", "-7"]),
        ([Decimal("5.00")], pl.Decimal(10, 2), ["5"]),
        ([dt.date(2024, 2, 29)], pl.Date, ["2024-02-29"]),
        ([True, None], pl.Boolean, ["true", None]),
        ([b"\x00\xff"], pl.Binary, ["00ff"]),
        (["b"], pl.Categorical, ["b"]),
    ],
)
def test_what_comes_back_is_the_canonical_text(values, dtype, texts):
    made = masked(values, AesSiv(), dtype=dtype)
    assert back(made, AesSiv()) == texts
    check(values, made, AesSiv(), dtype=dtype)


def test_normalised_text_comes_back_normalised():
    technique = AesSiv(normalize=("trim", "casefold"))
    made = masked([" Ann", "ANN", "ann "], technique)
    assert len(set(made)) == 1
    assert back(made, technique) == ["ann"] * 3
    check([" Ann", "ANN", "ann "], made, technique)


def test_another_key_gives_other_tokens_and_cannot_turn_them_back():
    made = masked(VALUES, AesSiv())
    assert not (set(made) - {None}) & set(masked(VALUES, AesSiv(), tools=OTHER_TOOLS))
    with pytest.raises(VerificationError, match="token-not-authentic") as caught:
        back(made, AesSiv(), OTHER_KEYS["aes_siv"])
    assert "4 of 4 different tokens of column 'c'" in caught.value.what


def altered():
    (token,) = masked(["canary value"], AesSiv())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at in range(len(token)):
        other = alphabet[(alphabet.index(token[at]) + 1) % 64]
        yield f"character {at}", token[:at] + other + token[at + 1 :]
    yield from {
        "cut": token[:-1],
        "longer": token + "A",
        "padded": token + "=",
        "white space": token[:5] + "\n" + token[5:],
        "other letters": token[:5] + "!" + token[5:],
        "not ascii": token + "é",
        "empty": "",
        "short": "AAAA",
        "tag only": token[:22],
        "clear": "canary value",
    }.items()


@pytest.mark.parametrize(("how", "token"), altered(), ids=lambda one: one if len(one) < 15 else "")
def test_an_altered_token_is_recognised_and_no_value_is_shown(how, token):
    good = masked(["other"], AesSiv())
    with pytest.raises(VerificationError, match="token-not-authentic") as caught:
        back([*good, token, None], AesSiv())
    assert "1 of 2 different tokens" in caught.value.what
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None
    assert not token or len(token) < 5 or token not in str(caught.value)


def test_a_token_of_another_technique_is_no_token():
    cipher = AESSIV(bytes(64))
    with pytest.raises(VerificationError):
        back([base64.urlsafe_b64encode(cipher.encrypt(b"x", [b"other"])).decode().rstrip("=")], AesSiv())


def test_a_key_that_is_not_256_bits_is_refused():
    with pytest.raises(KeyUnavailable):
        masked(["x"], AesSiv(), tools=Tools(keys={"aes_siv": "0f" * 40}))


@pytest.mark.parametrize("technique", [HmacToken(), Keep(), Redact(), Bins(edges=(1,)), Surrogate(kind="name")])
def test_what_has_no_way_back_is_refused(technique):
    with pytest.raises(CheckFailed, match="not-reversible"):
        reverse_column(pl.Series("c", ["x"]), technique, "0f" * 32)


@pytest.mark.parametrize("technique", [AesSiv(), Ff1(), Card()])
def test_only_text_is_turned_back(technique):
    with pytest.raises(CheckFailed, match="not-reversible"):
        reverse_column(pl.Series("c", [1234567890]), technique, "0f" * 32)
    nothing = reverse_column(pl.Series("c", [None, None]), technique, "0f" * 32)
    assert nothing.to_list() == [None, None]
    assert nothing.dtype == pl.String
    assert nothing.name == "c"


@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_passes_what_was_masked_and_detection_does_not_look(tools):
    check(VALUES, masked(VALUES, AesSiv()), AesSiv(), tools=tools, find=lambda frame: {name: ["ID"] for name in frame.columns})


def test_the_check_sees_tokens_of_another_key():
    with pytest.raises(CheckFailed, match="another key"):
        check(VALUES, masked(VALUES, AesSiv(), tools=OTHER_TOOLS), AesSiv())


@pytest.mark.parametrize("normalize", [(), ("trim",)], ids=["plain", "normalised"])
@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_sees_clear_missing_and_common_tokens(normalize, tools):
    technique = AesSiv(normalize=normalize)
    values = [f"some longer value {n:04d}" for n in range(30)]
    made = masked(values, technique)
    clear = "c" * 46
    for wrong in (values, [values[0], *made[1:]], [None, *made[1:]], [made[0]] * 30, [clear, *made[1:]]):
        source = [clear, *values[1:]] if wrong[0] == clear else values
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(source, wrong, technique, tools=tools)
