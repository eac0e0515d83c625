"""Our own datasets as a target: which versions go, that the published one stays, and that nobody sees half of one."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from erasing import released
from purging_versions import nothing, older_than, purge
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge import version_folders
from airflow_privacy.core.io.purge.target import Pace, Rule
from airflow_privacy.core.io.purge.versions import versions_target
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.io.version import write_version
from airflow_privacy.core.io.version_copy import publish, read_current

PLAN = "sha256:" + "0" * 64
OLD = datetime.now(UTC) - timedelta(days=400)


def version(uri: str, number: int, storages: Storages = local_storage) -> str:
    def parts(folder: Path) -> None:
        pl.DataFrame({"number": [number]}).write_parquet(folder / "part-00000.parquet")

    return write_version(uri, PLAN, parts, storages=storages).version


def age(folder: Path, moment: datetime = OLD) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (moment.timestamp(), moment.timestamp()))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A dataset with a superseded version 1, the published version 2 and a staged version 3, all of them old."""
    folder = tmp_path / "people"
    for number in (1, 2, 3):
        made = version(str(folder), number)
        if number < 3:
            publish(str(folder), made, b"{}" * number)
    age(folder)
    return folder


def versions_in(place: Path) -> set[str]:
    return {path.name for path in (place / "versions").iterdir()}


def test_old_versions_go_and_the_published_one_stays(place: Path) -> None:
    current = read_current(str(place)).version
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = purge(target)
    assert found.step.counts == {"expired": 2, "young": 1}
    assert (found.step.method, found.step.unit, found.things) == ("drop-versions", "versions", 3)
    assert found.step.oldest_days >= 399
    assert versions_in(place) == {current}


def test_looking_changes_nothing(place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    versions_target(str(place), rule=older_than(30), storages=local_storage).find()
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_looking_again_finds_nothing_left(place: Path) -> None:
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = target.find()
    assert found.listing is not None
    assert target.look_again(found.step, found.listing.items).left == 2
    purge(target)
    looked = target.look_again(found.step, found.listing.items)
    assert (looked.looked, looked.left, looked.gone, looked.kept) == (2, 0, 2, ())


def test_removing_twice_is_no_error(place: Path) -> None:
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = purge(target)
    assert found.listing is not None
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)


def test_a_young_version_stays(place: Path) -> None:
    young = version(str(place), 4)
    purge(versions_target(str(place), rule=older_than(30), storages=local_storage))
    assert young in versions_in(place)


def test_a_held_version_stays_and_is_counted(place: Path) -> None:
    staged = next(iter(versions_in(place) - {read_current(str(place)).version}))
    found = purge(versions_target(str(place), rule=older_than(30, held=(staged,)), storages=local_storage))
    assert found.step.counts["held"] == 1
    assert [(kept.why, kept.count) for kept in found.kept] == [("legal-hold", 1)]
    assert staged in versions_in(place)


def test_the_whole_dataset_goes_when_the_rule_says_so(place: Path) -> None:
    found = purge(versions_target(str(place), rule=older_than(30, whole="expired"), storages=local_storage))
    assert found.step.counts == {"expired": 3}
    assert not (place / "current.json").exists()
    assert not (place / "versions").exists()


def test_a_killed_purge_of_the_whole_dataset_is_finished_although_its_files_are_young(tmp_path: Path) -> None:
    place = tmp_path / "people"
    made = version(str(place), 1)
    publish(str(place), made, b"{}")
    target = versions_target(str(place), rule=older_than(30, whole="expired"), storages=local_storage)
    found = target.find()
    assert found.listing is not None
    (place / "current.json").unlink()
    (place / "versions" / made / "manifest.json").unlink()
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert target.look_again(found.step, found.listing.items).left == 0
    assert not (place / "versions").exists()


def test_a_version_that_was_published_again_after_listing_stays(place: Path) -> None:
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = target.find()
    assert found.listing is not None
    chosen = found.listing.items[0].name
    publish(str(place), chosen, b"{}" * 5)
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert chosen in versions_in(place)
    assert [(kept.why, kept.count) for kept in target.look_again(found.step, found.listing.items).kept] == [("changed-since", 1)]


def test_a_version_whose_manifest_is_another_one_by_now_stays(place: Path) -> None:
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = target.find()
    assert found.listing is not None
    manifest = place / "versions" / found.listing.items[0].name / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    age(manifest.parent)
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert manifest.exists()


def test_parts_without_a_manifest_go_once_their_writer_must_be_dead(place: Path) -> None:
    for name, moment in (("a" * 16, OLD), ("b" * 16, datetime.now(UTC))):
        left = place / "versions" / name / "part-00000.parquet"
        left.parent.mkdir()
        left.write_bytes(b"rows")
        age(left.parent, moment)
    purge(versions_target(str(place), rule=older_than(0), storages=local_storage))
    assert "a" * 16 not in versions_in(place)
    assert "b" * 16 in versions_in(place)


def test_a_temporary_folder_of_a_killed_writer_goes(place: Path) -> None:
    left = place / ".tmp-0123" / "part-00000.parquet"
    left.parent.mkdir()
    left.write_bytes(b"rows")
    age(left.parent)
    purge(versions_target(str(place), rule=older_than(30), storages=local_storage))
    assert not left.parent.exists()


def test_a_link_inside_a_version_is_removed_and_not_followed(place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.parquet"
    outside.write_bytes(b"rows")
    staged = next(iter(versions_in(place) - {read_current(str(place)).version}))
    (place / "versions" / staged / "link.parquet").symlink_to(outside)
    age(place)
    os.utime(place / "versions" / staged / "link.parquet", (OLD.timestamp(), OLD.timestamp()), follow_symlinks=False)
    purge(versions_target(str(place), rule=older_than(30), storages=local_storage))
    assert outside.read_bytes() == b"rows"
    assert staged not in versions_in(place)


def test_a_reader_finds_a_whole_version_or_none_at_every_step(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, bool, bool]] = []
    real: Callable[..., None] = version_folders.erase
    current = read_current(str(place)).version
    folder = place / "versions" / current

    def watched(storage: object, things: object) -> None:
        real(storage, things)
        pointer = (place / "current.json").exists()
        seen.append((pointer, (folder / "manifest.json").exists(), (folder / "part-00000.parquet").exists()))

    monkeypatch.setattr(version_folders, "erase", watched)
    purge(versions_target(str(place), rule=older_than(30, whole="expired"), storages=local_storage))
    assert seen[0] == (False, True, True)
    assert all(part or not manifest for _, manifest, part in seen)


def test_a_rule_about_rows_is_refused(place: Path) -> None:
    with pytest.raises(BadInput, match="rule-does-not-fit"):
        versions_target(str(place), rule=Rule(columns=("a",)), storages=local_storage)


def test_a_place_with_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing-there"):
        versions_target(str(tmp_path / "no"), rule=older_than(1), storages=local_storage).find()


def test_a_version_that_came_back_from_a_backup_is_found_left_although_its_files_are_new(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "backup")
    target = versions_target(str(place), rule=older_than(30), storages=local_storage)
    found = purge(target)
    assert found.listing is not None
    shutil.copytree(tmp_path / "backup" / "versions", place / "versions", dirs_exist_ok=True)
    age(place, datetime.now(UTC))
    assert target.look_again(found.step, found.listing.items).left == 2


def test_a_version_is_as_young_as_the_passport_that_was_issued_last(place: Path, tmp_path: Path) -> None:
    steps = released(tmp_path / "release")
    out = steps.case.out
    assert isinstance(out, Path)
    made = read_current(str(out)).version
    age(out)
    (out / "current.json").unlink()
    purge(versions_target(str(out), rule=older_than(30), storages=local_storage))
    assert versions_in(out) == {made}
    next((out / "passports").iterdir()).unlink()
    purge(versions_target(str(out), rule=older_than(30), storages=local_storage))
    assert not (out / "versions").exists()


# On S3


@pytest.fixture
def versioned(bucket: Bucket) -> Bucket:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def every_version(bucket: Bucket, below: str = "") -> list[str]:
    page = bucket.client.list_object_versions(Bucket=bucket.name, Prefix=below)
    return [entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, ())]


def test_no_object_version_of_a_purged_version_is_left_in_a_versioned_bucket(versioned: Bucket) -> None:
    uri = versioned.uri("people")
    gone, stays = (version(uri, number, versioned.storages) for number in (1, 2))
    publish(uri, stays, b"{}", storages=versioned.storages)
    part = f"people/versions/{gone}/part-00000.parquet"
    versioned.put(part, versioned.get(part))  # a retry that wrote it again
    purge(versions_target(uri, rule=older_than(-1), storages=versioned.storages))
    assert every_version(versioned, f"people/versions/{gone}/") == []
    assert len(every_version(versioned, f"people/versions/{stays}/")) == 2


def test_a_version_that_was_deleted_with_markers_only_is_found_and_goes(
    versioned: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = versioned.uri("people")
    gone = version(uri, 1, versioned.storages)
    for key in versioned.objects():
        versioned.client.delete_object(Bucket=versioned.name, Key=key)
    assert versioned.objects() == []
    monkeypatch.setattr(version_folders, "DEAD_AFTER", timedelta(seconds=-5))
    found = purge(versions_target(uri, rule=older_than(-1), storages=versioned.storages))
    assert found.listing is not None
    assert [item.name for item in found.listing.items] == [gone]
    assert every_version(versioned) == []


def test_an_unfinished_upload_of_a_killed_writer_goes(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = bucket.uri("people")
    publish(uri, version(uri, 1, bucket.storages), b"{}", storages=bucket.storages)
    key = f"people/versions/{'a' * 16}/part-00000.parquet"
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key)
    monkeypatch.setattr(version_folders, "DEAD_AFTER", timedelta(seconds=-5))
    purge(versions_target(uri, rule=older_than(-1), storages=bucket.storages))
    assert bucket.unfinished() == []


def test_a_bucket_without_versioning_is_purged(bucket: Bucket) -> None:
    uri = bucket.uri("people")
    gone, stays = (version(uri, number, bucket.storages) for number in (1, 2))
    publish(uri, stays, b"{}", storages=bucket.storages)
    target = versions_target(uri, rule=older_than(-1), storages=bucket.storages)
    found = purge(target)
    assert not [key for key in bucket.objects() if gone in key]
    assert found.listing is not None
    assert target.look_again(found.step, found.listing.items).left == 0


def test_a_version_of_which_the_store_locks_an_object_stays_whole_and_is_reported_with_the_date(s3_client: Any) -> None:
    name = f"locked-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    bucket = Bucket(s3_client, name)
    uri = bucket.uri("people")
    locked, free = (version(uri, number, bucket.storages) for number in (1, 2))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    key = f"people/versions/{locked}/part-00000.parquet"
    s3_client.put_object_retention(Bucket=name, Key=key, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": end})
    target = versions_target(uri, rule=older_than(-1), storages=bucket.storages)
    found = purge(target)
    assert found.step.counts == {"expired": 1, "held": 1}
    assert [(kept.why, kept.count, kept.until) for kept in found.kept] == [("object-lock", 1, end.isoformat())]
    assert {entry.split("/")[2] for entry in every_version(bucket, "people/versions/")} == {locked}
    assert len(every_version(bucket, f"people/versions/{locked}/")) == 2
    assert free not in " ".join(bucket.objects())


def test_what_was_locked_after_listing_stays_and_is_reported_when_looking_again(s3_client: Any) -> None:
    name = f"locked-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    bucket = Bucket(s3_client, name)
    uri = bucket.uri("people")
    made = version(uri, 1, bucket.storages)
    target = versions_target(uri, rule=older_than(-1), storages=bucket.storages)
    found = target.find()
    assert found.listing is not None
    key = f"people/versions/{made}/manifest.json"
    s3_client.put_object_legal_hold(Bucket=name, Key=key, LegalHold={"Status": "ON"})
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    looked = target.look_again(found.step, found.listing.items)
    assert (looked.left, looked.gone, [kept.why for kept in looked.kept]) == (0, 0, ["object-lock"])
    assert len(bucket.objects()) == 2
