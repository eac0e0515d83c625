"""AES-SIV (RFC 5297): deterministic, authenticated encryption of texts into tokens.

A token is the sixteen octets of the synthetic IV and the ciphertext, in URL-safe base64 without padding (RFC 4648, section 5).
Its length tells the value's. The associated data binds a token to this technique and format.
"""

from __future__ import annotations

import base64
import binascii

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.mask.batches import over_distinct
from airflow_privacy.core.mask.pseudonymization.keys import cipher_key

ASSOCIATED = b"airflow-privacy aes_siv 1"
_KEY_INFO = b"airflow-privacy aes_siv 1 key"


def siv_encrypt(series: pl.Series, key: str) -> pl.Series:
    """A token for every text of *series*; null stays null.

    :param key: 64 hexadecimal digits.
    :raises KeyUnavailable: *key* is not that.
    """
    cipher = AESSIV(siv_key(key, series.name))

    def tokens(texts: pl.Series) -> pl.Series:
        return pl.Series([_written(cipher.encrypt(text.encode(), [ASSOCIATED])) for text in texts], dtype=pl.String)

    return over_distinct(series, tokens, always=True)


def siv_decrypt(series: pl.Series, key: str) -> pl.Series:
    """The text of every token of *series*; null stays null.

    :param key: 64 hexadecimal digits.
    :raises KeyUnavailable: *key* is not that.
    :raises VerificationError: a token was made with another key, or is not as it was made. Nothing is given back then.
    """
    cipher = AESSIV(siv_key(key, series.name))

    def texts(tokens: pl.Series) -> pl.Series:
        found = [_opened(cipher, token) for token in tokens]
        broken = found.count(None)
        if broken:
            raise VerificationError(
                "token-not-authentic",
                f"{broken} of {len(found)} different tokens of column {series.name!r} were made with another key or by another "
                "technique, or were altered",
                where=series.name,
                do="Use the scope and key version that the dataset's passport names.",
            )
        return pl.Series(found, dtype=pl.String)

    return over_distinct(series, texts, always=True)


def siv_key(key: str, column: str) -> bytes:
    """The 64 octets that AES-256-SIV needs, from the technique's 32 by HKDF-SHA-256 (RFC 5869) without salt.

    :raises KeyUnavailable: *key* is not 64 hexadecimal digits.
    """
    return HKDF(algorithm=SHA256(), length=64, salt=None, info=_KEY_INFO).derive(cipher_key(key, column))


def _written(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _opened(cipher: AESSIV, token: str) -> str | None:
    try:
        octets = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        # Base64 has more than one text for some octets; only the one that was written is a token.
        return cipher.decrypt(octets, [ASSOCIATED]).decode() if _written(octets) == token else None
    except (binascii.Error, InvalidTag, ValueError):
        return None
