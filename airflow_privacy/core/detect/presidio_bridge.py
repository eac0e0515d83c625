"""Presidio's pattern recognizers on a few candidate values.

Recognizers are called one by one, without an NLP engine and without the network: the public-suffix list that the mail
recognizer wants is the snapshot that tldextract brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import cast

from presidio_analyzer import PatternRecognizer, predefined_recognizers

from airflow_privacy.core.detect.recognize.catalog import is_mail
from airflow_privacy.core.detect.recognize.custom import asked

_SURE = 1.0  # the score of a match whose checksum or other validation holds

# Entities that our own vectorised patterns decide, and shapes that pass for half of all codes.
_NOT_NATIONAL = {"EMAIL_ADDRESS", "URL", "IP_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "MAC_ADDRESS", "DATE_TIME", "UUID", "US_NPI"}


class _OfflineEmail(predefined_recognizers.EmailRecognizer):
    def validate_result(self, pattern_text: str) -> bool:
        return is_mail(pattern_text)


def confirm(entity: str, candidates: Sequence[str]) -> int | None:
    """How many of *candidates* Presidio's own recognizer takes for *entity*, as a whole; ``None`` if it has none."""
    recognizer = _by_entity().get(entity)
    if recognizer is None:
        return None
    return sum(1 for text in candidates if _covers(recognizer, entity, text, 0.0))


def national_ids(candidates: Sequence[str]) -> dict[str, int]:
    """How many of *candidates* are identity, tax or insurance numbers of a country, by entity.

    Only matches that a recognizer validates count, and only if its validation tells the values from the same values with the
    last character changed: some recognizers "validate" the shape alone, and every 13-digit number would do.
    """
    counts: dict[str, int] = {}
    for entity, recognizer in _validating().items():
        matched = sum(1 for text in candidates if _covers(recognizer, entity, text, _SURE))
        if matched and sum(1 for text in candidates if _covers(recognizer, entity, _altered(text), _SURE)) <= matched / 2:
            counts[entity] = matched
    return counts


def _altered(text: str) -> str:
    last = text[-1:]
    if last.isdigit():
        return f"{text[:-1]}{(int(last) + 1) % 10}"
    return f"{text[:-1]}{'B' if last.upper() == 'A' else 'A'}"


def _covers(recognizer: PatternRecognizer, entity: str, text: str, score: float) -> bool:
    results = asked(entity, lambda: recognizer.analyze(text, [entity], None))
    return any(result.score >= score and result.end - result.start >= len(text) - 1 for result in results)


@cache
def _by_entity() -> dict[str, PatternRecognizer]:
    names = {
        "CREDIT_CARD": "CreditCardRecognizer",
        "IBAN_CODE": "IbanRecognizer",
        "IP_ADDRESS": "IpRecognizer",
        "US_SSN": "UsSsnRecognizer",
        "URL": "UrlRecognizer",
        "MAC_ADDRESS": "MacAddressRecognizer",
    }
    found = {entity: getattr(predefined_recognizers, name)() for entity, name in names.items()}
    return {"EMAIL_ADDRESS": _OfflineEmail(), **found}


@cache
def _validating() -> dict[str, PatternRecognizer]:
    """Recognizers of national numbers that have a check of their own (a checksum, mostly)."""
    found: dict[str, PatternRecognizer] = {}
    for name in sorted(dir(predefined_recognizers)):
        kind = getattr(predefined_recognizers, name)
        if not isinstance(kind, type) or not issubclass(kind, PatternRecognizer):
            continue
        if kind.validate_result is PatternRecognizer.validate_result or kind is predefined_recognizers.EmailRecognizer:
            continue
        try:
            recognizer = cast(Callable[[], PatternRecognizer], kind)()
        except (TypeError, ImportError, ValueError):
            continue
        for entity in recognizer.supported_entities:
            if entity not in _NOT_NATIONAL:
                found.setdefault(entity, recognizer)
    return found
