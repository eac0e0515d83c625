"""A whole release with raw, staging and training on S3, on the pipeline and with Airflow's connection."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from people import CONTRACT, POLICY, S3Case, people_frame
from s3_bucket import Bucket
from steps import Steps, workspace_in

from airflow_privacy.core.errors import TerminalError, VerificationError
from airflow_privacy.core.pipeline import proof


@pytest.fixture
def steps(bucket: Bucket, tmp_path: Path) -> Steps:
    buffer = io.BytesIO()
    people_frame().write_parquet(buffer)
    bucket.put("data/raw/people.parquet", buffer.getvalue())
    case = S3Case(bucket.uri("data"), tmp_path / "contract.yaml", tmp_path / "policy.yaml")
    case.contract.write_text(CONTRACT.format(data=case.data))
    case.policy.write_text(POLICY.format(data=case.data))
    return Steps(workspace=replace(workspace_in(tmp_path), storages=bucket.storages), case=case)  # type: ignore[arg-type]


def test_an_approved_release_on_s3_is_published_and_its_passport_holds(steps: Steps, bucket: Bucket) -> None:
    steps.prepare().answer()
    assert bucket.objects("data/training") == []
    steps.transfer()
    assert steps.transfer().version
    checked = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    version = checked.statement.predicate.version
    assert [key.removeprefix("data/training/people/") for key in bucket.objects("data/training")] == [
        "current.json",
        f"passports/{checked.digest}.json",
        f"versions/{version}/manifest.json",
        f"versions/{version}/part-00000.parquet",
    ]
    out = pl.read_parquet(bucket.get(f"data/training/people/versions/{version}/part-00000.parquet"))
    assert out.columns == ["person_id", "email", "birth_date", "country", "income", "churned"]
    assert not set(people_frame()["email"]) & set(out["email"])
    assert bucket.unfinished() == []


def test_one_byte_edited_in_staging_makes_the_transfer_refuse(steps: Steps, bucket: Bucket) -> None:
    steps.prepare().answer()
    (key,) = [key for key in bucket.objects("data/staging") if key.endswith(".parquet")]
    data = bytearray(bucket.get(key))
    data[len(data) // 2] ^= 1
    bucket.put(key, bytes(data))
    with pytest.raises(TerminalError):
        steps.transfer()
    assert bucket.objects("data/training") == []


def test_a_published_object_that_was_changed_fails_its_passport(steps: Steps, bucket: Bucket) -> None:
    steps.prepare().answer()
    steps.transfer()
    (key,) = [key for key in bucket.objects("data/training") if key.endswith(".parquet")]
    bucket.put(key, bucket.get(key) + b"x")
    with pytest.raises(VerificationError):
        proof.verify_passport_of(steps.workspace, str(steps.case.out))


def test_a_source_that_was_replaced_after_detection_is_not_masked(steps: Steps, bucket: Bucket) -> None:
    steps.detect()
    steps.plan()
    buffer = io.BytesIO()
    people_frame(rows=601).write_parquet(buffer)
    bucket.put("data/raw/people.parquet", buffer.getvalue())
    with pytest.raises(TerminalError, match="source-changed"):
        steps.mask()
    assert bucket.objects("data/staging") == []


def test_a_table_of_compressed_json_lines_in_partitions_is_released(steps: Steps, bucket: Bucket) -> None:
    bucket.client.delete_object(Bucket=bucket.name, Key="data/raw/people.parquet")
    for (country,), frame in people_frame().partition_by("country", as_dict=True, include_key=False).items():
        bucket.put(f"data/raw/people.parquet/country={country}/0.gz", gzip.compress(frame.write_ndjson().encode()))
    steps.prepare().answer()
    steps.transfer()
    (key,) = [key for key in bucket.objects("data/training") if key.endswith(".parquet")]
    out = pl.read_parquet(bucket.get(key))
    assert out.columns == ["person_id", "email", "birth_date", "income", "churned", "country"]
    assert out["country"].value_counts().sort("country").equals(people_frame()["country"].value_counts().sort("country"))
