"""The example that trains on what was released: its parts here, the whole of it on a real Airflow."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from openlineage_spec import events_in, validate_event_file
from people import Case
from steps import Steps, workspace_in

from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.provenance import provenance
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.customers import write_customers
from airflow_privacy.demo.standalone import StandaloneAirflow

DAGS = Path(__file__).resolve().parents[2] / "dags"
SECONDS = 240.0
ROWS = 20_000  # with fewer, the policy would have to drop more small classes than it allows


@dataclass(frozen=True)
class Customers(Case):
    """The example's own contract, policy and folders, below ``PRIVACY_DATA``."""

    @property
    def staging(self) -> Path:
        return self.data / "staging" / "customers"

    @property
    def out(self) -> Path:
        return self.data / "training" / "customers"


def customers_in(data: Path) -> Customers:
    raw = data / "raw" / "customers.parquet"
    raw.parent.mkdir(parents=True, exist_ok=True)
    write_customers(raw, rows=ROWS)
    rules = {kind: DAGS / folder / "customers.yaml" for kind, folder in (("contract", "contracts"), ("policy", "policies"))}
    return Customers(data=data, raw=raw, **rules)


def release(workspace: Workspace, data: Path) -> Customers:
    """One release of the example's customers, without Airflow."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PRIVACY_DATA", str(data))
        steps = Steps(workspace=workspace, case=customers_in(data))
        steps.prepare().answer()
        steps.transfer()
    return customers_in(data)


def example(data: Path) -> ModuleType:
    """The DAG file as a module, for its functions."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PRIVACY_DATA", str(data))
        spec = importlib.util.spec_from_file_location("train_churn", DAGS / "train_churn.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Customers:
    folder = tmp_path_factory.mktemp("customers")
    return release(workspace_in(folder), folder / "data")


def test_the_model_learns_from_released_columns_a_little_less_than_from_raw_ones(released: Customers) -> None:
    score = example(released.data).score
    after = score(pl.read_parquet(list(released.out.rglob("*.parquet"))).head(8_000))
    before = score(pl.read_parquet(released.raw).head(8_000))
    assert 0.7 < after < before + 0.03


def test_no_pseudonym_is_a_feature(released: Customers) -> None:
    assert not {"customer_id", "email", "phone"} & set(example(released.data).FEATURES)


def test_the_dag_waits_for_the_very_asset_that_the_release_updates() -> None:
    text = 'Asset("customers_training", uri=f"file://{DATA}/training/customers")'
    assert text in (DAGS / "train_churn.py").read_text()
    assert text in (DAGS / "release_customers.py").read_text()


@pytest.fixture(scope="module")
def trained(airflow: StandaloneAirflow, workspace: Workspace) -> Iterator[tuple[str, Customers]]:
    """A run of the example on a real Airflow, over a release that lies there."""
    case = release(workspace, Path(airflow.settings.environment["PRIVACY_DATA"]))
    airflow.add_dag(DAGS / "train_churn.py")
    run_id = airflow.api.trigger("train_churn", user="maria")
    airflow.api.wait_for_run("train_churn", run_id, ["success"], timeout=SECONDS)
    yield run_id, case


def test_training_on_airflow_returns_figures_and_writes_no_data(
    airflow: StandaloneAirflow, trained: tuple[str, Customers]
) -> None:
    run_id, case = trained
    found = airflow.api.xcom("train_churn", run_id, "compare")
    assert set(found) == {"released", "raw", "cost"}
    assert found["cost"] == pytest.approx(found["raw"] - found["released"])
    about = json.loads((case.data / "models" / "churn" / "metadata.json").read_text())
    assert about["dataset"] == airflow.api.xcom("train_churn", run_id, "register")["digest"]
    assert [file.name for file in (case.data / "models" / "churn").iterdir()] == ["metadata.json"]


def test_the_model_is_in_the_ledger_and_leads_back_to_the_raw_table(trained: tuple[str, Customers], workspace: Workspace) -> None:
    run_id, case = trained
    facts = [fact for _, fact in proof.facts_of(workspace) if fact.run == f"train_churn/{run_id}"]
    assert [(fact.kind, fact.task, fact.reason) for fact in facts] == [("registered", "register", "churn")]
    tree = provenance(workspace, "churn").tree
    assert tree.steps[0].origin.steps[0].origin.steps[0].origin.name == str(case.raw)


def test_the_training_task_tells_lineage_the_version_and_the_model(
    airflow: StandaloneAirflow, trained: tuple[str, Customers], workspace: Workspace
) -> None:
    _, case = trained
    version = proof.verify_passport_of(workspace, str(case.out)).statement.predicate.version
    told = [event for event in events_in(airflow.lineage_log) if event["job"]["name"] == "train_churn.train"]
    running = next(event for event in told if event["eventType"] == "RUNNING")
    assert [(one["name"], one["facets"]["version"]["datasetVersion"]) for one in running["inputs"]] == [(str(case.out), version)]
    assert running["run"]["facets"]["airflowPrivacy_trainingInput"]["model"] == "churn"
    assert running["job"]["facets"]["lineage"]["entries"][0]["inputs"][0]["name"] == str(case.out)
    complete = next(event for event in told if event["eventType"] == "COMPLETE")
    assert [one["name"] for one in complete["outputs"]] == [str(case.data / "models" / "churn")]


def test_every_event_of_this_airflow_validates(
    airflow: StandaloneAirflow, trained: tuple[str, Customers], reference_data: Path
) -> None:
    assert validate_event_file(airflow.lineage_log, reference_data) > 5
