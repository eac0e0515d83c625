"""Digests written as tokens: 256 bits as the first characters of a fraction in another radix.

The digest is read as a fraction of 2**256 and written out in the alphabet's radix, the most significant character first, so that
a shorter token is the beginning of a longer one. In base32 it is RFC 4648's own encoding.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.mask.pseudonymization.text_points import texts_of

_WORD = np.uint64(32)
_MASK = np.uint64(0xFFFF_FFFF)


def tokens_of(digests: pl.Series, letters: str, length: int) -> pl.Series:
    """Tokens for *digests* (64 hexadecimal digits each, none missing): floor(digest · radix**length / 2**256) in *letters*.

    Of uniform digests every token has the same share but for a relative error of at most radix**length / 2**256.
    """
    radix, rows = len(letters), digests.len()
    octets = bytes.fromhex(digests.str.join("").item()) if rows else b""
    words = list(np.frombuffer(octets, dtype=">u4").reshape(rows, 8).T.astype(np.uint64))
    made = np.empty((rows, length), dtype=np.uint8)
    at_once = max(count for count in range(1, 33) if radix**count <= 1 << 32)
    alphabet = np.frombuffer(letters.encode("ascii"), dtype=np.uint8)
    for start in range(0, length, at_once):
        end = min(length, start + at_once)
        over = np.zeros(rows, dtype=np.uint64)
        for i in reversed(range(8)):
            product = words[i] * np.uint64(radix ** (end - start)) + over
            words[i], over = product & _MASK, product >> _WORD
        for column in reversed(range(start, end)):
            over, symbol = np.divmod(over, np.uint64(radix))
            made[:, column] = alphabet[symbol]
    return texts_of(made.reshape(-1), np.arange(1, rows + 1, dtype=np.int64) * length)
