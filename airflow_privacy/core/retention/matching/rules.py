"""What is compared, and how sure one has to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.findings import ColumnFinding

Kind: TypeAlias = Literal["exact", "name", "text", "date", "digits"]
SWAPPABLE: tuple[Kind, ...] = ("name", "text")

_KINDS: dict[str, Kind] = {
    "PERSON": "name",
    "DATE_OF_BIRTH": "date",
    "EMAIL_ADDRESS": "text",
    "STREET_ADDRESS": "text",
    "LOCATION": "text",
    "POSTAL_CODE": "digits",
    "PHONE_NUMBER": "digits",
    "NATIONAL_ID": "digits",
    "PERSON_ID": "digits",
    "IBAN_CODE": "digits",
}
_SHARED = frozenset({"STREET_ADDRESS", "LOCATION", "POSTAL_CODE", "PHONE_NUMBER", "IBAN_CODE"})
_FAMILY = ("surname", "lastname", "familyname")


@dataclass(frozen=True)
class Field:
    """One column that tells people apart.

    :param kind: how values are compared: ``exact`` (codes: equal or not), ``name``, ``text`` (addresses, e-mail), ``date``,
        ``digits`` (numbers that are written, not measured: postcodes, telephone, social security).
    :param shared: people of one household have it in common (surname, address, telephone): it helps to find the household, and
        never tells who in it is meant.
    """

    column: str
    kind: Kind
    shared: bool = False


@dataclass(frozen=True)
class MatchRules:
    """What is compared, and from which probability on a row is the ``same`` person or is shown for ``review``.

    Neighbouring fields of kind name, or of kind text, are also compared crosswise (given name and surname in each other's
    column), so their order matters. A column that follows from another (a full name beside its parts) counts the same evidence
    twice: leave it out.

    :raises BadInput: no field, a column twice, an unknown kind, no field of the person's own, or not 0 < review <= threshold < 1.
    """

    fields: tuple[Field, ...]
    threshold: float = 0.9
    review: float = 0.1

    def __post_init__(self) -> None:
        if all(field.shared for field in self.fields):
            do = "Name a field that is the person's own: given name, date of birth, a number."
            raise _bad("A matcher needs a field that people of one household do not share", do)
        columns = [field.column for field in self.fields]
        if len(set(columns)) < len(columns):
            raise _bad("A matcher compares each column once", "Name each column once.")
        unknown = [field.column for field in self.fields if field.kind not in get_args(Kind)]
        if unknown:
            raise _bad(f"Column {unknown[0]!r} has an unknown kind", f"Use one of {', '.join(get_args(Kind))}.")
        if not 0 < self.review <= self.threshold < 1:
            raise _bad("The two thresholds of a matcher are not in order", "Choose 0 < review <= threshold < 1.")

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Positions of neighbouring fields whose values may have changed places."""
        kinds = [field.kind for field in self.fields]
        return tuple((at, at + 1) for at, kind in enumerate(kinds[:-1]) if kind in SWAPPABLE and kinds[at + 1] == kind)


def suggest_fields(columns: Iterable[ColumnFinding]) -> tuple[Field, ...]:
    """Fields from what detection found: a first draft of the rules, which a person reads.

    Entities that do not identify a person, or that change often, give no field. A surname is told by its column's name.
    """
    return tuple(
        Field(column.name, _KINDS[column.entity], column.entity in _SHARED or _is_surname(column.name))
        for column in columns
        if column.entity in _KINDS and not column.free_text
    )


def _is_surname(name: str) -> bool:
    plain = "".join(letter for letter in name.lower() if letter.isalpha())
    return any(word in plain for word in _FAMILY)


def _bad(what: str, do: str) -> BadInput:
    return BadInput("bad-match-rules", what, where="fields", do=do)
