"""A steward who pins what a column holds has said enough: it is not kept because detection could not read it."""

from __future__ import annotations

import msgspec
import pytest
from policy_builders import finding, findings_of, policy_of, rule

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.findings import Detected, Role
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import Keep, Redact, Technique
from airflow_privacy.core.policy.resolve import resolve

FILE = FileStamp(uri="f.yaml", sha256="sha256:0")


def planned(entity: str, seen: Role, then: Technique, pin: Role | None = None) -> MaskingPlan:
    table = Table(name="t", columns=(Column(name="x", entity=entity, role=pin),))
    return resolve(
        contract=Contract(id="c", name="c", version="1", status="active", purposes=("churn",), tables=(table,)),
        contract_file=FILE,
        table=table,
        findings=findings_of(finding("x", entity, seen)),
        policy=policy_of(rule("all", then, column=("x",))),
        policy_file=FILE,
        purpose="churn",
        recipient="ml",
        destination="training",
    )


@pytest.mark.parametrize("seen", ["non-sensitive", "quasi-identifier"])
def test_a_pinned_identifier_is_not_kept(seen: Role) -> None:
    with pytest.raises(CheckFailed, match="direct identifier"):
        planned("PERSON_ID", seen, Keep())


@pytest.mark.parametrize(
    ("entity", "role"),
    [
        ("GENDER", "quasi-identifier"),
        ("HEALTH", "sensitive"),
        ("EMAIL_ADDRESS", "direct-identifier"),
        ("OWN", "direct-identifier"),
    ],
)
def test_a_pinned_entity_has_its_usual_role(entity: str, role: Role) -> None:
    assert planned(entity, "non-sensitive", Redact()).decisions[0].role == role


def test_detection_may_be_stricter_than_the_usual_role() -> None:
    assert planned("GENDER", "direct-identifier", Redact()).decisions[0].role == "direct-identifier"


def test_a_pinned_role_outranks_the_usual_one() -> None:
    assert planned("PERSON_ID", "direct-identifier", Keep(), pin="non-sensitive").decisions[0].role == "non-sensitive"


def test_what_was_overruled_is_said_even_if_detection_knew_the_contract() -> None:
    seen = Detected(entity="EMAIL_ADDRESS", role="direct-identifier", confidence=0.9)
    pinned = msgspec.structs.replace(finding("x", "TOKEN", "non-sensitive"), detected=seen)
    column = Column(name="x", entity="TOKEN", role="non-sensitive")
    decided = resolve(
        contract=Contract(
            id="c", name="c", version="1", status="active", purposes=("churn",), tables=(Table(name="t", columns=(column,)),)
        ),
        contract_file=FILE,
        table=Table(name="t", columns=(column,)),
        findings=findings_of(pinned),
        policy=policy_of(rule("all", Redact(), column=("x",))),
        policy_file=FILE,
        purpose="churn",
        recipient="ml",
        destination="training",
    )
    assert "overrules detection (EMAIL_ADDRESS, direct-identifier)" in decided.decisions[0].reason
