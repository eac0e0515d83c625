"""Numbers of the United States and Canada: social security, health care providers, prescribers, social insurance."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.letters import DIGIT_VALUES, DIGITS, answer, kept, letters
from airflow_privacy.core.detect.validate.sums import luhn, luhn_sum, weighted

# Numbers that were printed as examples: on a wallet's insert, in advertisements, in forms.
_SAMPLES = (123456789, 987654320, 78051120)
_PREFIX_SUM = 24  # of the digits 80840 that stand before a provider's number (45 CFR 162.406, ISO 7812 issuer)
_MARKS = kept(".- ")
_PRESCRIBER_WEIGHTS = (1, 2, 1, 2, 1, 2, -1)


def no_ssn(texts: pl.Series) -> pl.Series:
    """UsSsnRecognizer.invalidate_result: true for numbers that the SSA never issues, known samples, and mixed separators.

    Never issued are area 000 and 666, group 00 and serial 0000 (20 CFR 422.103; SSA's randomization of 2011). Area 9xx is let
    pass, as Presidio does.
    """
    written = letters(texts)
    digits = DIGIT_VALUES[written.only(DIGITS).rows(9)]
    area = weighted(digits[:3], (100, 10, 1))
    number = weighted(digits, [10**place for place in range(8, -1, -1)])
    wrong = (area == 0) | (area == 666) | (number % 10_000 == 0) | (number // 10_000 % 100 == 0)
    for sample in _SAMPLES:
        wrong |= number == sample
    wrong |= (digits == digits[0]).all(axis=0)
    first, second = written.only(_MARKS).rows(2)
    return answer(wrong | (second != 0) & (second != first))


def provider(texts: pl.Series) -> pl.Series:
    """UsNpiRecognizer: Luhn over 80840 and the ten digits of the provider (45 CFR 162.406)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(10)]
    return answer((luhn_sum(digits) + np.uint8(_PREFIX_SUM)) % np.uint8(10) == 0)


def no_provider(texts: pl.Series) -> pl.Series:
    """UsNpiRecognizer.invalidate_result: true where all digits before the check digit are one."""
    rows = letters(texts).only(DIGITS).rows(10)
    return answer((rows[:9] == rows[0]).all(axis=0))


def prescriber(texts: pl.Series) -> pl.Series:
    """MedicalLicenseRecognizer: the check digit of DEA registrations (21 CFR 1301)."""
    digits = DIGIT_VALUES[letters(texts).rows(9)[2:]]
    return answer(weighted(digits, _PRESCRIBER_WEIGHTS) % 10 == 0)


def no_social_insurance(texts: pl.Series) -> pl.Series:
    """CaSinRecognizer.invalidate_result: true where Luhn does not hold over the nine digits (ESDC)."""
    return answer(~luhn(DIGIT_VALUES[letters(texts).only(DIGITS).rows(9)]))
