"""The release on a real Airflow: approved, refused, forged, cleared, rejected, timed out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from people import Case, write_case
from people_dag import PEOPLE_DAG, conf_of

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.api import RequiredAction
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0

Runs = dict[str, tuple[Case, str, str]]


@pytest.fixture(scope="module")
def started(airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """All runs at once: each waits for its test while the others work."""
    airflow.add_dag(PEOPLE_DAG, "people_dag.py")
    airflow.wait_parsed(["people", "people_hurried"])
    runs = {}
    for name in ("approved", "self_approved", "rejected", "expired", "forged", "cleared", "keyless", "drifted"):
        case = write_case(tmp_path_factory.mktemp(name))
        changes = {"purpose": "research"} if name == "keyless" else {}
        if name == "keyless":
            case.contract.write_text(case.contract.read_text().replace("value: [churn-model]", "value: [churn-model, research]"))
        if name == "drifted":
            pl.read_parquet(case.raw).with_columns(pl.lit("x").alias("surprise")).write_parquet(case.raw)
        dag_id = "people_hurried" if name == "expired" else "people"
        runs[name] = (case, dag_id, airflow.api.trigger(dag_id, conf_of(case, **changes), user="maria"))
    yield runs


def answer(airflow: StandaloneAirflow, dag_id: str, run_id: str, *, user: str, chosen: str = "Approve") -> None:
    airflow.api.wait_answerable(dag_id, run_id, "approve", timeout=SECONDS)
    airflow.api.answer(dag_id, run_id, "approve", user=user, chosen=[chosen])


@pytest.fixture(scope="module")
def approved(airflow: StandaloneAirflow, started: Runs) -> tuple[Case, str, str]:
    """A run that stella approved, at its end."""
    case, dag_id, run_id = started["approved"]
    answer(airflow, dag_id, run_id, user="stella")
    airflow.api.wait_for_run(dag_id, run_id, ["success"], timeout=SECONDS)
    return case, dag_id, run_id


@pytest.fixture(scope="module")
def asked(airflow: StandaloneAirflow, started: Runs) -> RequiredAction:
    """The request of the run that will be rejected."""
    _, dag_id, run_id = started["rejected"]
    return airflow.api.wait_answerable(dag_id, run_id, "approve", timeout=SECONDS)


def test_an_approved_release_reaches_the_training_environment(approved: tuple[Case, str, str], workspace: Workspace) -> None:
    checked = proof.verify_passport_of(workspace, str(approved[0].out))
    assert checked.statement.predicate.purpose == "churn-model"


def test_the_ledger_holds_and_names_the_approver(approved: tuple[Case, str, str], workspace: Workspace) -> None:
    _, dag_id, run_id = approved
    assert proof.verify_ledger_of(workspace).size > 0
    answered = [fact for _, fact in proof.facts_of(workspace) if fact.kind == "answered" and fact.run == f"{dag_id}/{run_id}"]
    assert [(fact.actor, fact.reason) for fact in answered] == [("stella", "approved")]


def test_the_form_shows_the_evidence_and_carries_its_digest(asked: RequiredAction) -> None:
    digest = asked.params["evidence"]
    assert digest in asked.body
    assert digest.removeprefix("sha256:")[:12] in asked.subject
    assert "hmac" in asked.body
    assert set(asked.assigned) == {"stella", "stefan", "maria", "olivia"}


def test_a_rejected_request_leaves_nothing_in_the_training_environment(
    airflow: StandaloneAirflow, started: Runs, asked: RequiredAction
) -> None:
    case, dag_id, run_id = started["rejected"]
    answer(airflow, dag_id, run_id, user="stella", chosen="Reject")
    airflow.api.wait_for_run(dag_id, run_id, ["failed"], timeout=SECONDS)
    assert airflow.api.task(dag_id, run_id, "transfer").state == "upstream_failed"
    assert case.released() == []


def test_a_request_that_nobody_answers_in_time_leaves_nothing_in_the_training_environment(
    airflow: StandaloneAirflow, started: Runs
) -> None:
    case, dag_id, run_id = started["expired"]
    airflow.api.wait_for_run(dag_id, run_id, ["failed"], timeout=SECONDS)
    assert "approval-timeout" in airflow.api.task_log(dag_id, run_id, "approve")
    assert case.released() == []


def test_the_user_who_triggered_the_run_may_not_approve_it(airflow: StandaloneAirflow, started: Runs) -> None:
    case, dag_id, run_id = started["self_approved"]
    answer(airflow, dag_id, run_id, user="maria")
    airflow.api.wait_for_run(dag_id, run_id, ["failed"], timeout=SECONDS)
    assert airflow.api.task(dag_id, run_id, "approve").try_number == 1
    assert case.released() == []


def test_a_forged_approval_with_the_gate_marked_success_is_refused(
    airflow: StandaloneAirflow, started: Runs, workspace: Workspace
) -> None:
    case, dag_id, run_id = started["forged"]
    airflow.api.wait_answerable(dag_id, run_id, "approve", timeout=SECONDS)
    forged = workspace.artifacts.put_bytes("approval", json.dumps({"payload": "", "payloadType": "", "signatures": []}).encode())
    value = {"uri": forged.uri, "digest": forged.digest, "kind": "approval", "counts": {"approved": 1}}
    airflow.api.post_xcom(dag_id, run_id, "approve", value, user="maria")
    airflow.api.set_state(dag_id, run_id, "approve", "success", user="maria")
    airflow.api.wait_for_run(dag_id, run_id, ["failed"], timeout=SECONDS)
    assert airflow.api.task(dag_id, run_id, "transfer").state == "failed"
    assert airflow.api.task(dag_id, run_id, "transfer").try_number == 1
    assert case.released() == []


def test_a_gate_that_is_cleared_over_changed_data_fails_and_asks_for_a_new_run(airflow: StandaloneAirflow, started: Runs) -> None:
    case, dag_id, run_id = started["cleared"]
    airflow.api.wait_answerable(dag_id, run_id, "approve", timeout=SECONDS)
    pl.read_parquet(case.raw).head(580).write_parquet(case.raw)
    airflow.api.clear(dag_id, run_id, "check", downstream=True, user="maria")
    airflow.api.wait_for_task(dag_id, run_id, "approve", ["failed"], timeout=SECONDS)
    tries = airflow.api.task(dag_id, run_id, "approve").try_number
    assert "evidence-changed" in airflow.api.task_log(dag_id, run_id, "approve", tries)
    assert case.released() == []


def test_a_second_run_on_unchanged_input_makes_the_same_version(
    airflow: StandaloneAirflow, started: Runs, workspace: Workspace
) -> None:
    case, dag_id, run_id = started["self_approved"]
    airflow.api.wait_for_task(dag_id, run_id, "mask", ["success"], timeout=SECONDS)
    again = airflow.api.trigger(dag_id, conf_of(case), user="maria")
    airflow.api.wait_for_task(dag_id, again, "mask", ["success"], timeout=SECONDS)

    def version(run: str) -> str:
        ref = convert(ArtifactRef, airflow.api.xcom(dag_id, run, "mask"), where="mask")
        return workspace.artifacts.get(Dataset, ref).version

    assert version(run_id) == version(again)
    assert len(list((case.staging / "versions").iterdir())) == 1


def test_a_scope_without_a_key_stops_at_once_and_makes_none(
    airflow: StandaloneAirflow, started: Runs, workspace: Workspace
) -> None:
    _, dag_id, run_id = started["keyless"]
    before = sorted((workspace.home / "keyring").rglob("*"))
    task = airflow.api.wait_for_task(dag_id, run_id, "mask", ["failed"], timeout=SECONDS)
    assert task.try_number == 1
    assert "keys init --scope training/research/ml-team" in airflow.api.task_log(dag_id, run_id, "mask")
    assert sorted((workspace.home / "keyring").rglob("*")) == before


def test_a_column_that_the_contract_does_not_know_is_denied_without_a_retry(airflow: StandaloneAirflow, started: Runs) -> None:
    _, dag_id, run_id = started["drifted"]
    task = airflow.api.wait_for_task(dag_id, run_id, "check", ["failed"], timeout=SECONDS)
    assert task.try_number == 1
    assert "surprise" in airflow.api.task_log(dag_id, run_id, "check")


def test_column_lineage_leads_from_each_released_column_to_the_raw_one(
    airflow: StandaloneAirflow, approved: tuple[Case, str, str]
) -> None:
    case, _, _ = approved
    events = [json.loads(line) for line in airflow.lineage_log.read_text().splitlines()]
    complete = [event for event in events if event["eventType"] == "COMPLETE"]

    def origin(path: Path, column: str) -> tuple[str, bool] | None:
        for event in complete:
            for output in event.get("outputs", []):
                if output["name"] == str(path) and column in output["facets"].get("columnLineage", {}).get("fields", {}):
                    field = output["facets"]["columnLineage"]["fields"][column]["inputFields"][0]
                    return field["name"], field["transformations"][0]["masking"]
        return None

    kept = {"country", "churned"}
    for column in ("person_id", "email", "birth_date", "country", "income", "churned"):
        assert origin(case.out, column) == (str(case.staging), False)
        assert origin(case.staging, column) == (str(case.raw), column not in kept)


def test_the_examples_are_parsed_by_hand_and_by_the_factory(airflow: StandaloneAirflow) -> None:
    examples = Path(__file__).resolve().parents[2] / "dags"
    assert {dag for name in ("release_customers.py", "release_customers_short.py") for dag in add(airflow, examples / name)} == {
        "release_customers",
        "release_customers_short",
    }


def add(airflow: StandaloneAirflow, path: Path) -> list[str]:
    """Copy an example into the DAG folder; its contracts and policies stay where they are."""
    return airflow.add_dag(path.read_text().replace("Path(__file__).parent", f"Path({str(path.parent)!r})"), path.name)
