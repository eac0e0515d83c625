"""What tokens join over, and which records a policy leaves out of which tables."""

from __future__ import annotations

import msgspec
import pytest
from policy_builders import finding, findings_of, plan_of, policy_of, rule

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.contract import Contract, Table
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import Keep
from airflow_privacy.core.policy.resolve import resolve

KEEP = rule("k", Keep(), column=("x",))


def scope_of(*parts: str, table: str = "orders") -> str:
    policy = policy_of(KEEP, scope_by=parts)
    contract = Contract(
        id="c", name="c", version="1", status="active", purposes=("churn",), tables=(Table(name=table, columns=()),)
    )
    stamp = FileStamp(uri="c.yaml", sha256="sha256:1")
    return resolve(
        contract=contract, contract_file=stamp, table=contract.tables[0], findings=findings_of(finding("x")), policy=policy,
        policy_file=stamp, purpose="churn", recipient="team", destination="training",
    ).scope  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "scope"),
    [
        (("environment", "purpose", "recipient"), "training/churn/team"),
        (("recipient", "environment", "purpose"), "training/churn/team"),
        (("environment",), "training/*/*"),
        (("purpose",), "*/churn/*"),
        (("recipient",), "*/*/team"),
        (("environment", "purpose", "recipient", "dataset"), "training/churn/team/orders"),
        (("dataset",), "*/*/*/orders"),
    ],
)
def test_the_scope_names_what_the_policy_parts_by(parts: tuple[str, ...], scope: str) -> None:
    assert scope_of(*parts) == scope


def test_a_policy_that_says_nothing_parts_by_all_three() -> None:
    assert plan_of(policy_of(KEEP), finding("x")).scope == "training/churn/team"


@pytest.mark.parametrize("table", ["a/b", "*", "..", "with blank", ""])
def test_a_table_that_cannot_name_a_scope_is_refused_where_keys_are_parted_by_it(table: str) -> None:
    with pytest.raises(BadInput, match="bad-name"):
        scope_of("dataset", table=table)
    assert scope_of("purpose", table=table) == "*/churn/*"


# Records


def with_records(*rules: RecordRule) -> Policy:
    return policy_of(KEEP, drop_records=rules)


MISSING = RecordRule(name="no id", column="x", missing=True)
ELSEWHERE = RecordRule(name="of another table", column="elsewhere", equals=("a",))


def test_a_record_rule_is_for_the_tables_that_have_its_column() -> None:
    assert plan_of(with_records(ELSEWHERE, MISSING), finding("x")).drop_records == (MISSING,)


@pytest.mark.parametrize(
    ("given", "dtype", "good"),
    [
        ({"missing": True}, "nested", True),
        ({"below": 3}, "integer", True),
        ({"above": 3.5}, "decimal", True),
        ({"below": "2020-01-01"}, "date", True),
        ({"above": "2020-01-01T10:00:00"}, "timestamp", True),
        ({"equals": ("a",)}, "string", True),
        ({"equals": (True,)}, "boolean", True),
        ({"below": 3}, "string", False),
        ({"below": 3}, "date", False),
        ({"below": "2020-01-01"}, "integer", False),
        ({"below": "2020-01-01"}, "string", False),
        ({"equals": ("a",)}, "nested", False),
        ({"equals": ("a",)}, "binary", False),
    ],
)
def test_a_record_rule_compares_with_what_the_column_can_hold(given: dict[str, object], dtype: str, good: bool) -> None:
    policy = with_records(msgspec.convert({"name": "r", "column": "x", **given}, RecordRule))
    if good:
        assert len(plan_of(policy, finding("x", dtype=dtype)).drop_records) == 1
        return
    with pytest.raises(CheckFailed, match="record-rule-does-not-fit") as caught:
        plan_of(policy, finding("x", dtype=dtype))
    assert "2020" not in str(caught.value)
