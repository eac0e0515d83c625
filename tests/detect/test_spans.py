from __future__ import annotations

import json

import pytest

from airflow_privacy.core.detect.spans import find_spans

NAMES = {"PERSON", "LOCATION", "ORGANIZATION"}  # a model's judgement; tested with the names


def found(text):
    return [(span.entity, text[span.start : span.end]) for span in find_spans([text])[0] if span.entity not in NAMES]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("nothing here", []),
        ("", []),
        ("Mail jane.doe@example.com!", [("EMAIL_ADDRESS", "jane.doe@example.com")]),
        ("10.0.0.1 10.0.0.2", [("IP_ADDRESS", "10.0.0.1"), ("IP_ADDRESS", "10.0.0.2")]),
        ("x1.2.3.4 1.2.3.4", [("IP_ADDRESS", "1.2.3.4")]),
        ("at fe80::1, then", [("IP_ADDRESS", "fe80::1")]),
        ("SSN 536-22-1234.", [("US_SSN", "536-22-1234")]),
        ("536-22-1234 536-22-1235", [("US_SSN", "536-22-1234"), ("US_SSN", "536-22-1235")]),
        ("paid 4111 1111 1111 1111", [("CREDIT_CARD", "4111 1111 1111 1111")]),
        ("paid 4111 1111 1111 1112", []),
        ("to DE89 3704 0044 0532 0130 00 and go", [("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("👩 call +49 30 901820, Zoë", [("PHONE_NUMBER", "+49 30 901820")]),
        ("call (212) 555-0143", [("PHONE_NUMBER", "(212) 555-0143")]),
        ("GB29NWBK60161331926819 or 030 901820", [("IBAN_CODE", "GB29NWBK60161331926819"), ("PHONE_NUMBER", "030 901820")]),
        ("mac 00:1B:44:11:3A:B7", [("MAC_ADDRESS", "00:1B:44:11:3A:B7")]),
    ],
)
def test_entities_are_found_at_their_places(text, spans):
    assert found(text) == spans


def test_every_text_has_its_own_spans_in_the_order_given():
    texts = ["a@b.com", "none", "see a@b.com", "a@b.com"]
    assert [[span.start for span in spans] for spans in find_spans(texts)] == [[0], [], [4], [0]]


def test_a_number_that_no_plan_assigns_has_a_lower_score():
    assert find_spans(["+49 30 901820"])[0][0].score > find_spans(["+999 1234567890"])[0][0].score


def test_an_account_with_wrong_check_digits_is_none():
    assert "IBAN_CODE" not in dict(found("to DE88 3704 0044 0532 0130 00"))


# Presidio also takes "::" in a sentence and the first half of 192.168.1.1.1 for addresses.
@pytest.mark.parametrize(("entity", "share"), [("EMAIL_ADDRESS", 1), ("IBAN_CODE", 1), ("CREDIT_CARD", 1), ("IP_ADDRESS", 0.9)])
def test_presidios_own_cases_are_found(reference_data, entity, share):
    lines = (reference_data / "detection" / "presidio_cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["entity"] == [entity] and case["expected_spans"]]
    assert cases
    right = 0
    for case in cases:
        spans = [[span.start, span.end] for span in find_spans([case["text"]])[0] if span.entity == entity]
        right += all(span in spans for span in case["expected_spans"])
    assert right >= share * len(cases), f"{right} of {len(cases)}"
