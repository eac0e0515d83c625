"""Where telephone numbers stand in texts."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.found import FOUND
from airflow_privacy.core.detect.phones.finder import find_phones


def found(text: str, **options) -> list[str]:
    rows = find_phones(pl.Series([text]), **options)
    return [text[start:end] for start, end in rows.select("start", "end").iter_rows()]


def score(text: str, **options) -> float:
    rows = find_phones(pl.Series([text]), **options)
    return rows["score"].max() if rows.height else 0.0


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ring me on +44 20 7946 0018.", ["+44 20 7946 0018"]),
        ("0044 20 7946 0018 or 011 49 30 901820", ["0044 20 7946 0018", "011 49 30 901820"]),
        ("(+49) 30-901820", ["(+49) 30-901820"]),
        ("+39 (0)6 6982 1234", ["+39 (0)6 6982 1234"]),
        ("(212) 736-5000 x204", ["(212) 736-5000 x204"]),
        ("(212) 736-5000 ext. 204, ask for Ann", ["(212) 736-5000 ext. 204"]),
        ("212.736.5000", ["212.736.5000"]),
        ("1-212-736-5000", ["1-212-736-5000"]),
        ("Büro 030/901820", ["030/901820"]),
        ("01 42 68 53 00", ["01 42 68 53 00"]),
        ("0301234567 / 0897654321", ["0301234567", "0897654321"]),
        ("030 901820\n089 233030", ["030 901820", "089 233030"]),
        ("5 030 901820", ["030 901820"]),
        ("\uff0b\uff14\uff19\uff08\uff10\uff09\uff13\uff10\u2212\uff19\uff10\uff11\uff18\uff12\uff10", None),
        ("030\u00a0901\u2009820", None),
        ("030\u2013901820", None),
        ("٠٣٠ ٩٠١٨٢٠", None),
        ("👩🏽 Zoë: +49 30 901820 👍", ["+49 30 901820"]),
        ("电话020-11112222。", ["020-11112222"]),
        ("(see 030 901820)", ["030 901820"]),
        ("Tel.:030901820", ["030901820"]),
        ("no number at all", []),
        ("", []),
    ],
)
def test_numbers_are_found_at_their_places(text, numbers):
    assert found(text) == ([text] if numbers is None else numbers)


@pytest.mark.parametrize(
    "text",
    [
        "call 555 0147 now",
        "Phone: 12-34-56-78",
        "mobile number 0905 121 314",
        "fax\n441 22 31",
        "999-000-1234 fax",
        "手机是 199 0000 1111",
        "teléfono 123 45 67",
    ],
)
def test_a_word_of_telephones_makes_a_number_of_what_only_looks_like_one(text):
    assert len(found(text)) == 1
    bare = "".join(char for char in text if not char.isalpha()).strip(" :")
    assert score(bare) < score(text)


@pytest.mark.parametrize(
    "text",
    [
        "account number 030901820",
        "order 2127365000",
        "invoice no. 089 233030 12",
        "card 4111 1111 1111 1111",
        "ISBN 978-3-16-148410-0",
        "IBAN DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "10.0.12.200",
        "10.20.30.40/24 10.20.30.41",
        "2024-01-15",
        "15.01.2024 10:30:00",
        "20240115103000",
        "2019/2020",
        "2019-2020",
        "1719000000123",
        "52.5200066, 13.4049540",
        "-77.0340407",
        "12,345,678.90",
        "1.234.567,89",
        "€ 12 345 678",
        "12345678 EUR",
        "v10.0.19041.1234",
        "15.78.49930.273",
        "1.52.8181.917",
        "Browser/50.0.875.0",
        "1567466252",
        "550e8400-e29b-41d4-a716-446655440000",
        "12345678-1234-1234-1234-123456789012",
        "s2127365000s",
        "2127365000abc",
        "ABC-2127365000",
        "#2127365000",
        "2127365000@example.com",
        "https://example.com/status/2127365000",
        "212*736-5000",
        "1+212-736-5000",
        "1643",
        "10117 Berlin, Unter den Linden 77",
        "0 1 2 3 4 5 6 7 8 9",
        "078-05-1120",
        "90210-1234",
        "00 1A 2B 30 31 32 33 4C",
    ],
)
def test_what_is_no_telephone_number_is_not_found(text):
    assert found(text) == []


def test_scores_fall_from_international_to_bare_digits():
    spellings = ("+49 30 901820", "0049 30 901820", "030 901820", "0309018201", "2127365000")
    scores = [score(text) for text in spellings]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 0.9 > scores[2] >= 0.6 > scores[-1] > 0


def test_national_spellings_are_read_in_the_given_regions_only():
    assert score("090 123 4567", regions=("TH",)) > score("090 123 4567", regions=("US",))
    assert found("612 345 678", regions=("ES",)) == [] or score("612 34 56 78", regions=("ES",)) > 0


def test_the_trunk_zero_belongs_to_a_german_number():
    assert found("301 234 5678", regions=("DE",)) == []
    assert found("0301 234 5678", regions=("DE",)) == ["0301 234 5678"]


def test_a_table_has_one_row_a_number_in_order_of_rows_and_places():
    texts = pl.Series(["x", None, "030 901820, +1 212 736 5000", "", "030 901820"])
    rows = find_phones(texts)
    assert rows.schema == FOUND
    assert rows.select("at", "start").rows() == [(2, 0), (2, 12), (4, 0)]
    assert set(rows["entity"]) == {"PHONE_NUMBER"}
    assert set(rows["by"]) == {"phones"}


@pytest.mark.parametrize("texts", [[], [None], ["", None], ["no digits"]])
def test_columns_without_numbers_give_an_empty_table(texts):
    rows = find_phones(pl.Series(texts, dtype=pl.String))
    assert rows.schema == FOUND
    assert rows.is_empty()


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_international_number_is_found_whatever_words_are_around(before, after):
    text = f"{''.join(c for c in before if c.isalpha())} | +49 30 901820 | {''.join(c for c in after if c.isalpha())}"
    assert found(text) == ["+49 30 901820"]


@given(st.lists(st.text(alphabet="0123456789 +-().x/\x1f\u0663\u2013é電\n", max_size=60), max_size=8))
def test_rows_are_found_alone_as_in_company_and_every_place_lies_in_its_text(texts):
    together = find_phones(pl.Series(texts, dtype=pl.String))
    alone = [row for at, text in enumerate(texts) for row in _rows(at, text)]
    assert together.select("at", "start", "end", "score").rows() == alone
    for at, start, end in together.select("at", "start", "end").iter_rows():
        assert 0 <= start < end <= len(texts[at])
        assert sum(char.isdigit() for char in texts[at][start:end]) >= 6


def _rows(at: int, text: str) -> list[tuple]:
    return [(at, *row) for row in find_phones(pl.Series([text])).select("start", "end", "score").iter_rows()]


def test_a_cell_of_a_megabyte_is_searched():
    text = "lorem 12 ipsum " * 70_000 + "+49 30 901820" + " dolor" * 1000
    assert found(text) == ["+49 30 901820"]
