"""What every operator says to OpenLineage, as the client sends it, against the specification."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openlineage.client.event_v2 import RunState
from openlineage_spec import sent, spec_in, validate_event_file
from people import write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.model.flow import Flow
from airflow_privacy.core.pipeline import apply, evidence, prepare
from airflow_privacy.core.pipeline.training import register_training_input
from airflow_privacy.lineage.facets import lineage_of, lineage_of_places
from airflow_privacy.lineage.training import SCHEMA_URL, TRAINING_INPUT

STEPS = ("check", "detect", "plan", "mask", "assess", "approve", "transfer", "register")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("lineage")
    return Steps(workspace=workspace_in(folder), case=write_case(folder))


@pytest.fixture(scope="module")
def flows(release: Steps) -> dict[str, Flow]:
    """The flow of each step of one release, as the operators get it."""
    case, workspace = release.case, release.workspace
    source, contract = str(case.raw), str(case.contract)
    found = {
        "check": prepare.check_contract(workspace, CALLER, source=source, contract=contract, previous=None).flow,
        "detect": prepare.detect(workspace, CALLER, source=source, contract=contract).flow,
    }
    release.detect()
    release.plan()
    planned = prepare.plan_masking(
        workspace,
        CALLER,
        contract=contract,
        policy=str(case.policy),
        findings=release.refs["findings"],
        purpose="churn-model",
        recipient="ml-team",
        destination="training",
    )
    masked = apply.mask(workspace, CALLER, source=source, plan=planned.ref, out=str(case.staging))
    release.refs |= {"plan": planned.ref, "dataset": masked.ref}
    assessed = apply.assess_risk(workspace, CALLER, dataset=masked.ref)
    release.refs["risk"] = assessed.ref
    release.answer()
    registered = {"dataset": str(case.out), "purpose": "churn-model", "requires": "pseudonymized", "model": "churn"}
    return found | {
        "plan": planned.flow,
        "mask": masked.flow,
        "assess": assessed.flow,
        "approve": evidence.reviewed(workspace, dataset=masked.ref, risk=assessed.ref),
        "transfer": release.transfer().outcome.flow,
        "register": register_training_input(workspace, CALLER, **registered).flow,
    }


@pytest.fixture
def event(flows: dict[str, Flow], tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    return lambda step: sent(lineage_of(flows[step]), tmp_path / "openlineage.jsonl")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_sends_an_event_that_validates(
    flows: dict[str, Flow], step: str, tmp_path: Path, reference_data: Path
) -> None:
    file = tmp_path / "openlineage.jsonl"
    sent(lineage_of(flows[step]), file)
    assert validate_event_file(file, reference_data) == 1


def test_events_at_the_start_and_of_failed_tasks_validate(tmp_path: Path, reference_data: Path) -> None:
    file = tmp_path / "openlineage.jsonl"
    sent(lineage_of_places(reads=["/data/raw/people.parquet"], writes=["s3://bucket/staging/people"]), file, RunState.START)
    sent(lineage_of_places(reads=["/data/raw/people.parquet"], writes=()), file, RunState.FAIL)
    sent(lineage_of(None), file, RunState.FAIL)
    assert validate_event_file(file, reference_data) == 3


@pytest.mark.parametrize("step", STEPS)
def test_every_input_has_its_schema_version_and_place(
    event: Callable[[str], dict[str, Any]], release: Steps, flows: dict[str, Flow], step: str
) -> None:
    read = event(step)["inputs"][0]
    table = flows[step].inputs[0]
    case = release.case
    place = {"assess": case.staging, "approve": case.staging, "transfer": case.staging, "register": case.out}.get(step, case.raw)
    assert (read["namespace"], read["name"]) == ("file", str(place))
    assert read["facets"]["version"]["datasetVersion"] == table.version
    assert {field["name"]: field["type"] for field in read["facets"]["schema"]["fields"]} == {
        column.name: column.dtype for column in table.columns
    }


@pytest.mark.parametrize("step", [step for step in STEPS if step != "check"])
def test_personal_columns_carry_entity_and_role_as_tags(event: Callable[[str], dict[str, Any]], step: str) -> None:
    said = event(step)
    for table in (*said["inputs"], *said["outputs"]):
        tags = {(tag["field"], tag["key"]): tag["value"] for tag in table["facets"]["tags"]["tags"]}
        assert tags["email", "entity"] == "EMAIL_ADDRESS"
        assert tags["email", "role"] == "direct-identifier"
        assert tags["country", "role"] == "quasi-identifier"


def test_no_tag_speaks_of_a_column_that_the_table_lacks(event: Callable[[str], dict[str, Any]]) -> None:
    for table in (*event("mask")["outputs"], *event("register")["inputs"]):
        columns = {field["name"] for field in table["facets"]["schema"]["fields"]}
        assert {tag["field"] for tag in table["facets"]["tags"]["tags"]} <= columns
        assert "name" not in columns


def test_masking_is_told_column_by_column(event: Callable[[str], dict[str, Any]], release: Steps) -> None:
    fields = event("mask")["outputs"][0]["facets"]["columnLineage"]["fields"]
    told = {}
    for name, field in fields.items():
        (origin,) = field["inputFields"]
        (change,) = origin["transformations"]
        assert (origin["namespace"], origin["name"], origin["field"]) == ("file", str(release.case.raw), name)
        told[name] = (change["masking"], change["description"].split()[0])
    assert told == {
        "person_id": (True, "hmac_token"),
        "email": (True, "hmac_token"),
        "birth_date": (True, "truncate_date"),
        "country": (False, "keep"),
        "income": (True, "bins"),
        "churned": (False, "keep"),
    }


def test_column_lineage_leads_to_fields_that_the_schemas_have(event: Callable[[str], dict[str, Any]]) -> None:
    for step in ("mask", "transfer"):
        said = event(step)
        source = {field["name"] for field in said["inputs"][0]["facets"]["schema"]["fields"]}
        target = {field["name"] for field in said["outputs"][0]["facets"]["schema"]["fields"]}
        lineage = said["outputs"][0]["facets"]["columnLineage"]
        assert set(lineage["fields"]) == target
        origins = [origin for field in lineage["fields"].values() for origin in field["inputFields"]] + lineage["dataset"]
        assert {origin["field"] for origin in origins} <= source


def test_left_out_records_show_as_a_filter_on_the_quasi_identifiers(event: Callable[[str], dict[str, Any]]) -> None:
    filters = event("mask")["outputs"][0]["facets"]["columnLineage"]["dataset"]
    assert {one["field"] for one in filters} >= {"birth_date", "country"}
    assert {one["transformations"][0]["subtype"] for one in filters} == {"FILTER"}


def test_the_transfer_copies_and_masks_nothing(event: Callable[[str], dict[str, Any]]) -> None:
    fields = event("transfer")["outputs"][0]["facets"]["columnLineage"]["fields"]
    changes = [change for field in fields.values() for change in field["inputFields"][0]["transformations"]]
    assert {(change["subtype"], change["masking"]) for change in changes} == {("IDENTITY", False)}


@pytest.mark.parametrize("step", ["assess", "approve", "transfer", "register"])
def test_risk_thresholds_are_assertions_about_the_input(event: Callable[[str], dict[str, Any]], step: str) -> None:
    checks = event(step)["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {check["assertion"]: check["success"] for check in checks} == {
        "k_anonymity": True,
        "prosecutor_risk": True,
        "marketer_risk": True,
        "privacy_level": True,
    }
    assert next(check["expected"] for check in checks if check["assertion"] == "k_anonymity") == ">=5"


def test_registering_names_the_model_and_that_its_job_takes_the_dataset(
    event: Callable[[str], dict[str, Any]], release: Steps
) -> None:
    said = event("register")
    facet = said["run"]["facets"][TRAINING_INPUT]
    assert (facet["model"], facet["purpose"], facet["privacyLevel"]) == ("churn", "churn-model", "PSEUDONYMIZED")
    assert facet["passport"].startswith("sha256:")
    (entry,) = said["job"]["facets"]["lineage"]["entries"]
    assert entry["type"] == "JOB"
    assert [(one["type"], one["name"]) for one in entry["inputs"]] == [("DATASET", str(release.case.out))]


def test_the_own_facet_is_held_against_its_shipped_schema(event: Callable[[str], dict[str, Any]], reference_data: Path) -> None:
    said = event("register")
    assert said["run"]["facets"][TRAINING_INPUT]["_schemaURL"] == SCHEMA_URL
    said["run"]["facets"][TRAINING_INPUT]["passport"] = "none"
    assert spec_in(reference_data).problems(said)


def test_no_event_holds_a_value_of_the_data(event: Callable[[str], dict[str, Any]], release: Steps) -> None:
    raw = pl.read_parquet(release.case.raw)
    values = {str(value) for column in ("name", "email", "notes") for value in raw[column].unique() if value != "no remarks"}
    text = "".join(json.dumps(event(step)) for step in STEPS)
    assert not [value for value in values if value in text]


def broken(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def apply_to(event: dict[str, Any]) -> dict[str, Any]:
        copied = copy.deepcopy(event)
        change(copied)
        return copied

    return apply_to


@pytest.mark.parametrize(
    "breaking",
    [
        broken(lambda e: e["run"].update(runId="one")),
        broken(lambda e: e.pop("job")),
        broken(lambda e: e.update(eventType="DONE")),
        broken(lambda e: e["outputs"][0].pop("name")),
        broken(lambda e: e["outputs"][0]["facets"]["version"].pop("datasetVersion")),
        broken(lambda e: e["outputs"][0]["facets"]["version"].pop("_schemaURL")),
        broken(lambda e: e["outputs"][0]["facets"]["version"].update(_schemaURL="https://example.org/x.json#/$defs/X")),
        broken(lambda e: e["outputs"][0]["facets"].update(schema=e["outputs"][0]["facets"]["version"])),
        broken(lambda e: e["outputs"][0]["facets"]["tags"]["tags"][0].pop("value")),
        broken(lambda e: e["outputs"][0]["facets"]["columnLineage"]["fields"]["email"]["inputFields"][0].pop("field")),
        broken(lambda e: e["outputs"][0]["outputFacets"]["outputStatistics"].update(rowCount="many")),
    ],
)
def test_the_check_finds_a_broken_event(
    event: Callable[[str], dict[str, Any]], breaking: Callable[[dict[str, Any]], dict[str, Any]], reference_data: Path
) -> None:
    said = event("mask")
    assert spec_in(reference_data).problems(said) == []
    assert spec_in(reference_data).problems(breaking(said))


def test_every_schema_that_the_package_ships_is_a_valid_schema(reference_data: Path) -> None:
    from jsonschema import Draft202012Validator

    import airflow_privacy.lineage

    shipped = list(Path(airflow_privacy.lineage.__file__).parent.glob("*.json"))
    assert shipped
    for file in shipped:
        Draft202012Validator.check_schema(json.loads(file.read_text()))
