"""Names in texts: where they stand, what does not belong to them, and that nothing odd breaks the finder."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_privacy.core.detect.found import FOUND
from airflow_privacy.core.detect.names.find import find_names


def named(text: str) -> set[tuple[str, str]]:
    found = find_names(pl.Series([text]))
    return {(entity, text[start:end]) for entity, start, end in found.select("entity", "start", "end").iter_rows()}


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Yesterday I met Justin Smith at the station.", "Justin Smith"),
        ("Dear Mr. Schneider, thank you for your letter.", "Schneider"),
        ("Contact: Aoife O'Brien, second floor", "Aoife O'Brien"),
        ("The speaker was Jean-Pierre Dupont from our office.", "Jean-Pierre Dupont"),
        ("Signed by John F. Kennedy in person.", "John F. Kennedy"),
        ("Regards, Krisztián Szabó", "Krisztián Szabó"),
    ],
)
def test_a_person_is_one_span_with_its_hyphen_initial_or_apostrophe(text: str, person: str) -> None:
    assert ("PERSON", person) in named(text)


def test_places_are_locations_and_not_persons() -> None:
    assert ("LOCATION", "Germany") in named("We moved from Germany to the United States last year.")


def test_a_company_is_an_organization() -> None:
    assert any(entity == "ORGANIZATION" for entity, _ in named("She works as an engineer at Microsoft in Berlin."))


def test_a_nationality_is_a_group() -> None:
    assert ("NRP", "Norwegian") in named("My neighbour is a Norwegian citizen.")


@pytest.mark.parametrize(
    "text",
    [
        "the total of all values is shown in the table",
        "Please restart the server and try again.",
        "12345 678-90, 2024-01-01",
        "status=open; priority=high",
        "",
        "\n\n \t",
    ],
)
def test_text_without_names_has_none(text: str) -> None:
    assert named(text) == set()


def test_a_month_or_weekday_is_no_name() -> None:
    assert named("The meeting is on Monday, the next one in August.") == set()


def test_names_inside_handles_and_mail_addresses_are_left_to_other_finders() -> None:
    assert named("write to anna.smith@example.com or https://example.com/Anna/Smith or @AnnaSmith") == set()


def test_lower_case_names_are_found_where_they_are_rarely_words() -> None:
    assert ("PERSON", "justin") in named("cant believe justin forgot again")


def test_offsets_count_code_points() -> None:
    text = "😀😀 é́ Justin Smith was here"
    assert ("PERSON", "Justin Smith") in named(text)


def test_rows_keep_the_position_of_their_text_and_nulls_have_none() -> None:
    found = find_names(pl.Series([None, "nothing here", "My friend Justin Smith", None]))
    assert found.schema == FOUND
    assert found["at"].to_list() == [2]


def test_an_empty_column_gives_an_empty_table() -> None:
    assert find_names(pl.Series([], dtype=pl.String)).schema == FOUND


def test_a_text_gets_the_same_spans_in_any_company() -> None:
    texts = ["Justin Smith", "lives in Paris", "and works with Dr. Schneider.", "Justin Smith lives in Paris"]
    together = find_names(pl.Series(texts))
    for at, text in enumerate(texts):
        assert together.filter(pl.col("at") == at).drop("at").equals(find_names(pl.Series([text])).drop("at"))


def test_slabs_of_texts_give_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pl.Series(["Ask Justin Smith.", None, "Ask nobody.", "Greetings from London, Anna Schneider"] * 3)
    whole = find_names(texts)
    monkeypatch.setattr("airflow_privacy.core.detect.names.find._SLAB", 5)
    assert find_names(texts).equals(whole)


@settings(max_examples=30)
@given(st.lists(st.none() | st.text(max_size=40), max_size=6))
def test_any_text_gives_spans_inside_it(texts: list[str | None]) -> None:
    found = find_names(pl.Series(texts, dtype=pl.String))
    for at, start, end, score in found.select("at", "start", "end", "score").iter_rows():
        text = texts[at]
        assert text is not None
        assert 0 <= start < end <= len(text)
        assert 0 < score <= 1


@given(st.text(max_size=60))
@settings(max_examples=30)
def test_spans_of_a_text_do_not_overlap(text: str) -> None:
    found = find_names(pl.Series([text])).sort("start")
    assert (found["end"].shift(1).fill_null(0) <= found["start"]).all()
