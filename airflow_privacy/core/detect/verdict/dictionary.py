"""What a column is by lists of names: for columns whose own name says nothing, or says *name* and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from airflow_privacy.core.detect.column_names import noun_of, words
from airflow_privacy.core.detect.lexicon import ABOUT, Meaning
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.draft import Draft, nearly_unique
from airflow_privacy.core.model.entity_roles import usual_role
from airflow_privacy.core.model.findings import Signal

#: Which share of distinct values is in each list of names (FIRST_NAME, CITY, …).
Shares = Callable[[pl.Series], Mapping[str, float]]

_PERSONS = ("FULL_NAME", "FIRST_NAME", "LAST_NAME")
# The fewer distinct values, the likelier chance fills a list; of many, a third is enough (misspelt and rare names).
_FEWEST, _FEW, _MANY = 8, 12, 100
_NEARLY_ALL, _HALF, _THIRD = 0.9, 0.5, 0.33
_NONE, _ENOUGH = 0.03, 50  # of so many names that nobody bears, the column is none of persons


def by_dictionary(tally: Tally, shares: Shares) -> Draft | None:
    """The kind of name that most distinct values are; ``None`` for too few values, or for words that are in no list."""
    if not _may_be_names(tally) or tally.distinct < _FEWEST:
        return None
    values = tally.sample["value"]
    share = shares(values)
    kind = _kind(share, tally.distinct)
    if kind is None:
        return None
    entity = {"COUNTRY": "COUNTRY", "STATE": "REGION", "CITY": "CITY", "ORGANIZATION": "ORGANIZATION"}.get(kind, "PERSON")
    listed = round(share[kind] * values.len())
    signal = Signal(source="dictionary", detail=kind, matched=listed, checked=values.len())
    matched = round(share[kind] * tally.usable)
    return Draft(entity, usual_role(entity), 0.4 + 0.4 * share[kind], matched).also(signal)


def by_person_noun(tally: Tally, shares: Shares) -> Draft | None:
    """A column called *teacher* or *student* holds their names, or their numbers; *visitors* holds a count."""
    spoken = words(tally.name)
    noun = noun_of(tally.name)
    if noun is None or noun.kind != "person" or spoken[-1] != noun.word or noun.word.endswith("s") or ABOUT.intersection(spoken):
        return None
    signal = Signal(source="name", detail=f"the name is that of a person ({noun.word})")
    if _may_be_names(tally):
        share = shares(tally.sample["value"])
        kind = max(_PERSONS, key=lambda kind: share[kind])
        if share[kind] < _HALF:
            return None
        listed = round(share[kind] * tally.sample.height)
        evidence = Signal(source="dictionary", detail=kind, matched=listed, checked=tally.sample.height)
        return Draft("PERSON", "direct-identifier", 0.4 + 0.4 * share[kind], tally.usable).also(signal, evidence)
    numbered = tally.dtype in ("integer", "number") and tally.count("whole") == tally.usable >= 2
    if numbered and tally.distinct_ratio >= _NEARLY_ALL:
        return Draft("PERSON_ID", "direct-identifier", 0.6, tally.usable).also(signal, nearly_unique(tally))
    return None


def nobody_is_called_so(meaning: Meaning, tally: Tally, shares: Shares) -> bool:
    """Whether a column called *name* holds many values, and nearly none is in a list of persons' names."""
    if meaning.entity != "PERSON" or meaning.sure or tally.distinct < _ENOUGH:
        return False
    values = tally.sample["value"]
    # The lists are of names in Latin letters.
    if values.str.contains(r"^[\p{Latin}\p{M}\W_0-9]*$").sum() < 0.9 * values.len():
        return False
    share = shares(values)
    return max(share[kind] for kind in _PERSONS) < _NONE


def _may_be_names(tally: Tally) -> bool:
    return tally.dtype in ("string", "binary") and tally.rate("digit") < 0.1 and not tally.sample.is_empty()


def _kind(share: Mapping[str, float], distinct: int) -> str | None:
    person = max(_PERSONS, key=lambda kind: share[kind])
    if share["COUNTRY"] >= 0.7:
        return "COUNTRY"
    if share["STATE"] >= 0.7 and share["STATE"] > share[person]:
        return "STATE"
    if share["CITY"] >= 0.6 and share["CITY"] > share[person]:
        return "CITY"
    wanted = _NEARLY_ALL if distinct < _FEW else _HALF if distinct < _MANY else _THIRD
    if share[person] >= wanted and share[person] > 1.5 * max(share["CITY"], share["COUNTRY"], share["STATE"]):
        return person
    return "ORGANIZATION" if share["ORGANIZATION"] >= _HALF else None
