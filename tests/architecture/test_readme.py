"""What the README says of DAG, operators and options is what the package has."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from airflow.sdk import DAG, BaseOperator

import airflow_privacy.operators
from airflow_privacy.core.model.techniques import Technique
from airflow_privacy.operators.gate import HITLOperator
from airflow_privacy.provider_info import get_provider_info

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def dag_of(snippet: str, monkeypatch: pytest.MonkeyPatch) -> DAG:
    """The one DAG that a snippet makes."""
    made: list[DAG] = []
    with monkeypatch.context() as patched:
        enter = DAG.__enter__
        patched.setattr(DAG, "__enter__", lambda dag: made.append(dag) or enter(dag))  # type: ignore[func-returns-value]
        names = {"RAW": "/raw", "CONTRACT": "c.yaml", "POLICY": "p.yaml", "STAGING": "/staging", "TRAINING": "/training"}
        exec(compile(snippet, "README.md", "exec"), names)  # noqa: S102 - our own text
    (dag,) = made
    return dag


def test_the_dags_in_the_readme_run_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    release, retention = (dag_of(one, monkeypatch) for one in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    assert (release.dag_id, len(release.tasks)) == ("release_customers", 7)
    assert set(retention.task_ids) == {f"dataset.{name}" for name in ("plan", "agree", "purge")}


@pytest.mark.parametrize("name", airflow_privacy.operators.__all__)
def test_the_operator_table_lists_every_parameter(name: str) -> None:
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{name}`")]
    listed = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    own = set(inspect.signature(getattr(airflow_privacy.operators, name).__init__).parameters)
    own -= set(inspect.signature(BaseOperator.__init__).parameters) | {"kwargs"}
    inherited = {"notifiers"} if issubclass(getattr(airflow_privacy.operators, name), HITLOperator) else set()
    assert listed == own | inherited


def test_the_option_table_lists_every_option_with_its_default() -> None:
    options = get_provider_info()["config"]["privacy"]["options"]
    section = README.split("### Options")[1].split("###")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section, flags=re.MULTILINE))
    assert set(listed) == set(options)
    assert {name: listed[name] for name in ("ledger_is_shared", "assign_approvers")} == {
        name: options[name]["default"] for name in ("ledger_is_shared", "assign_approvers")
    }


@pytest.mark.parametrize("technique", get_args(Technique), ids=lambda kind: kind.__struct_config__.tag)
def test_the_technique_table_lists_every_parameter(technique: type[msgspec.Struct]) -> None:
    section = README.split("### Techniques")[1].split("###")[0]
    name = technique.__struct_config__.tag
    (row,) = [line.split("|") for line in section.splitlines() if f"`{name}`" in line.partition("|")[2].partition("|")[0]]
    listed = set(re.findall(r"`(\w+)`", row[2]))
    assert set(technique.__struct_fields__) - {"sha256"} <= listed
