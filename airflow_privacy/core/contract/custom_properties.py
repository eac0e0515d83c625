"""Our own keys in an ODCS contract: they live in ``customProperties``, begin with ``privacy.``, and are declared here once.

=======================  ========  ==========  =====================================================================
key                      on        value       meaning
=======================  ========  ==========  =====================================================================
privacy.owner            contract  text        user name of who answers for the data; else the team member with role owner
privacy.purposes         contract  names       what the data may be used for; no other purpose gets a plan
privacy.lawfulBasis      contract  text        lawful basis of the processing, for example consent or contract
privacy.level            contract  level       privacy level that a release of the data must have, as a predicate
privacy.subjectKey       contract  text        column that names the person a row is about
privacy.timeZone         contract  zone        what dates and times without a zone mean where retention counts from them; else UTC
privacy.versionDays      contract  days        days that a purge leaves old versions of Delta and Iceberg tables; else none
privacy.purpose          contract  name        purpose of a release where none is given; one of the purposes
privacy.recipient        contract  name        recipient of a release where none is given
privacy.destination      contract  name        environment that a release goes to where none is given
privacy.onNewColumn      contract  action      a column that the contract lacks, or the last findings
privacy.onMissingColumn  contract  action      a column of the contract or the last findings that is gone
privacy.onTypeChange     contract  action      another type than at the last detection
privacy.onEntityChange   contract  action      another entity, or one more inside values
privacy.onRoleChange     contract  action      another role
privacy.onRateChange     contract  action      another share of values that match
privacy.entity           column    entity      what the column holds, whatever detection says (``EMAIL_ADDRESS``)
privacy.role             column    role        direct-identifier, quasi-identifier, sensitive or non-sensitive
privacy.because          column    sentence    why entity or role are pinned, recorded with the findings; without data values
privacy.by               column    name        who pinned them
=======================  ========  ==========  =====================================================================

An action is fail, quarantine (go on without the column) or warn. What differs from the contract fails by
default; what differs from the last findings is a warning.

A name is made of letters, digits, ``_``, ``.`` and ``-``: names become parts of a key's scope.

A scheduled run has nobody who asked for it. The owner stands in, so that nobody approves a release of their own data: the
approval gate refuses scheduled runs under a contract without ``privacy.owner`` and without a team member of the role owner. A
run that somebody triggers needs no owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.drift import STRICTNESS, DriftRules
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.levels import parse_predicate
from airflow_privacy.core.model.yaml_nodes import Document, Place, shown, suggest

PREFIX = "privacy."
ROLES: tuple[str, ...] = get_args(Role)

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST = 200
_MOST_DAYS = 3650
_ENTITY = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


#: The keys about drift, and the fields of :class:`DriftRules` that they set.
DRIFT_KEYS = {
    "privacy.onNewColumn": "new_column",
    "privacy.onMissingColumn": "missing_column",
    "privacy.onTypeChange": "type",
    "privacy.onEntityChange": "entity",
    "privacy.onRoleChange": "role",
    "privacy.onRateChange": "rate",
}


class Key(NamedTuple):
    """One key: where it may stand and what it holds."""

    name: str
    on: Literal["contract", "column"]
    holds: Literal["text", "name", "names", "level", "entity", "role", "sentence", "action", "zone", "days"]


KEYS: tuple[Key, ...] = (
    Key("privacy.owner", "contract", "text"),
    Key("privacy.purposes", "contract", "names"),
    Key("privacy.lawfulBasis", "contract", "text"),
    Key("privacy.level", "contract", "level"),
    Key("privacy.subjectKey", "contract", "text"),
    Key("privacy.timeZone", "contract", "zone"),
    Key("privacy.versionDays", "contract", "days"),
    Key("privacy.purpose", "contract", "name"),
    Key("privacy.recipient", "contract", "name"),
    Key("privacy.destination", "contract", "name"),
    *(Key(name, "contract", "action") for name in DRIFT_KEYS),
    Key("privacy.entity", "column", "entity"),
    Key("privacy.role", "column", "role"),
    Key("privacy.because", "column", "sentence"),
    Key("privacy.by", "column", "name"),
)

_EXPECTED = {
    "text": "a text",
    "name": "a name of letters, digits, '_', '.' and '-'",
    "names": "a list of names of letters, digits, '_', '.' and '-'",
    "level": "a predicate over privacy levels, such as k_anonymous(k>=5)",
    "entity": "an entity in capitals, such as EMAIL_ADDRESS",
    "role": f"one of {', '.join(ROLES)}",
    "sentence": f"one line of at most {_LONGEST} characters",
    "action": f"one of {', '.join(STRICTNESS)}",
    "days": f"a whole number of days from 0 to {_MOST_DAYS}",
    "zone": "the IANA name of a time zone, such as Europe/Berlin",
}


class Found(NamedTuple):
    """The keys of one contract or column: single values, lists, and where each stands (``file:line``)."""

    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    where: Mapping[str, str]


def read_keys(document: Document, data: object, place: Place, on: Literal["contract", "column"]) -> Found:
    """Our keys among the custom properties *data* that stand at *place*; other people's keys are passed over.

    :raises BadInput: an unknown key below ``privacy.``, a key in the wrong place, given twice, or with a wrong value.
    """
    known = {key.name: key for key in KEYS}
    texts: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    places: dict[str, str] = {}
    for name, value, here in _ours(data, place):
        key = known.get(name)
        where = document.at(here)
        if key is None:
            hint = suggest(name, known)
            raise BadInput(
                "unknown-key", f"The custom property {shown(name)} is unknown", where=where, do=hint[:1].upper() + hint[1:]
            )
        if key.on != on:
            raise _misplaced(key, where)
        if name in texts or name in lists:
            raise BadInput("duplicate-key", f"The custom property {name!r} is given twice", where=where)
        if not _fits(key, value):
            raise BadInput("bad-value", f"The custom property {name!r}: expected {_EXPECTED[key.holds]}", where=where)
        places[name] = where
        if isinstance(value, list):
            lists[name] = tuple(value)
        else:
            texts[name] = str(value)
    return Found(texts, lists, places)


def drift_rules(found: Found) -> DriftRules:
    """What the contract says about drift."""
    said = {field: found.texts[name] for name, field in DRIFT_KEYS.items() if name in found.texts}
    return msgspec.convert(said, type=DriftRules)


def check_places(document: Document) -> None:
    """Refuse our keys where nobody would read them: on a table, a server, a nested property.

    :raises BadInput: ``misplaced-key``.
    """
    for place, name in _everywhere(document.data, ()):
        if not _is_read(place):
            key = next((key for key in KEYS if key.name == name), None)
            where = document.at(place)
            if key is not None:
                raise _misplaced(key, where)
            raise BadInput("misplaced-key", f"The custom property {shown(name)} has no effect here", where=where)


def _ours(data: object, place: Place) -> Iterator[tuple[str, object, Place]]:
    for index, item in enumerate(data if isinstance(data, list) else ()):
        name = item.get("property") if isinstance(item, dict) else None
        if isinstance(name, str) and name.casefold().startswith(PREFIX):
            yield name, item.get("value"), (*place, index)


def _everywhere(data: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(data, dict):
        name = data.get("property")
        if isinstance(name, str) and name.casefold().startswith(PREFIX):
            yield place, name
        for key, value in data.items():
            yield from _everywhere(value, (*place, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _everywhere(value, (*place, index))


def _is_read(place: Place) -> bool:
    match place:
        case ("customProperties", int()):
            return True
        case ("schema", int(), "properties", int(), "customProperties", int()):
            return True
        case _:
            return False


def _fits(key: Key, value: object) -> bool:
    if key.holds == "names":
        return isinstance(value, list) and bool(value) and all(isinstance(v, str) and _NAME.fullmatch(v) for v in value)
    if key.holds == "days":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DAYS
    if not isinstance(value, str) or not value.strip():
        return False
    if key.holds == "name":
        return _NAME.fullmatch(value) is not None
    if key.holds == "entity":
        return _ENTITY.fullmatch(value) is not None
    if key.holds == "role":
        return value in ROLES
    if key.holds == "sentence":
        return len(value) <= _LONGEST and value.isprintable()
    if key.holds == "action":
        return value in STRICTNESS
    if key.holds == "zone":
        return _is_zone(value)
    if key.holds == "level":
        try:
            parse_predicate(value)
        except BadInput:
            return False
    return True


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _misplaced(key: Key, where: str) -> BadInput:
    home = "the contract itself" if key.on == "contract" else "a column (a property directly below a table)"
    return BadInput(
        "misplaced-key", f"The custom property {key.name!r} has no effect here", where=where, do=f"It belongs to {home}."
    )
