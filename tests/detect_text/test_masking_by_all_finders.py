"""Masking of free text by what all finders find, and the check after it, which looks again."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.detect.spans import find_spans
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.model.techniques import FreeText, HmacToken, Keep, Redact, Surrogate

WITH_SPANS = replace(TOOLS, find_spans=find_spans)


def masked_and_checked(texts, technique, *, names=None):
    frame = pl.DataFrame({"c": pl.Series(texts, dtype=pl.String), **({"name": names} if names else {})})
    plan = plan_of(decision("c", technique), *((decision("name", Keep()),) if names else ()))
    masked = mask_frame(frame, plan, WITH_SPANS)
    check_masked(source=Frames(frame), sink=Frames(masked), plan=plan, find_entities=find_entities, tools=WITH_SPANS)
    return masked["c"].to_list()


def test_names_and_addresses_are_replaced_as_well():
    (text,) = masked_and_checked(["Mrs. Anna Müller, aged 34, lives at 12 Main Street, Springfield, IL 62704."], FreeText())
    assert text == "[TITLE] [PERSON], aged [AGE], lives at [STREET_ADDRESS]."


@pytest.mark.parametrize(
    "entity",
    [
        "PERSON",
        "LOCATION",
        "STREET_ADDRESS",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "DATE_TIME",
        "US_DRIVER_LICENSE",
        "NRP",
        "AGE",
        "TITLE",
    ],
)
def test_what_redaction_puts_in_is_no_entity(entity):
    text = f"Call [{entity}] or [{entity}], the [{entity}] of [{entity}]."
    assert find_spans([text]) == [[]]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a@b.com10.0.0.1 10.0.0.1", "[EMAIL_ADDRESS][IP_ADDRESS] [IP_ADDRESS]"),
        ("a@b.com+49 30 901820", "[EMAIL_ADDRESS][PHONE_NUMBER]"),
        ("10.0.0.1.+49 30 901820", "[IP_ADDRESS].[PHONE_NUMBER]"),
    ],
)
def test_an_entity_that_a_replacement_lays_bare_is_replaced_too(text, masked):
    assert masked_and_checked([text], FreeText()) == [masked]


@pytest.mark.parametrize("behind", ["@lee", "@", "/lee", ".lee", " USD", "%", "=1", "^2", " kg", ";ext=7"])
@pytest.mark.parametrize("before", ["", "1 + 1=", "x ", "$", "@", "("])
def test_an_international_number_is_replaced_whatever_stands_beside_it(before, behind):
    (masked,) = masked_and_checked([f"{before}+49 30 901820{behind}"], FreeText())
    assert "901820" not in masked


PIECES = st.sampled_from(
    ["a@b.com", "+49 30 901820", "10.0.0.1", "Anna Lee", "LEE", "Main Street 12", "12 Main St", "May 5, 2024", "2019",
     "in 2019", "aged 34", "Dr. Lee", "x.com", "www.x.com", "German", "@lee", "word", " ", ", ", "\n", "."]
)  # fmt: skip
TEXTS = st.lists(st.lists(PIECES, max_size=7).map("".join), min_size=1, max_size=3)


@settings(max_examples=12, deadline=None)
@given(TEXTS, st.sampled_from([FreeText(), FreeText(default=HmacToken(length=8))]))
def test_the_check_holds_whatever_is_replaced(texts, technique):
    masked_and_checked(texts, technique)


def test_surrogates_of_names_pass_the_check():
    pytest.importorskip("faker")
    technique = FreeText(
        default=Redact(text="#"), entities={"PERSON": Surrogate(kind="name"), "EMAIL_ADDRESS": Surrogate(kind="email")}
    )
    masked_and_checked(["Anna Lee met Paul Smith, anna.lee@example.com", "Dr. Paul Smith wrote to Anna Lee"], technique)
