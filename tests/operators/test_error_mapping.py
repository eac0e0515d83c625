"""Errors on their way to Airflow: which are retried, and that no foreign text gets through."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators import ApprovalGateOperator
from airflow_privacy.operators.base import location, reference, value_free_errors

SECRET = "ada.lovelace@example.org"


def mapped(error: Exception) -> AirflowException:
    with pytest.raises(AirflowException) as caught, value_free_errors():
        raise error
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


def test_a_terminal_error_fails_at_once() -> None:
    assert isinstance(mapped(BadInput("missing-file", "There is no file")), AirflowFailException)


def test_a_transient_error_is_retried() -> None:
    assert not isinstance(mapped(StorageUnavailable("no-answer", "The store did not answer")), AirflowFailException)


def test_the_text_of_a_foreign_error_is_not_shown() -> None:
    error = mapped(ValueError(f"could not parse {SECRET}"))
    assert SECRET not in str(error)
    assert "ValueError at test_error_mapping.py" in str(error)


def test_an_answer_that_airflow_lost_is_asked_for_again() -> None:
    gate = ApprovalGateOperator(task_id="gate", dataset={}, risk={})
    event = {"error": "trigger failed", "error_type": "unknown"}
    with pytest.raises(AirflowException, match="answer-lost") as caught:
        gate.execute_complete({}, event, evidence="", nonce="", deadline="2026-01-01T00:00:00+00:00")  # type: ignore[arg-type]
    assert not isinstance(caught.value, AirflowFailException)


def test_the_gate_is_retried_by_default_and_has_no_default_answer() -> None:
    gate = ApprovalGateOperator(task_id="gate", dataset={}, risk={})
    assert gate.retries == 2
    assert gate.defaults is None


@pytest.mark.parametrize("value", [None, "", "no json", 3, ["x"], "[1]"])
def test_what_is_no_reference_says_which_parameter(value: object) -> None:
    with pytest.raises(BadInput, match="findings"):
        reference(value, name="findings")


def test_a_reference_with_another_field_is_refused() -> None:
    with pytest.raises(BadInput):
        reference({"uri": "u", "digest": "d", "kind": "plan", "rows": [SECRET]}, name="plan")


def test_an_asset_is_its_uri() -> None:
    from airflow.sdk import Asset

    assert location(Asset("x", uri="file:///data/x")) == "file:///data/x"


def test_an_executor_over_several_hosts_needs_a_shared_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    with pytest.raises(BadInput, match="ledger-not-shared"):
        open_workspace()
    monkeypatch.setenv("AIRFLOW__PRIVACY__LEDGER_IS_SHARED", "True")
    assert open_workspace().home.name == "privacy"
