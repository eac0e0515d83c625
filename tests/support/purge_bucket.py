"""Buckets to purge: filled with versions, markers and uploads, and looked into past the code under test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from s3_bucket import Bucket

from airflow_privacy.core.io.purge.objects import objects_target
from airflow_privacy.core.io.purge.target import Pace, Rule, Target, Thing
from airflow_privacy.core.model.purge import Disposition, Looked


def versioned(bucket: Bucket) -> Bucket:
    """The bucket, which keeps old versions from now on."""
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def target(bucket: Bucket, judge: Callable[[Thing], Disposition], place: str = "data") -> Target:
    return objects_target(bucket.uri(place), rule=Rule(judge_thing=judge), storages=bucket.storages)


def quiet(_done: int, _of: int) -> None:
    """No progress."""


def purge(target: Target) -> Looked:
    """Find, remove, look again."""
    found = target.find()
    items = found.listing.items if found.listing else ()
    target.remove(found.step, items, pace=Pace(), progress=quiet)
    return target.look_again(found.step, items)


def old_years(thing: Thing) -> Disposition:
    """By partition alone: what lies below a year before 2024 goes."""
    year = thing.partitions.get("year")
    return "unknown" if year is None else "expired" if year < "2024" else "young"


def fill(bucket: Bucket, keys: int, *, versions: int = 3, uploads: int = 20) -> None:
    """*keys* objects below ``data/``, three in ten below an old year, each written *versions* times; every tenth was deleted."""
    for number in range(keys):
        key = key_of(number)
        for version in range(versions):
            bucket.put(key, f"secret {number} {version}".encode())
        if number % 10 in (0, 9):
            bucket.client.delete_object(Bucket=bucket.name, Key=key)
    for number in range(uploads):
        begun = bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key_of(number))
        part = {"Bucket": bucket.name, "Key": key_of(number), "UploadId": begun["UploadId"], "PartNumber": 1}
        bucket.client.upload_part(**part, Body=b"secret part")


def key_of(number: int) -> str:
    return f"data/year={2022 if number % 10 < 3 else 2025}/part-{number:05}.parquet"


def kept(bucket: Bucket, place: str = "data/") -> set[tuple[str, str, str]]:
    """Kind, key and version of everything below a place."""
    found: set[tuple[str, str, str]] = set()
    for page in bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name, Prefix=place):
        found |= {("object", entry["Key"], entry["VersionId"]) for entry in page.get("Versions", ())}
        found |= {("marker", entry["Key"], entry["VersionId"]) for entry in page.get("DeleteMarkers", ())}
    for page in bucket.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket.name, Prefix=place):
        found |= {("upload", entry["Key"], entry["UploadId"]) for entry in page.get("Uploads", ())}
    return found


@contextmanager
def counted(client: Any) -> Iterator[Counter[str]]:
    """The calls that the client makes meanwhile, by operation."""
    calls: Counter[str] = Counter()

    def seen(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    client.meta.events.register("before-call.s3", seen)
    try:
        yield calls
    finally:
        client.meta.events.unregister("before-call.s3", seen)
