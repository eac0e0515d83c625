"""What whole values are, by their patterns and check digits. Values outrank names."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.column_names import tokens
from airflow_privacy.core.detect.fit import dialled
from airflow_privacy.core.detect.lexicon import EVENT_CODES, PRODUCT_CODES, Meaning
from airflow_privacy.core.detect.phones.cells import are_phones
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.draft import Draft, found, named_signals
from airflow_privacy.core.model.findings import Role, Signal

_EPOCH_MS = (631_152_000_000.0, 4_102_444_800_000.0)  # 1990 to 2100
_EPOCH_S = (631_152_000.0, 4_102_444_800.0)
_CLOCK_WORDS = frozenset(
    {"ts", "time", "timestamp", "at", "date", "datetime", "epoch", "unix", "created", "updated", "modified", "seen"}
)
_HIGH_OCTET = r"(?:^|[.])(?:6[4-9]|[7-9][0-9]|[12][0-9]{2})(?:[.]|$)"
_PRIVATE = r"^(?:10|127)\."


def by_values(tally: Tally, meanings: tuple[Meaning, ...]) -> Draft | None:
    """The entity that most values are, if there is one."""
    named = {meaning.entity for meaning in meanings}
    for entity in ("EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "IP_ADDRESS", "MAC_ADDRESS", "US_SSN"):
        rate = tally.rate(entity)
        if rate < (0.1 if entity in named else 0.5):
            continue
        if entity == "IP_ADDRESS" and is_version(tally, named):
            continue
        if entity == "CREDIT_CARD" and not is_card_rate(tally):
            continue
        return found(tally, entity, "direct-identifier", rate, entity in named, meanings)
    if tally.rate("DATE_TIME") >= 0.5:
        if "DATE_OF_BIRTH" in named:
            return None
        return found(tally, "DATE_TIME", "non-sensitive", tally.rate("DATE_TIME"), False, ())
    phone = _phone(tally, named)
    if phone is not None:
        return phone.also(*named_signals(meanings, "PHONE_NUMBER"))
    if tally.rate("UUID") >= 0.5:
        entity = next((entity for entity in ("PERSON_ID", "DEVICE_ID") if entity in named), "UUID")
        role: Role = "direct-identifier" if entity != "UUID" or tally.distinct_ratio >= 0.5 else "quasi-identifier"
        return found(tally, "UUID", role, tally.rate("UUID"), entity != "UUID", meanings, called=entity)
    if tally.rate("URL") >= 0.5:
        role = "quasi-identifier" if tally.distinct_ratio > 0.5 else "non-sensitive"
        role = "direct-identifier" if named & {"USERNAME", "PERSON"} else role
        return found(tally, "URL", role, tally.rate("URL"), False, ())
    if tally.rate("COORDINATES") >= 0.5:
        return found(tally, "COORDINATES", "quasi-identifier", tally.rate("COORDINATES"), "COORDINATES" in named, meanings)
    return None


def is_card_rate(tally: Tally) -> bool:
    """Whether more long numbers pass as cards than the one in ten that Luhn lets through by chance."""
    return tally.count("CREDIT_CARD") >= 0.3 * tally.count("shape:CREDIT_CARD")


def is_version(tally: Tally, named: set[str] | frozenset[str] = frozenset()) -> bool:
    """Whether four numbers with dots are a software's version: its name says so, or all numbers are small."""
    if {"version", "release", "build", "firmware"}.intersection(tokens(tally.name)):
        return True
    values = tally.sample["value"]
    if "IP_ADDRESS" in named or values.is_empty():
        return False
    dotted = values.filter(values.str.contains(r"^[0-9]+(?:[.][0-9]+){3}$"))
    if dotted.is_empty():
        return False
    addresses = dotted.str.contains(_HIGH_OCTET) | dotted.str.contains(_PRIVATE)
    return float(addresses.cast(pl.Float64).mean() or 0.0) < 0.1  # type: ignore[arg-type]


def is_epoch(tally: Tally) -> bool:
    """Whether the numbers are milliseconds since 1970; or seconds, where the name speaks of time."""
    if tally.dtype in ("string", "binary"):
        return tally.rate("shape:EPOCH") >= 0.95
    if tally.dtype != "integer" or tally.low is None or tally.high is None:
        return False
    if _EPOCH_MS[0] <= tally.low <= tally.high <= _EPOCH_MS[1]:
        return True
    return bool(_CLOCK_WORDS.intersection(tokens(tally.name))) and _EPOCH_S[0] <= tally.low <= tally.high <= _EPOCH_S[1]


def is_product_code(tally: Tally) -> bool:
    """Whether the name says that every copy of a thing has the number alike: ISBN, EAN, version."""
    return bool(PRODUCT_CODES.intersection(tokens(tally.name)))


def is_thing_code(tally: Tally) -> bool:
    """Whether the name says that the numbers are a thing's or an event's, and no person's: ISBN, order, tracking number."""
    return is_product_code(tally) or bool(EVENT_CODES.intersection(tokens(tally.name)))


def _phone(tally: Tally, named: set[str]) -> Draft | None:
    marked, shaped = tally.rate("PHONE_NUMBER"), tally.rate("shape:PHONE_NUMBER")
    shaped = max(marked, shaped if "PHONE_NUMBER" in named else 0.0)
    if shaped < 0.3 or named & {"POSTAL_CODE", "DATE_OF_BIRTH", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "NATIONAL_ID"}:
        return None
    if "PHONE_NUMBER" not in named and is_thing_code(tally):
        return None
    if not dialled(tally):
        return None
    candidates = (tally.runs if tally.runs.height else tally.sample)["value"]
    valid = int(are_phones(candidates, told="PHONE_NUMBER" in named).sum())
    share = valid / candidates.len() if candidates.len() else 0.0
    if "PHONE_NUMBER" not in named and (shaped < 0.5 or share < 0.4):
        return None
    if "PHONE_NUMBER" in named and shaped < 0.5 and share < 0.2:
        return None
    matched = max(tally.count("PHONE_NUMBER"), tally.count("shape:PHONE_NUMBER") if "PHONE_NUMBER" in named else 0)
    confidence = min(0.99, 0.5 + 0.25 * shaped + 0.15 * share + (0.09 if "PHONE_NUMBER" in named else 0.0))
    return Draft("PHONE_NUMBER", "direct-identifier", confidence, matched).also(
        Signal(source="pattern", detail="PHONE_NUMBER shape", matched=matched, checked=tally.usable),
        Signal(source="checksum", detail="numbering plan (phonenumbers)", matched=valid, checked=candidates.len()),
    )
