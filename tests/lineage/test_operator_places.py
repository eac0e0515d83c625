"""What operators tell lineage when nothing is known yet, and when they failed: names of places, no outputs of a failed step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Asset

from airflow_privacy import operators
from airflow_privacy.lineage.facets import dataset_name
from airflow_privacy.operators.base import PrivacyOperator

RAW, STAGING, OUT = "/data/raw/people.parquet", "/data/staging/people", "/data/training/people"
OPERATORS: dict[str, tuple[PrivacyOperator, list[str], list[str]]] = {
    "check": (operators.CheckContractOperator(task_id="check", source=RAW, contract="c.yaml"), [RAW], []),
    "detect": (operators.DetectPiiOperator(task_id="detect", source=Asset("raw", uri=f"file://{RAW}")), [RAW], []),
    "mask": (operators.MaskOperator(task_id="mask", source=RAW, plan={}, out=STAGING), [RAW], [STAGING]),
    "assess": (operators.AssessRiskOperator(task_id="assess", dataset={}), [], []),
    "transfer": (operators.TransferOperator(task_id="transfer", dataset={}, risk={}, approvals=[], out=OUT), [], [OUT]),
    "register": (
        operators.RegisterTrainingInputOperator(
            task_id="register", dataset=Asset("set", uri=f"file://{OUT}"), purpose="p", requires="deidentified", model="m"
        ),
        [OUT],
        [],
    ),
    "verify": (operators.VerifyLedgerOperator(task_id="verify"), [], []),
}


def names(datasets: list[Any]) -> list[tuple[str, str]]:
    return [(dataset.namespace, dataset.name) for dataset in datasets]


@pytest.mark.parametrize("step", OPERATORS)
def test_a_started_step_names_where_it_reads_and_writes(step: str) -> None:
    operator, reads, writes = OPERATORS[step]
    told = operator.get_openlineage_facets_on_start()
    assert names(told.inputs) == [("file", place) for place in reads]
    assert names(told.outputs) == [("file", place) for place in writes]


@pytest.mark.parametrize("step", OPERATORS)
def test_a_failed_step_names_no_output(step: str) -> None:
    operator, reads, _ = OPERATORS[step]
    told = operator.get_openlineage_facets_on_failure(None)
    assert names(told.inputs) == [("file", place) for place in reads]
    assert told.outputs == []


def test_a_request_for_approval_names_no_place() -> None:
    told = operators.ApprovalGateOperator(task_id="approve", dataset={}, risk={}).get_openlineage_facets_on_start()
    assert (told.inputs, told.outputs, told.run_facets, told.job_facets) == ([], [], {}, {})


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/data/set", ("file", "/data/set")),
        ("file:///data/set", ("file", "/data/set")),
        ("file:///data/a%20set", ("file", "/data/a set")),
        ("s3://bucket/folder/set/", ("s3://bucket", "folder/set")),
    ],
)
def test_datasets_are_named_by_the_openlineage_rules(uri: str, name: tuple[str, str]) -> None:
    assert dataset_name(uri) == name


def test_a_relative_path_is_named_by_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dataset_name("set") == ("file", str(tmp_path / "set"))
