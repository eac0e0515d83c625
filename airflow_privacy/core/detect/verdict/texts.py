"""Free text, and what single cells hold: the one mail address in a hundred thousand notes, or in a column of cities."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from airflow_privacy.core.detect.column_names import words
from airflow_privacy.core.detect.fit import fits
from airflow_privacy.core.detect.lexicon import FREE_FIELDS, Meaning
from airflow_privacy.core.detect.patterns import HELD_ENTITIES
from airflow_privacy.core.detect.phones.cells import are_phones
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.around import Around, is_of_a_thing
from airflow_privacy.core.detect.verdict.draft import Draft
from airflow_privacy.core.detect.verdict.values import is_card_rate, is_version
from airflow_privacy.core.model.findings import Held, Role, Signal

_LABELS = frozenset({"name", "title", "label", "names", "titel", "titre", "titulo", "titolo", "nom", "nombre", "nome", "naam"})
_MANY = 20  # distinct values, below which a column of short texts is a choice of categories
_REPEATED = 0.25  # distinct terms by terms, up to which lists are choices from a few terms


def by_text(tally: Tally, meanings: tuple[Meaning, ...], around: Around) -> Draft | None:
    """Whether people write into the column, instead of choosing or naming."""
    if tally.dtype == "nested":
        return _free_text(tally, "nested values, looked at as JSON text")
    if tally.dtype not in ("string", "binary"):
        return None
    long = tally.rate("long") >= 0.1
    wordy = tally.rate("wordy") >= 0.25 or long
    placed = any(meaning.sure and meaning.fit in ("words", "name", "category") and fits(meaning, tally) for meaning in meanings)
    free = bool(FREE_FIELDS.intersection(words(tally.name)[-2:]))
    if free and not placed and tally.rate("digits") < 0.5 and (wordy or tally.distinct >= _MANY):
        return _free_text(tally, "the name is that of a field that people write into")
    if not wordy or (placed and not long):
        return None
    if tally.distinct <= _MANY and tally.usable > 10 * tally.distinct and not tally.count("held"):
        return None  # long labels of a few categories
    if not long and not tally.count("held") and (_labels_a_thing(tally, around) or _lists_of_terms(tally)):
        return None
    return _free_text(tally, "long values with blanks")


def _free_text(tally: Tally, detail: str) -> Draft:
    signal = Signal(source="shape", detail=detail, matched=tally.count("wordy"), checked=tally.usable)
    return Draft("FREE_TEXT", "sensitive", 0.5, free_text=True).also(signal)


def _labels_a_thing(tally: Tally, around: Around) -> bool:
    spoken = words(tally.name)
    return bool(_LABELS.intersection(spoken[-1:])) and is_of_a_thing(around.subject)


def _lists_of_terms(tally: Tally) -> bool:
    """Whether values are lists that choose from few terms: ``French, Japanese, Desserts``."""
    values = tally.sample["value"]
    terms = values.str.split(",").explode().str.strip_chars()
    terms = terms.filter(terms != "")
    if values.len() < _MANY or terms.len() < 2 * values.len():
        return False
    short = float(terms.str.count_matches(" ").cast(pl.Float64).mean() or 0.0) <= 1.0  # type: ignore[arg-type]
    return short and terms.n_unique() <= _REPEATED * terms.len()


def with_strays(draft: Draft, tally: Tally) -> Draft:
    """Add what single cells hold besides what the column is; whole values too, where a column has two entities."""
    held: list[Held] = []
    signals: list[Signal] = []
    for entity in HELD_ENTITIES:
        cells = _cells(draft, tally, entity)
        if cells == 0:
            continue
        held.append(Held(entity=entity, cells=cells))
        signals.append(Signal(source="pattern", detail=f"values that hold {entity}", matched=cells, checked=tally.usable))
    if not held:
        return draft
    stronger = draft.free_text or draft.entity is None
    role: Role = "direct-identifier" if stronger else draft.role
    confidence = max(draft.confidence, 0.9) if stronger else draft.confidence
    matched = min(sum(entry.cells for entry in held), tally.usable) if draft.matched == 0 else draft.matched
    return replace(draft, role=role, confidence=confidence, matched=matched, held=tuple(held)).also(*signals)


def _cells(draft: Draft, tally: Tally, entity: str) -> int:
    """Cells that hold *entity* in part or as a whole; none where the column is that entity."""
    if draft.entity == entity:
        return 0
    held, whole = tally.count(f"held:{entity}"), tally.count(entity)
    if entity == "CREDIT_CARD" and whole and not is_card_rate(tally):
        whole = 0
    if entity == "PHONE_NUMBER" and not draft.free_text and _is_code(tally):
        held = 0  # some runs of digits in many codes look like numbers with a country code
    if entity == "IP_ADDRESS" and is_version(tally):
        return 0
    if entity == "PHONE_NUMBER" and held + whole and not _dialled(draft, tally):
        return 0
    return held + whole


def _is_code(tally: Tally) -> bool:
    return tally.rate("digit") >= 0.9 and tally.rate("blank") < 0.1


def _dialled(draft: Draft, tally: Tally) -> bool:
    candidates = tally.runs["value"]
    if draft.entity is not None and not draft.free_text:
        # Codes of a known kind (Brazilian postal codes: 01007-010) pass for national numbers of some country.
        candidates = candidates.filter(candidates.str.contains(r"^(?:\+|00)"))
    share = int(are_phones(candidates).sum()) / candidates.len() if candidates.len() else 0.0
    return share > (0.0 if draft.free_text else 0.5)
