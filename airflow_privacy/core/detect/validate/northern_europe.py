"""Numbers of Finland, Sweden, Poland and the United Kingdom."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.dates import exists
from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    DIGITS,
    LETTER_VALUES,
    Flags,
    answer,
    dropped,
    letters,
    values,
)
from airflow_privacy.core.detect.validate.sums import luhn, two, weighted

_FINNISH_CONTROL = values("0123456789ABCDEFHJKLMNPRSTUVWXY")
_FINNISH_CENTURY = np.full(256, 2000, np.int32)
_FINNISH_CENTURY[ord("+")] = 1800
_FINNISH_CENTURY[[ord(sign) for sign in "-YXWVU"]] = 1900
_SEPARATORS = dropped("- ")


def finnish_identity(texts: pl.Series) -> pl.Series:
    """FiPersonalIdentityCodeRecognizer: a date with the century's sign, control character modulo 31 (Decree 128/2010).

    The sign counts as it is written: a lower-case letter stands for the 2000s, as Presidio takes it.
    """
    rows = letters(texts).rows(11)
    digits = DIGIT_VALUES[rows]
    dated = exists(_FINNISH_CENTURY[rows[6]] + two(digits, 4), two(digits, 2), two(digits, 0))
    number = weighted(np.vstack([digits[:6], digits[7:10]]), [10**place for place in range(8, -1, -1)])
    return answer(dated & (number % 31 == _FINNISH_CONTROL[letters(texts).upper().rows(11)[10]]))


def swedish_person(texts: pl.Series) -> pl.Series:
    """SePersonnummerRecognizer: month and day (plus 60 in coordination numbers), Luhn over ten digits (SFS 1991:481)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(10, right=True)]
    month, day = two(digits, 2), two(digits, 4)
    day = np.where(day >= 61, day - 60, day)
    return answer((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & luhn(digits))


def swedish_organisation(texts: pl.Series) -> pl.Series:
    """SeOrganisationsnummerRecognizer: third digit at least 2, Luhn over ten digits (SFS 1974:174)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(10)]
    return answer((digits[2] >= 2) & luhn(digits))


def polish_person(texts: pl.Series) -> pl.Series:
    """PlPeselRecognizer: weights 1, 3, 7, 9 modulo 10 (Act on population registration of 2010, article 15)."""
    digits = DIGIT_VALUES[letters(texts).rows(11)]
    return answer(weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0)


def british_patient(texts: pl.Series) -> pl.Series:
    """NhsRecognizer: weights 10 to 1 modulo 11 (NHS Data Dictionary, NHS number)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(10)]
    return answer(weighted(digits, range(10, 0, -1)) % 11 == 0)


def british_driver(texts: pl.Series) -> pl.Series:
    """UkDrivingLicenceRecognizer: false where the five characters of the surname are not letters and then nines; else null."""
    letter = LETTER_VALUES[letters(texts).upper().rows(5)] < 26
    wrong: Flags = ~letter[0] | (~letter[:-1] & letter[1:]).any(axis=0)
    return answer(~wrong, ~wrong)


def british_vehicle(texts: pl.Series) -> pl.Series:
    """UkVehicleRegistrationRecognizer: the age identifier of plates since 2001 is 02 to 29 or 51 to 79; older forms are null."""
    compact = letters(texts).only(_SEPARATORS).upper()
    rows = compact.rows(4)
    digits = DIGIT_VALUES[rows]
    current = (compact.lengths == 7) & (LETTER_VALUES[rows[:2]] < 26).all(axis=0) & (digits[2:] < 10).all(axis=0)
    age = two(digits, 2)
    return answer((age >= 2) & (age <= 29) | (age >= 51) & (age <= 79), ~current)
