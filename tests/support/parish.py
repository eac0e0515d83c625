"""A register of made-up people to look for one of them in."""

from __future__ import annotations

from typing import Any

import polars as pl

from airflow_privacy.core.retention.matching.rules import Field, MatchRules

RULES = MatchRules(
    (
        Field("given", "name"),
        Field("surname", "name", shared=True),
        Field("street", "text", shared=True),
        Field("town", "text", shared=True),
        Field("postcode", "digits", shared=True),
        Field("born", "date"),
        Field("number", "digits"),
    )
)
SCHEMA = dict.fromkeys((field.column for field in RULES.fields), pl.String)
ANNA = {
    "given": "Anneliese",
    "surname": "Brandstetter",
    "street": "Lindengasse 14",
    "town": "Kirchberg",
    "postcode": "48213",
    "born": "1971-03-09",
    "number": "5830174",
}
_GIVEN = ("Oskar", "Milena", "Pavel", "Judith", "Tobias", "Fatima", "Henrik", "Yolanda", "Casimir", "Wilma", "Bruno")
_FIRST = ("Hof", "Stein", "Wald", "Rosen", "Eisen", "Mohn", "Zirkel")
_LAST = ("mann", "bauer", "huber", "ler", "kamp", "dorf", "reuter", "vogel", "quist")
_TOWNS = ("Ostrau", "Felsing", "Marienthal", "Gruben", "Wexhafen")


def table(*records: dict[str, Any]) -> pl.DataFrame:
    """Records as rows; a column that a record lacks is null."""
    return pl.DataFrame(list(records), schema=SCHEMA)


def anna(**changed: str | None) -> dict[str, Any]:
    """One person, with some columns as given."""
    return {**ANNA, **changed}


def stranger(at: int) -> dict[str, Any]:
    """One of many people who are no relations."""
    mixed = at * 7919 + 13
    return {
        "given": _GIVEN[mixed % 11],
        "surname": _FIRST[mixed % 7] + _LAST[mixed % 9],
        "street": f"{_FIRST[at % 7]}{_LAST[(at // 7) % 9]}weg {at % 83 + 1}",
        "town": _TOWNS[mixed % 5],
        "postcode": str(10_000 + mixed % 89_989),
        "born": f"{1930 + mixed % 71}-{mixed % 12 + 1:02}-{mixed % 28 + 1:02}",
        "number": str(1_000_000 + (mixed * 104_729) % 8_999_993),
    }


def strangers(count: int) -> list[dict[str, Any]]:
    """That many people who are no relations."""
    return [stranger(at) for at in range(count)]
