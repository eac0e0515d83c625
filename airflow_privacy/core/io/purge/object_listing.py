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
    yield from _versions(storage, _prefix(storage))
    yield from _uploads(storage, _prefix(storage))


def written(storage: S3Storage, first: str, last: str) -> Iterator[Key]:
    """The keys from *first* to *last* that have versions or markers, and perhaps some behind them, or one twice.

    :raises BadInput: the access is refused. :raises StorageUnavailable: the store did not answer.
    """
    prefix = _prefix(storage)
    # A listing begins behind a key, so that the first one is asked for by itself.
    yield from _versions(storage, prefix + first, last=prefix + first)
    yield from _versions(storage, prefix, after=prefix + first, last=prefix + last)


def _versions(storage: S3Storage, below: str, *, after: str = "", last: str | None = None) -> Iterator[Key]:
    client, bucket, _ = at(storage)
    start = len(_prefix(storage))
    more = {"KeyMarker": after} if after else {}
    waiting: dict[str, list[Version]] = {}
    while True:
        page = asked(client.list_object_versions, storage, Bucket=bucket, Prefix=below, **more)
        for kind, entries in (("object", page.get("Versions", ())), ("marker", page.get("DeleteMarkers", ()))):
            for entry in entries:
                waiting.setdefault(entry["Key"], []).append(_kept(kind, entry))
        reached = page["NextKeyMarker"] if page.get("IsTruncated") else None
        # The versions of the page's last key may go on with the next page.
        for name in sorted(name for name in waiting if name != reached):
            yield _key(name[start:], waiting.pop(name))
        if reached is None or (last is not None and reached > last):
            return
        more = {"KeyMarker": reached, "VersionIdMarker": page["NextVersionIdMarker"]}


def _prefix(storage: S3Storage) -> str:
    key = at(storage)[2]
    return f"{key}/" if key else ""


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
