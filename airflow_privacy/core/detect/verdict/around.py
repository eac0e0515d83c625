"""What the other columns of a table tell about one: asked before it is judged, from names and what was counted.

A *name* beside *first_name* is a person's, beside a unique *product_id* a product's. What a row of the table is, is told by the
noun of its unique key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_privacy.core.detect.column_names import hints, is_key, noun_of, words
from airflow_privacy.core.detect.fit import fits
from airflow_privacy.core.detect.iso_countries import share_of_codes
from airflow_privacy.core.detect.lexicon import MEANINGS, TWO_MEANINGS, Meaning
from airflow_privacy.core.detect.nouns import Noun
from airflow_privacy.core.detect.tally import Tally

#: Entities that only persons have: a table that has one is about persons.
PERSONAL = frozenset(
    {
        "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "US_SSN", "NATIONAL_ID", "PERSON_ID", "DATE_OF_BIRTH", "AGE", "GENDER",
        "MARITAL_STATUS", "OCCUPATION", "EDUCATION", "NRP", "HEALTH", "INCOME", "SEXUALITY", "USERNAME", "PASSWORD",
        "CREDIT_CARD", "IBAN_CODE", "CVV", "IP_ADDRESS",
    }
)  # fmt: skip
PLACES = frozenset({"STREET_ADDRESS", "CITY", "REGION", "POSTAL_CODE", "COUNTRY", "COORDINATES"})
_UNIQUE = 0.95
_NUMBERS = frozenset({"number", "no", "nr", "num", "nummer", "numero", "hnr", "house"})
_CODES = frozenset({"code", "iso", "iso2", "iso3", "abbr", "cd"})
_LATITUDES = frozenset({"lat", "latitude", "latitud", "breitengrad"})
_LONGITUDES = frozenset({"lon", "lng", "long", "longitude", "longitud", "laengengrad"})
_OF_A_PLACE = {"nation": "COUNTRY", "country": "COUNTRY", "land": "COUNTRY", "pais": "COUNTRY", "pays": "COUNTRY", "city": "CITY",
               "town": "CITY", "stadt": "CITY", "ville": "CITY"}  # fmt: skip
_EMPLOYED = frozenset({"PERSON", "DATE_OF_BIRTH", "GENDER", "AGE", "INCOME"})
_TITLES = frozenset({"title", "titel", "titre", "titulo", "titolo"})
_FIELD_OF_A_SUBJECT = frozenset({"name", "names", "nom", "nombre", "nome", "naam", "title", "titel", "label", "bezeichnung"})


@dataclass(frozen=True)
class Around:
    """The table that a column stands in: what the names hint at, what of it the values fit, and what a row is (``subject``),
    where a unique key says so."""

    names: tuple[str, ...]
    hints: dict[str, tuple[Meaning, ...]]
    fitting: dict[str, tuple[Meaning, ...]]
    subject: Noun | None

    def other(self, name: str) -> frozenset[str]:
        """The entities that the names of the other columns hint at, ambiguous words left out."""
        return frozenset(
            meaning.entity
            for column, meanings in self.fitting.items()
            if column != name
            for meaning in meanings
            if meaning.sure and not _ambiguous(column)
        )

    def before_and_after(self, name: str) -> tuple[str, ...]:
        at = self.names.index(name)
        return tuple(self.names[i] for i in (at - 1, at + 1) if 0 <= i < len(self.names))


def look_around(tallies: Sequence[Tally]) -> Around:
    """What the names of all columns, and which of them are unique, tell of the table."""
    keys = [tally for tally in tallies if is_key(tally.name) and tally.usable >= 2 and tally.distinct_ratio >= _UNIQUE]
    nouns = [noun for noun in (noun_of(tally.name) for tally in keys) if noun is not None]
    # A column that holds nothing speaks of nothing.
    heard = {tally.name: hints(tally.name) if tally.usable else () for tally in tallies}
    return Around(
        names=tuple(tally.name for tally in tallies),
        hints=heard,
        fitting={tally.name: tuple(each for each in heard[tally.name] if fits(each, tally)) for tally in tallies},
        subject=nouns[0] if nouns else None,
    )


def meanings_of(tally: Tally, around: Around) -> tuple[Meaning, ...]:
    """What the column's name means in this table, likeliest first."""
    own = tuple(meaning for meaning in around.hints[tally.name] if _holds(meaning, tally, around))
    return (*_from_neighbours(tally, around), *own)


def is_of_a_thing(noun: Noun | None) -> bool:
    return noun is not None and noun.kind in ("thing", "establishment", "place")


def _holds(meaning: Meaning, tally: Tally, around: Around) -> bool:
    others = around.other(tally.name)
    if meaning.entity == "PERSON" and not meaning.sure:
        at = around.names.index(tally.name)
        if at and is_key(around.names[at - 1]) and is_of_a_thing(noun_of(around.names[at - 1])):
            return False
        about_things = is_of_a_thing(around.subject) or any(
            is_key(name) and is_of_a_thing(noun_of(name)) for name in around.names
        )
        return not about_things or (bool(others & PERSONAL) and not is_of_a_thing(around.subject))
    if not _ambiguous(tally.name):
        return True
    spoken = set(words(tally.name))
    if spoken & _LATITUDES or spoken & _LONGITUDES:
        wanted = _LONGITUDES if spoken & _LATITUDES else _LATITUDES
        return any(wanted.intersection(words(name)) for name in around.names if name != tally.name)
    if meaning.entity == "REGION" and share_of_codes(tally.sample["value"]) >= _UNIQUE:
        return True
    return bool(others & (PLACES if meaning.entity in PLACES else PERSONAL))


def _ambiguous(name: str) -> bool:
    """Whether the only word of meaning in a name is one with another everyday meaning."""
    spoken = words(name)
    known = [word for word in spoken if word in TWO_MEANINGS]
    if not known:
        return False
    return not any(meaning.sure and " ".join(spoken) in _listed(meaning) and len(spoken) > 1 for meaning in hints(name))


def _listed(meaning: Meaning) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in meaning.phrases.split(","))


def _from_neighbours(tally: Tally, around: Around) -> tuple[Meaning, ...]:
    """Meanings that a name has only through its neighbours."""
    spoken = words(tally.name)
    others = around.other(tally.name)
    if _TITLES.intersection(spoken[-1:]) and len(spoken) == 1 and _EMPLOYED & others and not is_of_a_thing(around.subject):
        return (_meaning("OCCUPATION"),)
    if (
        spoken
        and set(spoken) <= _NUMBERS
        and any(_says(name, "STREET_ADDRESS", around) for name in around.before_and_after(tally.name))
    ):
        return (_meaning("STREET_ADDRESS"),)
    if spoken and set(spoken) <= _CODES and any(_says(name, "COUNTRY", around) for name in around.before_and_after(tally.name)):
        return (_meaning("COUNTRY"),)
    noun = noun_of(tally.name) or around.subject
    if noun is not None and _FIELD_OF_A_SUBJECT.intersection(spoken[-1:]) and not {"PERSON"} & others:
        if noun.kind == "establishment":
            return (_meaning("ORGANIZATION"),)
        if noun.kind == "place":
            return (_meaning(_OF_A_PLACE.get(noun.word, "REGION")),)
    return ()


def _says(name: str, entity: str, around: Around) -> bool:
    return any(meaning.entity == entity for meaning in around.fitting[name])


def _meaning(entity: str) -> Meaning:
    return next(meaning for meaning in MEANINGS if meaning.entity == entity and meaning.sure)
