"""Versions on S3: written, opened, copied in all directions, published; and every way in which that must fail whole."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import version_files
from airflow_privacy.core.io.s3 import S3Stage, S3Storage
from airflow_privacy.core.io.version import check_version, open_version, read_manifest, write_version
from airflow_privacy.core.io.version_copy import copy_version, publish, read_current, read_passport
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.refs import ColumnType

PLAN = "sha256:" + "1" * 64
FRAMES = [pl.DataFrame({"a": [1, 2, 3]}), pl.DataFrame({"a": [4]})]


def parts(folder):
    for index, frame in enumerate(FRAMES):
        frame.write_parquet(folder / f"part-{index:05d}.parquet")


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Small chunks; and temporary files in a folder that must be empty again at the end."""
    monkeypatch.setattr(version_files, "CHUNK_BYTES", 100)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    gc.collect()
    assert list(folder.iterdir()) == []


def dataset_of(uri, manifest):
    return Dataset(
        uri=uri, version=manifest.version, plan=PLAN, sources=(), rows=4, rows_read=4, rows_suppressed=0,
        columns=(ColumnType(name="a", dtype="integer"),), files=manifest.files,
    )  # fmt: skip


@pytest.fixture
def written(bucket):
    return dataset_of(bucket.uri("d"), write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages))


def key(dataset, name):
    return f"d/versions/{dataset.version}/{name}"


def test_a_version_on_s3_lies_as_on_disk_byte_for_byte(bucket, written, tmp_path):
    alone = write_version(str(tmp_path / "d"), PLAN, parts)
    folder = tmp_path / "d" / "versions" / alone.version
    assert alone.version == written.version
    assert {name: bucket.get(name) for name in bucket.objects()} == {
        key(written, p.name): p.read_bytes() for p in folder.iterdir()
    }
    assert bucket.unfinished() == []


def test_writing_again_touches_nothing(bucket, written, monkeypatch):
    monkeypatch.setattr(S3Stage, "write", None)
    assert write_version(written.uri, PLAN, parts, storages=bucket.storages).version == written.version


def test_an_opened_version_is_read_again_and_again(bucket, written):
    opened = open_version(written, storages=bucket.storages)
    for _ in range(2):
        assert pl.concat(opened.slabs())["a"].to_list() == [1, 2, 3, 4]
    assert opened.frame().collect()["a"].to_list() == [1, 2, 3, 4]
    assert opened.rows == 4


def test_fetched_files_are_readable_by_nobody_else_and_gone_with_the_version(bucket, written, temporary):
    opened = open_version(written, storages=bucket.storages)
    (spool,) = temporary.iterdir()
    assert spool.stat().st_mode & 0o777 == 0o700
    del opened
    gc.collect()
    assert not spool.exists()


def test_to_check_a_version_puts_nothing_on_the_disk(bucket, written, temporary):
    check_version(written, storages=bucket.storages)
    assert list(temporary.iterdir()) == []


def flipped(data):
    return data[:250] + bytes([data[250] ^ 1]) + data[251:]


TAMPERED = {
    "a changed byte": (
        lambda b, d: b.put(key(d, "part-00000.parquet"), flipped(b.get(key(d, "part-00000.parquet")))),
        "chunk-differs",
    ),
    "a shorter file": (lambda b, d: b.put(key(d, "part-00001.parquet"), b.get(key(d, "part-00001.parquet"))[:200]), "part-00001"),
    "a file too much": (lambda b, d: b.put(key(d, "part-00002.parquet"), b"x"), "files-differ.*part-00002"),
    "a file below a folder": (lambda b, d: b.put(key(d, "x/part-00002.parquet"), b"x"), "files-differ.*part-00002"),
    "a file missing": (lambda b, d: b.client.delete_object(Bucket=b.name, Key=key(d, "part-00001.parquet")), "files-differ"),
    "no manifest": (lambda b, d: b.client.delete_object(Bucket=b.name, Key=key(d, "manifest.json")), "files-differ.*manifest"),
    "another manifest": (lambda b, d: b.put(key(d, "manifest.json"), b"{}"), "manifest-differs"),
}


@pytest.mark.parametrize("case", list(TAMPERED))
def test_what_was_tampered_with_is_refused(bucket, written, tmp_path, case):
    change, reason = TAMPERED[case]
    change(bucket, written)
    for use in (
        lambda: open_version(written, storages=bucket.storages),
        lambda: check_version(written, storages=bucket.storages),
        lambda: copy_version(dataset=written, out=str(tmp_path / "out"), storages=bucket.storages),
        lambda: copy_version(dataset=written, out=bucket.uri("out"), storages=bucket.storages),
    ):
        with pytest.raises(VerificationError, match=reason):
            use()
    assert not (tmp_path / "out").exists()
    assert bucket.objects("out") == []
    assert bucket.unfinished() == []


def test_a_missing_version_is_refused(bucket, written):
    with pytest.raises(VerificationError, match="version-missing"):
        open_version(msgspec.structs.replace(written, uri=bucket.uri("elsewhere")), storages=bucket.storages)


@pytest.mark.parametrize("direction", ["local to s3", "s3 to local", "s3 to s3"])
def test_a_copy_is_published_and_verified(bucket, tmp_path, direction):
    source, target = (
        bucket.uri(name) if kind == "s3" else str(tmp_path / name)
        for name, kind in zip(("d", "out"), direction.split(" to "), strict=True)
    )
    dataset = dataset_of(source, write_version(source, PLAN, parts, storages=bucket.storages))
    for _ in range(2):
        manifest = copy_version(dataset=dataset, out=target, storages=bucket.storages)
    publish(target, dataset.version, b"passport", storages=bucket.storages)
    current = read_current(target, storages=bucket.storages)
    assert current.version == manifest.version == dataset.version
    assert read_passport(target, current, storages=bucket.storages) == b"passport"
    assert read_manifest(target, current.version, storages=bucket.storages) == manifest
    opened = open_version(msgspec.structs.replace(dataset, uri=target), storages=bucket.storages)
    assert pl.concat(opened.slabs())["a"].to_list() == [1, 2, 3, 4]
    assert bucket.unfinished() == []


def test_nothing_is_published_by_copying(bucket, written):
    copy_version(dataset=written, out=bucket.uri("out"), storages=bucket.storages)
    with pytest.raises(BadInput, match="not-published"):
        read_current(bucket.uri("out"), storages=bucket.storages)


def test_a_writer_that_fails_leaves_no_object_and_no_upload(bucket, monkeypatch):
    real = S3Stage.write

    def failing(stage, name, chunks):
        if name == "part-00001.parquet":
            raise StorageUnavailable("storage-failed", "no")
        real(stage, name, chunks)

    monkeypatch.setattr(S3Stage, "write", failing)
    with pytest.raises(StorageUnavailable):
        write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages)
    assert bucket.objects() == []
    assert bucket.unfinished() == []


def test_parts_without_a_manifest_are_no_version_and_the_retry_makes_them_one(bucket, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(S3Storage, "put_if_absent", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages)
    left = bucket.objects()
    assert [name.rpartition("/")[2] for name in left] == ["part-00000.parquet", "part-00001.parquet"]
    bucket.put(left[0], b"damaged")
    manifest = write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages)
    check_version(dataset_of(bucket.uri("d"), manifest), storages=bucket.storages)


def test_two_writers_of_one_version_agree(bucket):
    def second_comes_first(folder):
        parts(folder)
        write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages)

    manifest = write_version(bucket.uri("d"), PLAN, second_comes_first, storages=bucket.storages)
    check_version(dataset_of(bucket.uri("d"), manifest), storages=bucket.storages)


@pytest.mark.parametrize("place", ["local", "s3"])
@pytest.mark.parametrize("published_before", [False, True])
def test_who_publishes_second_at_the_same_time_loses_whole(bucket, tmp_path, monkeypatch, place, published_before):
    out = bucket.uri("out") if place == "s3" else str(tmp_path / "out")
    dataset = dataset_of(bucket.uri("d"), write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages))
    copy_version(dataset=dataset, out=out, storages=bucket.storages)
    if published_before:
        publish(out, dataset.version, b"before", storages=bucket.storages)
    storage = bucket.storages(out)
    real = type(storage).put_if_absent

    def overtaken(self, name, data):
        monkeypatch.setattr(type(storage), "put_if_absent", real)
        publish(out, dataset.version, b"winner", storages=bucket.storages)
        return real(self, name, data)

    monkeypatch.setattr(type(storage), "put_if_absent", overtaken)
    with pytest.raises(StorageUnavailable, match="publish-conflict"):
        publish(out, dataset.version, b"loser", storages=bucket.storages)
    assert read_passport(out, read_current(out, storages=bucket.storages), storages=bucket.storages) == b"winner"
    publish(out, dataset.version, b"loser", storages=bucket.storages)
    assert read_passport(out, read_current(out, storages=bucket.storages), storages=bucket.storages) == b"loser"


def test_publishing_the_same_again_changes_nothing(bucket, written):
    publish(written.uri, written.version, b"p", storages=bucket.storages)
    before = bucket.client.head_object(Bucket=bucket.name, Key="d/current.json")["LastModified"]
    publish(written.uri, written.version, b"p", storages=bucket.storages)
    assert bucket.client.head_object(Bucket=bucket.name, Key="d/current.json")["LastModified"] == before


def test_a_passport_that_was_put_there_before_is_not_published(bucket, written):
    publish(written.uri, written.version, b"p", storages=bucket.storages)
    (passport,) = bucket.objects("d/passports/")
    bucket.put(passport, b"forged")
    bucket.client.delete_object(Bucket=bucket.name, Key="d/current.json")
    with pytest.raises(VerificationError, match="passport-differs"):
        publish(written.uri, written.version, b"p", storages=bucket.storages)
    assert "d/current.json" not in bucket.objects()


def test_s3_without_a_connection_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="unsupported-location"):
        write_version("s3://bucket/d", PLAN, parts)


_KILLED = """
import os, signal, sys
import boto3, polars as pl
from airflow_privacy.core.io import s3
from airflow_privacy.core.io.version import write_version
client = boto3.client("s3", endpoint_url=sys.argv[1], aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
def killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)
s3.S3Stage.commit = killed
def parts(folder):
    pl.DataFrame({"a": [1, 2, 3]}).write_parquet(folder / "part-00000.parquet")
    pl.DataFrame({"a": [4]}).write_parquet(folder / "part-00001.parquet")
write_version("s3://", "sha256:" + "1" * 64, parts, storages=lambda _: s3.S3Storage(client, sys.argv[2], "d"))
"""


def test_a_killed_writer_leaves_unfinished_uploads_below_versions_only_and_another_run_succeeds(bucket, object_store, temporary):
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", _KILLED, object_store, bucket.name], env=environment, check=False)
    assert done.returncode == -9
    assert bucket.objects() == []
    left = bucket.unfinished()
    assert len(left) == 2
    assert all(name.startswith("d/versions/") for name in left)
    assert len(list(temporary.iterdir())) == 1  # the masked parts, readable by nobody else
    manifest = write_version(bucket.uri("d"), PLAN, parts, storages=bucket.storages)
    check_version(dataset_of(bucket.uri("d"), manifest), storages=bucket.storages)
    assert list(temporary.iterdir()) == []
