"""Every column of the demo table, judged."""

from __future__ import annotations

import socket
from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.detect import presidio_bridge
from airflow_privacy.core.detect.recognize.catalog import public_suffixes
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.demo.customers import SCHEMA, customers, write_customers

EXPECTED = {
    "customer_id": ("PERSON_ID", "direct-identifier"),
    "first_name": ("PERSON", "direct-identifier"),
    "last_name": ("PERSON", "direct-identifier"),
    "email": ("EMAIL_ADDRESS", "direct-identifier"),
    "phone": ("PHONE_NUMBER", "direct-identifier"),
    "birth_date": ("DATE_OF_BIRTH", "quasi-identifier"),
    "gender": ("GENDER", "quasi-identifier"),
    "street": ("STREET_ADDRESS", "direct-identifier"),
    "city": ("CITY", "quasi-identifier"),
    "postal_code": ("POSTAL_CODE", "quasi-identifier"),
    "country": ("COUNTRY", "quasi-identifier"),
    "iban": ("IBAN_CODE", "direct-identifier"),
    "card_number": ("CREDIT_CARD", "direct-identifier"),
    "ip_address": ("IP_ADDRESS", "direct-identifier"),
    "signup_at": ("DATE_TIME", "non-sensitive"),
    "last_seen_ms": ("DATE_TIME", "non-sensitive"),
    "campaign_code": (None, "non-sensitive"),
    "loyalty_tier": (None, "non-sensitive"),
    "income": ("INCOME", "sensitive"),
    "orders": (None, "non-sensitive"),
    "marketing_opt_in": (None, "non-sensitive"),
    "churned": (None, "non-sensitive"),
    "notes": ("FREE_TEXT", "direct-identifier"),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "customers.parquet"
    write_customers(path, rows=4_000)
    return path


@pytest.fixture(scope="module")
def findings(path: Path) -> Findings:
    return detect_columns(open_source(str(path)), table=None, contract_digest=None)


def test_the_table_of_expectations_names_every_column() -> None:
    assert list(EXPECTED) == list(SCHEMA)


@pytest.mark.parametrize("name", list(EXPECTED))
def test_column_is_judged_right(findings: Findings, name: str) -> None:
    found = findings.column(name)
    assert found is not None
    assert (found.entity, found.role) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "notes"])
def test_only_the_notes_are_free_text_and_hold_other_entities(findings: Findings, name: str) -> None:
    found = findings.column(name)
    assert found is not None
    assert (found.free_text, found.embedded) == (False, ())


def test_the_notes_are_free_text_with_mail_phone_and_iban(findings: Findings) -> None:
    found = findings.column("notes")
    assert found is not None
    assert found.free_text
    assert found.embedded == ("EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE")


def test_every_row_was_read_and_the_bound_says_so(findings: Findings) -> None:
    assert findings.rows_scanned == findings.rows_total == 4_000
    assert {column.coverage_bound_95 for column in findings.columns} == {0.0}


def test_matched_counts_the_mail_addresses_exactly(path: Path, findings: Findings) -> None:
    found = findings.column("email")
    assert found is not None
    assert found.matched == pl.read_parquet(path)["email"].str.contains("@").sum()


def test_no_signal_holds_a_value(path: Path, findings: Findings) -> None:
    text = repr(findings)
    frame = pl.read_parquet(path)
    for name in ("email", "phone", "iban", "card_number", "last_name", "street", "city"):
        for value in frame[name].drop_nulls().unique().to_list()[:300]:
            assert len(value) < 5 or value.strip() not in text


def test_detection_needs_no_network(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    presidio_bridge._by_entity.cache_clear()
    public_suffixes.cache_clear()
    found = detect_columns(open_source(str(path)), table=None, contract_digest=None, candidates=20)
    assert any(signal.source == "presidio" and signal.matched for column in found.columns for signal in column.signals)


def test_slabs_of_any_size_give_the_same_findings(path: Path, findings: Findings) -> None:
    again = detect_columns(open_source(str(path)), table=None, contract_digest=None, slab_rows=701)
    assert again == findings


def test_the_same_arguments_write_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_customers(tmp_path / "again.parquet", rows=4_000)
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()


def test_another_seed_writes_another_table() -> None:
    assert not customers(50, 7).equals(customers(50, 8))


def test_customer_ids_are_unique_and_begin_at_100001() -> None:
    ids = customers(500)["customer_id"]
    assert ids[0] == 100_001
    assert ids.n_unique() == 500


def test_about_one_person_in_a_hundred_comes_twice() -> None:
    frame = customers(4_000).filter(pl.col("iban").is_not_null())
    twice = frame.height - frame["iban"].n_unique()
    assert 10 <= twice <= 70


def test_extra_rows_come_last_with_their_values() -> None:
    frame = customers(10, extra_rows=[{"email": "canary@example.net", "orders": 3}])
    last = frame.row(-1, named=True)
    assert (frame.height, last["email"], last["orders"], last["customer_id"], last["city"]) == (
        11,
        "canary@example.net",
        3,
        100_011,
        None,
    )


def test_an_extra_row_with_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        customers(1, extra_rows=[{"shoe_size": 43}])


def test_classes_of_decade_region_gender_and_country_are_rarely_small() -> None:
    frame = customers(15_000)
    classes = frame.group_by(
        pl.col("birth_date").dt.year() // 10, pl.col("postal_code").str.slice(0, 2), "gender", "country"
    ).len()
    small = classes.filter(pl.col("len") < 5)["len"].sum()
    assert small / frame.height < 0.05


def test_churn_can_be_learnt_from_orders() -> None:
    frame = customers(5_000)
    correlation = frame.select(pl.corr(pl.col("churned").cast(pl.Int64), "orders")).item()
    assert correlation < -0.2


def test_one_mail_address_in_many_notes_is_found(tmp_path: Path) -> None:
    notes = ["The parcel came late and the box was wet"] * 20_000
    notes[13_577] += ", write to someone@example.org"
    pl.DataFrame({"notes": notes}).write_parquet(tmp_path / "notes.parquet")
    found = detect_columns(open_source(str(tmp_path / "notes.parquet")), table=None, contract_digest=None).columns[0]
    assert found.embedded == ("EMAIL_ADDRESS",)
    assert found.role == "direct-identifier"
    assert found.matched == 1
