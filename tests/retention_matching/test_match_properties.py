"""What holds for any person and any table."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from parish import ANNA, RULES, anna, stranger, strangers, table

from airflow_privacy.core.retention.matching.match import match

OTHERS = strangers(150)
KIN = [
    anna(given="Annelise", number="5830714"),
    anna(given="Brandstetter", surname="Anneliese"),
    anna(given="Konrad", born="1968-07-30", number="1202344"),
    anna(given=None, born=None, number=None),
    anna(street="Am Hang 3", town="Ostrau", postcode="10013"),
]
ROWS = [*OTHERS, ANNA, *KIN]
columns = st.sampled_from(sorted(ANNA))
words = st.text(st.sampled_from("abcdefghiklmnoprstuvwz0123456789 -äß"), min_size=1, max_size=14)
whole_people = st.fixed_dictionaries(
    {
        "given": st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéß"), min_size=3, max_size=12),
        "surname": st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéß"), min_size=3, max_size=12),
        "street": st.integers(1, 99).map("An der Mühle {}".format),
        "town": st.sampled_from(("Ostrau", "Felsing", "Neustadt")),
        "postcode": st.integers(10_000, 99_999).map(str),
        "born": st.dates().map(str),
        "number": st.integers(1_000_000, 9_999_999).map(str),
    }
)


def decisions(rows: list[dict[str, Any]], subject: dict[str, Any] = ANNA) -> dict[int, str]:
    found = match(table(subject), table(*rows), RULES)
    return dict(zip(found["row"], found["decision"], strict=True))


BEFORE = decisions(ROWS)
few = settings(max_examples=25)


def test_the_table_of_these_properties_has_every_decision() -> None:
    assert {BEFORE.get(150 + at) for at in range(6)} == {"same", "review", None}


@given(whole_people)
@few
def test_a_whole_record_always_matches_itself(person: dict[str, str]) -> None:
    assert decisions([*OTHERS, person], person)[150] == "same"


@given(whole_people)
def test_a_whole_record_matches_itself_in_a_table_of_its_own(person: dict[str, str]) -> None:
    assert decisions([person], person) == {0: "same"}


@given(st.integers(1_000, 100_000))
@few
def test_an_unrelated_row_more_changes_no_decision(at: int) -> None:
    assert decisions([*ROWS, stranger(at)]) == BEFORE


@given(st.lists(st.sampled_from(range(len(ROWS))), max_size=40))
@few
def test_rows_that_stand_there_twice_change_no_probability(again: list[int]) -> None:
    plain = match(table(ANNA), table(*ROWS), RULES)
    more = match(table(ANNA), table(*ROWS, *(ROWS[at] for at in again)), RULES)
    assert more.filter(pl.col("row") < len(ROWS)).equals(plain)


@given(st.permutations(range(len(ROWS))))
@few
def test_the_order_of_rows_is_irrelevant(order: list[int]) -> None:
    found = match(table(ANNA), table(*(ROWS[at] for at in order)), RULES)
    back = found.with_columns(pl.col("row").replace_strict(dict(enumerate(order)), return_dtype=pl.UInt64)).sort("row")
    assert back.equals(match(table(ANNA), table(*ROWS), RULES))


@given(st.lists(st.integers(0, len(ROWS) * 2), max_size=4).map(sorted))
@few
def test_how_rows_are_cut_into_slabs_is_irrelevant(cuts: list[int]) -> None:
    whole = table(*ROWS, *ROWS)
    slabs = (whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, whole.height], strict=True))
    assert match(table(ANNA), slabs, RULES).equals(match(table(ANNA), whole, RULES))


@given(st.sampled_from(("postcode", "born", "number")), words)
@few
def test_a_missing_value_is_no_evidence_whatever_the_other_record_says(column: str, word: str) -> None:
    rows = table(*ROWS)
    blank = rows.with_columns(pl.lit(None, pl.String).alias(column))
    silent = match(table(anna(**{column: None})), blank, RULES)
    assert match(table(anna(**{column: word})), blank, RULES).equals(silent)
    assert column not in {name for names in (*silent["same"], *silent["close"], *silent["different"]) for name in names}


@given(columns)
@few
def test_making_a_value_missing_in_a_duplicate_never_counts_against_it_more_than_a_difference(column: str) -> None:
    def probability(value: str | None) -> float:
        found = match(table(ANNA), table(*OTHERS, anna(**{column: value})), RULES)
        return float(found["probability"].sum())

    other = "1902-01-01" if column == "born" else "9999888" if column in ("number", "postcode") else "Xqyvuw"
    assert probability(other) < probability(None) < probability(ANNA[column])
