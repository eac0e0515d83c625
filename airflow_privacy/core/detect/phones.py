"""Which of a few candidates are telephone numbers: the only module that knows phonenumbers (Google's numbering plans)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import phonenumbers

#: Where a number without a country code is tried.
REGIONS = ("US", "DE", "GB", "FR", "AT", "CH", "ES", "IT", "NL", "PT", "BR", "IN", "AU")

_TRUNK = re.compile(r"^(\+[0-9]{1,3}[ ]?)\(0\)|^\(0\)")


def is_phone(text: str, regions: Sequence[str] = REGIONS) -> bool:
    """Whether *text* as a whole is a number that a numbering plan assigns."""
    # "+49 (0)30" and "(0)30" are written everywhere and dialled nowhere.
    cleaned = _TRUNK.sub(lambda match: match.group(1) or "0", text.strip())
    if cleaned.startswith("00"):
        cleaned = f"+{cleaned[2:]}"
    return any(_valid(cleaned, region) for region in ((None,) if cleaned.startswith("+") else regions))


def count_phones(candidates: Iterable[str], regions: Sequence[str] = REGIONS) -> int:
    """How many of *candidates* are telephone numbers."""
    return sum(1 for candidate in candidates if is_phone(candidate, regions))


def _valid(text: str, region: str | None) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, region)))
    except phonenumbers.NumberParseException:
        return False
