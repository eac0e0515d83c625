"""A whole release under a policy that asks for encryption: nothing in clear at rest, and gone when the key is."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl
import pytest
from people import CONTRACT, POLICY, SCOPE, Case, S3Case, people_frame, write_case
from s3_bucket import Bucket
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.io.version import open_version
from airflow_privacy.core.keyring import destroy_scope, rotate_scope
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import keys as pipeline_keys
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.at_rest import keys_of
from airflow_privacy.core.pipeline.training import read_training_set, register_training_input


def asking(case: Case | S3Case, **environments: str) -> None:
    """Let environments of the policy ask for encryption."""
    text = case.policy.read_text()
    for name, encryption in environments.items():
        text = text.replace(f"name: {name}, base", f"name: {name}, encryption: {encryption}, base")
    case.policy.write_text(text)


def steps_in(folder: Path, **environments: str) -> Steps:
    case = write_case(folder)
    asking(case, **environments)
    return Steps(workspace=workspace_in(folder), case=case)


def dataset_of(steps: Steps) -> Dataset:
    return steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])


def values_in_clear(folder: Path) -> list[str]:
    """Files that hold a country or a token prefix of the released table, or that Polars reads."""
    found = []
    for path in folder.rglob("*.parquet"):
        try:
            pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError):
            continue
        found.append(path.name)
    return found


@pytest.mark.parametrize(
    "environments", [{"staging": "keyring", "training": "keyring"}, {"training": "keyring"}, {"staging": "keyring"}], ids=str
)
def test_a_release_is_encrypted_where_the_policy_asks_and_can_be_trained_on(tmp_path: Path, environments: dict[str, str]) -> None:
    steps = steps_in(tmp_path, **environments)
    steps.prepare().answer()
    released = steps.transfer()
    assert steps.transfer().passport == released.passport
    assert values_in_clear(steps.case.data / "training") == []
    assert bool(values_in_clear(steps.case.data / "staging")) is ("staging" not in environments)
    proof.verify_passport_of(steps.workspace, str(steps.case.out))
    admitted = register_training_input(
        steps.workspace, CALLER, dataset=str(steps.case.out), purpose="churn-model", requires="pseudonymized", model="m"
    )
    frame = read_training_set(steps.workspace, admitted.ref, model="m").frame
    assert frame.height == dataset_of(steps).rows
    assert set(frame["country"]) <= {"DE", "FR"}


def test_no_cell_of_the_release_is_in_the_bytes_of_any_file(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring", training="keyring")
    steps.prepare().answer()
    steps.transfer()
    dataset = dataset_of(steps)
    opened = open_version(dataset, encryption=keys_of(steps.workspace, dataset))
    rows = pl.concat(opened.slabs())
    cells = {str(value).encode() for value in (*rows["email"].head(50), *rows["person_id"].head(50), *rows.columns[:3])}
    stored = [path.read_bytes() for name in ("staging", "training") for path in (steps.case.data / name).rglob("*.parquet")]
    assert len(stored) == 2
    assert not [cell for cell in cells for data in stored if cell in data]


def test_masking_again_gives_the_same_dataset(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring")
    steps.prepare()
    first = steps.refs["dataset"]
    steps.mask()
    assert steps.refs["dataset"] == first


def test_the_dataset_records_the_key_of_its_files(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring")
    steps.prepare()
    dataset, key = dataset_of(steps), steps.workspace.keyring().scope_key(SCOPE)
    assert ("encryption", key.id, 1) in {(use.technique, use.id, use.version) for use in dataset.keys}
    assert dataset.scope == SCOPE


def test_the_keys_are_recorded_of_files_that_were_encrypted_on_the_way(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, training="keyring")
    steps.prepare().answer()
    published = steps.workspace.artifacts.get(Dataset, steps.transfer().outcome.ref)
    assert published.version == dataset_of(steps).version
    assert "encryption" in {use.technique for use in published.keys}
    assert "encryption" not in {use.technique for use in dataset_of(steps).keys}


def test_a_rotation_after_the_release_leaves_it_readable(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring", training="keyring")
    steps.prepare().answer()
    steps.transfer()
    rotate_scope(steps.workspace.home, SCOPE)
    dataset = dataset_of(steps)
    assert open_version(dataset, encryption=keys_of(steps.workspace, dataset)).rows == dataset.rows


def test_destroying_the_scopes_key_ends_staging_and_release(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring", training="keyring")
    steps.prepare().answer()
    steps.transfer()
    (gone,) = pipeline_keys.destroy(steps.workspace, CALLER, SCOPE, None)
    dataset = dataset_of(steps)
    for uri in (dataset.uri, str(steps.case.out)):
        with pytest.raises(KeyUnavailable, match="key-destroyed"):
            open_version(msgspec.structs.replace(dataset, uri=uri), encryption=keys_of(steps.workspace, dataset))
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        steps.assess()
    proof.verify_passport_of(steps.workspace, str(steps.case.out))
    fact = [fact for _, fact in proof.facts_of(steps.workspace) if fact.kind == "key-destroyed"][-1]
    assert gone.id in fact.reason
    assert "HMAC tokens stay" in fact.reason


def test_destruction_is_recorded_once_and_made_up_for_after_a_crash(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    destroy_scope(workspace.home, SCOPE)  # and killed before the fact
    for _ in range(2):
        pipeline_keys.destroy(workspace, CALLER, SCOPE, 1)
    assert [fact.kind for _, fact in proof.facts_of(workspace)] == ["key-destroyed"]


def test_a_rotation_is_recorded_with_its_version(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    made = pipeline_keys.rotate(workspace, CALLER, SCOPE)
    ((_, fact),) = proof.facts_of(workspace)
    assert (fact.kind, fact.counts) == ("key-rotated", {"version": 2})
    assert made.id in fact.reason


def test_masking_into_an_encrypted_environment_without_a_key_is_refused(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="keyring")
    steps.detect()
    steps.plan()
    destroy_scope(steps.workspace.home, SCOPE)
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        steps.mask()
    assert not steps.case.staging.exists()


def test_sse_kms_on_a_file_system_is_refused(tmp_path: Path) -> None:
    steps = steps_in(tmp_path, staging="sse-kms")
    steps.detect()
    with pytest.raises(BadInput, match="bad-encryption"):
        steps.plan()


KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def test_a_release_on_s3_is_written_with_the_environments_kms_key(bucket: Bucket, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    people_frame().write_parquet(buffer)
    bucket.put("data/raw/people.parquet", buffer.getvalue())
    case = S3Case(bucket.uri("data"), tmp_path / "contract.yaml", tmp_path / "policy.yaml")
    case.contract.write_text(CONTRACT.format(data=case.data))
    case.policy.write_text(POLICY.format(data=case.data))
    asking(case, staging="sse-kms", training=f"sse-kms, kms_key: '{KEY}'")
    steps = Steps(workspace=replace(workspace_in(tmp_path), storages=bucket.storages), case=case)
    steps.prepare().answer()
    steps.transfer()
    heads = {key: bucket.client.head_object(Bucket=bucket.name, Key=key) for key in bucket.objects("data")}
    kinds = {key.split("/")[1]: set() for key in heads}
    for key, head in heads.items():
        kinds[key.split("/")[1]].add((head.get("ServerSideEncryption"), head.get("SSEKMSKeyId") == KEY))
    assert kinds["training"] == {("aws:kms", True)}
    assert {kind for kind, _ in kinds["staging"]} == {"aws:kms"}
    assert ("aws:kms", True) not in kinds["raw"]
    proof.verify_passport_of(steps.workspace, str(case.out))
