from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import OTHER_TOOLS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.detect.spans import spans_by
from airflow_privacy.core.detect.text.strong import find_strong
from airflow_privacy.core.detect.text.union import find_phone_numbers
from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.model.findings import Span
from airflow_privacy.core.model.techniques import (
    FreeText,
    HmacToken,
    Inside,
    Keep,
    PartialMask,
    Presidio,
    Redact,
    Surrogate,
)

CANARY = "canary-4711"
find_spans = spans_by((find_strong, find_phone_numbers))  # what needs no judgement: the tests are of masking, not of finding
WITH_SPANS = replace(TOOLS, find_spans=find_spans)
NOTE = "Anna Müller (anna.m@x.com) called +49 30 901820."


def word_spans(*words, entity="WORD", score=1.0):
    """A detection that knows a few words."""

    def find(texts):
        pattern = re.compile("|".join(map(re.escape, words)))
        return [[Span(entity, match.start(), match.end(), score) for match in pattern.finditer(text)] for text in texts]

    return find


def masked(texts, technique, *, tools=WITH_SPANS, **known):
    frame = pl.DataFrame({"c": pl.Series(texts, dtype=pl.String), **known})
    plan = plan_of(decision("c", technique), *(decision(name, Keep()) for name in known))
    return mask_frame(frame, plan, tools)["c"].to_list()


def check(source, sink, technique, *, tools=WITH_SPANS, find=lambda _: {}, **known):
    plan = plan_of(decision("c", technique), *(decision(name, Keep()) for name in known))
    frames = [pl.DataFrame({"c": pl.Series(one, dtype=pl.String), **known}) for one in (source, sink)]
    check_masked(source=Frames(frames[0]), sink=Frames(frames[1]), plan=plan, find_entities=find, tools=tools)


def test_entities_are_replaced_in_their_place():
    assert masked([NOTE], FreeText()) == ["Anna Müller ([EMAIL_ADDRESS]) called [PHONE_NUMBER]."]


def test_missing_texts_stay_missing_and_those_without_entities_stay_as_they_are():
    assert masked(["none", None, "  ", ""], FreeText()) == ["none", None, None, None]


def test_every_kind_of_entity_has_its_own_technique():
    technique = FreeText(
        default=Redact(text="#"), entities={"EMAIL_ADDRESS": HmacToken(length=6), "PHONE_NUMBER": PartialMask(keep_last=2)}
    )
    (text,) = masked([f"{NOTE} 10.0.0.1"], technique)
    assert re.fullmatch(r"Anna Müller \([0-9a-f]{6}\) called \+\*\* \*\* \*\*\*\*20. #", text)


def test_presidios_operators_know_the_kind_of_entity():
    technique = FreeText(default=Presidio(operator="text_operators:Kind"))
    assert masked(["to a@b.com"], technique) == ["to <email_address>"]


def test_equal_entities_get_equal_replacements_in_texts_and_columns():
    pytest.importorskip("faker")
    technique = FreeText(entities={"PERSON": Surrogate(kind="name")}, known=("name",))
    texts = masked(["Ann Lee called", "to Ann Lee"], technique, name=["Ann Lee", "Ann Lee"])
    alone = mask_frame(pl.DataFrame({"c": ["Ann Lee"]}), plan_of(decision("c", Surrogate(kind="name"))), TOOLS)["c"][0]
    assert texts == [f"{alone} called", f"to {alone}"]


def test_another_key_gives_other_replacements():
    technique = FreeText(default=HmacToken())
    assert masked([NOTE], technique) != masked([NOTE], technique, tools=replace(OTHER_TOOLS, find_spans=find_spans))


def test_what_a_technique_cannot_take_is_redacted():
    technique = FreeText(default=HmacToken())
    assert masked(["a   b"], technique, tools=replace(TOOLS, find_spans=word_spans("   "))) == ["a[WORD]b"]


def test_findings_below_the_least_score_are_left():
    tools = replace(TOOLS, find_spans=word_spans("abc", score=0.3))
    assert masked(["x abc"], FreeText(), tools=tools) == ["x abc"]
    assert masked(["x abc"], FreeText(min_score=0.3), tools=tools) == ["x [WORD]"]


def test_overlapping_entities_are_replaced_once():
    def find(texts):
        return [[Span("A", 0, 4, 0.9), Span("B", 2, 6, 0.5), Span("C", 0, 2, 1.0)] for _ in texts]

    assert masked(["abcdefg"], FreeText(), tools=replace(TOOLS, find_spans=find)) == ["[A][B]g"]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("Anna Müller and anna müller", "Anna Müller", "[PERSON] and [PERSON]"),
        ("ANNA MU\u0308LLER wrote", "Anna Müller", "[PERSON] wrote"),
        ("Mrs Müller's son", "Anna Müller", "Mrs [PERSON]'s son"),
        ("Müllerstraße, Annaberg", "Anna Müller", "Müllerstraße, Annaberg"),
        ("Lee and the lee side", "Lee", "[PERSON] and the [PERSON] side"),
        ("von der Heide", "Max von Bo", "von der Heide"),
        ("Straße STRASSE", "Straße", "[PERSON] [PERSON]"),
        ("王小明先生", "王小明", "[PERSON]先生"),
        ("customer A-17, not A-171", "A-17", "customer [PERSON], not A-171"),
        ("x", "x", "x"),
        ("nobody", None, "nobody"),
    ],
)
def test_what_other_columns_hold_is_replaced_as_words(text, value, expected):
    assert masked([text], FreeText(known=("name",)), name=pl.Series([value], dtype=pl.String)) == [expected]


def test_known_words_are_those_of_their_own_row():
    technique = FreeText(known=("name",))
    assert masked(["Ann", "Ann", "Ann"], technique, name=["Ann", "Bob", None]) == ["[PERSON]", "Ann", "Ann"]


def test_known_columns_may_be_numbers():
    assert masked(["no. 4711!"], FreeText(known=("id",)), id=[4711]) == ["no. [PERSON]!"]


def test_an_entity_found_once_is_replaced_everywhere_in_its_text():
    def find(texts):
        return [[Span("PERSON", 0, 5, 1.0)] for _ in texts]

    assert masked(["Smith, then SMITH. Smithy"], FreeText(), tools=replace(TOOLS, find_spans=find)) == [
        "[PERSON], then [PERSON]. Smithy"
    ]


@pytest.mark.parametrize("technique", [HmacToken(beside=("name",)), Surrogate(kind="name", sex="name")])
def test_techniques_that_need_other_columns_are_refused(technique):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked(["a"], FreeText(default=technique))


def test_there_must_be_a_detection():
    with pytest.raises(CheckFailed, match="no-text-detection"):
        masked(["a"], FreeText(), tools=TOOLS)


def test_a_missing_key_shows_even_without_entities():
    with pytest.raises(KeyUnavailable):
        masked(["a"], FreeText(default=HmacToken()), tools=Tools(find_spans=find_spans))


@pytest.mark.parametrize("wrong", [Span("A", 0, 99, 1.0), Span("A", -1, 2, 1.0), Span("A", 2, 2, 1.0)])
def test_a_detection_that_reports_places_outside_is_refused(wrong):
    with pytest.raises(CheckFailed, match="outside of its text"):
        masked(["abc"], FreeText(), tools=replace(TOOLS, find_spans=lambda texts: [[wrong] for _ in texts]))


def test_a_failure_of_the_detection_shows_no_text():
    def find(texts):
        raise ValueError(texts)

    with pytest.raises(CheckFailed, match="ValueError") as caught:
        masked([CANARY], FreeText(), tools=replace(TOOLS, find_spans=find))
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_an_error_inside_a_text_inside_a_list_keeps_its_reason():
    frame = pl.DataFrame({"c": [[CANARY]]})
    technique = Inside(fields={"[]": FreeText(default=Presidio(operator="text_operators:Fails"))})
    with pytest.raises(CheckFailed, match="operator-failed") as caught:
        mask_frame(frame, plan_of(decision("c", technique)), replace(TOOLS, find_spans=word_spans(CANARY)))
    assert CANARY not in str(caught.value)


PIECES = st.sampled_from(
    ["a@b.com", "+49 30 901820", "10.0.0.1", "Ann Lee", "LEE", "word", " ", ", ", "ß", "e\u0301", "王", "\n", "."]
)
TEXTS = st.lists(st.none() | st.lists(PIECES, max_size=8).map("".join), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    TEXTS,
    st.integers(0, 6),
    st.sampled_from([FreeText(), FreeText(default=HmacToken(length=8)), FreeText(default=PartialMask())]),
)
def test_batches_do_not_matter_and_the_check_holds(texts, at, technique):
    technique = FreeText(default=technique.default, known=("name",))
    names = pl.Series(["Ann Lee"] * len(texts))
    whole = masked(texts, technique, name=names)
    assert masked(texts[:at], technique, name=names[:at]) + masked(texts[at:], technique, name=names[at:]) == whole
    assert [text is None for text in whole] == [text is None or not text.strip() for text in texts]
    check(texts, whole, technique, name=names)


@pytest.mark.parametrize(
    "sink",
    [
        NOTE,
        "Anna Müller ([EMAIL_ADDRESS]) called +49 30 901820.",
        "Anna Müller (anna.m@x.com) called [PHONE_NUMBER].",
        "[PERSON] ([EMAIL_ADDRESS]) called [PHONE_NUMBER].",
        "Anna Müller ([EMAIL_ADDRESS]) called [PHONE_NUMBER]. And more",
        "Anna Müller ([EMAIL_ADDRESS]) rang [PHONE_NUMBER].",
        "Anna Müller (mail of anna.m@x.com) called [PHONE_NUMBER].",
        None,
    ],
)
def test_the_check_finds_texts_that_are_not_as_they_must_be(sink):
    check([NOTE], masked([NOTE], FreeText()), FreeText())
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check([NOTE], [sink], FreeText())


def test_the_check_finds_a_known_name_that_was_left():
    technique = FreeText(known=("name",))
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(["Ann wrote to Ann"], ["[PERSON] wrote to Ann"], technique, name=["Ann"])


def test_the_check_lets_made_up_addresses_stay():
    pytest.importorskip("faker")
    technique = FreeText(entities={"EMAIL_ADDRESS": Surrogate(kind="email")})
    check([NOTE], masked([NOTE], technique), technique, find=find_entities)
