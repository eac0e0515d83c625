from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_privacy.core.detect.found import FOUND, in_order
from airflow_privacy.core.detect.text.overlaps import settle
from airflow_privacy.core.detect.text.union import TEXT_FINDERS, find_entities_in, find_phone_numbers

TEXT = "write to ann.lee@example.com, 12 Main St"


def rows(*spans):
    return in_order(pl.DataFrame([(0, *span, "test") for span in spans], schema=FOUND, orient="row"))


def settled(text, *spans):
    return [row[1:5] for row in settle(pl.Series([text]), rows(*spans)).iter_rows()]


def test_a_mail_address_beats_the_url_and_the_person_inside_it():
    mail = ("EMAIL_ADDRESS", 9, 28, 1.0)
    assert settled(TEXT, ("URL", 17, 28, 0.6), mail, ("PERSON", 9, 16, 0.9)) == [mail]


def test_a_card_beats_the_longer_telephone_number_around_it():
    text = "+4111 1111 1111 1111"
    assert settled(text, ("PHONE_NUMBER", 0, 20, 0.9), ("CREDIT_CARD", 1, 20, 1.0)) == [("CREDIT_CARD", 1, 20, 1.0)]


def test_an_account_beats_everything_in_it():
    iban = ("IBAN_CODE", 0, 22, 1.0)
    assert settled("DE89370400440532013000", ("CREDIT_CARD", 4, 20, 1.0), iban, ("DATE_TIME", 4, 12, 1.0)) == [iban]


def test_the_longer_entity_beats_the_shorter_and_the_surer_the_other():
    assert settled("12 Ann Lee St", ("PERSON", 3, 10, 0.9), ("STREET_ADDRESS", 0, 13, 0.5)) == [("STREET_ADDRESS", 0, 13, 0.5)]
    assert settled("5556677", ("A", 0, 7, 0.5), ("B", 0, 7, 0.6)) == [("B", 0, 7, 0.6)]


def test_a_sure_telephone_number_beats_the_place_around_it_and_a_social_security_number_beats_it():
    phone, place = ("PHONE_NUMBER", 0, 8, 0.85), ("LOCATION", 0, 15, 0.9)
    assert settled("555 0143 London", place, phone) == [phone, ("LOCATION", 9, 15, 0.9)]
    ssn = ("US_SSN", 0, 11, 0.85)
    assert settled("536-22-1234", ("PHONE_NUMBER", 0, 11, 0.95), ssn) == [ssn]
    assert settled("2125550143", ("UK_NHS", 0, 10, 1.0), ("PHONE_NUMBER", 0, 10, 0.7)) == [("PHONE_NUMBER", 0, 10, 0.7)]


def test_a_place_around_a_street_address_is_one():
    assert settled("12 Main St, Oslo", ("LOCATION", 0, 16, 0.9), ("STREET_ADDRESS", 0, 10, 0.8)) == [
        ("STREET_ADDRESS", 0, 16, 0.9)
    ]


def test_what_overlaps_by_a_part_keeps_the_rest():
    assert settled("Ann Lee Street 12", ("PERSON", 0, 7, 0.9), ("STREET_ADDRESS", 4, 17, 0.8)) == [
        ("PERSON", 0, 3, 0.9),
        ("STREET_ADDRESS", 4, 17, 0.8),
    ]


SPANS = st.lists(
    st.tuples(
        st.sampled_from(["EMAIL_ADDRESS", "PERSON", "CREDIT_CARD", "URL"]),
        st.integers(0, 12),
        st.integers(1, 12),
        st.floats(0, 1),
    ).map(lambda span: (span[0], span[1], min(span[1] + span[2], 13), span[3])),
    max_size=8,
)


@given(SPANS)
def test_no_found_letter_is_lost_and_nothing_overlaps(spans):
    text = "ab 12, cd-34."
    kept = settled(text, *spans)
    letters = {at for _, start, end, _ in spans for at in range(start, end) if text[at].isalnum()}
    assert {at for _, start, end, _ in kept for at in range(start, end) if text[at].isalnum()} == letters
    assert all(one[2] <= other[1] for one, other in pairwise(kept))


def test_weak_findings_are_none():
    def weak(texts):
        return rows(("US_BANK_NUMBER", 0, 8, 0.05))

    assert find_entities_in(pl.Series(["12345678"]), finders=[weak]).is_empty()


PIECES = st.sampled_from(
    ["12 Main St", "May 5, 2024", "aged 34", "Mr. Lee", "Thai", " ", ", ", "\n", "é", "@x_y", "K1A 0B1", "👩"]
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | st.lists(PIECES, max_size=6).map("".join), max_size=5), st.integers(0, 5))
def test_what_is_found_depends_on_the_text_alone(texts, at):
    def spans(part):
        table = find_entities_in(pl.Series(part, dtype=pl.String), finders=TEXT_FINDERS)
        return [[row[1:] for row in table.iter_rows() if row[0] == place] for place in range(len(part))]

    assert spans(texts) == spans(texts[:at]) + spans(texts[at:])


@pytest.mark.parametrize("texts", [[], [None], ["", None, "nothing here"]])
def test_texts_without_entities_give_an_empty_table(texts):
    table = find_entities_in(pl.Series(texts, dtype=pl.String), finders=TEXT_FINDERS)
    assert table.is_empty()
    assert table.schema == FOUND


@pytest.mark.parametrize(
    ("text", "number"), [("+49 30 901820. 10 men", "+49 30 901820"), ("(212) 555-0143. 3 left", "(212) 555-0143")]
)
def test_a_telephone_number_ends_with_its_sentence(text, number):
    assert [text[row[2] : row[3]] for row in find_phone_numbers(pl.Series([text])).iter_rows()] == [number]


def test_the_word_that_announces_a_number_is_no_name():
    def names(texts):
        return in_order(pl.DataFrame([(0, "PERSON", 0, 3, 0.9, "names")], schema=FOUND, orient="row"))

    assert find_entities_in(pl.Series(["SSN 1"]), finders=[names]).is_empty()
    assert find_entities_in(pl.Series(["Ann 1"]), finders=[names]).height == 1
