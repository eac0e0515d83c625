"""A person leaves what was made from their rows too: successor version, revocation, affected models, later looks by token."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from erase_case import CONTRACT, EraseCase
from erasing import CANARY, released
from steps import CALLER, Steps

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.erase import plan_erasure, review_erasure, run_erasure
from airflow_privacy.core.pipeline.erase_identity import SCOPE
from airflow_privacy.core.pipeline.erase_status import status_of
from airflow_privacy.core.pipeline.erase_verify import verify_erasure
from airflow_privacy.core.pipeline.holds import SCOPE as HOLDS
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.training import register_training_input


def case_of(steps: Steps, folder: Path) -> EraseCase:
    """The release's home, with a contract of the raw table that says whose rows are whose."""
    init_keys(steps.workspace.home, scopes=(SCOPE, HOLDS))
    case = EraseCase(folder, steps.workspace)
    (folder / "contracts").mkdir()
    columns = "\n".join(f"      - {{name: {name}, logicalType: string, unique: true}}" for name in ("person_id", "email"))
    text = CONTRACT.format(name="raw-people", place=steps.case.raw, key="person_id", columns=columns)
    (folder / "contracts" / "raw.yaml").write_text(text)
    return case


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return released(tmp_path)


def test_a_person_leaves_the_raw_table_staging_and_what_was_published(steps: Steps, tmp_path: Path) -> None:
    case = case_of(steps, tmp_path)
    register_training_input(
        steps.workspace, CALLER, dataset=str(steps.case.out), purpose="churn-model", requires="pseudonymized", model="churn-7"
    )
    request = case.request({"email": CANARY})
    plan = case.planned(request)
    places = [step.uri for step in steps.workspace.artifacts.get(PurgePlan, plan).steps if step.counts.get("expired")]
    assert places == [str(steps.case.raw), str(steps.case.staging), str(steps.case.out)]
    old = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version
    (status,) = status_of(steps.workspace)
    assert (status.state, status.models) == ("planned", ("churn-7",))
    done = run_erasure(steps.workspace, CALLER, plan=plan)
    assert done.ref is not None
    new = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate
    assert new.version != old and new.succeeds
    assert not (steps.case.out / "versions" / old).exists()
    assert CANARY not in pl.read_parquet(steps.case.raw)["email"].to_list()
    verify_erasure(steps.workspace, CALLER, certificate=done.ref)
    assert status_of(steps.workspace) == ()
    assert status_of(steps.workspace, everything=True)[0].models == ("churn-7",)


def test_a_published_version_from_a_backup_is_found_by_its_tokens(steps: Steps, tmp_path: Path) -> None:
    case = case_of(steps, tmp_path)
    shutil.copytree(steps.case.out, tmp_path / "backup")
    done = case.erase(case.request({"person_id": 900_000}))
    assert done.ref is not None
    shutil.copytree(tmp_path / "backup", steps.case.out, dirs_exist_ok=True)
    with pytest.raises(CheckFailed, match="came-back") as caught:
        verify_erasure(steps.workspace, CALLER, certificate=done.ref)
    assert str(steps.case.out) in str(caught.value) and str(steps.case.raw) not in str(caught.value)


def test_a_hold_on_the_person_keeps_what_was_published_too(steps: Steps, tmp_path: Path) -> None:
    case = case_of(steps, tmp_path)
    place_hold(steps.workspace, CALLER, dataset="raw-people", owner="olivia", because="a case", subject="900000")
    before = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version
    done = case.erase(case.request({"person_id": 900_000}))
    assert done.certificate is not None
    assert proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version == before
    assert pl.read_parquet(steps.case.raw)["person_id"].is_in([900_000]).any()
    assert status_of(steps.workspace)[0].state == "held"


def test_a_hold_that_is_placed_after_the_plan_wins(steps: Steps, tmp_path: Path) -> None:
    case = case_of(steps, tmp_path)
    plan = case.planned(case.request({"person_id": 900_000}))
    place_hold(steps.workspace, CALLER, dataset="raw-people", owner="olivia", because="a case", subject="900000")
    before = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version
    run_erasure(steps.workspace, CALLER, plan=plan)
    assert proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version == before
    assert pl.read_parquet(steps.case.raw)["person_id"].is_in([900_000]).any()
    assert status_of(steps.workspace)[0].state == "held"


def test_a_review_that_changed_after_the_plan_stops_it(steps: Steps, tmp_path: Path) -> None:
    case = case_of(steps, tmp_path)
    request = case.request({"person_id": [900_000, int(pl.read_parquet(steps.case.raw)["person_id"][0])]})
    plan = case.planned(request)
    review_erasure(steps.workspace, CALLER, request=request, person=[1], other=[2])
    other = plan_erasure(steps.workspace, CALLER, request=request, contracts=[tmp_path / "contracts"], max_share=1.0)
    assert other.outcome is not None and other.outcome.ref.digest != plan.digest
    with pytest.raises(CheckFailed, match="review-changed"):
        run_erasure(steps.workspace, CALLER, plan=plan)
