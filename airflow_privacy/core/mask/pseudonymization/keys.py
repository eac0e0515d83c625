"""Technique keys as octets."""

from __future__ import annotations

from airflow_privacy.core.errors import KeyUnavailable


def cipher_key(key: str, column: str) -> bytes:
    """The 32 octets of an AES-256 key.

    :param key: 64 lower-case hexadecimal digits. A longer key is refused rather than cut: two that begin alike would be one.
    :raises KeyUnavailable: it is not that.
    """
    if len(key) == 64 and not key.strip("0123456789abcdef"):
        return bytes.fromhex(key)
    raise KeyUnavailable("no-token-key", "The key is not 64 lower-case hexadecimal digits", where=column)
