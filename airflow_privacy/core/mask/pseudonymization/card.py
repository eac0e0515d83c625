"""Payment card numbers by FF1: digits change, separators stay, and so does what Luhn's check digit says.

The last digit is not encrypted but computed again: it differs from the right one by as much as it did before, so that a valid
number stays valid, an invalid one invalid, and both can be turned back. With ``keep_issuer`` the first six digits stay and are
part of the tweak (SP 800-38G, appendix C), so that the same account digits under two issuers have nothing in common.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.batches import over_distinct
from airflow_privacy.core.mask.pseudonymization.ff1_batch import crypt
from airflow_privacy.core.mask.pseudonymization.keys import cipher_key
from airflow_privacy.core.mask.pseudonymization.text_points import Matrix, change_letters
from airflow_privacy.core.model.techniques import Card

_ISSUER = 6
_DIGITS = "0123456789"


def card_encrypt(series: pl.Series, technique: Card, key: str) -> pl.Series:
    """The card numbers *series* (text) as other card numbers of the same form; null stays null.

    :raises CheckFailed: a number has fewer than six digits to encrypt.
    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    """
    return _card(series, technique, key, decrypting=False)


def card_decrypt(series: pl.Series, technique: Card, key: str) -> pl.Series:
    """The reverse of :func:`card_encrypt`. There is nothing that tells a wrong key: it gives other card numbers.

    :raises CheckFailed: a number has fewer than six digits to decrypt.
    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    """
    return _card(series, technique, key, decrypting=True)


def shortest_number(technique: Card) -> int:
    """The fewest digits of a number that can be encrypted: six, the check digit, and the issuer's where they stay."""
    return 6 + 1 + kept_digits(technique)


def kept_digits(technique: Card) -> int:
    """How many digits at the front stay."""
    return _ISSUER if technique.keep_issuer else 0


def card_tweak(technique: Card) -> bytes:
    """What the tweak begins with: 16 bytes by parameters. Where the issuer's digits stay, they follow as three bytes."""
    return hashlib.sha256(b"airflow-privacy card 1 " + (b"issuer" if technique.keep_issuer else b"whole")).digest()[:16]


def _card(series: pl.Series, technique: Card, key: str, *, decrypting: bool) -> pl.Series:
    secret, tweak, kept = cipher_key(key, series.name), card_tweak(technique), kept_digits(technique)

    def change(digits: Matrix) -> Matrix:
        issuer = None if not kept else (digits[:, :kept] @ 10 ** np.arange(kept)[::-1]).astype(np.uint64)
        made = digits.copy()
        made[:, kept:-1] = crypt(digits[:, kept:-1], 10, secret, tweak, decrypting=decrypting, beside=issuer)
        made[:, -1] = (_check_digit(made) + digits[:, -1] - _check_digit(digits)) % 10
        return made

    def whole(texts: pl.Series) -> pl.Series:
        made = change_letters(texts, _DIGITS, change, shortest=shortest_number(technique))
        if made.null_count():
            raise CheckFailed(
                "values-too-short",
                f"{made.null_count()} values of column {series.name!r} have fewer than "
                f"{shortest_number(technique)} digits: too few for card",
                where=series.name,
                do="Use hmac_token or aes_siv for this column" + (", or encrypt the issuer too." if kept else "."),
            )
        return made

    return over_distinct(series, whole)


def _check_digit(digits: Matrix) -> Matrix:
    """The right last digit (ISO/IEC 7812-1, annex B) of every row, whatever its last digit is."""
    doubled = 2 * digits[:, -2::-2]
    total = (doubled - 9 * (doubled > 9)).sum(axis=1) + digits[:, -3::-2].sum(axis=1)
    made: Matrix = -total % 10
    return made
