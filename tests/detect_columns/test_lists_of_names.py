"""Columns whose names say nothing, judged by lists of names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from column_truth import frame_of
from frame_source import detected, judged

from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.judge import judge_columns
from airflow_privacy.core.model.findings import ColumnFinding
from airflow_privacy.core.model.reasons import reasons

FIRST = [
    "Anna",
    "Peter",
    "Maria",
    "Thomas",
    "Julia",
    "Michael",
    "Sarah",
    "Daniel",
    "Laura",
    "Martin",
    "Eva",
    "Paul",
    "Lisa",
    "Robert",
    "Emma",
    "Frank",
    "Clara",
    "David",
    "Nina",
    "Oscar",
    "Helen",
    "George",
    "Alice",
    "Henry",
]
CITIES = [
    "Berlin",
    "Paris",
    "London",
    "Madrid",
    "Rome",
    "Vienna",
    "Prague",
    "Lisbon",
    "Dublin",
    "Oslo",
    "Helsinki",
    "Warsaw",
    "Budapest",
    "Athens",
    "Brussels",
    "Amsterdam",
    "Hamburg",
    "Munich",
]
COUNTRIES = [
    "Germany",
    "France",
    "Spain",
    "Italy",
    "Austria",
    "Poland",
    "Portugal",
    "Norway",
    "Sweden",
    "Finland",
    "Greece",
    "Hungary",
    "Belgium",
    "Denmark",
]
WORDS = [
    "hinge",
    "bracket",
    "washer",
    "gasket",
    "flange",
    "rivet",
    "spanner",
    "toggle",
    "bearing",
    "coupling",
    "spindle",
    "bushing",
    "sprocket",
    "pulley",
    "camshaft",
    "manifold",
    "dowel",
    "grommet",
]

CASES: dict[str, tuple[list[str], str | None, str]] = {
    "first names": (FIRST, "PERSON", "direct-identifier"),
    "full names": ([f"{one} {two}" for one, two in zip(FIRST, reversed(FIRST), strict=True)], "PERSON", "direct-identifier"),
    "cities": (CITIES, "CITY", "quasi-identifier"),
    "countries": (COUNTRIES, "COUNTRY", "quasi-identifier"),
    "parts of machines": (WORDS, None, "non-sensitive"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_values_tell_what_a_meaningless_name_does_not(case: str) -> None:
    values, entity, role = CASES[case]
    found = judged("col7", values * 5)
    assert (found.entity, found.role) == (entity, role)


def test_a_few_names_are_chance() -> None:
    assert judged("col7", ["Rose", "Amber", "Violet", "Scarlet"] * 20).entity is None


def test_the_list_and_how_much_of_it_is_evidence() -> None:
    assert any("stand in the list" in line for line in reasons(judged("col7", FIRST * 5)))


@pytest.mark.parametrize("table", ["userdata1", "febrl dataset4a", "febrl dataset4b", "chinook Customer", "chinook Employee"])
def test_persons_are_found_without_the_names_of_columns(table: str, reference_data: Path) -> None:
    frame = frame_of(table, reference_data)
    people = [at for at, name in enumerate(frame.columns) if name.lower().replace("_", "") in PERSONS]
    found = detected(frame.rename({name: f"c{at}" for at, name in enumerate(frame.columns)}))
    assert {found.columns[at].entity for at in people} == {"PERSON"}


@pytest.mark.parametrize("table", ["adult", "titanic", "zomato", "ds_salaries", "chinook Genre", "nation (plain)"])
def test_no_direct_identifier_appears_without_the_names_of_columns(table: str, reference_data: Path) -> None:
    frame = frame_of(table, reference_data)
    found = detected(frame.rename({name: f"c{at}" for at, name in enumerate(frame.columns)}))
    assert {column.entity for column in found.columns if column.role == "direct-identifier"} <= {"UUID"}


PERSONS = {"firstname", "lastname", "givenname", "surname"}


def _with_shares(name: str, values: Sequence[str], **shares: float) -> ColumnFinding:
    tally = Tally(name=name, dtype="string", keep=500)
    tally.add(pl.Series(values))
    kinds = dict.fromkeys(("FIRST_NAME", "LAST_NAME", "FULL_NAME", "CITY", "STATE", "COUNTRY", "ORGANIZATION"), 0.0)
    return judge_columns([tally], table=None, scanned=len(values), total=len(values), shares=lambda _: {**kinds, **shares})[0]


def _made_up(count: int) -> list[str]:
    letters = "abcdefghij"
    return ["Q" + "".join(letters[int(digit)] for digit in str(100 + n)) for n in range(count)] * 2


@pytest.mark.parametrize(
    ("distinct", "share", "entity"),
    [(7, 1.0, None), (8, 0.9, "PERSON"), (11, 0.8, None), (12, 0.5, "PERSON"), (99, 0.4, None), (100, 0.34, "PERSON"),
     (100, 0.3, None)],
)  # fmt: skip
def test_how_many_names_it_takes(distinct: int, share: float, entity: str | None) -> None:
    assert _with_shares("col7", _made_up(distinct), LAST_NAME=share).entity == entity


def test_names_that_are_cities_as_often_are_neither_for_sure() -> None:
    assert _with_shares("col7", _made_up(60), LAST_NAME=0.55, CITY=0.5).entity is None


def test_a_column_called_name_whose_values_nobody_bears_is_no_persons() -> None:
    assert _with_shares("name", _made_up(60)).entity is None


def test_a_column_called_name_in_another_script_is_not_asked_of_the_lists() -> None:
    letters = "абвгдежзиклмнопрст"
    values = [f"Иван{one}{other}" for one in letters for other in letters]
    assert _with_shares("name", values).entity == "PERSON"


def test_a_name_that_says_more_outranks_the_lists() -> None:
    assert _with_shares("city", _made_up(60), LAST_NAME=1.0).entity == "CITY"
