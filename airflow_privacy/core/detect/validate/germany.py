"""German numbers: health insurance, identity card, passport, pension insurance, taxes, physicians and practices."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    LETTER_OR_DIGIT_VALUES,
    LETTER_VALUES,
    Bytes,
    Flags,
    answer,
    dropped,
    kept,
    letters,
)
from airflow_privacy.core.detect.validate.sums import crossed, mod11_10, two, weighted

_DOCUMENT_WEIGHTS = (7, 3, 1, 7, 3, 1, 7, 3)
_NOT_IN_PASSPORTS = kept("ABDEIOQSU")


def practice(texts: pl.Series) -> pl.Series:
    """DeBsnrRecognizer: no check digit; all zeros is none, else null."""
    zeros: Flags = (letters(texts).rows(9) == ord("0")).all(axis=0)
    return answer(~zeros, ~zeros)


def physician(texts: pl.Series) -> pl.Series:
    """DeLanrRecognizer: the seventh digit (KBV's directive under SGB V, section 75)."""
    digits = DIGIT_VALUES[letters(texts).rows(9)]
    return answer(weighted(digits, (4, 9, 4, 9, 4, 9, 1)) % 10 == 0)


def health_insurance(texts: pl.Series) -> pl.Series:
    """DeHealthInsuranceRecognizer: the letter as two digits, then crossed sums by 1 and 2 (SGB V, section 290)."""
    rows = letters(texts).upper().rows(10)
    digits = np.vstack([_letter_number(rows[0]), DIGIT_VALUES[rows[1:]]])
    return answer(crossed(digits[:10], (1, 2) * 5) % 10 == digits[10])


def pension_insurance(texts: pl.Series) -> pl.Series:
    """DeSocialSecurityRecognizer: day (plus 50 where the office ran out), month, crossed sums (VKVV, section 2)."""
    rows = letters(texts).upper().rows(12)
    digits = DIGIT_VALUES[rows]
    day, month = two(digits, 2), two(digits, 4)
    dated = ((day >= 1) & (day <= 31) | (day >= 51) & (day <= 81)) & (month >= 1) & (month <= 12)
    effective = np.vstack([digits[:8], _letter_number(rows[8]), digits[9:11]])
    return answer(dated & (crossed(effective, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)) % 10 == digits[11]))


def identity_card(texts: pl.Series) -> pl.Series:
    """DeIdCardRecognizer: weights 7, 3, 1 (ICAO Doc 9303, part 3); T and eight digits, the old form, is null."""
    rows = letters(texts).upper().rows(9)
    old = (rows[0] == ord("T")) & (DIGIT_VALUES[rows[1:]] < 10).all(axis=0)
    return answer(_document_digit_holds(rows), old)


def passport(texts: pl.Series) -> pl.Series:
    """DePassportRecognizer: as the identity card, without vowels and what looks like digits."""
    rows = letters(texts).upper().rows(9)
    return answer(_document_digit_holds(rows) & (_NOT_IN_PASSPORTS[rows[:8]] == 0).all(axis=0))


def tax_id(texts: pl.Series) -> pl.Series:
    """DeTaxIdRecognizer: no digit more than three times, then ISO 7064 MOD 11,10 (AO, section 139b)."""
    digits = DIGIT_VALUES[letters(texts).rows(11)]
    varied = np.ones(len(texts), np.bool_)
    for digit in range(10):
        varied &= (digits[:10] == digit).sum(axis=0) <= 3
    return answer(varied & (digits[0] > 0) & (mod11_10(digits[:10]) == digits[10]))


def vat_id(texts: pl.Series) -> pl.Series:
    """DeVatIdRecognizer: ISO 7064 MOD 11,10 over eight digits; null where it does not hold, as Presidio is lenient by default."""
    digits = DIGIT_VALUES[letters(texts).only(_VAT_KEPT).rows(11)[2:]]
    holds: Flags = mod11_10(digits[:8]) == digits[8]
    return answer(holds, ~holds)


def _letter_number(row: Bytes) -> Bytes:
    """A is 01, Z is 26: two rows of digits."""
    number = LETTER_VALUES[row] + np.uint8(1)
    return np.vstack([number // np.uint8(10), number % np.uint8(10)])


def _document_digit_holds(rows: Bytes) -> Flags:
    worth = LETTER_OR_DIGIT_VALUES[rows]
    holds: Flags = weighted(worth[:8], _DOCUMENT_WEIGHTS) % 10 == worth[8]
    return holds


_VAT_KEPT = dropped(" \t\n\r\f\v.-")
