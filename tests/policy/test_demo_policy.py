"""The contract and policy that come with the project, on the demo's table: no identifier leaves in clear."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import Drop, HmacToken, PartialMask
from airflow_privacy.core.policy.explain import explain
from airflow_privacy.core.policy.load import load_policy
from airflow_privacy.core.policy.resolve import resolve
from airflow_privacy.demo.customers import SCHEMA, write_customers

DAGS = Path(__file__).resolve().parents[2] / "dags"
IDENTIFIERS = {
    "customer_id": HmacToken, "first_name": Drop, "last_name": Drop, "email": HmacToken, "phone": PartialMask, "street": Drop,
    "iban": Drop, "card_number": Drop, "ip_address": Drop, "notes": Drop,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("demo")
    (data / "raw").mkdir()
    write_customers(data / "raw" / "customers.parquet", rows=3_000)
    return data


def planned(data: Path, findings: Findings) -> MaskingPlan:
    given = {"PRIVACY_DATA": str(data)}
    contract = load_contract(DAGS / "contracts" / "customers.yaml", variables=given)
    policy = load_policy(DAGS / "policies" / "customers.yaml", variables=given)
    agreed = contract.contract
    assert agreed.purpose and agreed.recipient and agreed.destination
    return resolve(
        contract=agreed,
        contract_file=contract.file,
        table=agreed.tables[0],
        findings=findings,
        policy=policy.policy,
        policy_file=policy.file,
        purpose=agreed.purpose,
        recipient=agreed.recipient,
        destination=agreed.destination,
    )


@pytest.fixture(scope="module")
def findings(data: Path) -> Findings:
    contract = load_contract(DAGS / "contracts" / "customers.yaml", variables={"PRIVACY_DATA": str(data)}).contract
    source = open_source(str(data / "raw" / "customers.parquet"))
    return detect_columns(source, table=contract.tables[0], contract_digest=None)


@pytest.fixture(scope="module")
def plan(data: Path, findings: Findings) -> MaskingPlan:
    return planned(data, findings)


@pytest.mark.parametrize("name", list(IDENTIFIERS))
def test_a_direct_identifier_is_dropped_or_made_a_token_or_masked(plan: MaskingPlan, name: str) -> None:
    decision = next(d for d in plan.decisions if d.column == name)
    assert (decision.role, type(decision.technique)) == ("direct-identifier", IDENTIFIERS[name])


def test_no_other_column_is_a_direct_identifier(plan: MaskingPlan) -> None:
    assert {d.column for d in plan.decisions if d.role == "direct-identifier"} == set(IDENTIFIERS)


def test_the_contract_promises_every_column_of_the_table(data: Path) -> None:
    contract = load_contract(DAGS / "contracts" / "customers.yaml", variables={"PRIVACY_DATA": str(data)}).contract
    assert [column.name for column in contract.tables[0].columns] == list(SCHEMA)


def test_only_columns_that_a_rule_names_are_released(plan: MaskingPlan) -> None:
    assert [d.column for d in plan.decisions if d.rule == "default-deny"] == ["last_seen_ms", "campaign_code"]


def test_records_are_suppressed_over_what_still_tells_people_apart(plan: MaskingPlan) -> None:
    assert plan.suppression is not None
    assert plan.suppression.quasi_identifiers == ("birth_date", "gender", "postal_code", "country")


def test_no_value_of_an_identifier_is_in_the_plan_or_its_explanation(data: Path, plan: MaskingPlan, findings: Findings) -> None:
    text = repr(plan) + explain(plan, findings)
    frame = pl.read_parquet(data / "raw" / "customers.parquet", columns=["email", "iban", "card_number", "street", "phone"])
    values = {value.strip() for column in frame for value in column.drop_nulls().to_list()}
    assert [value for value in values if len(value) > 5 and value in text] == []


def test_everything_is_denied_without_evidence(data: Path, findings: Findings) -> None:
    """Columns of the same names about which detection saw nothing: only rules that name the column itself release it."""
    blind = [
        type(column)(name=column.name, dtype=column.dtype, entity=None, role="non-sensitive", confidence=0, matched=0,
                     non_missing=0, distinct=0, coverage_bound_95=0)
        for column in findings.columns
    ]  # fmt: skip
    released = planned(data, Findings(
        contract=None, source=findings.source, source_digest=findings.source_digest, rows_scanned=1, rows_total=1,
        columns=tuple(blind),
    )).released()  # fmt: skip
    assert [d.column for d in released] == ["signup_at", "loyalty_tier", "orders", "marketing_opt_in", "churned"]
