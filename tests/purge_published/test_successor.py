"""A subject leaves a published dataset: what takes its place, what is refused afterwards, and what is not found anywhere."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from people import SCOPE, write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, CheckFailed, VerificationError
from airflow_privacy.core.keyring import destroy_scope, rotate_scope
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.affected import affected_models
from airflow_privacy.core.pipeline.export import export
from airflow_privacy.core.pipeline.provenance import provenance, tree_lines
from airflow_privacy.core.pipeline.successor import Successor, count_in_published, erase_from_published
from airflow_privacy.core.pipeline.training import read_training_set, register_training_input

CANARY = "canary.finch@mail.example"
SUBJECT = {"email": pl.Series([CANARY]), "person_id": pl.Series([900_000])}
EXTRA = ({"name": "Canary Finch", "email": CANARY},)


def released(folder: Path, **case: object) -> Steps:
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder, extra=EXTRA, **case))  # type: ignore[arg-type]
    steps.prepare().answer()
    steps.transfer()
    return steps


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return released(tmp_path_factory.mktemp("published"))


@pytest.fixture
def steps(template: Steps, tmp_path: Path) -> Iterator[Steps]:
    """A release that holds one canary, put back afterwards: paths are in the artifacts."""
    root = template.case.data.parent
    backup = tmp_path / "backup"
    shutil.copytree(root, backup)
    yield replace(template, refs=dict(template.refs))
    shutil.rmtree(root)
    shutil.copytree(backup, root)


def erase(steps: Steps, *, uri: str | None = None, subject: dict[str, pl.Series] | None = None, **given: str) -> Successor:
    return erase_from_published(
        steps.workspace,
        CALLER,
        uri=uri or str(steps.case.out),
        subject_values=SUBJECT if subject is None else subject,
        request="r-1",
        **given,  # type: ignore[arg-type]
    )


def rows_at(steps: Steps) -> pl.DataFrame:
    checked = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    folder = steps.case.out / "versions" / checked.statement.predicate.version
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))])


def kinds(steps: Steps) -> list[str]:
    return [fact.kind for _, fact in proof.facts_of(steps.workspace)]


def test_the_subject_is_found_by_its_tokens(steps: Steps) -> None:
    found = count_in_published(steps.workspace, uri=str(steps.case.out), subject_values=SUBJECT)
    assert (found.rows, found.looked, found.columns, found.left) == (1, 1, ("email", "person_id"), "")
    assert found.rows_looked == rows_at(steps).height


def test_looking_changes_nothing(steps: Steps) -> None:
    def everything() -> dict[Path, int]:
        found = (path for path in steps.case.data.parent.rglob("*") if path.is_file() and "ledger.db-" not in path.name)
        return {path: path.stat().st_mtime_ns for path in found}

    before = everything()
    count_in_published(steps.workspace, uri=str(steps.case.out), subject_values=SUBJECT)
    assert everything() == before


def test_the_successor_has_every_row_but_the_subjects_in_the_same_order(steps: Steps) -> None:
    before = rows_at(steps)
    erase(steps)
    after = rows_at(steps)
    assert after.equals(before.head(before.height - 1))  # the canary is the last row


def test_the_successors_passport_holds_and_says_what_it_is(steps: Steps) -> None:
    old = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    done = erase(steps)
    new = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    was, is_ = old.statement.predicate, new.statement.predicate
    assert (done.version, done.passport) == (is_.version, new.digest)
    assert (is_.succeeds, is_.because, is_.approvals) == (old.digest, "erasure r-1", ())
    assert is_.expires_at == was.expires_at
    assert is_.evidence != was.evidence
    assert (is_.purpose, is_.recipient, is_.destination, is_.plan) == (was.purpose, was.recipient, was.destination, was.plan)
    proof.verify_ledger_of(steps.workspace)


def test_the_old_version_and_its_passport_are_gone(steps: Steps) -> None:
    old = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    done = erase(steps)
    assert done.erased == {old.statement.predicate.version: 1}
    assert done.revoked == (old.digest,)
    assert {path.name for path in (steps.case.out / "versions").iterdir()} == {done.version}
    assert {path.stem for path in (steps.case.out / "passports").iterdir()} == {done.passport}


def test_an_old_version_that_comes_back_from_a_backup_is_refused(steps: Steps, tmp_path: Path) -> None:
    shutil.copytree(steps.case.out, tmp_path / "restored")
    erase(steps)
    shutil.rmtree(steps.case.out)
    shutil.copytree(tmp_path / "restored", steps.case.out)
    with pytest.raises(VerificationError, match="revoked"):
        proof.verify_passport_of(steps.workspace, str(steps.case.out))
    with pytest.raises(VerificationError, match="revoked"):
        export(steps.workspace, CALLER, dataset=str(steps.case.out), format="csv", out=tmp_path / "x.csv")


def test_an_erasure_again_takes_down_what_came_back_from_a_backup(steps: Steps, tmp_path: Path) -> None:
    shutil.copytree(steps.case.out, tmp_path / "restored")
    erase(steps)
    shutil.rmtree(steps.case.out)
    shutil.copytree(tmp_path / "restored", steps.case.out)
    assert erase(steps).version == ""
    assert not list(steps.case.out.rglob("*.parquet"))


def test_the_approved_release_cannot_be_published_once_more(steps: Steps) -> None:
    erase(steps)
    with pytest.raises(VerificationError, match="revoked"):
        steps.transfer()
    with pytest.raises(VerificationError, match="revoked"):
        steps.ask()


def test_a_version_in_staging_goes_without_a_successor_and_cannot_be_released(steps: Steps) -> None:
    done = erase(steps, uri=str(steps.case.staging))
    assert (done.version, list(done.erased.values())) == ("", [1])
    assert not list(steps.case.staging.rglob("*.parquet"))
    with pytest.raises(VerificationError, match="revoked"):
        steps.ask()


def registered(steps: Steps) -> Dataset:
    given = {"dataset": str(steps.case.out), "purpose": "churn-model", "requires": "pseudonymized", "model": "churn"}
    steps.refs["training"] = register_training_input(steps.workspace, CALLER, **given).ref
    return steps.workspace.artifacts.get(Dataset, steps.refs["training"])


def test_a_model_that_was_registered_is_affected_and_cannot_read_any_more(steps: Steps) -> None:
    version = registered(steps).version
    assert erase(steps).models == ("churn",)
    (affected,) = affected_models(steps.workspace, str(steps.case.out))
    assert (affected.model, affected.version, affected.revoked) == ("churn", version, True)
    with pytest.raises(VerificationError, match="revoked"):
        read_training_set(steps.workspace, steps.refs["training"], model="churn")


def test_the_successor_can_be_registered_and_read(steps: Steps) -> None:
    erase(steps)
    published = registered(steps)
    assert read_training_set(steps.workspace, steps.refs["training"], model="churn").frame.height == published.rows
    assert [one.revoked for one in affected_models(steps.workspace, str(steps.case.out))] == [False]


def test_its_provenance_leads_over_the_erasure_to_the_raw_table(steps: Steps) -> None:
    erase(steps)
    registered(steps)
    lines = "\n".join(tree_lines(provenance(steps.workspace, "churn").tree))
    assert "erasure r-1" in lines
    assert "approved by stella" in lines
    assert "raw " in lines


def test_doing_it_again_changes_nothing_and_says_the_same(steps: Steps) -> None:
    first = erase(steps)
    files, facts = {path: path.read_bytes() for path in steps.case.released()}, kinds(steps)
    assert erase(steps) == first
    assert {path: path.read_bytes() for path in steps.case.released()} == files
    assert kinds(steps) == facts


def test_nothing_is_changed_where_the_subject_is_not_in_it(steps: Steps) -> None:
    files, facts = {path: path.read_bytes() for path in steps.case.released()}, kinds(steps)
    done = erase(steps, subject={"email": pl.Series(["nobody@mail.example"])})
    assert (done.erased, done.left) == ({}, "")
    assert {path: path.read_bytes() for path in steps.case.released()} == files
    assert kinds(steps) == facts


@pytest.mark.parametrize("blank", ["", "   ", None])
def test_a_blank_identifier_is_nobodys(steps: Steps, blank: str | None) -> None:
    assert erase(steps, subject={"email": pl.Series([blank], dtype=pl.String)}).erased == {}


def test_identifiers_given_as_text_find_numbers(steps: Steps) -> None:
    assert erase(steps, subject={"person_id": pl.Series(["900000"])}).erased


def test_a_column_that_many_share_leads_to_nobody(steps: Steps) -> None:
    done = erase(steps, subject={"country": pl.Series(["DE"])})
    assert (done.erased, done.left) == ({}, "no-link")


def test_a_subject_with_a_dropped_column_only_cannot_be_found(steps: Steps) -> None:
    done = erase(steps, subject={"name": pl.Series(["Canary Finch"])})
    assert (done.left, bool(done.because)) == ("no-link", True)


def test_tokens_of_an_older_key_version_are_found_after_a_rotation(steps: Steps) -> None:
    rotate_scope(steps.workspace.home, SCOPE)
    assert list(erase(steps).erased.values()) == [1]


def test_a_dataset_whose_key_was_destroyed_is_left_and_says_why(steps: Steps) -> None:
    destroy_scope(steps.workspace.home, SCOPE)
    assert erase(steps).left == "key-destroyed"


def test_a_place_without_a_dataset_is_left(steps: Steps) -> None:
    assert erase(steps, uri=str(steps.case.data / "training" / "nothing")).left == "not-published"


@pytest.mark.parametrize("request_id", ["", "ada@mail.example", "a b", "x" * 101])
def test_a_request_id_that_could_be_a_value_is_refused(steps: Steps, request_id: str) -> None:
    with pytest.raises(BadInput, match="bad-request-id"):
        erase_from_published(steps.workspace, CALLER, uri=str(steps.case.out), subject_values=SUBJECT, request=request_id)


def test_a_superseded_version_that_holds_the_subject_goes_too(steps: Steps) -> None:
    first = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.version
    pl.read_parquet(steps.case.raw).filter(pl.col("person_id") != 70_000).write_parquet(steps.case.raw)
    again = Steps(workspace=steps.workspace, case=steps.case)
    again.prepare().answer()
    second = again.transfer().version
    done = erase(steps)
    assert done.erased == {first: 1, second: 1}
    assert {path.name for path in (steps.case.out / "versions").iterdir()} == {done.version}


def test_what_a_dead_writer_left_goes_and_what_may_be_at_work_is_reported(steps: Steps) -> None:
    for name, days in ((".tmp-dead", 2), (".tmp-at-work", 0)):
        left = steps.case.out / name / "part-00000.parquet"
        left.parent.mkdir()
        left.write_bytes(b"rows of somebody")
        moment = (steps.workspace.now() - timedelta(days=days)).timestamp()
        os.utime(left, (moment, moment))
    done = erase(steps)
    assert not (steps.case.out / ".tmp-dead").exists()
    assert (steps.case.out / ".tmp-at-work").exists()
    assert any("1 unfinished writes" in sentence for sentence in done.not_covered)


def of_one_class(steps: Steps) -> dict[str, pl.Series]:
    """All but four persons of the smallest equivalence class: without them k is 4, and the boundary wants 5."""
    quasi = steps.workspace.artifacts.get(RiskReport, steps.refs["risk"]).quasi_identifiers
    rows = rows_at(steps).select(quasi).with_columns(pl.read_parquet(steps.case.raw)["person_id"])
    smallest = rows.group_by(quasi).len().sort("len", *quasi).head(1)
    members = rows.join(smallest, on=quasi, how="semi", nulls_equal=True)
    return {"person_id": members["person_id"].head(members.height - 4)}


def test_a_successor_of_too_high_a_risk_is_not_published_and_the_error_says_what_to_do(steps: Steps) -> None:
    files = {path: path.read_bytes() for path in steps.case.released()}
    with pytest.raises(CheckFailed, match=r"successor-risk.*suppress.*withdraw") as caught:
        erase(steps, subject=of_one_class(steps))
    assert "at least 5 are needed" in caught.value.what
    assert {path: path.read_bytes() for path in steps.case.released()} == files
    proof.verify_passport_of(steps.workspace, str(steps.case.out))


def test_with_suppress_the_class_that_became_too_small_goes_too(steps: Steps) -> None:
    before, subject = rows_at(steps).height, of_one_class(steps)
    done = erase(steps, subject=subject, below_threshold="suppress")
    assert rows_at(steps).height == before - len(subject["person_id"]) - 4
    assert list(done.erased.values()) == [len(subject["person_id"])]
    assert proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.k >= 5


def test_with_withdraw_the_dataset_is_taken_down(steps: Steps) -> None:
    done = erase(steps, subject=of_one_class(steps), below_threshold="withdraw")
    assert done.version == ""
    assert not list(steps.case.out.rglob("*.*"))
    with pytest.raises(BadInput, match="not-published"):
        proof.verify_passport_of(steps.workspace, str(steps.case.out))
    with pytest.raises(VerificationError, match="revoked"):
        steps.transfer()


def test_a_dataset_of_the_subjects_rows_alone_is_taken_down(steps: Steps) -> None:
    everybody = {"person_id": pl.read_parquet(steps.case.raw)["person_id"]}
    assert erase(steps, subject=everybody).version == ""
    assert not list(steps.case.out.rglob("*.parquet"))


def test_an_expired_passport_is_not_prolonged(steps: Steps) -> None:
    moment = steps.workspace.now() + timedelta(days=400)
    later = replace(steps, workspace=replace(steps.workspace, now=lambda: moment))
    with pytest.raises(CheckFailed, match="passport-expired"):
        erase(later)
    assert erase(later, below_threshold="withdraw").version == ""


def test_a_damaged_version_is_refused(steps: Steps) -> None:
    path = next(steps.case.out.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(VerificationError):
        erase(steps)


def test_no_identifier_is_in_any_artifact_fact_or_file_afterwards(steps: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    token = rows_at(steps)["email"][-1]
    done = erase(steps)
    erase(steps, uri=str(steps.case.staging))
    count_in_published(steps.workspace, uri=str(steps.case.out), subject_values=SUBJECT)
    output = capsys.readouterr()
    words = [CANARY, "Canary Finch", token]
    words += [base64.b64encode(word.encode()).decode() for word in words] + [word.encode().hex() for word in words]
    places = [steps.workspace.home, steps.case.data / "training", steps.case.data / "staging"]
    data = b"".join(path.read_bytes() for place in places for path in place.rglob("*") if path.is_file())
    tables = [pl.read_parquet(path) for path in (steps.case.data / "training").rglob("*.parquet")]
    assert not [word for word in words if word.encode() in data]
    assert not [table for table in tables if token in table["email"]]
    assert CANARY not in repr(done) + output.out + output.err
