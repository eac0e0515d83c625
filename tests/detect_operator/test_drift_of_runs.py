"""Drift from one run to the next: what the ledger and the findings say, and what a plan does with quarantined columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from people import Case, write_case
from steps import CALLER, workspace_in

from airflow_privacy.core.errors import CheckFailed, VerificationError
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.techniques import Drop
from airflow_privacy.core.pipeline import prepare
from airflow_privacy.core.pipeline.proof import facts_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

MONDAY, TUESDAY = (replace(CALLER, run=f"dag/{day}") for day in ("monday", "tuesday"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_in(tmp_path)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return write_case(tmp_path)


def detect(workspace: Workspace, case: Case, caller: Caller = MONDAY, **changes: object) -> Findings:
    ref = prepare.detect(workspace, caller, **{"source": str(case.raw), "contract": str(case.contract), **changes}).ref  # type: ignore[arg-type]
    return workspace.artifacts.get(Findings, ref)


def change(case: Case, **columns: pl.Expr) -> None:
    pl.read_parquet(case.raw).with_columns(**columns).write_parquet(case.raw)


def say(case: Case, key: str, action: str) -> None:
    case.contract.write_text(case.contract.read_text() + f"  - {{property: {key}, value: {action}}}\n")


def plan(workspace: Workspace, case: Case, findings: Findings) -> MaskingPlan:
    ref = prepare.plan_masking(
        workspace,
        MONDAY,
        contract=str(case.contract),
        policy=str(case.policy),
        findings=workspace.artifacts.put(findings),
        purpose="churn-model",
        recipient="ml-team",
        destination="training",
    ).ref
    return workspace.artifacts.get(MaskingPlan, ref)


def newest_fact(workspace: Workspace):
    return list(facts_of(workspace))[-1][1]


def test_the_first_look_and_a_second_at_the_same_bytes_are_no_drift(workspace: Workspace, case: Case) -> None:
    assert detect(workspace, case).drift == detect(workspace, case, TUESDAY).drift == ()


def test_what_changed_since_the_last_findings_is_in_findings_and_ledger(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, country=pl.col("email"))
    told = [(one.kind, one.column, one.action) for one in detect(workspace, case, TUESDAY).drift]
    assert ("entity", "country", "warn") in told
    fact = newest_fact(workspace)
    assert fact.kind == "detected"
    assert fact.counts["drift"] == len(told)
    assert "entity country" in fact.reason


def test_a_task_that_is_tried_again_gives_the_same_findings_whatever_ran_meanwhile(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, country=pl.col("email"))
    tuesday = case.raw.read_bytes()
    first = detect(workspace, case, TUESDAY)
    assert "country" in {one.column for one in first.drift}
    change(case, name=pl.lit("x"))
    detect(workspace, case, replace(CALLER, run="dag/wednesday"))
    case.raw.write_bytes(tuesday)
    assert detect(workspace, case, TUESDAY) == first


def test_looking_again_at_the_same_bytes_compares_with_what_was_before_them(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, country=pl.col("email"))
    first = detect(workspace, case, TUESDAY)
    assert detect(workspace, case, replace(CALLER, run="dag/wednesday")).drift == first.drift != ()


def test_the_same_bytes_give_the_same_findings_though_another_table_of_the_contract_was_seen_meanwhile(
    workspace: Workspace, case: Case
) -> None:
    first = detect(workspace, case)
    other = case.raw.with_name("people-elsewhere.parquet")
    pl.read_parquet(case.raw).with_columns(country=pl.col("email")).write_parquet(other)
    detect(workspace, case, TUESDAY, source=str(other))
    assert detect(workspace, case, replace(CALLER, run="dag/wednesday")) == first


def test_a_table_that_lies_elsewhere_each_day_is_found_again_by_its_contract(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    other = case.raw.with_name("people-tuesday.parquet")
    pl.read_parquet(case.raw).with_columns(country=pl.col("email")).write_parquet(other)
    assert "country" in {one.column for one in detect(workspace, case, TUESDAY, source=str(other)).drift}


def test_without_a_contract_it_is_found_again_by_its_place(workspace: Workspace, case: Case) -> None:
    detect(workspace, case, contract=None)
    change(case, surprise=pl.lit("x"))
    assert [(d.kind, d.column) for d in detect(workspace, case, TUESDAY, contract=None).drift] == [("new-column", "surprise")]


def test_a_contract_that_fails_on_drift_stops_the_run_and_stores_the_findings(workspace: Workspace, case: Case) -> None:
    say(case, "privacy.onEntityChange", "fail")
    detect(workspace, case)
    change(case, country=pl.col("email"))
    announced: list[ArtifactRef] = []
    with pytest.raises(CheckFailed, match="'country'") as caught:
        detect(workspace, case, TUESDAY, announce=announced.append)
    assert caught.value.reason == "findings-drift"
    fact = newest_fact(workspace)
    assert (fact.kind, fact.reason.split(";")[0]) == ("refused", "findings-drift")
    assert {"kind": "findings", "digest": announced[0].digest} in [{"kind": x.kind, "digest": x.digest} for x in fact.links]
    assert workspace.artifacts.get(Findings, announced[0]).drift


def test_refused_findings_are_not_what_the_next_run_compares_with(workspace: Workspace, case: Case) -> None:
    say(case, "privacy.onEntityChange", "fail")
    detect(workspace, case)
    for run in ("tuesday", "wednesday"):
        change(case, country=pl.col("email"), income=pl.col("income") + 1)  # other bytes each day
        with pytest.raises(CheckFailed, match="'country'"):
            detect(workspace, case, replace(CALLER, run=f"dag/{run}"))


def test_drift_that_was_accepted_once_is_none_the_next_time(workspace: Workspace, case: Case) -> None:
    say(case, "privacy.onEntityChange", "fail")
    detect(workspace, case)
    change(case, country=pl.col("email"))
    assert detect(workspace, case, TUESDAY, on_drift="warn").drift
    change(case, income=pl.col("income") + 1)
    assert detect(workspace, case, replace(CALLER, run="dag/friday")).drift == ()


def test_a_column_unknown_to_the_contract_fails_before_anything_is_read(workspace: Workspace, case: Case) -> None:
    change(case, surprise=pl.lit("x"))
    read: list[int] = []
    with pytest.raises(CheckFailed, match="'surprise'"):
        detect(workspace, case, progress=lambda *counts: read.extend(counts))
    assert read == []
    assert newest_fact(workspace).reason == "schema-drift; fail: new-column surprise"


def test_a_quarantined_column_is_dropped_whatever_the_rules_say(workspace: Workspace, case: Case) -> None:
    say(case, "privacy.onEntityChange", "quarantine")
    detect(workspace, case)
    change(case, country=pl.col("email"))
    seen = detect(workspace, case, TUESDAY)
    assert [column.name for column in seen.columns if column.quarantined] == ["country"]
    assert newest_fact(workspace).counts["quarantined"] == 1
    (decision,) = (d for d in plan(workspace, case, seen).decisions if d.column == "country")
    assert isinstance(decision.technique, Drop)
    assert decision.rule == "quarantine"
    assert "last findings" in decision.reason


def test_an_override_quarantines_a_column_that_the_contract_lacks(workspace: Workspace, case: Case) -> None:
    change(case, surprise=pl.lit("x"))
    seen = detect(workspace, case, on_drift="quarantine")
    assert [column.name for column in seen.columns if column.quarantined] == ["surprise"]
    assert "surprise" not in [decision.column for decision in plan(workspace, case, seen).released()]


def test_a_policy_may_be_stricter_than_what_was_decided_at_detection(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, country=pl.col("country").replace("DE", "x@y.example"))
    seen = detect(workspace, case, TUESDAY)
    rules = case.policy.read_text()
    case.policy.write_text(rules + "drift: {entity: quarantine, role: quarantine}\n")
    (decision,) = (d for d in plan(workspace, case, seen).decisions if d.column == "country")
    assert decision.rule == "quarantine"
    case.policy.write_text(rules + "drift: {entity: fail}\n")
    with pytest.raises(CheckFailed, match="drift-refused"):
        plan(workspace, case, seen)


def test_a_policy_cannot_take_a_column_out_of_quarantine(workspace: Workspace, case: Case) -> None:
    case.policy.write_text(case.policy.read_text() + "drift: {new_column: warn}\n")
    change(case, surprise=pl.lit("x"))
    seen = detect(workspace, case, on_drift="quarantine")
    (decision,) = (d for d in plan(workspace, case, seen).decisions if d.column == "surprise")
    assert decision.rule == "quarantine"


def test_a_quarantined_column_may_not_be_joined_into_anothers_tokens(workspace: Workspace, case: Case) -> None:
    case.policy.write_text(
        case.policy.read_text().replace(
            "when: {column: [person_id, email]}, then: {technique: hmac_token}",
            "when: {column: [person_id, email]}, then: {technique: hmac_token, beside: [surprise]}",
        )
    )
    change(case, surprise=pl.lit("x"))
    with pytest.raises(CheckFailed, match="quarantined-column-joined"):
        plan(workspace, case, detect(workspace, case, on_drift="quarantine"))


def test_ignoring_drift_compares_nothing(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, surprise=pl.lit("x"), country=pl.col("email"))
    assert detect(workspace, case, TUESDAY, on_drift="ignore").drift == ()


def test_findings_and_ledger_hold_no_value_of_what_drifted(workspace: Workspace, case: Case) -> None:
    detect(workspace, case)
    change(case, country=pl.lit("canary.4711@mail.example"))
    detect(workspace, case, TUESDAY, on_drift="warn")
    assert not [path for path in workspace.home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


def test_binary_values_that_are_no_text_are_counted_and_do_not_stop_the_scan(workspace: Workspace, case: Case) -> None:
    blobs = [b"\xff\xfe", b"ada@mail.example", None] * 200
    pl.DataFrame({"blob": blobs}).write_parquet(case.raw)
    (seen,) = detect(workspace, case, contract=None).columns
    assert (seen.undecoded, seen.matched, seen.entity) == (200, 200, "EMAIL_ADDRESS")


def test_findings_that_were_cleaned_up_do_not_stop_detection(workspace: Workspace, case: Case) -> None:
    Path(workspace.artifacts.put(detect(workspace, case)).uri).unlink()
    change(case, country=pl.col("email"))
    assert detect(workspace, case, TUESDAY).drift == ()


def test_findings_that_were_changed_stop_detection(workspace: Workspace, case: Case) -> None:
    path = Path(workspace.artifacts.put(detect(workspace, case)).uri)
    path.write_bytes(path.read_bytes().replace(b"EMAIL_ADDRESS", b"NOTHING"))
    change(case, country=pl.col("email"))
    with pytest.raises(VerificationError, match="artifact-changed"):
        detect(workspace, case, TUESDAY)
