"""What a bucket holds below a place: versions, delete markers and uploads, key by key; and what the bucket does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple, TypeAlias

from airflow_privacy.core.io.purge.stored import asked, at
from airflow_privacy.core.io.s3 import S3Storage

Kind: TypeAlias = Literal["object", "marker", "upload"]

_UNKNOWN = ("AccessDenied", "403", "MethodNotAllowed", "NotImplemented", "501")
_NO_REPLICATION = ("ReplicationConfigurationNotFoundError", "404", *_UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version, marker or upload of a key. ``stamp`` tells whether an object without a version is still the same one."""

    kind: Kind
    version: str
    modified: datetime
    bytes: int = 0
    latest: bool = False
    stamp: str = ""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key relative to the place, with all that is kept under it, the newest first."""

    name: str = field(repr=False)
    things: tuple[Version, ...]


class Facts(NamedTuple):
    """What the bucket does by itself, as far as it says: whether it keeps old versions, and how many rules replicate it."""

    versioned: bool
    replicas: int


def keys(storage: S3Storage) -> Iterator[Key]:
    """Every key below the place, in the order of keys, one list call a thousand versions; keys with uploads alone come last.

    :raises BadInput: the access is refused. :raises StorageUnavailable: the store did not answer.
    """
    client, bucket, key = at(storage)
    prefix = f"{key}/" if key else ""
    more: dict[str, str] = {}
    waiting: dict[str, list[Version]] = {}
    while True:
        page = asked(client.list_object_versions, storage, Bucket=bucket, Prefix=prefix, **more)
        for kind, entries in (("object", page.get("Versions", ())), ("marker", page.get("DeleteMarkers", ()))):
            for entry in entries:
                waiting.setdefault(entry["Key"], []).append(_kept(kind, entry))
        last = page["NextKeyMarker"] if page.get("IsTruncated") else None
        # The versions of the page's last key may go on with the next page.
        for name in sorted(name for name in waiting if name != last):
            yield _key(name.removeprefix(prefix), waiting.pop(name))
        if last is None:
            break
        more = {"KeyMarker": last, "VersionIdMarker": page["NextVersionIdMarker"]}
    yield from _uploads(storage, prefix)


def _uploads(storage: S3Storage, prefix: str) -> Iterator[Key]:
    client, bucket, _ = at(storage)
    more: dict[str, str] = {}
    while True:
        page = asked(client.list_multipart_uploads, storage, Bucket=bucket, Prefix=prefix, **more)
        for entry in page.get("Uploads", ()):
            upload = Version(kind="upload", version=entry["UploadId"], modified=entry["Initiated"])
            yield Key(name=entry["Key"].removeprefix(prefix), things=(upload,))
        if not page.get("IsTruncated"):
            return
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def _kept(kind: Any, entry: dict[str, Any]) -> Version:
    stamp = f"{entry.get('ETag', '')} {entry['LastModified'].isoformat()}"
    return Version(
        kind=kind,
        version=entry["VersionId"],
        modified=entry["LastModified"],
        bytes=entry.get("Size", 0),
        latest=entry["IsLatest"],
        stamp=f"sha256:{sha256(stamp.encode()).hexdigest()}",
    )


def _key(name: str, things: list[Version]) -> Key:
    return Key(name=name, things=tuple(sorted(things, key=lambda thing: (not thing.latest, -thing.modified.timestamp()))))


def facts(storage: S3Storage) -> Facts:
    """:raises BadInput: the access is refused. :raises StorageUnavailable: the store did not answer."""
    client, bucket, _ = at(storage)
    versioning = asked(client.get_bucket_versioning, storage, _UNKNOWN, Bucket=bucket) or {}
    replication = asked(client.get_bucket_replication, storage, _NO_REPLICATION, Bucket=bucket) or {}
    return Facts(
        versioned=versioning.get("Status") in ("Enabled", "Suspended"),
        replicas=len(replication.get("ReplicationConfiguration", {}).get("Rules", ())),
    )
