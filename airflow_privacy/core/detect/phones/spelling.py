"""Which of a few candidates are telephone numbers, and their one spelling: phonenumbers itself, value by value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import phonenumbers
import polars as pl

from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS

_TRUNK = re.compile(r"^(\+[0-9]{1,3}[ ]?)\(0\)|^\(0\)")


def is_phone(text: str, regions: Sequence[str] = DEFAULT_REGIONS) -> bool:
    """Whether *text* as a whole is a number that a numbering plan assigns."""
    cleaned = _cleaned(text)
    return any(is_assigned(cleaned, region)[0] for region in ((None,) if cleaned.startswith("+") else regions))


def count_phones(candidates: Iterable[str], regions: Sequence[str] = DEFAULT_REGIONS) -> int:
    """How many of *candidates* are telephone numbers."""
    return sum(1 for candidate in candidates if is_phone(candidate, regions))


def is_assigned(number: str, region: str | None) -> tuple[bool, str]:
    """Whether digits, dialled in *region* or with a plus sign and ``None``, are an assigned number, and its national part."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False, ""
    return bool(phonenumbers.is_valid_number(parsed)), str(phonenumbers.national_significant_number(parsed))


def to_e164(numbers: pl.Series, region: str | None) -> pl.Series:
    """Telephone numbers as ITU-T E.164 writes them (``+4917184239``), read as numbers of *region* where they are national.

    Null where a text is no possible number, or a national one and *region* is ``None``. An extension is left out.
    """
    distinct = numbers.drop_nulls().unique()
    spelled = {number: _e164(number, region) for number in distinct.to_list()}
    return numbers.replace_strict(spelled, default=None, return_dtype=pl.String)


def _e164(text: str, region: str | None) -> str | None:
    cleaned = _cleaned(text)
    try:
        number = phonenumbers.parse(cleaned, None if cleaned.startswith("+") else region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _cleaned(text: str) -> str:
    # "+49 (0)30" and "(0)30" are written everywhere and dialled nowhere.
    cleaned = _TRUNK.sub(lambda match: match.group(1) or "0", text.strip())
    return f"+{cleaned[2:]}" if cleaned.startswith("00") else cleaned
