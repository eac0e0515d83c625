"""Rows inside objects of S3: replaced by a conditional put, and the version that held the rows deleted."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import polars as pl
import pytest
from purge_files_case import by_day, carry_out, listed
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.row_objects import ObjectPlace
from airflow_privacy.core.io.purge.target import Target

OLD, YOUNG = "2024-01-31", "2024-06-10"
MIXED = f"day,name\n{OLD},canary\n{YOUNG},bob\n"
KEPT = f"day,name\n{YOUNG},bob\n"


def target(bucket: Bucket, key: str = "visits") -> Target:
    return file_rows_target(bucket.uri(key), rule=by_day(), storages=bucket.storages)


def versions(bucket: Bucket, key: str = "") -> list[bytes]:
    found = bucket.client.list_object_versions(Bucket=bucket.name, Prefix=key).get("Versions", ())
    return [
        bucket.client.get_object(Bucket=bucket.name, Key=one["Key"], VersionId=one["VersionId"])["Body"].read() for one in found
    ]


def versioned(bucket: Bucket) -> Bucket:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_rows_go_and_other_objects_are_not_touched(bucket: Bucket) -> None:
    table = io.BytesIO()
    pl.DataFrame({"day": [date.fromisoformat(OLD), date.fromisoformat(YOUNG)], "n": [1, 2]}).write_parquet(table)
    bucket.put("visits/a.csv", MIXED.encode())
    bucket.put("visits/b.csv", KEPT.encode())
    bucket.put("other/c.csv", MIXED.encode())
    bucket.put("tables/d.parquet", table.getvalue())
    looked = carry_out(target(bucket))
    assert carry_out(target(bucket, "tables/d.parquet")).left == 0
    assert (looked.left, looked.gone, looked.looked) == (0, 1, 2)
    assert (bucket.get("visits/a.csv"), bucket.get("other/c.csv")) == (KEPT.encode(), MIXED.encode())
    assert pl.read_parquet(bucket.get("tables/d.parquet"))["n"].to_list() == [2]
    assert bucket.objects() == ["other/c.csv", "tables/d.parquet", "visits/a.csv", "visits/b.csv"]


def test_headers_metadata_tags_and_encryption_are_kept(bucket: Bucket) -> None:
    given = {
        "ContentType": "text/csv",
        "CacheControl": "no-store",
        "Metadata": {"owner": "olivia"},
        "StorageClass": "STANDARD_IA",
        "ServerSideEncryption": "AES256",
    }
    bucket.client.put_object(Bucket=bucket.name, Key="visits/a.csv", Body=MIXED.encode(), Tagging="team=care&x=1%2B1", **given)
    carry_out(target(bucket))
    head = bucket.client.head_object(Bucket=bucket.name, Key="visits/a.csv")
    assert {name: head.get(name) for name in given} == given
    tags = bucket.client.get_object_tagging(Bucket=bucket.name, Key="visits/a.csv")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "care", "x": "1+1"}


def test_the_version_that_held_the_rows_is_deleted(bucket: Bucket) -> None:
    versioned(bucket).put("visits/a.csv", MIXED.encode())
    assert carry_out(target(bucket)).left == 0
    assert versions(bucket) == [KEPT.encode()]


def test_a_version_that_a_killed_run_left_is_deleted_by_the_next(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    versioned(bucket).put("visits/a.csv", MIXED.encode())
    found = target(bucket).find()
    with monkeypatch.context() as patch:
        patch.setattr(ObjectPlace, "_delete_version", lambda *_: None)
        assert carry_out(target(bucket), found).left == 1
    assert len(versions(bucket)) == 2
    assert carry_out(target(bucket), found).left == 0
    assert versions(bucket) == [KEPT.encode()]


def test_older_versions_are_told(bucket: Bucket) -> None:
    versioned(bucket).put("visits/a.csv", KEPT.encode())
    bucket.put("visits/a.csv", MIXED.encode())
    assert "1 of them" in target(bucket).find().step.not_covered[1]


def test_an_object_that_was_written_meanwhile_is_judged_again_and_never_overwritten(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("visits/a.csv", MIXED.encode())
    real, tries = ObjectPlace.replace, []

    def slow(self: ObjectPlace, name: str, copy: Any) -> bool:
        if not tries:
            bucket.put("visits/a.csv", f"day,name\n{OLD},eve\n{YOUNG},fay\n".encode())
        tries.append(name)
        return real(self, name, copy)

    monkeypatch.setattr(ObjectPlace, "replace", slow)
    assert carry_out(target(bucket)).left == 0
    assert bucket.get("visits/a.csv") == f"day,name\n{YOUNG},fay\n".encode() and len(tries) == 2


def test_an_object_that_was_deleted_meanwhile_does_not_come_back(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("visits/a.csv", MIXED.encode())
    bucket.put("visits/b.csv", KEPT.encode())
    real = ObjectPlace.replace

    def slow(self: ObjectPlace, name: str, copy: Any) -> bool:
        bucket.client.delete_object(Bucket=bucket.name, Key="visits/a.csv")
        return real(self, name, copy)

    monkeypatch.setattr(ObjectPlace, "replace", slow)
    assert carry_out(target(bucket)).left == 0
    assert bucket.objects() == ["visits/b.csv"]


def test_partitions_of_keys_are_columns(bucket: Bucket) -> None:
    bucket.put(f"visits/day={OLD}/a.csv", b"name\nada\n")
    bucket.put(f"visits/day={YOUNG}/a.csv", b"name\nbob\n")
    found = target(bucket).find()
    assert listed(found) == [f"day={OLD}/a.csv"]


def test_one_object_is_a_place_too(bucket: Bucket) -> None:
    bucket.put("a.csv", MIXED.encode())
    assert carry_out(target(bucket, "a.csv")).left == 0
    assert bucket.get("a.csv") == KEPT.encode()


def test_a_prefix_without_objects_is_refused(bucket: Bucket) -> None:
    with pytest.raises(BadInput) as caught:
        target(bucket).find()
    assert caught.value.reason == "empty-folder"


def test_removing_again_changes_nothing(bucket: Bucket) -> None:
    versioned(bucket).put("visits/a.csv", MIXED.encode())
    found = target(bucket).find()
    first = carry_out(target(bucket), found)
    before = bucket.client.head_object(Bucket=bucket.name, Key="visits/a.csv")["VersionId"]
    assert carry_out(target(bucket), found) == first
    assert bucket.client.head_object(Bucket=bucket.name, Key="visits/a.csv")["VersionId"] == before


GONE = f"day,name\n{OLD},canary\n"


@pytest.mark.parametrize("kept_versions", [False, True])
def test_an_object_of_which_every_row_goes_goes_with_its_key(bucket: Bucket, kept_versions: bool) -> None:
    if kept_versions:
        versioned(bucket)
    bucket.put("visits/name=canary/canary.csv", GONE.encode())
    bucket.put("visits/name=bob/b.csv", KEPT.encode())
    looked = carry_out(target(bucket))
    assert (looked.left, looked.gone) == (0, 1)
    assert bucket.objects() == ["visits/name=bob/b.csv"]
    listed_ = bucket.client.list_object_versions(Bucket=bucket.name)
    assert [one["Key"] for one in (*listed_["Versions"], *listed_.get("DeleteMarkers", ()))] == ["visits/name=bob/b.csv"]


def test_no_older_version_comes_to_light_where_a_whole_object_goes(bucket: Bucket) -> None:
    versioned(bucket)
    bucket.put("visits/a.csv", MIXED.encode())
    bucket.put("visits/a.csv", GONE.encode())
    bucket.put("visits/b.csv", KEPT.encode())
    assert carry_out(target(bucket)).left == 0
    assert bucket.get("visits/a.csv") == b"day,name\n"


def test_the_last_object_stays_without_rows(bucket: Bucket) -> None:
    bucket.put("visits/a.csv", GONE.encode())
    bucket.put("visits/_marker", b"x")
    assert carry_out(target(bucket)).left == 0
    assert bucket.get("visits/a.csv") == b"day,name\n"


def test_what_somebody_wrote_before_the_deletion_stays(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("visits/a.csv", GONE.encode())
    bucket.put("visits/b.csv", KEPT.encode())
    whole = ObjectPlace.drop

    def overtaken(self: ObjectPlace, name: str, copy: Any) -> bool | None:
        bucket.put("visits/a.csv", KEPT.encode())
        return whole(self, name, copy)

    monkeypatch.setattr(ObjectPlace, "drop", overtaken)
    assert carry_out(target(bucket)).left == 0
    assert bucket.get("visits/a.csv") == KEPT.encode()
