"""What contract and policy may say about drift, and what it means to say less."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import Case, write_case

from airflow_privacy.core.contract.custom_properties import DRIFT_KEYS
from airflow_privacy.core.contract.difference import compare
from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.drift import DriftRules, stricter
from airflow_privacy.core.policy.load import load_policy


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return write_case(tmp_path)


def agreed(case: Case, **said: str) -> Contract:
    lines = "".join(f"  - {{property: privacy.{key}, value: {value}}}\n" for key, value in said.items())
    path = case.contract.with_name("said.yaml")
    path.write_text(case.contract.read_text() + lines)
    return load_contract(path).contract


def test_every_kind_has_a_key_of_its_own_in_the_contract(case: Case) -> None:
    for key, field in DRIFT_KEYS.items():
        assert agreed(case, **{key.removeprefix("privacy."): "quarantine"}).drift == DriftRules(**{field: "quarantine"})
    assert set(DRIFT_KEYS.values()) == set(DriftRules.__struct_fields__)
    assert agreed(case).drift == DriftRules()


@pytest.mark.parametrize(
    ("key", "value", "word"), [("onNewColumn", "shrug", "fail"), ("onNewColum", "fail", "privacy.onNewColumn")]
)
def test_a_wrong_word_or_key_is_refused_with_what_is_right(case: Case, key: str, value: str, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        agreed(case, **{key: value})


@pytest.mark.parametrize(
    ("before", "after", "weakens"),
    [
        ({}, {"onNewColumn": "warn"}, True),
        ({}, {"onNewColumn": "quarantine"}, True),
        ({}, {"onNewColumn": "fail"}, False),
        ({}, {"onRateChange": "warn"}, False),
        ({"onEntityChange": "fail"}, {}, True),
        ({"onEntityChange": "warn"}, {"onEntityChange": "quarantine"}, False),
        ({"onEntityChange": "quarantine"}, {"onEntityChange": "warn"}, True),
    ],
)
def test_letting_more_drift_pass_weakens_a_contract(
    case: Case, before: dict[str, str], after: dict[str, str], weakens: bool
) -> None:
    (change,) = compare(agreed(case, **before), agreed(case, **after))
    assert (change.kind, change.weakening) == ("drift-rule", weakens)


def test_a_policy_says_it_by_kind_and_a_misspelt_kind_is_refused(case: Case) -> None:
    rules = case.policy.read_text()
    case.policy.write_text(rules + "drift: {entity: quarantine, new_column: fail}\n")
    assert load_policy(case.policy).policy.drift == DriftRules(entity="quarantine", new_column="fail")
    case.policy.write_text(rules + "drift: {entitty: quarantine}\n")
    with pytest.raises(BadInput, match="entity"):
        load_policy(case.policy)
    case.policy.write_text(rules + "drift: {entity: ignore}\n")
    with pytest.raises(BadInput):
        load_policy(case.policy)


def test_the_stricter_of_two_lets_less_through() -> None:
    assert stricter("warn", None) == "warn"
    assert stricter("warn", "quarantine") == stricter("quarantine", "warn") == "quarantine"
    assert stricter("fail", "quarantine") == "fail"
