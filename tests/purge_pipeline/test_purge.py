"""Retention from contract to certificate: exactly what is expired goes, somebody looks again, and it is on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from purge_case import CALLER, NOW, PurgeCase, days, purge_case, write_file

from airflow_privacy.core.errors import BadInput, CheckFailed, VerificationError
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.proof import verify_ledger_of
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    return purge_case(tmp_path)


def planned(case: PurgeCase, *, max_share: float = 0.3) -> ArtifactRef:
    return plan_purge(case.workspace, CALLER, contract=case.contract, max_share=max_share).ref


def test_expired_partitions_go_and_all_others_stay(case: PurgeCase) -> None:
    done = run_purge(case.workspace, CALLER, plan=planned(case))
    assert case.files() == sorted(days(*range(1, 16)))
    assert done.certificate is not None
    assert [(one.left, one.gone) for one in done.certificate.looked] == [(0, 5)]


def test_without_an_anchor_the_age_of_the_file_counts(tmp_path: Path) -> None:
    case = purge_case(tmp_path, {"old.csv": 31, "just.csv": 29, "deep/older.csv": 400}, anchor=None)
    run_purge(case.workspace, CALLER, plan=planned(case, max_share=0.9))
    assert case.files() == ["just.csv"]


def test_a_plan_changes_nothing(case: PurgeCase) -> None:
    before = case.files()
    planned(case)
    assert case.files() == before


def test_planning_again_on_the_same_day_gives_the_same_digest(case: PurgeCase) -> None:
    assert planned(case).digest == planned(case.at(NOW + timedelta(hours=5))).digest


def test_one_purge_is_planned_started_purged_and_certified_once(case: PurgeCase) -> None:
    plan = planned(case)
    first = run_purge(case.workspace, CALLER, plan=plan)
    again = run_purge(case.at(NOW + timedelta(days=1)).workspace, CALLER, plan=plan)
    assert first.ref is not None and first.ref.digest == (again.ref and again.ref.digest)
    assert case.kinds() == ["planned", "started", "purged", "certified"]
    verify_ledger_of(case.workspace)


def test_what_came_back_is_not_deleted_again_under_the_same_plan(case: PurgeCase) -> None:
    plan = planned(case)
    back = case.place / next(iter(days(42)))
    run_purge(case.workspace, CALLER, plan=plan)
    write_file(back, age=42)
    with pytest.raises(CheckFailed, match="came-back"):
        run_purge(case.workspace, CALLER, plan=plan)
    assert back.exists()


def test_what_came_back_and_was_planned_again_on_the_same_day_goes_with_another_certificate(case: PurgeCase) -> None:
    texts = {path: path.read_text() for path in case.place.rglob("*.csv")}
    first = run_purge(case.workspace, CALLER, plan=planned(case))
    for path, text in texts.items():
        write_file(path, age=42, text=text)
    plan = planned(case)
    second = run_purge(case.workspace, CALLER, plan=plan)
    again = run_purge(case.workspace, CALLER, plan=plan)
    assert len(case.files()) == 15
    assert first.ref is not None and second.ref is not None and again.ref is not None
    assert first.ref.digest != second.ref.digest == again.ref.digest
    for one in (first.ref, second.ref):
        verify_purge(case.workspace, CALLER, certificate=one)


def test_what_was_not_planned_is_not_deleted(case: PurgeCase) -> None:
    plan = planned(case)
    late = case.place / next(iter(days(50)))
    write_file(late, age=50)
    run_purge(case.workspace, CALLER, plan=plan)
    assert late.exists()


def test_a_plan_that_nobody_recorded_is_refused(case: PurgeCase) -> None:
    plan = case.workspace.artifacts.get(PurgePlan, planned(case))
    other = case.workspace.artifacts.put(msgspec.structs.replace(plan, max_share=0.9))
    with pytest.raises(CheckFailed, match="plan-unrecorded"):
        run_purge(case.workspace, CALLER, plan=other)
    assert len(case.files()) == 20


def test_a_plan_of_last_week_is_refused(case: PurgeCase) -> None:
    plan = planned(case)
    with pytest.raises(CheckFailed, match="plan-too-old"):
        run_purge(case.at(NOW + timedelta(days=8)).workspace, CALLER, plan=plan)


def test_a_plan_of_an_earlier_contract_is_refused(case: PurgeCase) -> None:
    plan = planned(case)
    case.contract.write_text(case.contract.read_text().replace("value: 30", "value: 60"))
    planned(case)
    with pytest.raises(CheckFailed, match="contract-changed"):
        run_purge(case.workspace, CALLER, plan=plan)
    assert len(case.files()) == 20


def test_a_large_plan_needs_somebody_to_agree(tmp_path: Path) -> None:
    case = purge_case(tmp_path, days(1, 40, 41))
    plan = planned(case)
    assert plan.counts["needs_approval"] == 1
    with pytest.raises(VerificationError, match="approval-missing"):
        run_purge(case.workspace, CALLER, plan=plan)
    assert len(case.files()) == 3


def test_verify_holds_after_a_purge(case: PurgeCase) -> None:
    done = run_purge(case.workspace, CALLER, plan=planned(case))
    assert done.ref is not None
    verify_purge(case.at(NOW + timedelta(days=30)).workspace, CALLER, certificate=done.ref)
    assert case.kinds()[-1] == "verified"


@pytest.mark.parametrize("name", ["part-0.csv", "restored.csv"])
def test_verify_fails_and_names_the_place_when_a_file_came_back(case: PurgeCase, name: str) -> None:
    partition = next(iter(days(42)))
    kept = (case.place / partition).read_text()
    done = run_purge(case.workspace, CALLER, plan=planned(case))
    assert done.ref is not None
    write_file((case.place / partition).with_name(name), age=42, text=kept)
    with pytest.raises(CheckFailed, match="came-back") as caught:
        verify_purge(case.workspace, CALLER, certificate=done.ref)
    assert str(case.place) in caught.value.what
    assert partition.split("/")[0] not in str(caught.value)


def test_a_contract_without_retention_is_refused(case: PurgeCase) -> None:
    lines = case.contract.read_text().splitlines()
    case.contract.write_text("\n".join(line for line in lines if "retention" not in line and "slaProp" not in line))
    with pytest.raises(BadInput, match="no-retention"):
        planned(case)
