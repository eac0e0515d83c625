"""What the verdicts on all columns make of each single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from airflow_privacy.core.detect.column_names import is_key, noun_of
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.around import PERSONAL, PLACES, Around, is_of_a_thing
from airflow_privacy.core.detect.verdict.draft import Draft, beside
from airflow_privacy.core.detect.verdict.named import is_row_number

_CONTACT = PERSONAL - {"PERSON"}  # the composer of a track does not make the track's row a person's


def settled(drafts: Sequence[Draft], tallies: Sequence[Tally], around: Around) -> list[Draft]:
    """The verdicts, each in the light of the others: who or what a row of the table is about."""
    numbers = [tally.name for tally in tallies if _is_address_as_number(tally, tallies, drafts)]
    about = [
        any(draft.entity in _CONTACT or any(held.entity in _CONTACT for held in draft.held) for draft in _others(drafts, at))
        for at in range(len(drafts))
    ]
    named = any(draft.entity in PERSONAL for draft in drafts)
    return [
        _address(draft) if tally.name in numbers else _settle(draft, tally, around, contacts=about[at], personal=named)
        for at, (draft, tally) in enumerate(zip(drafts, tallies, strict=True))
    ]


def _others(drafts: Sequence[Draft], at: int) -> list[Draft]:
    return [draft for place, draft in enumerate(drafts) if place != at]


def _settle(draft: Draft, tally: Tally, around: Around, *, contacts: bool, personal: bool) -> Draft:
    subject = around.subject
    if draft.entity == "ORGANIZATION" and not personal:
        signal = beside("no column tells of a person")
        return draft.but(entity="ORGANIZATION", role="non-sensitive", confidence=draft.confidence, signal=signal)
    if draft.entity == "RECORD_ID" and draft.role == "non-sensitive" and contacts and _is_unique_key(tally):
        signal = beside("a row also tells of a person, and the key is that row's only")
        return draft.but(entity="RECORD_ID", role="quasi-identifier", confidence=draft.confidence, signal=signal)
    if personal or subject is None or not is_of_a_thing(subject):
        if draft.entity == "RECORD_ID" and not personal and is_row_number(tally):
            return _harmless(draft, "rows are numbered, and no column tells of a person")
        return draft
    if draft.entity in PLACES and subject.kind in ("establishment", "place"):
        return _harmless(draft, f"a row is a {subject.word}, and no column tells of a person")
    if draft.entity == "RECORD_ID" and noun_of(tally.name) is None:
        return _harmless(draft, f"a row is a {subject.word}, and no column tells of a person")
    return draft


def _harmless(draft: Draft, why: str) -> Draft:
    return draft.but(entity=draft.entity, role="non-sensitive", confidence=min(draft.confidence, 0.7), signal=beside(why))


def _is_unique_key(tally: Tally) -> bool:
    return is_key(tally.name) and tally.distinct_ratio >= 0.95


def _address(draft: Draft) -> Draft:
    signal = beside("the addresses of another column, written as numbers")
    return replace(draft, matched=draft.matched).but(
        entity="IP_ADDRESS", role="direct-identifier", confidence=0.95, signal=signal
    )


def _is_address_as_number(tally: Tally, tallies: Sequence[Tally], drafts: Sequence[Draft]) -> bool:
    """Whether integers are the IPv4 addresses of another column as numbers of 32 bits."""
    if tally.dtype not in ("integer", "string") or tally.sample.is_empty() or tally.distinct < 2:
        return False
    mine = tally.sample.select("value")
    for other, draft in zip(tallies, drafts, strict=True):
        if draft.entity != "IP_ADDRESS" or other.name == tally.name:
            continue
        parts = other.sample.filter(pl.col("value").str.contains(r"^[0-9]+(?:[.][0-9]+){3}$"))["value"].str.split(".")
        if parts.is_empty():
            continue
        octets = [parts.list.get(place).cast(pl.Int64) for place in range(4)]
        number = ((octets[0] * 256 + octets[1]) * 256 + octets[2]) * 256 + octets[3]
        shared = mine.filter(pl.col("value").is_in(number.cast(pl.String).implode())).height
        # Both samples are chosen by hash: of two equal columns, so much is in both.
        expected = mine.height * min(1.0, parts.len() / max(other.distinct, 1))
        if expected >= 1 and shared >= 0.5 * expected:
            return True
    return False
