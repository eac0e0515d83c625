"""The search for entities that masking should have taken away."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.residue import find_entities

LEFT = {
    "mail": ("see bob.miller@example.com.", "EMAIL_ADDRESS"),
    "mail in brackets": ("<a@example.org>", "EMAIL_ADDRESS"),
    "mail with umlauts": ("jörg@müller-bücher.de", "EMAIL_ADDRESS"),
    "international phone": ("call +49 151 23456789 now", "PHONE_NUMBER"),
    "phone with 00": ("0049 30 2037872", "PHONE_NUMBER"),
    "phone with trunk zero": ("+49 (0)30/2037872", "PHONE_NUMBER"),
    "card": ("4111-1111-1111-1111", "CREDIT_CARD"),
    "card in text": ("paid with 378282246310005, thanks", "CREDIT_CARD"),
    "IBAN before capitals": ("DE89 3704 0044 0532 0130 00 COBADEFFXXX", "IBAN_CODE"),
    "IBAN in small letters": ("to de89370400440532013000.", "IBAN_CODE"),
    "SSN": ("ssn: 536-22-8741", "US_SSN"),
    "IPv4 at the end of a sentence": ("came from 192.0.2.17.", "IP_ADDRESS"),
    "short IPv6": ("at fe80::1%eth0", "IP_ADDRESS"),
    "IPv4 in IPv6": ("Mapped: ::ffff:192.168.1.1", "IP_ADDRESS"),
    "SSN with blanks": ("ssn 536 22 8741", "US_SSN"),
    "IPv6": ("from 2001:db8:0:1:2:3:4:5 again", "IP_ADDRESS"),
}
GONE = {
    "partial phone": "+49*******21",
    "partial phone with groups": "+49 151 *****789",
    "partial mail": "j***@*******.**m",
    "mail with a masked left side": "j***@example.com",
    "partial card": "4111 **** **** 1111",
    "redaction": "[REDACTED]",
    "date": "1990-01-01",
    "timestamp": "2024-01-01T10:00:00.000000",
    "epoch": "1719000000000",
    "UUID of digits": "12345678-1234-1234-1234-123456789012",
    "prefix": "101",
    "interval": "[20000,30000)",
    "decimal": "52.5200066",
    "time": "12:34:56",
    "card with a wrong digit": "4111 1111 1111 1112",
    "IBAN with a wrong digit": "DE89 3704 0044 0532 0130 01",
    "impossible SSN": "000-12-3456",
    "code with two colons": "use std::vec and a::b",
    "three numbers with dots": "10.20.30",
}


@pytest.mark.parametrize("case", list(LEFT))
def test_entity_that_is_left_is_found(case: str) -> None:
    text, entity = LEFT[case]
    assert find_entities(pl.DataFrame({"c": ["x", None, text]})) == {"c": (entity,)}


@pytest.mark.parametrize("case", list(GONE))
def test_masked_value_is_no_entity(case: str) -> None:
    assert find_entities(pl.DataFrame({"c": [GONE[case]]})) == {}


def test_ten_thousand_tokens_are_no_entities() -> None:
    tokens = [hashlib.sha256(str(number).encode()).hexdigest()[: 16 + number % 48] for number in range(10_000)]
    assert find_entities(pl.DataFrame({"c": tokens, "upper": [token.upper() for token in tokens]})) == {}


def test_categories_bytes_and_lists_are_looked_into() -> None:
    frame = pl.DataFrame(
        {
            "category": pl.Series(["a@example.com"], dtype=pl.Categorical),
            "bytes": [b"a@example.com"],
            "list": [["x", "a@example.com"]],
            "number": [1],
        }
    )
    assert find_entities(frame) == dict.fromkeys(("category", "bytes", "list"), ("EMAIL_ADDRESS",))


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_mail_address_is_found_between_blanks_whatever_is_around(before: str, after: str) -> None:
    frame = pl.DataFrame({"c": [f"{before} someone@example.org {after}"]})
    assert "EMAIL_ADDRESS" in find_entities(frame)["c"]
