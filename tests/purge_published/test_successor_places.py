"""Successors where files are encrypted, on S3 with versions, and as a target of a purge."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from erasing import CANARY, EXTRA, SUBJECT, erase_canary, released
from people import CONTRACT, POLICY, S3Case, people_frame, write_case
from postgres import PostgresServer
from s3_bucket import Bucket
from sql_case import sql_steps
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import CheckFailed, StorageUnavailable, VerificationError
from airflow_privacy.core.io.purge.target import Pace, Target
from airflow_privacy.core.io.version_copy import Current, publish, read_current
from airflow_privacy.core.keyring import rotate_scope
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import proof, subject_rows, successor, successor_write
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.successor import Successor, count_in_published, erase_from_published
from airflow_privacy.core.pipeline.successor_target import published_target


def nothing(done: int, of: int) -> None:
    del done, of


def test_a_successor_is_encrypted_as_its_predecessor_was_also_after_a_rotation(tmp_path: Path) -> None:
    case = write_case(tmp_path, extra=EXTRA)
    case.policy.write_text(case.policy.read_text().replace("name: training, base", "name: training, encryption: keyring, base"))
    steps = Steps(workspace=workspace_in(tmp_path), case=case)
    steps.prepare().answer()
    steps.transfer()
    rotate_scope(steps.workspace.home, "training/churn-model/ml-team")
    done = erase_canary(steps)
    release = proof.verify_passport_of(steps.workspace, str(case.out)).statement.predicate
    dataset = steps.workspace.artifacts.find(Dataset, release.dataset)
    rows = pl.concat(open_dataset(steps.workspace, dataset).slabs())
    assert (rows.height, done.version) == (600, dataset.version)
    assert {(use.technique, use.version) for use in dataset.keys} == {("hmac_token", 1), ("encryption", 2)}
    for path in case.out.rglob("*.parquet"):
        with pytest.raises((pl.exceptions.PolarsError, OSError)):
            pl.read_parquet(path)
    # The successor of a successor is looked through by the same tokens.
    assert count_in_published(steps.workspace, uri=str(case.out), subject_values={"person_id": pl.Series([70_000])}).rows == 1


@pytest.fixture
def on_s3(bucket: Bucket, tmp_path: Path) -> Steps:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    case = S3Case(f"s3://{bucket.name}", tmp_path / "contract.yaml", tmp_path / "policy.yaml")
    case.contract.write_text(CONTRACT.format(data=case.data))
    case.policy.write_text(POLICY.format(data=case.data))
    table = io.BytesIO()
    people_frame(extra=EXTRA).write_parquet(table)
    bucket.put("raw/people.parquet", table.getvalue())
    steps = Steps(workspace=replace(workspace_in(tmp_path), storages=bucket.storages), case=case)
    steps.prepare().answer()
    steps.transfer()
    return steps


def test_no_version_of_any_object_holds_the_subject_after_an_erasure_on_s3(on_s3: Steps, bucket: Bucket) -> None:
    done = erase_canary(on_s3)
    proof.verify_passport_of(on_s3.workspace, str(on_s3.case.out))
    page = bucket.client.list_object_versions(Bucket=bucket.name)
    keys = {
        entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, ()) if "/versions/" in entry["Key"]
    }
    assert {key.split("/")[3] for key in keys} == {done.version}
    assert {key.split("/")[0] for key in keys} == {"training"}


def test_dying_before_any_request_that_changes_the_bucket_ends_the_same(on_s3: Steps, bucket: Bucket) -> None:
    class Killed(BaseException):
        """Nothing may catch this."""

    changing = ("PutObject", "CompleteMultipartUpload", "DeleteObjects", "DeleteObject", "AbortMultipartUpload")
    left = 0

    def dying(**given: object) -> None:
        nonlocal left
        del given
        left -= 1
        if left < 0:
            raise Killed

    events = bucket.client.meta.events
    for call in changing:
        events.register(f"before-call.s3.{call}", dying)
    try:
        for _ in range(40):
            left = 2  # two more requests each time, over the same state: as if it were killed again and again
            try:
                done = erase_canary(on_s3)
                break
            except Killed:
                continue
    finally:
        for call in changing:
            events.unregister(f"before-call.s3.{call}", dying)
    assert done.version
    assert count_in_published(on_s3.workspace, uri=str(on_s3.case.out), subject_values=SUBJECT).is_clear
    facts = [fact for _, fact in proof.facts_of(on_s3.workspace) if fact.kind == "revoked"]
    assert len(facts) == 2  # the published version's passport, and the staged version
    proof.verify_passport_of(on_s3.workspace, str(on_s3.case.out))


def target_of(steps: Steps, subject: Mapping[str, pl.Series] = SUBJECT) -> Target:
    return published_target(steps.workspace, CALLER, uri=str(steps.case.out), subject_values=subject, request="r-2")


def test_as_a_target_it_finds_removes_and_looks_again(tmp_path: Path) -> None:
    steps = released(tmp_path)
    target = target_of(steps)
    found = target.find()
    assert (found.step.method, found.step.unit, found.step.counts, found.listing) == (
        "drop-versions", "rows", {"expired": 1, "young": 600}, None,
    )  # fmt: skip
    assert target.look_again(found.step, ()).left == 1
    target.remove(found.step, (), pace=Pace(), progress=nothing)
    looked = target.look_again(found.step, ())
    assert (looked.looked, looked.left, looked.gone) == (1, 0, 1)
    target.remove(found.step, (), pace=Pace(), progress=nothing)


def test_the_target_shows_no_value(tmp_path: Path) -> None:
    steps = released(tmp_path)
    target = target_of(steps)
    found = target.find()
    assert CANARY not in repr(target) + repr(found)
    assert "900000" not in repr(target) + repr(found)


def test_a_dataset_that_is_left_is_kept_with_a_reason(tmp_path: Path) -> None:
    found = target_of(released(tmp_path), {"name": pl.Series(["Canary Finch"])}).find()
    assert (found.step.counts["expired"], [kept.why for kept in found.kept]) == (0, ["no-link"])


def test_something_published_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    steps = released(tmp_path)
    current = read_current(str(steps.case.out))
    with pytest.raises(Exception, match="publish-conflict"):
        publish(str(steps.case.out), current.version, b"{}", instead_of=Current(version="0" * 16, passport=current.passport))
    assert read_current(str(steps.case.out)) == current


def test_a_release_that_is_published_during_the_erasure_stays_and_the_erasure_is_to_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = released(tmp_path)
    pointer = Path(str(steps.case.out)) / "current.json"
    real = successor_write.issue_passport

    def meanwhile(*given: Any, **named: Any) -> bytes:
        pointer.write_bytes(canonical(Current(version="f" * 16, passport="sha256:" + "f" * 64)))
        return real(*given, **named)

    monkeypatch.setattr(successor_write, "issue_passport", meanwhile)
    with pytest.raises(StorageUnavailable, match="publish-conflict"):
        erase_canary(steps)
    assert read_current(str(steps.case.out)).version == "f" * 16
    assert not [fact for _, fact in proof.facts_of(steps.workspace) if fact.kind == "revoked"]


def test_a_k_anonymous_dataset_without_tokens_is_left_and_says_why(tmp_path: Path) -> None:
    case = write_case(tmp_path, extra=EXTRA)
    case.policy.write_text(case.policy.read_text().replace("{technique: hmac_token}", "{technique: drop}"))
    steps = Steps(workspace=workspace_in(tmp_path), case=case)
    steps.prepare().answer()
    assert steps.transfer().level.startswith("K_ANONYMOUS")
    done = erase_canary(steps)
    assert (done.left, done.erased) == ("anonymous", {})
    assert "k-anonymous" in done.because
    proof.verify_passport_of(steps.workspace, str(case.out))


def test_a_k_anonymous_dataset_with_tokens_is_not_taken_for_anonymous(tmp_path: Path) -> None:
    # Five rows of each person: no row stands alone, and the token says whose they are.
    case = write_case(tmp_path, extra=EXTRA)
    raw = pl.read_parquet(case.raw)
    pl.concat([raw] * 5).write_parquet(case.raw)
    steps = Steps(workspace=workspace_in(tmp_path), case=case)
    steps.prepare().answer()
    steps.transfer()
    assert list(erase_canary(steps).erased.values()) == [5]


@pytest.fixture
def in_postgres(server: PostgresServer, tmp_path: Path) -> Steps:
    steps = sql_steps(server, tmp_path)
    steps.prepare().answer()
    steps.transfer()
    return steps


ONE = {"person_id": pl.Series([70_003])}


def erase_one(steps: Steps, uri: str) -> Successor:
    return erase_from_published(steps.workspace, CALLER, uri=uri, subject_values=ONE, request="r-3")


def test_a_published_table_in_a_database_gets_a_successor_in_its_place(in_postgres: Steps) -> None:
    uri = str(in_postgres.case.out)
    old = proof.verify_passport_of(in_postgres.workspace, uri)
    done = erase_one(in_postgres, uri)
    new = proof.verify_passport_of(in_postgres.workspace, uri)
    assert (list(done.erased.values()), done.revoked, new.statement.predicate.succeeds) == ([1], (old.digest,), old.digest)
    found = count_in_published(in_postgres.workspace, uri=uri, subject_values=ONE)
    assert (found.rows, found.rows_looked) == (0, 599)
    assert erase_one(in_postgres, uri) == done
    with pytest.raises(VerificationError, match="revoked"):
        in_postgres.transfer()


def test_a_staged_table_loses_the_rows_and_cannot_be_released(in_postgres: Steps) -> None:
    uri = str(in_postgres.case.staging)
    assert list(erase_one(in_postgres, uri).erased.values()) == [1]
    assert count_in_published(in_postgres.workspace, uri=uri, subject_values=ONE).is_clear
    with pytest.raises(VerificationError, match="revoked"):
        in_postgres.ask()


def test_a_table_whose_erasure_died_before_the_revocation_is_settled_by_the_next_run(
    in_postgres: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, real = str(in_postgres.case.out), successor._settle

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(successor, "_settle", killed)
    with pytest.raises(KeyboardInterrupt):
        erase_one(in_postgres, uri)
    monkeypatch.setattr(successor, "_settle", real)
    done = erase_one(in_postgres, uri)
    assert (list(done.erased.values()), len(done.revoked)) == ([1], 1)


RICH = {"email": SUBJECT["email"]}


def rich(folder: Path) -> Steps:
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder, extra=EXTRA, rich=True))
    steps.prepare().answer()
    steps.transfer()
    return steps


def test_reversible_tokens_are_found_and_what_was_averaged_or_said_in_texts_is_named(tmp_path: Path) -> None:
    steps = rich(tmp_path)
    found = count_in_published(steps.workspace, uri=str(steps.case.out), subject_values=RICH)
    assert (found.rows, found.columns) == (1, ("email",))
    said = " ".join(found.not_covered)
    assert "'notes'" in said
    assert "'income'" in said
    done = erase_from_published(steps.workspace, CALLER, uri=str(steps.case.out), subject_values=RICH, request="r")
    assert list(done.erased.values()) == [1]


def test_values_that_make_up_one_token_have_to_be_given_row_by_row(tmp_path: Path) -> None:
    case = write_case(tmp_path, extra=EXTRA)
    rule = "then: {technique: hmac_token}, because: records must join"
    case.policy.write_text(
        case.policy.read_text().replace(rule, "then: {technique: hmac_token, beside: [name]}, because: records must join")
    )
    steps = Steps(workspace=workspace_in(tmp_path), case=case)
    steps.prepare().answer()
    steps.transfer()
    name = pl.Series(["Canary Finch"])

    def rows(**subject: pl.Series) -> int:
        return count_in_published(steps.workspace, uri=str(case.out), subject_values=subject).rows

    assert rows(email=SUBJECT["email"], name=name) == 1
    assert rows(email=SUBJECT["email"]) == 0
    with pytest.raises(CheckFailed, match="subject-not-row-by-row"):
        rows(email=SUBJECT["email"], name=pl.Series(["Canary Finch", "Ada Lovelace"]))


def test_rows_that_are_not_those_of_the_plan_are_refused_without_a_value() -> None:
    rows = subject_rows.SubjectRows(values={"email": pl.Series([CANARY])})
    with pytest.raises(VerificationError) as caught:
        rows.of(pl.DataFrame({"other": [CANARY]}))
    assert CANARY not in str(caught.value)
