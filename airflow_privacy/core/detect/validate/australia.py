"""Australian numbers: business, company, tax file, Medicare. Sums over digits by weights."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.validate.letters import DIGIT_VALUES, DIGITS, Bytes, answer, letters
from airflow_privacy.core.detect.validate.sums import weighted


def _digits(texts: pl.Series, count: int) -> Bytes:
    return DIGIT_VALUES[letters(texts).only(DIGITS).rows(count)]


def business(texts: pl.Series) -> pl.Series:
    """AuAbnRecognizer: one less in the first digit, then modulo 89 (Australian Business Register, format of the ABN)."""
    weights = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    return answer((weighted(_digits(texts, 11), weights) - weights[0]) % 89 == 0)


def company(texts: pl.Series) -> pl.Series:
    """AuAcnRecognizer: the digits and their check digit make a multiple of 10 (ASIC, ACN check digit)."""
    return answer(weighted(_digits(texts, 9), (8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0)


def medicare(texts: pl.Series) -> pl.Series:
    """AuMedicareRecognizer: the ninth digit is the weighted sum of the first eight modulo 10 (Services Australia)."""
    digits = _digits(texts, 10)
    return answer(weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == digits[8])


def tax_file(texts: pl.Series) -> pl.Series:
    """AuTfnRecognizer: weighted sum modulo 11 (Australian Taxation Office)."""
    return answer(weighted(_digits(texts, 9), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0)
