"""Spanish and Italian numbers: NIF, NIE, fiscal code, VAT."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    DIGITS,
    LETTER_VALUES,
    Bytes,
    Flags,
    answer,
    dropped,
    letters,
    values,
)
from airflow_privacy.core.detect.validate.sums import luhn, weighted

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NIF_LETTERS = np.frombuffer(b"TRWAGMYFPDXBNJZSQVHLCKE", np.uint8)  # by number modulo 23: Royal Decree 1065/2007
_SEPARATORS = dropped("- ")
# Decree of 23 December 1976 (Ministry of Finance): what a character counts in odd and in even places.
_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
_ODD_VALUES = values(_ALPHANUMERIC, _ODD[:10] + _ODD)
_EVEN_VALUES = values(_ALPHANUMERIC, list(range(10)) + list(range(26)))


def nif(texts: pl.Series) -> pl.Series:
    """EsNifRecognizer: the letter is that of the number modulo 23."""
    written = letters(texts).only(_SEPARATORS).upper()
    return answer(written.last() == _nif_letter(DIGIT_VALUES[written.only(DIGITS).rows(8, right=True)]))


def nie(texts: pl.Series) -> pl.Series:
    """EsNieRecognizer: X, Y, Z count 0, 1, 2 before the number, and the letter is that of the NIF (Order INT/2058/2008)."""
    written = letters(texts).only(_SEPARATORS).upper()
    number = DIGIT_VALUES[written.only(DIGITS).rows(8, right=True)]
    number[0] = written.rows(1)[0] - np.uint8(ord("X"))
    return answer((number[0] <= 2) & (written.lengths == 9) & (written.last() == _nif_letter(number)))


def _nif_letter(digits: Bytes) -> Bytes:
    number = np.where(digits > 9, 0, digits).astype(np.uint8)
    return _NIF_LETTERS[weighted(number, [10**place for place in range(len(number) - 1, -1, -1)]) % 23]


def fiscal_code(texts: pl.Series) -> pl.Series:
    """ItFiscalCodeRecognizer: sum of values by odd and even place modulo 26; null where the last letter is another."""
    rows = letters(texts).upper().rows(16)
    total = _ODD_VALUES[rows[:15:2]].sum(axis=0, dtype=np.int32) + _EVEN_VALUES[rows[1:15:2]].sum(axis=0, dtype=np.int32)
    holds: Flags = total % 26 == LETTER_VALUES[rows[15]]
    return answer(holds, ~holds)


def vat(texts: pl.Series) -> pl.Series:
    """ItVatCodeRecognizer: Luhn over eleven digits; all zeros is none (Decree of the President 633/1972, article 35)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(11)]
    return answer(luhn(digits) & digits.any(axis=0))
