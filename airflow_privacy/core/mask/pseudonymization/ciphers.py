"""Reversible pseudonyms: FF1 (NIST SP 800-38G), AES-SIV (RFC 5297) and payment cards.

All are pseudonyms: whoever holds the key has the values. Under one key equal values stay equal, so that tables join and the
commonest value has the commonest token.
"""

from __future__ import annotations

import hashlib

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.batches import mapped, over_distinct
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization import ff1
from airflow_privacy.core.mask.pseudonymization.aes_siv import siv_encrypt
from airflow_privacy.core.mask.pseudonymization.alphabets import letters_of
from airflow_privacy.core.mask.pseudonymization.card import card_encrypt
from airflow_privacy.core.mask.pseudonymization.ff1_batch import crypt
from airflow_privacy.core.mask.pseudonymization.keys import cipher_key
from airflow_privacy.core.mask.pseudonymization.normalize import normalized
from airflow_privacy.core.mask.pseudonymization.text_points import Matrix, change_letters
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, name_of


def ff1_encrypt(series: pl.Series, technique: Ff1, key: str) -> pl.Series:
    """The texts *series* with other characters of the technique's alphabet in the places of those that they have.

    :param key: 64 hexadecimal digits: AES-256.
    :raises CheckFailed: the alphabet is none, or (``short: fail``) a value has too few characters of it.
    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    """
    return _ff1(series, technique, key, decrypting=False)


def ff1_decrypt(series: pl.Series, technique: Ff1, key: str) -> pl.Series:
    """The reverse of :func:`ff1_encrypt`. There is nothing that tells a wrong key: it gives other values.

    :raises CheckFailed: the alphabet is none, or (``short: fail``) a value has too few characters of it.
    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    """
    return _ff1(series, technique, key, decrypting=True)


def ff1_tweak(letters: str) -> bytes:
    """The tweak: 16 bytes by the alphabet's characters and their order, the same for every value.

    Radix and length are in FF1's round function already. Nothing of a row goes in, so that equal values of all columns and
    tables under one key stay equal.
    """
    return hashlib.sha256(b"airflow-privacy ff1 1 " + letters.encode()).digest()[:16]


def _ff1(series: pl.Series, technique: Ff1, key: str, *, decrypting: bool) -> pl.Series:
    letters, secret = letters_of(technique.alphabet, series.name), cipher_key(key, series.name)
    radix, tweak = len(letters), ff1_tweak(letters)
    shortest = ff1.shortest(radix)

    def change(symbols: Matrix) -> Matrix:
        return crypt(symbols, radix, secret, tweak, decrypting=decrypting)

    def whole(texts: pl.Series) -> pl.Series:
        made = change_letters(texts, letters, change, shortest=shortest)
        if technique.short == "fail" and made.null_count():
            raise CheckFailed(
                "values-too-short",
                f"{made.null_count()} values of column {series.name!r} have fewer than {shortest} characters of their alphabet: "
                "too few for ff1, which needs a million possibilities",
                where=series.name,
                do="Set short: null to make them missing, choose a larger alphabet, or use hmac_token or aes_siv.",
            )
        return made

    return over_distinct(series, whole)


def _build_ff1(column: str, technique: Ff1, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """FF1 over the canonical text: digits for digits, letters for letters, at the same length; text for integers too.

    Characters outside the alphabet stay **in clear**, in their place. Values of less than a million possibilities fail or become
    missing. Protects against reading an identifier without the key, where programs need its form. Does not protect against the
    key's holder, against linking, frequencies, or what length and separators tell; and a domain of a million values is small:
    who can have values encrypted can list them all.

    :raises CheckFailed: the alphabet is none; when computed: values are too short.
    :raises KeyUnavailable: there is no usable key.
    """
    key = tools.key(name_of(technique), column)
    cipher_key(key, column)
    letters_of(technique.alphabet, column)
    return mapped(canonical_text(column, dtype), lambda texts: ff1_encrypt(texts, technique, key), column)


def _build_card(column: str, technique: Card, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """FF1 over a card's digits but the last, which is computed again (see :mod:`card`).

    Protects against reading or charging a card number without the key. Does not protect against the key's holder, against
    linking, or what the kept issuer tells: bank, country and kind of card.

    :raises CheckFailed: when computed: numbers are too short.
    :raises KeyUnavailable: there is no usable key.
    """
    key = tools.key(name_of(technique), column)
    cipher_key(key, column)
    return mapped(canonical_text(column, dtype), lambda texts: card_encrypt(texts, technique, key), column)


def _build_aes_siv(column: str, technique: AesSiv, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """AES-SIV over the canonical text, normalised first where the technique says so: that is then what comes back.

    Protects against reading or guessing a value without the key; an altered token is recognised when it is turned back. Does
    not protect against the key's holder, against linking or frequencies, and tells the value's length.

    :raises CheckFailed: a step of normalisation cannot be done.
    :raises KeyUnavailable: there is no usable key.
    """
    key = tools.key(name_of(technique), column)
    cipher_key(key, column)
    value = normalized(canonical_text(column, dtype), technique, tools, column)
    return mapped(value, lambda texts: siv_encrypt(texts, key), column)


SPECS: dict[type, Spec] = {
    AesSiv: Spec(_build_aes_siv, text_type),
    Card: Spec(_build_card, text_type),
    Ff1: Spec(_build_ff1, text_type),
}
