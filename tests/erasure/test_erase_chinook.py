# ruff: noqa: S608 - the names are the test's own
"""A customer of Chinook in PostgreSQL, from the request to a look that finds what was restored."""

from __future__ import annotations

from pathlib import Path

import pytest
from erase_case import CALLER, EraseCase, erase_case
from postgres import PostgresServer, databases_at

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.erase_verify import verify_erasure
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.retention.certificate import HELD

TABLES = ["album", "artist", "customer", "employee", "genre", "invoice", "invoice_line", "media_type"]
TABLES += ["playlist", "playlist_track", "track"]
SCHEMA = "erased_shop"


@pytest.fixture
def chinook(server: PostgresServer, reference_data: Path) -> PostgresServer:
    script = (reference_data / "tables" / "chinook" / "Chinook_PostgreSql.sql").read_text()
    server.run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
    with server.connect(autocommit=True) as connection:
        connection.execute(f"SET search_path TO {SCHEMA}")
        connection.execute(script[script.index("CREATE TABLE album") :].encode())
    return server


@pytest.fixture
def case(chinook: PostgresServer, tmp_path: Path) -> EraseCase:
    made = erase_case(tmp_path, databases=databases_at(chinook))
    made.contract("customers", f"sql://pg/{SCHEMA}.customer", "customer_id", ["email"], unique=["email"])
    return made


def counts(server: PostgresServer) -> dict[str, int]:
    return {table: server.run(f"SELECT count(*) FROM {SCHEMA}.{table}")[0][0] for table in TABLES}


def mail_of(server: PostgresServer, customer: int) -> str:
    return str(server.run(f"SELECT email FROM {SCHEMA}.customer WHERE customer_id = {customer}")[0][0])


def test_a_customer_goes_over_the_linked_tables_in_order_and_nobody_else(case: EraseCase, chinook: PostgresServer) -> None:
    before = counts(chinook)
    request = case.request({"email": mail_of(chinook, 5).upper()})
    plan = case.planned(request)
    steps = case.workspace.artifacts.get(PurgePlan, plan).steps
    assert [(step.uri.rpartition(".")[2], step.counts["expired"]) for step in steps] == [
        ("invoice_line", 38),
        ("invoice", 7),
        ("customer", 1),
    ]
    assert counts(chinook) == before
    done = run_erasure(case.workspace, CALLER, plan=plan)
    assert done.certificate is not None and done.certificate.request == request
    gone = {"invoice_line": 38, "invoice": 7, "customer": 1}
    assert counts(chinook) == {table: number - gone.get(table, 0) for table, number in before.items()}
    assert chinook.run(f"SELECT count(*) FROM {SCHEMA}.customer WHERE customer_id = 5") == [(0,)]


def test_a_row_from_a_backup_makes_the_later_look_fail_and_names_its_table(case: EraseCase, chinook: PostgresServer) -> None:
    chinook.run(f"CREATE TABLE {SCHEMA}.saved AS SELECT * FROM {SCHEMA}.customer WHERE customer_id = 5")
    chinook.run(f"CREATE TABLE {SCHEMA}.saved_invoice AS SELECT * FROM {SCHEMA}.invoice WHERE customer_id = 5 LIMIT 1")
    done = case.erase(case.request({"customer_id": 5}))
    assert done.ref is not None
    verify_erasure(case.workspace, CALLER, certificate=done.ref)
    chinook.run(f"INSERT INTO {SCHEMA}.customer SELECT * FROM {SCHEMA}.saved")
    with pytest.raises(CheckFailed, match="customer") as caught:
        verify_erasure(case.workspace, CALLER, certificate=done.ref)
    assert caught.value.reason == "came-back"
    assert "invoice" not in str(caught.value)
    chinook.run(f"INSERT INTO {SCHEMA}.invoice SELECT * FROM {SCHEMA}.saved_invoice")
    with pytest.raises(CheckFailed, match=r"invoice \(1\).*customer \(1\)"):
        verify_erasure(case.workspace, CALLER, certificate=done.ref)


def test_a_child_row_that_came_back_alone_is_found_by_the_key_that_it_names(case: EraseCase, chinook: PostgresServer) -> None:
    chinook.run(f"CREATE TABLE {SCHEMA}.saved_invoice AS SELECT * FROM {SCHEMA}.invoice WHERE customer_id = 5 LIMIT 1")
    done = case.erase(case.request({"customer_id": 5}))
    assert done.ref is not None
    chinook.run(
        f"SET session_replication_role = replica; INSERT INTO {SCHEMA}.invoice SELECT * FROM {SCHEMA}.saved_invoice"
    )  # as a restore with foreign keys switched off does
    with pytest.raises(CheckFailed, match=r"\.invoice \(1\)"):
        verify_erasure(case.workspace, CALLER, certificate=done.ref)


def test_a_hold_on_the_customer_keeps_invoices_and_lines_too_and_the_request_stays_open(
    case: EraseCase, chinook: PostgresServer
) -> None:
    before = counts(chinook)
    place_hold(case.workspace, CALLER, dataset="customers", owner="olivia", because="a case", subject="5")
    request = case.request({"customer_id": 5})
    done = case.erase(request)
    assert done.certificate is not None
    assert counts(chinook) == before
    plan = case.workspace.artifacts.find(PurgePlan, done.certificate.plan)
    assert [(step.counts.get("expired", 0), [kept.why for kept in step.kept]) for step in plan.steps] == [(0, ["legal-hold"])] * 3
    assert HELD in done.certificate.not_covered
    assert "subject-erased" not in case.kinds()
    assert case.candidates(request)


def test_an_employee_who_customers_refer_to_is_refused_before_anything_is_planned(
    case: EraseCase, chinook: PostgresServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = erase_case(tmp_path / "other", databases=databases_at(chinook))
    other.contract("employees", f"sql://pg/{SCHEMA}.employee", "employee_id")
    request = other.request({"employee_id": 3})
    other.plan(request)
    other.confirm(request)
    with pytest.raises(CheckFailed, match="employee") as caught:
        other.plan(request)
    assert caught.value.reason == "referenced"
    assert "planned" not in other.kinds()
