"""Whether a column's values can be what its name hints at. A name without fitting values is no evidence."""

from __future__ import annotations

from collections.abc import Callable

from airflow_privacy.core.detect.lexicon import Meaning
from airflow_privacy.core.detect.tally import Tally

_VARIED = 20
_NOT_DIALLED = r"^[0-9]+[.][0-9]+$|^[0-9]{4}/[0-9]{2,4}$"  # measures, academic years


def dialled(tally: Tally) -> bool:
    """Whether values with a telephone number's digits are written as one."""
    values = tally.sample["value"]
    return values.is_empty() or values.str.contains(_NOT_DIALLED).sum() < 0.9 * values.len()


def fits(meaning: Meaning, tally: Tally) -> bool:
    """Whether what was counted of the values agrees with *meaning*."""
    if tally.dtype == "boolean":
        return meaning.fit in ("any", "category") and (meaning.role == "sensitive" or meaning.entity == "GENDER")
    return _FITS[meaning.fit](meaning, tally)


def _fits_name(meaning: Meaning, tally: Tally) -> bool:
    if tally.dtype not in ("string", "binary") or tally.rate("digit") > 0.2:
        return False
    return meaning.sure or (tally.rate("name") >= 0.7 and tally.rate("wordy") < 0.3)


def _fits_words(meaning: Meaning, tally: Tally) -> bool:
    if meaning.entity == "STREET_ADDRESS" and tally.dtype in ("string", "binary"):
        # An address of memory, of a wallet: one long word with digits.
        coded = tally.rate("blank") < 0.2 and tally.rate("digit") >= 0.9 and tally.count("chars") > 6 * tally.usable
        return not coded or not tally.name.isascii()
    return tally.dtype in ("string", "binary", "integer")


def _fits_code(meaning: Meaning, tally: Tally) -> bool:
    if meaning.entity == "CVV":
        return _fits_security_code(tally)
    if tally.dtype in ("string", "binary"):
        return tally.rate("digit") >= 0.5 and tally.rate("short") >= 0.8
    return tally.count("whole") == tally.usable and tally.high is not None and 1 <= tally.high < 10**9


def _fits_security_code(tally: Tally) -> bool:
    """Three or four digits, and as varied as numbers drawn by lot: the codes of twenty academic years are not."""
    if tally.distinct < _VARIED and tally.usable >= 2 * tally.distinct:
        return False
    if tally.dtype in ("string", "binary"):
        return tally.rate("digits") >= 0.9 and 3 * tally.usable <= tally.count("chars") <= 4 * tally.usable
    return tally.count("whole") == tally.usable and tally.high is not None and 100 <= tally.high <= 9999


def _fits_number(_: Meaning, tally: Tally) -> bool:
    return (
        tally.dtype in ("number", "decimal")
        and tally.low is not None
        and tally.high is not None
        and -180 <= tally.low <= tally.high <= 180
    )


def _fits_date(_: Meaning, tally: Tally) -> bool:
    if tally.dtype in ("date", "timestamp"):
        return True
    if tally.dtype in ("string", "binary"):
        return tally.rate("DATE_TIME") + tally.rate("shape:DATE") >= 0.4 or tally.rate("digits") >= 0.9
    years = tally.low is not None and tally.high is not None and 1800 <= tally.low <= tally.high <= 2100
    return (
        years
        or tally.rate("shape:DATE") >= 0.4
        or (tally.high is not None and tally.count("whole") == tally.usable and tally.high > 31)
    )


def _fits_id(meaning: Meaning, tally: Tally) -> bool:
    if tally.dtype not in ("string", "binary", "integer", "number", "decimal"):
        return False
    if meaning.entity == "PHONE_NUMBER" and not dialled(tally):
        return False
    if meaning.entity in ("CREDIT_CARD", "IBAN_CODE", "PHONE_NUMBER"):
        shaped = tally.rate(f"shape:{meaning.entity}")
        long_digits = meaning.entity == "IBAN_CODE" and tally.rate("digits") >= 0.5 and tally.distinct_ratio > 0.5
        return shaped >= 0.3 or long_digits
    if tally.dtype in ("number", "decimal"):
        return tally.count("whole") == tally.usable and tally.distinct > 2
    if tally.dtype == "integer":
        return tally.distinct > 2 or tally.usable <= 2
    return meaning.entity in ("PERSON_ID", "DEVICE_ID") or tally.rate("digit") >= 0.5


def _fits_category(meaning: Meaning, tally: Tally) -> bool:
    if meaning.entity == "AGE" and tally.dtype in ("integer", "number"):
        return tally.low is not None and tally.high is not None and 0 <= tally.low <= tally.high <= 130
    return tally.dtype in ("string", "binary", "integer", "number")


def _fits_any(_: Meaning, tally: Tally) -> bool:
    return tally.dtype != "null"


_FITS: dict[str, Callable[[Meaning, Tally], bool]] = {
    "name": _fits_name,
    "words": _fits_words,
    "code": _fits_code,
    "number": _fits_number,
    "date": _fits_date,
    "id": _fits_id,
    "category": _fits_category,
    "any": _fits_any,
}
