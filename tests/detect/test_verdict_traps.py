"""Columns that are taken for something else elsewhere, and columns that are overlooked elsewhere."""

from __future__ import annotations

import random

import polars as pl
import pytest
from frame_source import FrameSource, judged

from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Column, Table


def _numbers(start: int, count: int = 400) -> list[int]:
    rng = random.Random(3)
    return [start + rng.randrange(10**9) for _ in range(count)]


LOOK_ALIKES: dict[str, tuple[str, object]] = {
    "a three-digit campaign code is no security code": ("campaign_code", ["118", "007", "205", "900"] * 50),
    "epoch milliseconds are no card": ("last_seen_ms", _numbers(1_719_000_000_000)),
    "epoch milliseconds as text are no card": ("last_seen", [str(value) for value in _numbers(1_719_000_000_000)]),
    "academic years are no security code": ("academic_year", ["2021/22", "2022/23", "2023/24"] * 50),
    "long order numbers that begin with 4 are no cards": ("turnover", [4_000_000_000_000_000 + 7919 * n for n in range(500)]),
    "an acid is no client id": ("acid", [0.1, 0.2, 0.3] * 30),
    "a count of mails is no mail": ("email_count", [0, 1, 2, 3] * 30),
    "a mail opt-in is no mail": ("email_opt_in", [True, False] * 30),
    "a product's name is no person": ("product_name", ["Blue Lamp", "Oak Table", "Red Chair"] * 30),
    "a version with four parts is no address": ("app_version", ["1.2.3.4", "1.2.3.5", "2.0.0.1"] * 30),
    "a time of day is no IPv6 address": ("opens", ["08:00:00", "09:30:00", "10:15:00"] * 30),
    "counts are no identifiers": ("orders", [0, 1, 1, 2, 3, 5] * 20),
    "an unnamed float is nothing": ("reading", [value / 7 for value in range(300)]),
}


@pytest.mark.parametrize("case", list(LOOK_ALIKES))
def test_look_alike_is_left_alone(case: str) -> None:
    found = judged(*LOOK_ALIKES[case])
    assert found.role == "non-sensitive"
    assert found.entity in (None, "DATE_TIME")
    assert found.embedded == ()


def test_a_column_called_ssn_that_holds_dashes_holds_none() -> None:
    found = judged("ssn", ["--"] * 40 + [None])
    assert (found.entity, found.role, found.matched) == (None, "non-sensitive", 0)
    assert any(signal.detail.startswith("only placeholders") for signal in found.signals)


DIRECT, QUASI = "direct-identifier", "quasi-identifier"
NIF = "TRWAGMYFPDXBNJZSQVHLCKE"
FOUND: dict[str, tuple[str, object, str, str]] = {
    "mail without a telling name": ("col7", [f"p{n}@example.com" for n in range(60)], "EMAIL_ADDRESS", DIRECT),
    "cards as integers": ("col7", [4111111111111111, 5105105105105100, 5555555555554444] * 9, "CREDIT_CARD", DIRECT),
    "cards as floats": ("col7", [4111111111111111.0, None, 5105105105105100.0] * 9, "CREDIT_CARD", DIRECT),
    "IBANs in small letters": ("col7", ["de89370400440532013000", "gb82west12345698765432"] * 9, "IBAN_CODE", DIRECT),
    "SSNs": ("col7", ["123-45-6788", "536-22-8741"] * 9, "US_SSN", DIRECT),
    "bare SSNs with the name": ("ssn", [f"{536228000 + n}" for n in range(40)], "US_SSN", DIRECT),
    "IPv6": ("col7", ["2001:db8::1", "fe80::1ff:fe23:4567:890a"] * 9, "IP_ADDRESS", DIRECT),
    "phones without a telling name": ("col7", [f"+49 151 {20000000 + 977 * n}" for n in range(60)], "PHONE_NUMBER", DIRECT),
    "phones as integers with the name": ("mobile", [4915120000000 + 977 * n for n in range(60)], "PHONE_NUMBER", DIRECT),
    "UUIDs": ("uuid", [f"123e4567-e89b-12d3-a456-42661417{n:04d}" for n in range(60)], "UUID", DIRECT),
    "MAC": ("col7", [f"00:1b:44:11:3a:{n:02x}" for n in range(60)], "MAC_ADDRESS", DIRECT),
    "a unique key": ("order_id", list(range(1000, 1100)), "RECORD_ID", DIRECT),
    "a person's key that repeats": ("customer_id", list(range(10)) * 10, "PERSON_ID", DIRECT),
    "Spanish tax numbers": ("col7", [f"{n}{NIF[n % 23]}" for n in range(12345678, 12345728)], "ES_NIF", DIRECT),
    "birth dates as integers": ("date_of_birth", [19081209, 19990219, 19570102] * 9, "DATE_OF_BIRTH", QUASI),
    "a German birth date": ("Geburtsdatum", ["09.12.1908", "19.02.1999"] * 9, "DATE_OF_BIRTH", QUASI),
    "a French postal code": ("codePostal", ["06000", "75011"] * 9, "POSTAL_CODE", QUASI),
    "a Spanish surname": ("apellidos", ["García López", "Ruiz"] * 9, "PERSON", DIRECT),
    "an Italian city": ("città", ["Roma", "Milano"] * 9, "CITY", QUASI),
    "a Dutch gender": ("geslacht", ["m", "v"] * 9, "GENDER", QUASI),
    "a Portuguese address": ("endereço", ["Rua Augusta 1", "Rua do Ouro 12"] * 9, "STREET_ADDRESS", DIRECT),
    "ISO countries": ("countryCode", ["DE", "AT", "CH"] * 9, "COUNTRY", QUASI),
    "a diagnosis": ("diagnosis", ["J45", "E11", "I10"] * 9, "HEALTH", "sensitive"),
    "religion": ("religion", ["a", "b"] * 9, "NRP", "sensitive"),
    "a salary": ("salary_in_usd", [100, 200] * 9, "INCOME", "sensitive"),
    "a yes or no that tells of health": ("pregnant", [True, False] * 9, "HEALTH", "sensitive"),
    "mail in bytes": ("col7", [b"a@example.com", b"b@example.com"] * 9, "EMAIL_ADDRESS", DIRECT),
    "a steward's name in a nested column": ("col7", [{"to": "a@example.com"}] * 9, "FREE_TEXT", DIRECT),
}  # fmt: skip


@pytest.mark.parametrize("case", list(FOUND))
def test_column_is_found(case: str) -> None:
    name, values, entity, role = FOUND[case]
    found = judged(name, values)
    assert (found.entity, found.role) == (entity, role)


def test_a_stray_mail_in_a_column_of_cities_is_reported() -> None:
    found = judged("city", ["Berlin"] * 500 + ["someone@example.org"])
    assert (found.entity, found.embedded) == ("CITY", ("EMAIL_ADDRESS",))


def test_a_stray_card_makes_a_harmless_column_identifying() -> None:
    found = judged("colour", ["red", "blue"] * 500 + ["4111 1111 1111 1111"])
    assert (found.role, found.embedded) == ("direct-identifier", ("CREDIT_CARD",))


def test_a_pinned_entity_and_role_win() -> None:
    table = Table(name="t", columns=(Column(name="email", entity="TOKEN", role="non-sensitive"),))
    found = judged("email", ["a@example.com"] * 5, table)
    assert (found.entity, found.role, found.confidence) == ("TOKEN", "non-sensitive", 1.0)
    assert found.signals[-1].source == "contract"


def test_a_tag_raises_the_role() -> None:
    table = Table(name="t", columns=(Column(name="colour", tags=("PII",)),))
    assert judged("colour", ["red", "blue"] * 9, table).role == "quasi-identifier"


def test_a_classification_never_lowers_the_role() -> None:
    table = Table(name="t", columns=(Column(name="email", classification="public", tags=("personal",)),))
    assert judged("email", ["a@example.com"] * 5, table).role == "direct-identifier"


def test_a_key_of_the_contract_is_an_identifier() -> None:
    table = Table(name="t", columns=(Column(name="folio", primary_key=True),))
    assert judged("folio", list(range(50)), table).role == "direct-identifier"


def test_a_sample_without_a_match_gives_the_exact_bound() -> None:
    found = judged("colour", ["red", "blue"] * 500, sample_rows=100)
    assert found.coverage_bound_95 == pytest.approx(1 - 0.05 ** (1 / 100), abs=1e-6)


def test_a_sample_is_the_same_twice_and_whatever_the_slabs() -> None:
    values = [f"v{n}" for n in range(3_000)]
    assert judged("colour", values, sample_rows=100) == judged("colour", values, sample_rows=100, slab_rows=37)


def test_a_sample_as_large_as_the_table_reads_everything() -> None:
    assert judged("colour", ["red", "blue"] * 50, sample_rows=100).coverage_bound_95 == 0.0


def test_a_source_that_gives_no_row_is_no_success() -> None:
    with pytest.raises(BadInput) as caught:
        judged("colour", pl.DataFrame({"colour": pl.Series([], dtype=pl.String)}))
    assert caught.value.reason == "nothing-scanned"


def test_progress_is_told_after_every_slab() -> None:
    told: list[tuple[int, int]] = []
    source = FrameSource(pl.DataFrame({"a": range(10)}))
    detect_columns(source, table=None, contract_digest=None, slab_rows=4, progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 10), (8, 10), (10, 10)]
