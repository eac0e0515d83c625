"""Numbers of South Africa and Nigeria."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.dates import exists, today
from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    LETTER_VALUES,
    Flags,
    answer,
    constant,
    dropped,
    letters,
)
from airflow_privacy.core.detect.validate.sums import luhn, two, verhoeff, weighted

_SEPARATORS = dropped("- ")
_PLATE_WIDTH = 16
_PROVINCES = [ord(province[0]) << 8 | ord(province[1]) for province in ("GP", "ZN", "WP", "EC", "NC", "FS", "LP", "MP", "NW")]
_FIRST_YEAR = 1800


def identity(texts: pl.Series) -> pl.Series:
    """ZaIdNumberRecognizer: a date of birth that is not to come, citizenship 0 to 2, then 8 or 9, Luhn (Act 68 of 1997)."""
    return answer(_identified(texts))


def traffic_register(texts: pl.Series) -> pl.Series:
    """ZaTrafficRegisterNumberRecognizer: thirteen digits that are no identity number."""
    return answer(~_identified(texts))


def _identified(texts: pl.Series) -> Flags:
    digits = DIGIT_VALUES[letters(texts).rows(13)]
    now = today()
    year, month, day = two(digits, 0), two(digits, 2), two(digits, 4)
    year = year + np.where(year > now.year % 100, 1900, 2000)
    born = exists(year, month, day) & (year * 10_000 + month * 100 + day <= now.year * 10_000 + now.month * 100 + now.day)
    holds: Flags = born & (digits[10] <= 2) & ((digits[11] == 8) | (digits[11] == 9)) & luhn(digits)
    return holds


def company(texts: pl.Series) -> pl.Series:
    """ZaCompanyRegistrationRecognizer: the four digits before the first slash are a year from 1800 to now."""
    before = texts.str.slice(0, 6).str.split_exact("/", 1).struct.field("field_0")
    year = weighted(DIGIT_VALUES[letters(before).rows(4, right=True)], (1000, 100, 10, 1))
    return answer((year >= _FIRST_YEAR) & (year <= today().year))


def driver(texts: pl.Series) -> pl.Series:
    """ZaDriverLicenseRecognizer: ten to fourteen characters with a letter among them."""
    written = letters(texts)
    lettered = (LETTER_VALUES[written.upper().rows(15)] < 26).any(axis=0)
    return answer(lettered & (written.lengths >= 10) & (written.lengths <= 14))


def plate(texts: pl.Series) -> pl.Series:
    """ZaLicensePlateRecognizer: a province's letters at the end and a letter before them, at least five characters in all."""
    compact = letters(texts).only(_SEPARATORS).upper()
    rows = compact.rows(_PLATE_WIDTH, right=True)
    province = rows[-2].astype(np.int32) << 8 | rows[-1]
    lettered = (LETTER_VALUES[rows[:-2]] < 26).any(axis=0)
    return answer(np.isin(province, _PROVINCES) & lettered & (compact.lengths >= 5))


def shape_alone(texts: pl.Series) -> pl.Series:
    """Income tax, passport and VAT numbers of South Africa: always true, as nothing but the pattern's shape is looked at."""
    return constant(True, len(texts))


def nigerian_person(texts: pl.Series) -> pl.Series:
    """NgNinRecognizer: Verhoeff over eleven digits (NIMC)."""
    return answer(verhoeff(DIGIT_VALUES[letters(texts).rows(11)]))
