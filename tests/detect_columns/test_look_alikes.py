"""Codes and numbers that pass for entities elsewhere, with a telling name and without one."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from frame_source import judged

RNG = random.Random(11)
COUNT = 300


def _isbn_10() -> str:
    digits = [RNG.randrange(10) for _ in range(9)]
    check = -sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    return "".join(map(str, digits)) + ("X" if check == 10 else str(check))


def _ean_13(prefix: str) -> str:
    digits = [int(digit) for digit in prefix + f"{RNG.randrange(10 ** (12 - len(prefix))):0{12 - len(prefix)}d}"]
    check = -sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10
    return "".join(map(str, digits)) + str(check)


MAKERS: dict[str, Callable[[], str]] = {
    "isbn": lambda: _ean_13("978"),
    "isbn10": _isbn_10,
    "ean": lambda: _ean_13("4"),
    "upc": lambda: _ean_13("0"),
    "sku": lambda: f"SK-{RNG.randrange(10_000):04d}-{RNG.randrange(100):02d}",
    "order_number": lambda: f"405-{RNG.randrange(10**7):07d}-{RNG.randrange(10**7):07d}",
    "order_no": lambda: f"{RNG.randrange(10**9, 10**10)}",
    "tracking_number": lambda: f"1Z{RNG.randrange(10**15, 10**16)}",
    "awb": lambda: f"{RNG.randrange(100, 999)}-{RNG.randrange(10**8):08d}",
    "sscc": lambda: f"00{RNG.randrange(10**17, 10**18)}",
    "version": lambda: f"{RNG.randrange(9)}.{RNG.randrange(20)}.{RNG.randrange(40)}.{RNG.randrange(60)}",
    "git_version": lambda: f"{RNG.randrange(16**7):07x}",
    "academic_year": lambda: f"{RNG.randrange(2015, 2024)}/{RNG.randrange(15, 24)}",
    "year_code": lambda: f"{RNG.randrange(15, 24)}{RNG.randrange(15, 24)}",
    "invoice_ref": lambda: f"INV-{RNG.randrange(2020, 2025)}-{RNG.randrange(10**5):05d}",
    "part_code": lambda: f"{RNG.randrange(10**3):03d}-{RNG.randrange(10**2):02d}",
    "house_no": lambda: str(RNG.randrange(1, 2000)),
    "measure": lambda: f"{RNG.random() * 1000:.3f}",
    "opening": lambda: f"{RNG.randrange(6, 12):02d}:{RNG.choice((0, 15, 30)):02d}-{RNG.randrange(15, 22):02d}:00",
    "ratio": lambda: f"{RNG.randrange(1, 9)}:{RNG.randrange(1, 9)}",
    "created_s": lambda: str(RNG.randrange(1_600_000_000, 1_700_000_000)),
}
VALUES = {name: [make() for _ in range(COUNT)] for name, make in MAKERS.items()}
# What none of them is. A record-unique code without a telling name may be a key; it is no national number of any country.
NEVER = {
    "CREDIT_CARD",
    "CVV",
    "PHONE_NUMBER",
    "US_SSN",
    "IBAN_CODE",
    "IP_ADDRESS",
    "PERSON",
    "DATE_OF_BIRTH",
    "AGE",
    "MAC_ADDRESS",
}
HARMLESS = {None, "RECORD_ID", "DATE_TIME", "STREET_ADDRESS"}


@pytest.mark.parametrize("name", list(MAKERS))
def test_with_its_name_it_is_nothing_else(name: str) -> None:
    found = judged(name, VALUES[name])
    assert (found.entity in HARMLESS, found.embedded) == (True, ())


@pytest.mark.parametrize("name", list(MAKERS))
def test_without_a_name_it_is_nothing_else(name: str) -> None:
    found = judged("col7", VALUES[name])
    assert (found.entity in HARMLESS, found.embedded) == (True, ())


@pytest.mark.parametrize("name", [name for name in MAKERS if all(value.isdigit() for value in VALUES[name])])
def test_as_a_number_it_is_nothing_else(name: str) -> None:
    found = judged("col7", [int(value) for value in VALUES[name]])
    assert (found.entity in HARMLESS, found.embedded) == (True, ())


@pytest.mark.parametrize("name", ["isbn", "isbn10", "ean", "upc", "sku", "version", "git_version"])
def test_a_product_code_identifies_nobody(name: str) -> None:
    assert judged(name, VALUES[name]).role == "non-sensitive"


# The others have a telephone number's digits: there the name decides.
@pytest.mark.parametrize(
    "name", ["academic_year", "year_code", "house_no", "measure", "version", "part_code", "ratio", "opening"]
)
def test_a_name_that_promises_a_telephone_does_not_make_one(name: str) -> None:
    assert judged("phone", VALUES[name]).entity != "PHONE_NUMBER"


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_name_that_promises_a_card_does_not_make_one(name: str) -> None:
    assert judged("security_code", VALUES[name]).entity not in NEVER


def test_addresses_of_hosts_are_no_telephones() -> None:
    values = [f"{RNG.randrange(1, 223)}.{RNG.randrange(256)}.{RNG.randrange(256)}.{RNG.randrange(256)}" for _ in range(COUNT)]
    found = judged("phone", values)
    assert (found.entity, found.embedded) == ("IP_ADDRESS", ())


def test_addresses_of_a_private_network_are_no_versions() -> None:
    assert judged("col7", [f"10.0.{n % 4}.{n % 50}" for n in range(COUNT)]).entity == "IP_ADDRESS"


def test_academic_years_under_the_name_of_a_security_code_are_none() -> None:
    assert judged("cvv", ["2021/22", "2022/23", "2023/24"] * 100).entity is None


def test_security_codes_are_found() -> None:
    assert judged("cvv", [f"{RNG.randrange(1000):03d}" for _ in range(COUNT)]).entity == "CVV"


def test_an_empty_column_is_said_to_hold_nothing() -> None:
    found = judged("email", [None, "", "  "] * 20)
    assert (found.entity, found.role, found.matched, found.non_missing) == (None, "non-sensitive", 0, 0)
    assert any(signal.detail == "no values" for signal in found.signals)
