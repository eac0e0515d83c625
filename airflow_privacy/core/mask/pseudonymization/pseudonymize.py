"""Pseudonymization (ISO/IEC 20889; GDPR Art. 4(5)): an identifier becomes a token that only a key holder can link."""

from __future__ import annotations

import polars as pl
from polars_hash import CryptographicHashingNameSpace

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.batches import mapped, over_present
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization.alphabets import TOKEN
from airflow_privacy.core.mask.pseudonymization.composite import joined
from airflow_privacy.core.mask.pseudonymization.normalize import normalized, require_reader
from airflow_privacy.core.mask.pseudonymization.tokens import tokens_of
from airflow_privacy.core.model.techniques import HmacToken, name_of
from airflow_privacy.core.model.techniques.collisions import longest_token


def hmac_token(column: str, technique: HmacToken, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the canonical text, as ``length`` characters of an alphabet.

    Equal values give equal tokens under one key, so that tables join; another key gives unrelated tokens. Missing stays missing.
    With ``beside`` the token is that of several columns' values together; it is missing where all of them are.
    Protects against reading or guessing identifiers without the key: a plain or salted hash of a telephone number can be found
    by trying all numbers, this cannot. Does not protect against whoever holds the key, against linking the rows of one person
    (that is what tokens are for), nor against frequencies: the commonest value has the commonest token. Tokens are personal data.

    :raises CheckFailed: the token would be longer than 256 bits, or a step of normalisation cannot be done; when computed: a
        column beside has no canonical text.
    :raises KeyUnavailable: *keys* holds no usable key for this technique.
    """
    key = tools.key(name_of(technique), column)
    require_length(technique, column)
    if technique.beside:
        require_reader(technique, tools, column)
        value = joined(column, technique, tools)
    else:
        value = normalized(canonical_text(column, dtype), technique, tools, column)
    digest = hmac_sha256(value, key)
    if technique.alphabet == "hex":
        return digest.str.head(technique.length)
    letters, length = TOKEN[technique.alphabet], technique.length
    return mapped(digest, lambda digests: over_present(digests, lambda there: tokens_of(there, letters, length)), column)


def hmac_sha256(value: pl.Expr, key: str) -> pl.Expr:
    """HMAC-SHA-256 as 64 hexadecimal digits. The HMAC key is the UTF-8 bytes of *key*: for a hexadecimal key its digits."""
    mac: pl.Expr = CryptographicHashingNameSpace(value).hmac_sha256(key=key)
    return mac


def require_length(technique: HmacToken, column: str) -> None:
    """256 bits fill a token of this length.

    :raises CheckFailed: they do not.
    """
    longest = longest_token(technique.alphabet)
    if technique.length > longest:
        raise CheckFailed(
            "technique-parameter",
            f"hmac_token for column {column!r} has {technique.length} characters of {technique.alphabet}; "
            f"SHA-256 gives 256 bits, which are {longest} of them",
            where=column,
            do=f"Set length to {longest} or less.",
        )


SPECS: dict[type, Spec] = {HmacToken: Spec(hmac_token, text_type)}
