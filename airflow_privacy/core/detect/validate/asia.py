"""Numbers of Korea, Singapore, Thailand, Turkey and the Philippines."""

from __future__ import annotations

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate.dates import today
from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    DIGITS,
    Bytes,
    Flags,
    answer,
    constant,
    letters,
    values,
)
from airflow_privacy.core.detect.validate.sums import two, weighted

_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_KOREAN_REGIONS = (*range(11, 27), 28)
_DOWN_FROM_13 = range(13, 1, -1)

# Singapore: check letters by remainder modulo 11, and the types of entities (ACRA, UEN).
_BUSINESS_LETTERS = np.frombuffer(b"XMKECAWLJDB", np.uint8)
_COMPANY_LETTERS = np.frombuffer(b"ZKCMDNERGWH", np.uint8)
_OTHER_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWX0123456789"
_OTHER_LETTERS = np.frombuffer(_OTHER_ALPHABET[:11].encode(), np.uint8)
_OTHER_VALUES = values(_OTHER_ALPHABET)
_ENTITY_TYPES = (
    "LP LL FC PF RF MQ MM NB CC CS MB FM GS DP CP NR CM CD MD HS VH CH MH CL XL CX HC RP TU TC FB FN PA PB SS MC SM GA GB"
)
_ENTITY_TYPE_CODES = [ord(kind[0]) << 8 | ord(kind[1]) for kind in _ENTITY_TYPES.split()]


def korean_business(texts: pl.Series) -> pl.Series:
    """KrBrnRecognizer: weights 1, 3, 7, the ninth product with its tens added (National Tax Service)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(10)]
    ninth = digits[8].astype(np.int32) * 5
    total = weighted(digits, (1, 3, 7, 1, 3, 7, 1, 3)) + ninth + ninth // 10
    return answer((total + digits[9]) % 10 == 0)


def korean_driver(texts: pl.Series) -> pl.Series:
    """KrDriverLicenseRecognizer: the first two digits are a region's."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(12)]
    return answer(np.isin(two(digits, 0), _KOREAN_REGIONS))


def korean_resident(texts: pl.Series) -> pl.Series:
    """KrRrnRecognizer: region to 95 and check digit modulo 11; null where they do not hold (numbers since 2020 have none)."""
    return _registered(texts, 11)


def korean_foreigner(texts: pl.Series) -> pl.Series:
    """KrFrnRecognizer: as residents, with two more in the check digit."""
    return _registered(texts, 13)


def _registered(texts: pl.Series, minuend: int) -> pl.Series:
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(13)]
    check = (minuend - weighted(digits, _RESIDENT_WEIGHTS) % 11) % 10
    holds: Flags = (two(digits, 7) <= 95) & (check == digits[12])
    return answer(holds, ~holds)


def singaporean_entity(texts: pl.Series) -> pl.Series:
    """SgUenRecognizer: businesses (8 digits), companies (year and 5 digits), others (century, year, type, 4 digits)."""
    written = letters(texts).upper()
    rows = written.rows(10)
    nine = written.lengths == 9
    other = DIGIT_VALUES[rows[0]] > 9
    digits = np.where(DIGIT_VALUES[rows] > 9, 0, DIGIT_VALUES[rows]).astype(np.uint8)
    business = rows[8] == _BUSINESS_LETTERS[weighted(digits[:8], (10, 4, 9, 3, 8, 2, 7, 1)) % 11]
    registered = weighted(digits[:4], (1000, 100, 10, 1)) <= today().year
    company = registered & (rows[9] == _COMPANY_LETTERS[weighted(digits[:9], (10, 8, 6, 4, 9, 7, 5, 3, 1)) % 11])
    return answer(np.where(nine, business, np.where(other, _other_entity(rows), company)))


def _other_entity(rows: Bytes) -> Flags:
    kind = rows[3].astype(np.int32) << 8 | rows[4]
    remainder = (weighted(_OTHER_VALUES[rows[:9]], (4, 3, 5, 3, 10, 2, 2, 5, 7)) - 5) % 11
    holds: Flags = (
        np.isin(rows[0], [ord(century) for century in "TSR"])
        & np.isin(kind, _ENTITY_TYPE_CODES)
        & (rows[9] == _OTHER_LETTERS[remainder])
    )
    return holds


def thai_person(texts: pl.Series) -> pl.Series:
    """ThTninRecognizer: weights 13 to 2 modulo 11 (Department of Provincial Administration)."""
    digits = DIGIT_VALUES[letters(texts).rows(13)]
    return answer((11 - weighted(digits, _DOWN_FROM_13) % 11) % 10 == digits[12])


def turkish_person(texts: pl.Series) -> pl.Series:
    """TrNationalIdRecognizer: tenth and eleventh digit by sums of the others (Act 5490 on population services)."""
    digits = DIGIT_VALUES[letters(texts).rows(11)]
    tenth = weighted(digits, (7, -1, 7, -1, 7, -1, 7, -1, 7)) % 10 == digits[9]
    return answer((digits[0] > 0) & tenth & (weighted(digits, (1,) * 10) % 10 == digits[10]))


def turkish_vehicle(texts: pl.Series) -> pl.Series:
    """TrLicensePlateRecognizer: always true, as its patterns begin with a province from 01 to 81."""
    return constant(True, len(texts))


def no_philippine_taxpayer(texts: pl.Series) -> pl.Series:
    """PhTinRecognizer.invalidate_result: true unless weights 9 to 2 modulo 11 give the ninth digit (BIR)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(9)]
    return answer(weighted(digits, range(9, 1, -1)) % 11 != digits[8])
