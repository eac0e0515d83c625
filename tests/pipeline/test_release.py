"""Plan, approve, apply, prove: the whole way on the pipeline, and every way to cheat that must not work."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
from people import Case, write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable, TerminalError, VerificationError
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import proof, release


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(workspace=workspace_in(tmp_path), case=write_case(tmp_path))


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def staged_file(steps: Steps) -> Path:
    return next(steps.case.staging.rglob("part-*.parquet"))


def test_an_approved_release_is_published_with_a_passport_that_holds(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    checked = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    assert checked.statement.predicate.purpose == "churn-model"
    assert proof.verify_ledger_of(steps.workspace).size > 0


def test_the_published_table_holds_no_direct_identifier(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    raw, out = pl.read_parquet(steps.case.raw), pl.read_parquet(next(steps.case.out.rglob("*.parquet")))
    assert out.columns == ["person_id", "email", "birth_date", "country", "income", "churned"]
    assert not set(raw["email"]) & set(out["email"])


def test_a_second_run_on_unchanged_input_makes_the_same_version_and_bytes(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    versions, contents = [], []
    for run_id in ("one", "two"):
        steps = Steps(workspace=workspace_in(tmp_path), case=case, run_id=run_id).prepare()
        versions.append(steps.workspace.artifacts.get(Dataset, steps.refs["dataset"]).version)
        contents.append(staged_file(steps).read_bytes())
    assert versions[0] == versions[1]
    assert contents[0] == contents[1]


def test_transferring_twice_changes_nothing(steps: Steps) -> None:
    steps.prepare().answer()
    first = steps.transfer()
    files = {path: path.read_bytes() for path in steps.case.released()}
    assert steps.transfer() == first
    assert {path: path.read_bytes() for path in steps.case.released()} == files


def test_evidence_is_the_same_for_a_repeated_request(steps: Steps) -> None:
    steps.prepare()
    first, second = steps.ask(), steps.ask()
    assert (first.evidence, first.subject, first.body) == (second.evidence, second.subject, second.body)


def edited_plan(steps: Steps) -> Path:
    return Path(steps.refs["plan"].uri)


def edited_risk(steps: Steps) -> Path:
    return Path(steps.refs["risk"].uri)


def edited_dataset(steps: Steps) -> Path:
    return Path(steps.refs["dataset"].uri)


def edited_policy_artifact(steps: Steps) -> Path:
    return next((steps.workspace.home / "artifacts" / "policy").iterdir())


def edited_policy_file(steps: Steps) -> Path:
    return steps.case.policy


def edited_contract_file(steps: Steps) -> Path:
    return steps.case.contract


@pytest.mark.parametrize(
    "edited",
    [staged_file, edited_plan, edited_policy_artifact, edited_policy_file, edited_contract_file, edited_risk, edited_dataset],
)
def test_one_byte_edited_after_the_approval_makes_the_transfer_refuse(steps: Steps, edited: object) -> None:
    steps.prepare().answer()
    flip_a_byte(edited(steps))  # type: ignore[operator]
    with pytest.raises(TerminalError):
        steps.transfer()
    assert steps.case.released() == []


def test_an_edited_manifest_in_staging_makes_the_transfer_refuse(steps: Steps) -> None:
    steps.prepare().answer()
    flip_a_byte(next(steps.case.staging.rglob("manifest.json")))
    with pytest.raises(TerminalError):
        steps.transfer()
    assert steps.case.released() == []


def test_a_forged_approval_document_is_refused(steps: Steps) -> None:
    steps.prepare().answer()
    genuine = json.loads(steps.workspace.artifacts.get_bytes(steps.refs["approval"]))
    genuine["payload"] = genuine["payload"][:-4] + "AAA="
    forged = steps.workspace.artifacts.put_bytes("approval", json.dumps(genuine).encode())
    steps.refs["approval"] = forged
    with pytest.raises(VerificationError):
        steps.transfer()
    assert steps.case.released() == []


def test_an_approval_signed_with_another_key_is_refused(tmp_path: Path, steps: Steps) -> None:
    steps.prepare()
    other = Steps(workspace=workspace_in(tmp_path / "elsewhere"), case=steps.case, refs=dict(steps.refs))
    for kind in ("contract", "policy", "findings", "plan", "dataset", "risk"):
        for path in (steps.workspace.home / "artifacts" / kind).iterdir():
            other.workspace.artifacts.put_bytes(kind, path.read_bytes())
    foreign = other.workspace.artifacts.get_bytes(other.answer())
    steps.refs["approval"] = steps.workspace.artifacts.put_bytes("approval", foreign)
    with pytest.raises(VerificationError):
        steps.transfer()


def test_an_approval_of_another_run_is_refused(steps: Steps) -> None:
    steps.prepare().answer()
    steps.run_id = "another"
    with pytest.raises(VerificationError):
        steps.transfer()


def test_an_answer_that_the_gate_refused_as_late_does_not_let_the_release_pass(steps: Steps) -> None:
    steps.prepare()
    # The answer itself is in order; only the request had expired.
    with pytest.raises(VerificationError, match="answer-late"):
        steps.answer(late=True)
    late = next(link for _, fact in proof.facts_of(steps.workspace) for link in fact.links if link.kind == "approval")
    steps.refs["approval"] = steps.workspace.artifacts.reference("approval", late.digest)
    with pytest.raises(VerificationError, match="approval-unrecorded"):
        steps.transfer()
    assert steps.case.released() == []


def test_a_rejection_after_an_approval_is_final_for_the_run(steps: Steps) -> None:
    # As at two gates over the same evidence, or at one that was cleared.
    steps.prepare()
    approval = steps.answer()
    with pytest.raises(VerificationError, match="rejected"):
        steps.answer(responder="stefan", approved=False)
    steps.refs["approval"] = approval
    with pytest.raises(VerificationError, match="rejected"):
        steps.transfer()
    assert steps.case.released() == []


def test_a_gate_that_is_cleared_after_a_rejection_asks_nobody_else(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(VerificationError, match="rejected"):
        steps.answer(approved=False)
    with pytest.raises(VerificationError, match="rejected"):
        steps.ask()


def test_no_approval_is_refused(steps: Steps) -> None:
    steps.prepare()
    steps.refs["approval"] = ArtifactRef(uri="", digest="sha256:" + "0" * 64, kind="approval")
    with pytest.raises(TerminalError):
        steps.transfer()


def test_a_genuine_approval_that_the_ledger_does_not_know_is_refused(steps: Steps) -> None:
    steps.prepare().answer()
    for path in steps.workspace.home.glob("ledger.db*"):
        path.unlink()
    for path in steps.workspace.anchors.glob("*"):
        path.unlink()
    with pytest.raises(TerminalError):
        steps.transfer()


def test_the_requester_may_not_approve(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(VerificationError):
        steps.answer(responder="maria")


def test_somebody_whom_the_policy_does_not_name_may_not_approve(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(VerificationError):
        steps.answer(responder="mallory")


def test_a_scheduled_run_may_not_be_approved_by_the_contracts_owner(steps: Steps) -> None:
    steps.requester = None
    steps.prepare()
    with pytest.raises(VerificationError):
        steps.answer(responder="olivia")


def test_a_scheduled_run_may_be_approved_by_another_approver(steps: Steps) -> None:
    steps.requester = None
    steps.prepare().answer(responder="stella")
    assert steps.transfer().version


def test_a_rejection_stops_the_release_and_is_recorded(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(TerminalError):
        steps.answer(approved=False)
    facts = [fact for _, fact in proof.facts_of(steps.workspace) if fact.kind == "answered"]
    assert [fact.actor for fact in facts] == ["stella"]
    assert steps.case.released() == []


def test_a_late_answer_is_refused(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(VerificationError, match="answer-late"):
        steps.answer(at=steps.workspace.now() + timedelta(hours=2))


def test_an_answer_about_other_evidence_is_refused(steps: Steps) -> None:
    steps.prepare()
    with pytest.raises(VerificationError):
        steps.answer(evidence="sha256:" + "1" * 64)


def test_no_answer_in_time_is_a_rejection(steps: Steps) -> None:
    steps.prepare()
    request = steps.ask()
    with pytest.raises(CheckFailed, match="approval-timeout"):
        release.conclude(
            steps.workspace,
            CALLER,
            run=steps.run,
            dataset=steps.refs["dataset"],
            risk=steps.refs["risk"],
            asked=request.evidence,
            nonce=request.nonce,
            deadline=request.asked_at,
            answer=None,
        )


def test_a_target_outside_the_approved_environment_is_refused(steps: Steps) -> None:
    steps.prepare().answer()
    steps.case = Case(data=steps.case.data / "raw", raw=steps.case.raw, contract=steps.case.contract, policy=steps.case.policy)
    with pytest.raises(TerminalError):
        steps.transfer()


def test_masking_straight_into_the_destination_is_refused(steps: Steps) -> None:
    steps.detect()
    steps.plan()
    from airflow_privacy.core.pipeline import apply

    with pytest.raises(CheckFailed, match="staging"):
        apply.mask(steps.workspace, CALLER, source=str(steps.case.raw), plan=steps.refs["plan"], out=str(steps.case.out))


def test_a_source_that_changed_after_detection_is_not_masked(steps: Steps) -> None:
    steps.detect()
    steps.plan()
    pl.read_parquet(steps.case.raw).head(599).write_parquet(steps.case.raw)
    with pytest.raises(CheckFailed, match="source-changed"):
        steps.mask()


def test_a_worker_without_keys_stops_and_makes_none(tmp_path: Path) -> None:
    steps = Steps(workspace=workspace_in(tmp_path, keys=False), case=write_case(tmp_path))
    with pytest.raises(KeyUnavailable, match="keys init"):
        steps.prepare()
    assert not (steps.workspace.home / "keyring").exists()


def test_a_purpose_that_the_contract_does_not_allow_is_refused(steps: Steps) -> None:
    steps.detect()
    with pytest.raises(CheckFailed):
        steps.plan(purpose="advertising")


def test_a_threshold_that_does_not_hold_fails_the_risk_step(steps: Steps) -> None:
    steps.case.policy.write_text(steps.case.policy.read_text().replace("max_marketer_risk: 0.2", "max_marketer_risk: 0.0001"))
    with pytest.raises(CheckFailed):
        steps.prepare()


def test_every_step_leaves_a_fact(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    kinds = [fact.kind for _, fact in proof.facts_of(steps.workspace)]
    assert kinds == ["detected", "planned", "masked", "assessed", "requested", "answered", "released", "transferred"]


@pytest.mark.parametrize("field", ["version", "level", "k", "expires_at", "purpose"])
def test_an_edited_passport_is_refused(steps: Steps, field: str) -> None:
    import base64

    steps.prepare().answer()
    steps.transfer()
    path = next((steps.case.out / "passports").iterdir())
    envelope = json.loads(path.read_text())
    payload = json.loads(base64.b64decode(envelope["payload"]))
    assert field in payload["predicate"]
    payload["predicate"][field] = msgspec.to_builtins("x" if isinstance(payload["predicate"][field], str) else 99)
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    path.write_text(json.dumps(envelope))
    with pytest.raises(TerminalError):
        proof.verify_passport_of(steps.workspace, str(steps.case.out))


def test_a_published_file_that_was_changed_fails_its_passport(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    flip_a_byte(next(steps.case.out.rglob("*.parquet")))
    with pytest.raises(VerificationError):
        proof.verify_passport_of(steps.workspace, str(steps.case.out))
