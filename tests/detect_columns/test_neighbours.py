"""What the columns beside one make of it."""

from __future__ import annotations

from typing import Any

import pytest
from frame_source import detected, verdicts

DIRECT, QUASI, SENSITIVE, NONE = "direct-identifier", "quasi-identifier", "sensitive", "non-sensitive"
PEOPLE = {"first_name": ["Ada", "Berta", "Carl"] * 20, "last_name": ["Klein", "Gross", "Lang"] * 20}
PLACES = {"zip": ["10115", "80331", "50667"] * 20, "city": ["Berlin", "Bonn", "Ulm"] * 20}
NAMES = ["Blue Lamp", "Oak Table", "Red Chair"] * 20
ROWS = list(range(60))
WORDS = ["North", "South", "West"] * 20

CASES: dict[str, tuple[dict[str, Any], str, tuple[str | None, str]]] = {
    "a name alone, of name-like values, is a person's": ({"name": NAMES}, "name", ("PERSON", DIRECT)),
    "a name beside a product's key is a product's": ({"product_id": ROWS, "name": NAMES}, "name", (None, NONE)),
    "a name beside a repeated product's key is a product's": (
        {"order_id": ROWS, "product_id": ROWS[:20] * 3, "name": NAMES, "customer_email": [f"p{n}@example.com" for n in ROWS]},
        "name",
        (None, NONE),
    ),
    "a name beside a birth date is a person's": (
        {"patient_id": ROWS, "name": NAMES, "dob": ["1980-01-02"] * 60},
        "name",
        ("PERSON", DIRECT),
    ),
    "a name beside a nation's key is a nation": ({"nation_key": ROWS, "name": NAMES}, "name", ("COUNTRY", NONE)),
    "a name beside a hotel's key is an organization": ({"hotel_id": ROWS, "name": NAMES}, "name", ("ORGANIZATION", NONE)),
    "a number beside a street is a house number": ({"street": NAMES, "number": ROWS}, "number", ("STREET_ADDRESS", DIRECT)),
    "a number beside nothing is a number": ({"colour": WORDS, "number": ROWS[:30] * 2}, "number", (None, NONE)),
    "a code beside a country is a country's": (
        {**PEOPLE, "country": WORDS, "code": ["DE", "FR", "IT"] * 20},
        "code",
        ("COUNTRY", QUASI),
    ),
    "a code beside a colour is none": ({"colour": WORDS, "code": ["DE", "FR", "IT"] * 20}, "code", (None, NONE)),
    "lat and lon are a place": (
        {"lat": [n / 7 for n in ROWS], "lon": [n / 9 for n in ROWS]},
        "lat",
        ("COORDINATES", QUASI),
    ),
    "lat alone is a number": ({"lat": [n / 7 for n in ROWS], "ratio": [n / 9 for n in ROWS]}, "lat", (None, NONE)),
    "long without a latitude is a flag": ({"long": [True, False] * 30, "x": ROWS}, "long", (None, NONE)),
    "a state beside a city is a region": ({**PLACES, "state": WORDS}, "state", ("REGION", QUASI)),
    "a state beside no place is a condition": ({"job": ROWS, "state": ["on", "off"] * 30}, "state", (None, NONE)),
    "a title beside names is a job": ({**PEOPLE, "title": WORDS}, "title", ("OCCUPATION", QUASI)),
    "a title beside names that is as short as Mr is a salutation": (
        {**PEOPLE, "title": ["Mr", "Mrs"] * 30},
        "title",
        ("GENDER", QUASI),
    ),
    "a title beside a book's key is the book's": ({"book_id": ROWS, "title": NAMES}, "title", (None, NONE)),
    "via beside an address is a street": (
        {**PLACES, "via": ["Via Roma 1", "Via Po 2"] * 30},
        "via",
        ("STREET_ADDRESS", DIRECT),
    ),
    "via beside no place is a channel": ({"order_id": ROWS, "via": ["web", "app"] * 30}, "via", (None, NONE)),
    "a company of a person is a quasi-identifier": ({**PEOPLE, "company": WORDS}, "company", ("ORGANIZATION", QUASI)),
    "a company of no person is harmless": ({"turnover": ROWS, "company": WORDS}, "company", ("ORGANIZATION", NONE)),
    "a restaurant's city is harmless": ({"restaurant_id": ROWS, **PLACES}, "city", ("CITY", NONE)),
    "a restaurant's city beside its owner's birth date is not": (
        {"restaurant_id": ROWS, **PLACES, "dob": ["1980-01-02"] * 60},
        "city",
        ("CITY", QUASI),
    ),
    "a city beside a repeated restaurant's key is a guest's": (
        {"restaurant_id": ROWS[:10] * 6, **PLACES},
        "city",
        ("CITY", QUASI),
    ),
    "a product's address is the buyer's": (
        {"product_id": ROWS, "address": [f"{n} Main Street" for n in ROWS]},
        "address",
        ("STREET_ADDRESS", DIRECT),
    ),
    "the key of a thing is harmless": ({"TrackId": ROWS, "Bytes": ROWS}, "TrackId", ("RECORD_ID", NONE)),
    "the key of a thing that has a seller is not": (
        {"product_id": ROWS, "seller_email": [f"p{n}@example.com" for n in ROWS]},
        "product_id",
        ("RECORD_ID", QUASI),
    ),
    "a key that refers to a person is a person's": (
        {"SupportRepId": ROWS[:3] * 20, "Total": ROWS},
        "SupportRepId",
        ("PERSON_ID", DIRECT),
    ),
    "a key that refers to an invoice is a record's": (
        {"InvoiceId": ROWS[:20] * 3, "UnitPrice": [n / 10 for n in ROWS]},
        "InvoiceId",
        ("RECORD_ID", DIRECT),
    ),
    "an index beside persons is a record's key": ({"index": ROWS, "age": ROWS}, "index", ("RECORD_ID", DIRECT)),
    "an index beside no person counts rows": ({"index": ROWS, "loss": [n / 7 for n in ROWS]}, "index", ("RECORD_ID", NONE)),
    "addresses as numbers are addresses": (
        {"srcip": [f"80.86.{n}.{n + 1}" for n in ROWS], "src": [(80 << 24) + (86 << 16) + (n << 8) + n + 1 for n in ROWS]},
        "src",
        ("IP_ADDRESS", DIRECT),
    ),
    "other large numbers beside addresses are not": (
        {"srcip": [f"80.86.{n}.{n + 1}" for n in ROWS], "src": [1_347_800_000 + 7 * n for n in ROWS]},
        "src",
        (None, NONE),
    ),
    "a date of hiring is known to others": ({**PEOPLE, "hire_date": ["2010-01-02"] * 60}, "hire_date", ("DATE_TIME", QUASI)),
    "a year is a date": ({"work_year": [2020, 2021, 2022] * 20}, "work_year", ("DATE_TIME", NONE)),
    "codes of countries are countries": (
        {**PEOPLE, "residence": ["DE", "FR", "IT"] * 20},
        "residence",
        ("COUNTRY", QUASI),
    ),
    "a social security number of another form is a national number": (
        {"soc_sec_id": [7_000_000 + 13 * n for n in ROWS]},
        "soc_sec_id",
        ("NATIONAL_ID", DIRECT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_neighbours_settle_what_a_name_leaves_open(case: str) -> None:
    columns, name, expected = CASES[case]
    assert verdicts(columns)[name] == expected


def test_the_order_of_columns_further_away_changes_nothing() -> None:
    columns = {**PEOPLE, **PLACES, "title": WORDS, "state": WORDS, "company": WORDS}
    assert verdicts(columns) == verdicts(dict(reversed(columns.items())))


def test_an_empty_column_of_persons_makes_no_table_of_persons() -> None:
    assert verdicts({"turnover": ROWS, "company": WORDS, "dob": [None] * 60})["company"] == ("ORGANIZATION", NONE)


def test_what_neighbours_decided_is_said() -> None:
    found = detected({"restaurant_id": ROWS, **PLACES}).column("city")
    assert found is not None
    assert any(signal.source == "neighbours" for signal in found.signals)
