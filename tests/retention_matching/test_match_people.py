"""Who is found by one record, and who is left alone."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from parish import ANNA, RULES, anna, strangers, table

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.retention.matching.match import MATCHES, match, prepare
from airflow_privacy.core.retention.matching.rules import Field, MatchRules

OTHERS = strangers(400)


def found(other: dict[str, Any], rules: MatchRules = RULES) -> dict[str, Any] | None:
    """What is said of one row among strangers when Anna is looked for."""
    rows = match(table(ANNA), table(*OTHERS, other), rules)
    assert set(rows["row"]) <= {len(OTHERS)}
    return rows.row(0, named=True) if rows.height else None


def decision(other: dict[str, Any]) -> str | None:
    said = found(other)
    return said and said["decision"]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"given": "Annelise"},
        {"given": "ANNELIESE"},
        {"surname": "Brandsteter", "street": "Lindengase 14"},
        {"given": "Brandstetter", "surname": "Anneliese"},
        {"given": "Brandsteter", "surname": "Anneliese"},
        {"given": "Brandstetter", "surname": None, "street": None},
        {"street": "Kirchberg", "town": "Lindengasse 14"},
        {"postcode": "48231", "number": "5830714"},
        {"born": "1971-09-03"},
        {"born": "1917-03-09", "given": "Annelise"},
        {"born": "9.3.1971"},
        {"given": None, "born": None, "street": None, "surname": "Brandstetner"},
        {"street": None, "town": None, "postcode": None, "number": None},
    ],
)
def test_the_same_person_is_found_when_misspelt_swapped_transposed_or_incomplete(changed: dict[str, str | None]) -> None:
    assert decision(anna(**changed)) == "same"


@pytest.mark.parametrize(
    "changed",
    [
        {"given": "Wilhelmine", "number": "1202344"},  # twin
        {"given": "Wilhelmine", "number": None},  # twin, nothing else known
        {"born": "1996-11-21", "number": "1202344"},  # daughter of the same name
        {"born": "1996-11-21", "number": None},
        {"given": "Konrad", "born": "1968-07-30", "number": "1202344"},  # husband
        {"given": "Konrad", "born": None, "number": None},
    ],
)
def test_people_of_one_household_are_not_merged(changed: dict[str, str | None]) -> None:
    assert decision(anna(**changed)) != "same"


def test_the_rest_of_a_household_is_not_even_shown() -> None:
    assert found(anna(given="Konrad", born="1968-07-30", number="1202344")) is None


def test_a_namesake_elsewhere_is_not_merged() -> None:
    elsewhere = {"street": "Am Hang 3", "town": "Ostrau", "postcode": "10013", "born": "1950-12-24", "number": "1202344"}
    assert decision(anna(**elsewhere)) != "same"


def test_what_fits_the_household_and_contradicts_nothing_is_shown_for_review() -> None:
    assert decision(anna(given=None, born=None, number=None)) == "review"


def test_who_married_and_moved_at_once_is_at_least_shown_for_review() -> None:
    elsewhere = {"surname": "Kowalczyk", "street": "Am Hang 3", "town": "Ostrau", "postcode": "10013"}
    assert decision(anna(**elsewhere)) == "review"


def test_the_evidence_is_columns_by_how_well_they_agree() -> None:
    said = found(anna(given="Annelise", street="Am Hang 3", town=None))
    assert said is not None
    assert said["same"] == ["surname", "postcode", "born", "number"]
    assert said["close"] == ["given"]
    assert said["different"] == ["street"]


def test_swapped_columns_are_close_and_not_different() -> None:
    said = found(anna(given="Brandstetter", surname="Anneliese"))
    assert said is not None
    assert said["close"] == ["given", "surname"]
    assert said["different"] == []


def test_a_row_equal_to_the_subject_is_shown_however_little_it_says() -> None:
    little = {"surname": "Steinmann"}
    rows = match(table(little), table(*OTHERS, little), RULES)
    assert rows.filter(pl.col("row") == len(OTHERS))["decision"].to_list() == ["review"]


def test_two_records_of_the_subject_find_what_one_alone_does_not() -> None:
    now = anna(surname="Kowalczyk", street="Am Hang 3", town="Ostrau", postcode="10013", number=None, born=None)
    then = anna(number=None, born=None)
    rows = table(*OTHERS, anna(given=None, born=None), now)
    assert match(table(now), rows, RULES)["row"].to_list() == [401]
    assert match(table(then, now), rows, RULES).filter(pl.col("decision") == "same")["row"].to_list() == [401]
    assert match(table(ANNA, now), rows, RULES).filter(pl.col("decision") == "same")["row"].to_list() == [400, 401]


def test_a_prepared_table_gives_the_same_matches() -> None:
    rows = table(*OTHERS, anna(given="Annelise"))
    assert match(table(ANNA), prepare(rows, RULES), RULES).equals(match(table(ANNA), rows, RULES))


def test_a_table_prepared_for_other_fields_is_refused() -> None:
    with pytest.raises(BadInput, match="other fields"):
        match(table(ANNA), prepare(table(ANNA), RULES), MatchRules((Field("given", "name"),)))


@pytest.mark.parametrize("rows", [[], [dict.fromkeys(ANNA)], [dict.fromkeys(ANNA, " ")]])
def test_a_subject_without_any_value_is_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(BadInput, match="nothing to be found by") as raised:
        match(table(*rows), table(*OTHERS), RULES)
    assert raised.value.reason == "empty-subject"


@pytest.mark.parametrize("rows", [table(), []])
def test_an_empty_table_holds_nobody(rows: Any) -> None:
    nobody = match(table(ANNA), rows, RULES)
    assert nobody.is_empty()
    assert nobody.schema == MATCHES


def test_no_value_is_in_a_representation_or_the_result() -> None:
    prepared = prepare(table(*OTHERS, ANNA), RULES)
    shown = repr(prepared) + repr(prepared.slabs[0]) + str(match(table(ANNA), prepared, RULES).to_dicts())
    assert not [value for value in ANNA.values() if value.lower() in shown.lower()]
