"""What each finder of text entities finds and leaves, on sentences of our own."""

from __future__ import annotations

import polars as pl
import pytest

from airflow_privacy.core.detect.text.addresses import find_addresses, find_postal_codes
from airflow_privacy.core.detect.text.dates import find_dates
from airflow_privacy.core.detect.text.persons import (
    find_affiliations,
    find_ages,
    find_handles,
    find_licences,
    find_titles,
)


def found(finder, text):
    return [text[row["start"] : row["end"]] for row in finder(pl.Series([text])).iter_rows(named=True)]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on 2024-05-17", ["2024-05-17"]),
        ("at 2024-05-17T10:30:00.5Z.", ["2024-05-17T10:30:00.5Z"]),
        ("17.05.2024 or 5/17/2024", ["17.05.2024", "5/17/2024"]),
        ("paid 17/05/24", ["17/05/24"]),
        ("on May 5th, 2024 at 10:30 am", ["May 5th, 2024 at 10:30 am"]),
        ("May 3-5, 2024", ["May 3-5, 2024"]),
        ("5. Mai 2024", ["5. Mai 2024"]),
        ("le 1er août 2023", ["1er août 2023"]),
        ("5 de mayo de 2024", ["5 de mayo de 2024"]),
        ("3 maja 2024", ["3 maja 2024"]),
        ("12 OCTOBER 2020", ["12 OCTOBER 2020"]),
        ("2024年5月17日", ["2024年5月17日"]),
        ("born in 1984, died 2010", ["1984"]),
        ("from 1990 to 1995.", ["1990", "1995"]),
        ("we meet at 5pm", ["5pm"]),
    ],
)
def test_dates_are_found_in_digits_and_words(text, dates):
    assert found(find_dates, text) == dates


@pytest.mark.parametrize(
    "text",
    [
        "1999 apples",
        "version 1.2.3",
        "10.0.0.1",
        "45/13/2024",
        "2024-17-45",
        "in 2000 €",
        "3/4 cup",
        "you may 100 times",
        "a 12-34-5678 b",
    ],
)
def test_what_only_looks_like_a_date_is_none(text):
    assert found(find_dates, text) == []


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("a 34-year-old man", ["34"]),
        ("she is 34 years old", ["34"]),
        ("aged 7", ["7"]),
        ("Age: 101", ["101"]),
        ("ein 34-jähriger Mann, 8 Jahre alt", ["34", "8"]),
        ("elle a 34 ans", ["34"]),
        ("tiene 34 años", ["34"]),
        ("I'm 34.", ["34"]),
        ("34 y/o", ["34"]),
        ("a page 34, 34 % and 134 years", []),
        ("34 years in prison", []),
    ],
)
def test_ages_are_numbers_with_a_unit_or_a_word(text, ages):
    assert found(find_ages, text) == ages


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Mr. Lee and Mrs Lee", ["Mr.", "Mrs"]),
        ("Herr Müller, Frau Dr. Weiß", ["Herr", "Frau", "Dr."]),
        ("Mme Petit", ["Mme"]),
        ("Ann Lee, MD", ["MD"]),
        ("the sir and the doctor", []),
        ("Main Dr. is a road", []),
    ],
)
def test_titles_stand_before_a_capital(text, titles):
    assert found(find_titles, text) == titles


@pytest.mark.parametrize(
    "address",
    [
        "12 Main St",
        "12 Main Street, Apt. 4",
        "1600 Old Mill Rd, Springfield, IL 62704-1234",
        "221B Baker Street, London NW1 6XE",
        "Hauptstraße 5",
        "Lange Str. 12a, 10115 Berlin",
        "12 bis rue de la Paix, 75002 Paris",
        "Calle Mayor 5, 28013 Madrid",
        "Via Garibaldi, 12",
        "Rua das Flores 8",
        "Kerkstraat 12, 1017 GA Amsterdam",
        "Storgatan 3",
        "P.O. Box 123",
        "Postfach 10 20",
        "7 Fairview\nSpringfield\nIL 62704",
    ],
)
def test_addresses_are_found_whole(address):
    assert found(find_addresses, f"Send it to {address}.") == [address]


@pytest.mark.parametrize("text", ["12 of them", "The Dr was in 3 places", "in 12 Days", "weg 5", "Order 66 came", "pay 20 Ways"])
def test_numbers_beside_words_are_no_addresses(text):
    assert found(find_addresses, text) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("CA 90210", ["90210"]),
        ("zip code is 90210-1234", ["90210-1234"]),
        ("in SW1A 1AA now", ["SW1A 1AA"]),
        ("K1A 0B1", ["K1A 0B1"]),
        ("1017 GA Amsterdam", ["1017 GA"]),
        ("Büro, 10115 Berlin", ["10115"]),
        ("D-10115 Berlin", ["10115"]),
        ("PLZ: 10115", ["10115"]),
        ("order 90210", []),
        ("I have 10115 Euros", []),
    ],
)
def test_postal_codes_need_a_place_or_a_word(text, codes):
    assert found(find_postal_codes, text) == codes


@pytest.mark.parametrize(
    ("finder", "text", "spans"),
    [
        (find_affiliations, "Two Germans and a Thai, polish", ["Germans", "Thai"]),
        (find_affiliations, "Romanesque, Thailand", []),
        (find_handles, "thanks @ann_lee!", ["@ann_lee"]),
        (find_handles, "ann@example.com, user name: alee7", ["alee7"]),
        (find_licences, "driver's license number is D123-4567", ["D123-4567"]),
        (find_licences, "DL A1234567 and B7654321", ["A1234567"]),
        (find_licences, "my driver's license expired", []),
    ],
)
def test_other_facts_about_persons(finder, text, spans):
    assert found(finder, text) == spans


def test_missing_and_empty_texts_have_no_entities():
    for finder in (find_dates, find_ages, find_titles, find_addresses, find_postal_codes, find_affiliations, find_handles):
        assert finder(pl.Series([None, ""], dtype=pl.String)).is_empty()
        assert finder(pl.Series([], dtype=pl.String)).is_empty()
