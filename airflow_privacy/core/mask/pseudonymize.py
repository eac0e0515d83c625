"""Pseudonymization (ISO/IEC 20889; GDPR Art. 4(5)): an identifier becomes a token that only a key holder can link."""

from __future__ import annotations

import polars as pl
from polars_hash import CryptographicHashingNameSpace

from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.model.techniques import HmacToken, name_of


def hmac_token(column: str, technique: HmacToken, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the canonical text, as the first ``length`` hexadecimal digits.

    Equal values give equal tokens under one key, so that tables join; another key gives unrelated tokens. Missing stays missing.
    Protects against reading or guessing identifiers without the key: a plain or salted hash of a telephone number can be found
    by trying all numbers, this cannot. Does not protect against whoever holds the key, against linking the rows of one person
    (that is what tokens are for), nor against frequencies: the commonest value has the commonest token. Tokens are personal data.

    :raises KeyUnavailable: *keys* holds no usable key for this technique.
    """
    key = tools.key(name_of(technique), column)
    return hmac_sha256(canonical_text(column, dtype), key).str.slice(0, technique.length)


def hmac_sha256(value: pl.Expr, key: str) -> pl.Expr:
    """HMAC-SHA-256 as 64 hexadecimal digits. The HMAC key is the UTF-8 bytes of *key*: for a hexadecimal key its digits."""
    mac: pl.Expr = CryptographicHashingNameSpace(value).hmac_sha256(key=key)
    return mac


SPECS: dict[type, Spec] = {HmacToken: Spec(hmac_token, text_type)}
