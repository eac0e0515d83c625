"""What was made of a dataset: from the ledger, by name and version only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from erasing import erase_canary, released
from steps import CALLER, Steps

from airflow_privacy.cli import main
from airflow_privacy.core.pipeline.affected import affected_models, derived_datasets
from airflow_privacy.core.pipeline.training import register_training_input


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """Two models on the first version; then an erasure, and one of them on the successor."""
    made = released(tmp_path_factory.mktemp("affected"))
    for model in ("churn", "other"):
        register(made, model)
    erase_canary(made)
    register(made, "churn")
    return made


def register(steps: Steps, model: str) -> None:
    given = {"dataset": str(steps.case.out), "purpose": "churn-model", "requires": "pseudonymized", "model": model}
    register_training_input(steps.workspace, CALLER, **given)


def test_models_are_named_with_the_version_that_they_took_and_whether_it_still_holds(steps: Steps) -> None:
    found = affected_models(steps.workspace, str(steps.case.out))
    assert [(one.model, one.revoked) for one in found] == [("churn", True), ("other", True), ("churn", False)]
    assert len({one.version for one in found}) == 2


def test_versions_narrow_it_down(steps: Steps) -> None:
    first = affected_models(steps.workspace, str(steps.case.out))[0].version
    assert {one.model for one in affected_models(steps.workspace, str(steps.case.out), versions=[first])} == {"churn", "other"}


def test_models_are_found_from_the_raw_table_too(steps: Steps) -> None:
    assert affected_models(steps.workspace, str(steps.case.raw)) == affected_models(steps.workspace, str(steps.case.out))


def test_another_table_affects_nothing(steps: Steps, tmp_path: Path) -> None:
    assert affected_models(steps.workspace, str(tmp_path / "other.parquet")) == ()
    assert derived_datasets(steps.workspace, str(tmp_path / "other.parquet")) == ()


def test_the_folders_that_a_table_was_masked_into_are_known(steps: Steps) -> None:
    assert derived_datasets(steps.workspace, str(steps.case.raw)) == (str(steps.case.staging), str(steps.case.out))


def test_impact_on_the_command_line(steps: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["impact", str(steps.case.raw), "--home", str(steps.workspace.home)]) == 0
    text = capsys.readouterr().out
    assert "model    churn" in text
    assert "REVOKED" in text
    assert main(["impact", str(steps.case.raw), "--home", str(steps.workspace.home), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["model"] for one in document["models"]] == ["churn", "other", "churn"]
    assert len(document["datasets"]) == 2


def test_impact_of_something_unknown_says_so(steps: Steps, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["impact", str(tmp_path / "x"), "--home", str(steps.workspace.home)]) == 0
    assert "nothing" in capsys.readouterr().out
