"""Objects of a real S3 API with all their versions: what goes, what stays, and in how many calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from purge_bucket import counted, fill, kept, key_of, old_years, purge, quiet, target, versioned
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.object_listing import written
from airflow_privacy.core.io.purge.objects import _batches, objects_target
from airflow_privacy.core.io.purge.target import Pace, Rule, Thing
from airflow_privacy.core.model.purge import Disposition, Item


def ALL(_: Thing) -> Disposition:  # noqa: N802 - a rule, and it reads as one
    return "expired"


def is_old(key: str) -> bool:
    return "year=2022" in key


def purge_and_compare(bucket: Bucket, keys: int) -> None:
    before = kept(bucket)
    looked = purge(target(bucket, old_years))
    gone = {one for one in before if is_old(one[1])}
    assert kept(bucket) == before - gone
    assert (looked.looked, looked.gone, looked.left, looked.kept) == (len(gone), len(gone), 0, ())
    assert len(gone) > keys * 3 * 0.3
    for kind, key, version in sorted(gone):
        if kind == "object":
            with pytest.raises(ClientError):
                bucket.client.get_object(Bucket=bucket.name, Key=key, VersionId=version)


def test_of_a_thousand_objects_with_three_versions_markers_and_uploads_exactly_the_old_ones_go(bucket: Bucket) -> None:
    fill(versioned(bucket), 1_000)
    purge_and_compare(bucket, 1_000)


@pytest.mark.long
def test_of_ten_thousand_objects_exactly_the_old_ones_go(bucket: Bucket) -> None:
    fill(versioned(bucket), 10_000)
    purge_and_compare(bucket, 10_000)


def test_a_thousand_keys_cost_one_list_call_to_find_one_to_look_again_and_one_delete_call(bucket: Bucket) -> None:
    fill(versioned(bucket), 400, uploads=5)
    things = len([one for one in kept(bucket) if one[0] != "upload"])
    with counted(bucket.client) as calls:
        found = target(bucket, old_years).find()
    assert calls["ListObjectVersions"] == -(-things // 1_000)
    assert found.listing is not None
    items = found.listing.items
    with counted(bucket.client) as calls:
        target(bucket, old_years).remove(found.step, items, pace=Pace(), progress=quiet)
    gone = [item for item in items if item.kind != "upload"]
    assert calls["DeleteObjects"] == -(-len(gone) // 1_000)
    assert calls["AbortMultipartUpload"] == len(items) - len(gone)
    assert calls["ListObjectVersions"] == 0


def test_what_lies_beside_the_place_is_not_reached(bucket: Bucket) -> None:
    versioned(bucket)
    for key in ("data/year=2020/a", "database/year=2020/a", "data", "other/data/year=2020/a"):
        bucket.put(key, b"x")
    assert purge(target(bucket, ALL)).gone == 1
    assert kept(bucket, "") and not kept(bucket, "data/")
    assert sorted(bucket.objects()) == ["data", "database/year=2020/a", "other/data/year=2020/a"]


@pytest.mark.parametrize(
    ("folder", "value"),
    [
        ("year=A%2FB", "A/B"),
        ("year=__HIVE_DEFAULT_PARTITION__", None),
        ("year=", None),
        ("year=null", "null"),
        ("year=2022/year=2025", None),
        ("ye%20ar=1", "?"),
    ],
)
def test_a_partition_is_judged_by_what_its_folder_means(bucket: Bucket, folder: str, value: str | None) -> None:
    bucket.put(f"data/{folder}/part.csv", b"x")
    seen: list[dict[str, str | None]] = []

    def judge(thing: Thing) -> Disposition:
        seen.append(dict(thing.partitions))
        return "young"

    target(bucket, judge).find()
    assert seen == [{"ye ar": "1"} if value == "?" else {"year": value}]


def test_each_version_is_judged_by_its_own_age(bucket: Bucket) -> None:
    versioned(bucket)
    for text in ("first", "second", "third"):
        bucket.put("data/key", text.encode())
    ages = sorted(e["LastModified"] for e in bucket.client.list_object_versions(Bucket=bucket.name, Prefix="data/")["Versions"])
    seen: list[datetime | None] = []

    def newest_stays(thing: Thing) -> Disposition:
        seen.append(thing.modified)
        return "young" if len(seen) == 1 else "expired"  # the newest comes first

    found = target(bucket, newest_stays).find()
    assert sorted(moment for moment in seen if moment) == ages
    assert found.listing is not None
    target(bucket, ALL).remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
    assert bucket.get("data/key") == b"third"
    assert len(kept(bucket)) == 1


def test_a_marker_stays_while_anything_that_it_hides_stays(bucket: Bucket) -> None:
    versioned(bucket)
    bucket.put("data/key", b"held")
    bucket.client.delete_object(Bucket=bucket.name, Key="data/key")
    told: list[str] = []

    def judge(thing: Thing) -> Disposition:
        told.append(thing.name)
        return "held" if len(told) == 2 else "expired"  # the marker is the newest

    found = target(bucket, judge).find()
    assert found.step.counts == {"held": 2}
    assert not found.listing or not found.listing.items


def test_a_marker_that_is_younger_goes_with_the_last_of_what_it_hides(bucket: Bucket) -> None:
    versioned(bucket)
    bucket.put("data/key", b"old")
    bucket.client.delete_object(Bucket=bucket.name, Key="data/key")
    told: list[str] = []

    def judge(thing: Thing) -> Disposition:
        told.append(thing.name)
        return "young" if len(told) == 1 else "expired"

    assert purge(target(bucket, judge)).gone == 2
    assert kept(bucket) == set()


def test_a_call_takes_a_thousand() -> None:
    items = [Item(kind="object", name=f"k{n % 700}", version=str(n)) for n in range(2_100)]
    assert [len(batch) for batch in _batches(items, apart=False)] == [1_000, 1_000, 100]


def test_where_versions_may_be_locked_no_batch_holds_the_last_of_a_key_and_others_of_it() -> None:
    items = [Item(kind="object", name=f"k{n % 700}", version=str(n)) for n in range(2_100)]
    batches = list(_batches(items, apart=True))
    assert [item for batch in batches for item in batch] == items
    assert max(map(len, batches)) <= 1_000
    last = {item.name: item for item in items}
    for batch in batches:
        names = [item.name for item in batch]
        assert all(names.count(item.name) == 1 for item in batch if last[item.name] is item)


def test_an_object_without_versions_that_was_written_since_stays(bucket: Bucket) -> None:
    for key in ("data/a", "data/b"):
        bucket.put(key, b"old")
    found = target(bucket, ALL).find()
    assert found.listing is not None
    bucket.put("data/b", b"new")
    target(bucket, ALL).remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
    assert bucket.objects() == ["data/b"]
    looked = target(bucket, ALL).look_again(found.step, found.listing.items)
    assert (looked.gone, looked.left) == (2, 0)


@pytest.mark.parametrize("key", ["a b", "a+b", "100%", "ü/李雷", "a&b<c>", "x=A%2FA/y", "'quoted'", 'dou"ble', "tab\tx"])
def test_keys_of_any_characters_go(bucket: Bucket, key: str) -> None:
    versioned(bucket)
    bucket.put(f"data/{key}", b"x")
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"data/{key}")
    looked = purge(target(bucket, ALL))
    assert (looked.gone, looked.left) == (2, 0)
    assert kept(bucket) == set()


def test_what_came_back_is_found_by_looking_again(bucket: Bucket) -> None:
    bucket.put("data/a", b"x")
    mine = target(bucket, ALL)
    found = mine.find()
    assert found.listing is not None
    assert mine.look_again(found.step, found.listing.items).left == 1


def test_a_second_time_changes_nothing_and_reports_the_same(bucket: Bucket) -> None:
    fill(versioned(bucket), 30, uploads=3)
    mine = target(bucket, old_years)
    found = mine.find()
    assert found.listing is not None
    looks = []
    for _ in range(2):
        mine.remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
        looks.append(mine.look_again(found.step, found.listing.items))
    assert looks[0] == looks[1]


def test_progress_and_pace_are_kept(bucket: Bucket) -> None:
    fill(versioned(bucket), 20, uploads=0)
    told: list[tuple[int, int]] = []
    found = target(bucket, ALL).find()
    assert found.listing is not None
    begun = datetime.now(UTC)
    items = found.listing.items
    target(bucket, ALL).remove(
        found.step, items, pace=Pace(rows_per_second=100), progress=lambda done, of: told.append((done, of))
    )
    assert datetime.now(UTC) - begun >= timedelta(seconds=len(items) / 100 * 0.9)
    assert told[-1] == (len(items), len(items))


@pytest.fixture
def locked(s3_client: Any) -> Bucket:
    """A bucket in which objects are locked for thirty days unless they say otherwise."""
    name = f"locked-{datetime.now(UTC).timestamp():.6f}".replace(".", "-")
    s3_client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return Bucket(s3_client, name)


def lock(bucket: Bucket, key: str, until: datetime, mode: str = "COMPLIANCE") -> None:
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=until)


@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_what_the_bucket_locks_stays_and_is_reported_with_its_date(locked: Bucket, mode: str) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    lock(locked, "data/locked", until, mode)
    locked.put("data/free", b"x")
    looked = purge(target(locked, ALL))
    assert (looked.gone, looked.left) == (1, 0)
    assert [(one.why, one.count, one.until) for one in looked.kept] == [("object-lock", 1, until.isoformat(timespec="seconds"))]
    assert locked.objects() == ["data/locked"]


def test_a_legal_hold_of_the_store_is_reported_without_an_end(locked: Bucket) -> None:
    locked.put("data/held", b"x")
    locked.client.put_object_legal_hold(Bucket=locked.name, Key="data/held", LegalHold={"Status": "ON"})
    looked = purge(target(locked, ALL))
    assert [(one.why, one.count, one.until) for one in looked.kept] == [("object-lock", 1, "")]


def test_what_hides_a_locked_version_stays_with_it(locked: Bucket) -> None:
    lock(locked, "data/key", datetime.now(UTC) + timedelta(days=30))
    locked.client.put_object(Bucket=locked.name, Key="data/key", Body=b"newer")
    locked.client.delete_object(Bucket=locked.name, Key="data/key")
    looked = purge(target(locked, ALL))
    assert (looked.gone, looked.left, looked.kept[0].count) == (1, 0, 2)
    with pytest.raises(ClientError):
        locked.get("data/key")


def test_a_newer_version_stays_above_a_locked_one_that_readers_would_see_without_it(locked: Bucket) -> None:
    lock(locked, "data/key", datetime.now(UTC) + timedelta(days=30))
    locked.client.put_object(Bucket=locked.name, Key="data/key", Body=b"newer")
    looked = purge(target(locked, ALL))
    assert (looked.gone, looked.left, looked.kept[0].count) == (0, 0, 2)
    assert locked.get("data/key") == b"newer"


def test_replication_is_noted(bucket: Bucket, s3_client: Any) -> None:
    versioned(bucket)
    s3_client.put_bucket_replication(
        Bucket=bucket.name,
        ReplicationConfiguration={
            "Role": "arn:aws:iam::123456789012:role/r",
            "Rules": [
                {"ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {}, "Destination": {"Bucket": "arn:aws:s3:::to"}}
            ],
        },
    )
    assert any("replicates" in sentence for sentence in target(bucket, ALL).find().step.not_covered)


def test_a_place_that_is_no_bucket_is_refused(tmp_path: Any) -> None:
    with pytest.raises(BadInput, match="S3"):
        objects_target(str(tmp_path), rule=Rule(judge_thing=ALL), storages=local_storage)


def test_a_rule_about_rows_is_refused(bucket: Bucket) -> None:
    with pytest.raises(BadInput, match="rows"):
        objects_target(bucket.uri("data"), rule=Rule(columns=("a",)), storages=bucket.storages)


def test_neither_error_nor_repr_shows_a_key(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("data/mail=anna@example.org/x", b"x")
    mine = target(bucket, ALL)
    found = mine.find()
    assert found.listing is not None
    answer = {"Errors": [{"Key": "data/mail=anna@example.org/x", "Code": "InternalError", "Message": "anna@example.org"}]}
    monkeypatch.setattr(bucket.client, "delete_objects", lambda **_: answer)
    with pytest.raises(StorageUnavailable, match="InternalError") as caught:
        mine.remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
    assert "anna" not in f"{caught.value}{mine!r}{found.step}"


def test_key_of_makes_three_old_keys_in_ten() -> None:
    assert sum(is_old(key_of(number)) for number in range(100)) == 30


def test_an_object_without_versions_that_is_written_while_others_go_stays(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_privacy.core.io.purge.objects._AT_ONCE", 2)
    for number in range(6):
        bucket.put(f"data/{number}", b"old")
    found = target(bucket, ALL).find()
    assert found.listing is not None

    def write_the_last(done: int, _of: int) -> None:
        if done == 2:
            bucket.put("data/5", b"new")

    target(bucket, ALL).remove(found.step, found.listing.items, pace=Pace(), progress=write_the_last)
    assert bucket.objects() == ["data/5"] and bucket.get("data/5") == b"new"


def test_a_look_at_some_keys_lists_no_others_before_or_far_behind_them(bucket: Bucket) -> None:
    for number in range(1_200):
        bucket.put(f"data/{number:04}", b"x")
    storage = bucket.storages(bucket.uri("data"))
    with counted(bucket.client) as calls:
        names = [key.name for key in written(storage, "0100", "0102")]
    assert calls["ListObjectVersions"] == 2
    assert names[0] == "0100" and "0102" in names
