"""What a column is by its name, where its values fit; by being a key; and by its type."""

from __future__ import annotations

from airflow_privacy.core.detect.column_names import is_identifier, is_key, noun_of, tokens, words
from airflow_privacy.core.detect.fit import fits
from airflow_privacy.core.detect.iso_countries import share_of_codes
from airflow_privacy.core.detect.lexicon import LIFE, Meaning
from airflow_privacy.core.detect.nouns import NUMBER_TAILS
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.around import Around, is_of_a_thing
from airflow_privacy.core.detect.verdict.draft import Draft, beside, name_signal, nearly_unique
from airflow_privacy.core.detect.verdict.values import is_epoch, is_product_code
from airflow_privacy.core.model.contract import Column
from airflow_privacy.core.model.findings import Role, Signal

_ROW_NUMBERS = frozenset({"index", "idx", "row", "rownum", "rownumber", "rowid", "unnamed", "nr", "lfd"})
_YEARS = frozenset({"year", "jahr", "annee", "ano", "anno", "jaar", "yr"})
_SALUTATION = 4  # letters, on average


def by_name(tally: Tally, meanings: tuple[Meaning, ...], around: Around) -> Draft | None:
    """The first meaning of the name that the values fit."""
    for meaning in meanings:
        if not fits(meaning, tally) or (_key_of_a_place(tally, around) and meaning.entity in ("COUNTRY", "CITY", "REGION")):
            continue
        entity, role, why = _finer(meaning, tally)
        draft = Draft(entity, role, 0.8 if meaning.sure else 0.6, tally.usable)
        draft = draft.also(
            name_signal(meaning.entity),
            Signal(source="shape", detail=f"values fit {meaning.fit}", matched=tally.usable, checked=tally.usable),
        )
        if why is not None:
            draft = draft.also(why)
        if meaning not in around.hints[tally.name]:
            draft = draft.also(beside("the columns beside it make the name say so"))
        return draft
    return None


def _finer(meaning: Meaning, tally: Tally) -> tuple[str, Role, Signal | None]:
    """What the values say more precisely than the name."""
    if meaning.entity == "US_SSN" and max(tally.rate("US_SSN"), tally.rate("shape:US_SSN")) < 0.5:
        return "NATIONAL_ID", meaning.role, Signal(source="shape", detail="numbers without the form of the American ones")
    if meaning.entity == "REGION" and share_of_codes(tally.sample["value"]) >= 0.95 and tally.distinct > 1:
        return "COUNTRY", meaning.role, Signal(source="dictionary", detail="country codes (ISO 3166-1)")
    short = tally.count("chars") <= _SALUTATION * tally.usable
    if meaning.entity == "OCCUPATION" and tokens(tally.name) == ("title",) and tally.dtype == "string" and short:
        return "GENDER", "quasi-identifier", Signal(source="shape", detail="as short as salutations")
    return meaning.entity, meaning.role, None


def _key_of_a_place(tally: Tally, around: Around) -> bool:
    noun = around.subject
    return is_key(tally.name) and noun is not None and noun.kind == "place"


def by_key(tally: Tally, around: Around, column: Column | None) -> Draft | None:
    """A key by its name and by being unique: of a person, of an event of a person's, or of a thing."""
    key = column is not None and (column.primary_key or column.unique)
    unique = tally.distinct_ratio >= 0.95 and tally.usable >= 2
    noun = noun_of(tally.name)
    if tally.dtype in ("integer", "string", "binary") and not is_epoch(tally):
        if is_key(tally.name) and noun is not None:
            return _key_of(tally, noun.kind, noun.word, key or unique)
        if is_product_code(tally):
            return None
        numbered = words(tally.name)[-1:] and words(tally.name)[-1] in NUMBER_TAILS
        if numbered and noun is not None and noun.kind == "person" and tally.distinct_ratio >= 0.5:
            return _key_of(tally, noun.kind, noun.word, unique)
        if unique and (key or is_identifier(tally.name) or _numbers_rows(tally)):
            return Draft("RECORD_ID", "direct-identifier", 0.8 if key else 0.7, tally.usable).also(nearly_unique(tally))
    if tally.dtype in ("string", "binary") and tally.distinct_ratio >= 0.9 and not is_epoch(tally) and tally.usable >= 20:
        if is_product_code(tally) or is_of_a_thing(around.subject):
            return None
        return Draft(None, "quasi-identifier", 0.4).also(nearly_unique(tally))
    return None


def _key_of(tally: Tally, kind: str, word: str, unique: bool) -> Draft:
    if kind == "person":
        signal = Signal(source="name", detail=f"the key of a person ({word})")
        return Draft("PERSON_ID", "direct-identifier", 0.8, tally.usable).also(signal)
    if kind == "event":
        signal = Signal(source="name", detail=f"the key of an event that a person has a part in ({word})")
        draft = Draft("RECORD_ID", "direct-identifier", 0.7, tally.usable).also(signal)
    else:
        signal = Signal(source="name", detail=f"the key of a thing, not of a person ({word})")
        draft = Draft("RECORD_ID", "non-sensitive", 0.7, tally.usable).also(signal)
    return draft.also(nearly_unique(tally)) if unique else draft


def _numbers_rows(tally: Tally) -> bool:
    spoken = tokens(tally.name)
    return tally.dtype == "integer" and bool(spoken) and spoken[0] in _ROW_NUMBERS


def is_row_number(tally: Tally) -> bool:
    """Whether the column only counts the rows."""
    return _numbers_rows(tally) and tally.distinct_ratio >= 0.95


def by_type(tally: Tally) -> Draft:
    """What is left to say: a date, a time stamp, a year, or nothing."""
    if tally.dtype in ("date", "timestamp"):
        return dated(
            Draft("DATE_TIME", "non-sensitive", 0.7, tally.usable).also(Signal(source="type", detail=tally.dtype)), tally
        )
    if is_epoch(tally):
        signal = Signal(source="shape", detail="time since 1970", matched=tally.usable, checked=tally.usable)
        return dated(Draft("DATE_TIME", "non-sensitive", 0.7, tally.usable).also(signal), tally)
    if _is_year(tally):
        return Draft("DATE_TIME", "non-sensitive", 0.7, tally.usable).also(Signal(source="name", detail="the name says a year"))
    confidence = {"boolean": 0.9, "integer": 0.7, "number": 0.7, "decimal": 0.7, "time": 0.6}.get(tally.dtype, 0.5)
    return Draft(None, "non-sensitive", confidence).also(Signal(source="type", detail=tally.dtype))


def dated(draft: Draft, tally: Tally) -> Draft:
    """A date of a person's life is a quasi-identifier; the time of a system's event is not."""
    if draft.entity != "DATE_TIME" or not LIFE.intersection(words(tally.name)):
        return draft
    signal = Signal(source="name", detail="a date of a person's life, which others know")
    return draft.but(entity="DATE_TIME", role="quasi-identifier", confidence=draft.confidence, signal=signal)


def _is_year(tally: Tally) -> bool:
    within = tally.low is not None and tally.high is not None and 1800 <= tally.low <= tally.high <= 2200
    return tally.dtype == "integer" and within and bool(_YEARS.intersection(tokens(tally.name)))
