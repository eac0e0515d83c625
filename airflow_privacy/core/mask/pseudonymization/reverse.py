"""Reversible pseudonyms turned back into the texts that they stand for.

What comes back is the canonical text that was encrypted, after normalisation where the technique had steps: an integer's
digits, a date in ISO 8601. AES-SIV knows its own tokens. FF1 and cards do not: with another key, or over values that were never
encrypted, they give other values without a word; the caller must know from the passport that column, technique and key belong
together.
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.pseudonymization.aes_siv import siv_decrypt
from airflow_privacy.core.mask.pseudonymization.card import card_decrypt
from airflow_privacy.core.mask.pseudonymization.ciphers import ff1_decrypt
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, Technique, name_of


def reverse_column(series: pl.Series, technique: Technique, key: str) -> pl.Series:
    """The texts that the tokens of *series* stand for; null stays null. *series* is not changed.

    :param key: the technique's key in the scope and version that made the tokens: 64 hexadecimal digits.
    :raises CheckFailed: ``not-reversible``: the technique has no way back, or the column is no text; values are too short.
    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    :raises VerificationError: ``token-not-authentic``: tokens of another key, or altered ones (AES-SIV only).
    """
    if not isinstance(technique, AesSiv | Ff1 | Card):
        raise CheckFailed("not-reversible", f"{name_of(technique)} cannot be turned back", where=series.name)
    if series.dtype == pl.Null:
        return series.cast(pl.String)
    if series.dtype != pl.String:
        raise CheckFailed("not-reversible", f"Column {series.name!r} is no text, and tokens are", where=series.name)
    if isinstance(technique, AesSiv):
        return siv_decrypt(series, key)
    if isinstance(technique, Ff1):
        return ff1_decrypt(series, technique, key)
    return card_decrypt(series, technique, key)
