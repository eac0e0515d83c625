"""What a steward overrules is in the ledger: which columns, and that they are protected less."""

from __future__ import annotations

from pathlib import Path

import yaml
from people import Case, write_case
from steps import CALLER, workspace_in

from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline import prepare
from airflow_privacy.core.pipeline.proof import facts_of


def detected(tmp_path: Path, **pins: str) -> Fact:
    """The ledger's fact about a detection under a contract that pins the column of mail addresses."""
    case: Case = write_case(tmp_path)
    contract = yaml.safe_load(case.contract.read_text())
    (email,) = (one for one in contract["schema"][0]["properties"] if one["name"] == "email")
    kept = [one for one in email.get("customProperties", ()) if not one["property"].startswith("privacy.")]
    email["customProperties"] = kept + [{"property": f"privacy.{key}", "value": value} for key, value in pins.items()]
    case.contract.write_text(yaml.safe_dump(contract))
    workspace = workspace_in(tmp_path)
    prepare.detect(workspace, CALLER, source=str(case.raw), contract=str(case.contract))
    return facts_of(workspace)[-1][1]


def test_a_weaker_role_is_counted_and_its_column_named(tmp_path: Path) -> None:
    fact = detected(tmp_path, role="non-sensitive")
    assert (fact.counts["overruled"], fact.counts["weakened"]) == (1, 1)
    assert fact.reason == "the contract overrules detection on 'email' (protects less)"


def test_another_entity_of_the_same_role_is_no_weakening(tmp_path: Path) -> None:
    fact = detected(tmp_path, entity="PERSON_ID", role="direct-identifier")
    assert (fact.counts["overruled"], fact.counts["weakened"]) == (1, 0)
    assert fact.reason == "the contract overrules detection on 'email'"


def test_a_pin_that_agrees_with_detection_overrules_nothing(tmp_path: Path) -> None:
    fact = detected(tmp_path, entity="EMAIL_ADDRESS", role="direct-identifier")
    assert (fact.counts["overruled"], fact.counts["weakened"], fact.reason) == (0, 0, "")
