"""Everything that a folder really holds: hidden files, and on S3 every version, delete marker and unfinished upload.

A storage shows readers what they may see; a purge has to see the rest.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import LocalStorage, answering
from airflow_privacy.core.io.s3 import S3Storage
from airflow_privacy.core.io.storage import Storage

Kind: TypeAlias = Literal["file", "object", "marker", "upload"]
_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One thing below a folder. ``version`` is an object's version or upload id; ``live``: readers see it."""

    name: str = field(repr=False)
    kind: Kind
    bytes: int
    modified: datetime
    version: str = ""
    live: bool = True


def stored(storage: Storage, below: str = "") -> list[Stored]:
    """All that lies below ``below`` (a folder or the beginning of a name, which ends in ``/`` for a folder), by name.

    :raises BadInput: the storage is neither local nor S3.
    :raises StorageUnavailable: it did not answer.
    """
    if isinstance(storage, S3Storage):
        return sorted(_objects(storage, below), key=lambda thing: (thing.name, not thing.live, thing.version))
    root = storage.local()
    if not isinstance(storage, LocalStorage) or root is None:
        raise BadInput("unsupported-location", "Versions are purged in local folders and on S3 only", where=storage.uri)
    with answering(root.name):
        return sorted(_files(root, below), key=lambda thing: thing.name)


def erase(storage: Storage, things: Iterable[Stored]) -> None:
    """Delete exactly these, in this order; what is gone already is no error, what the store will not give up stays."""
    if isinstance(storage, S3Storage):
        _erase_objects(storage, list(things))
        return
    root = storage.local()
    assert root is not None  # noqa: S101 - stored() gave the things
    for thing in things:
        with answering(root.name):
            path = root / thing.name
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == root:
                    break
                with suppress(OSError):
                    folder.rmdir()


def _files(root: Path, below: str) -> Iterator[Stored]:
    waiting = [root / below if below.endswith("/") or not below else (root / below).parent]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
                continue
            with suppress(FileNotFoundError):
                found = entry.stat(follow_symlinks=False)
                name = Path(entry.path).relative_to(root).as_posix()
                size = found.st_size if stat.S_ISREG(found.st_mode) else 0
                if name.startswith(below):
                    yield Stored(name=name, kind="file", bytes=size, modified=datetime.fromtimestamp(found.st_mtime, UTC))


def _objects(storage: S3Storage, below: str) -> Iterator[Stored]:
    client, bucket, key = at(storage)
    prefix = f"{key}/{below}" if key else below
    start = len(prefix) - len(below)
    more: dict[str, str] = {}
    while True:
        page = asked(client.list_object_versions, storage, Bucket=bucket, Prefix=prefix, **more)
        for entry in page.get("Versions", ()):
            yield Stored(
                name=entry["Key"][start:], kind="object", bytes=entry["Size"], modified=entry["LastModified"],
                version=entry["VersionId"], live=entry["IsLatest"],
            )  # fmt: skip
        for entry in page.get("DeleteMarkers", ()):
            yield Stored(
                name=entry["Key"][start:], kind="marker", bytes=0, modified=entry["LastModified"], version=entry["VersionId"],
                live=False,
            )  # fmt: skip
        if not page.get("IsTruncated"):
            break
        more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    more = {}
    while True:
        page = asked(client.list_multipart_uploads, storage, Bucket=bucket, Prefix=prefix, **more)
        for entry in page.get("Uploads", ()):
            yield Stored(
                name=entry["Key"][start:], kind="upload", bytes=0, modified=entry["Initiated"], version=entry["UploadId"],
                live=False,
            )  # fmt: skip
        if not page.get("IsTruncated"):
            return
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def _erase_objects(storage: S3Storage, things: list[Stored]) -> None:
    client, bucket, key = at(storage)
    left = iter(thing for thing in things if thing.kind != "upload")
    while some := list(islice(left, _AT_ONCE)):
        named = [{"Key": key_of(key, thing.name), "VersionId": thing.version} for thing in some]
        asked(client.delete_objects, storage, Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    for thing in things:
        if thing.kind == "upload":
            target = {"Bucket": bucket, "Key": key_of(key, thing.name), "UploadId": thing.version}
            asked(client.abort_multipart_upload, storage, ("NoSuchUpload", "404"), **target)


def key_of(key: str, name: str) -> str:
    """The key of a thing below a place's key."""
    return f"{key}/{name}" if key else name


def at(storage: S3Storage) -> tuple[Any, str, str]:
    """Client, bucket and key of a place."""
    return storage._client, storage._bucket, storage._key


def asked(call: Any, storage: S3Storage, missing: tuple[str, ...] = (), /, **given: Any) -> Any:
    """The client's answer, ``None`` where it answers with a code of *missing*. Of its errors only the code gets through.

    :raises BadInput: the access is refused. :raises StorageUnavailable: anything else.
    """
    try:
        return call(**given)
    except Exception as error:
        answer = getattr(error, "response", None)
        code = str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else type(error).__name__
        module = type(error).__module__.partition(".")[0]
        if not isinstance(answer, dict) and module not in ("botocore", "boto3", "urllib3", "s3transfer"):
            raise
    if code in missing:
        return None
    if code in ("AccessDenied", "403", "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        raise BadInput("access-denied", f"The object store refuses the access: {code}", where=storage.uri, do="Check the rights.")
    raise StorageUnavailable("storage-failed", f"The object store did not do it: {code}", where=storage.uri, do="Try again.")


def newest(things: Iterable[Stored], *also: datetime) -> datetime | None:
    """The latest time of these; ``None`` where there is none."""
    return max(chain((thing.modified for thing in things), also), default=None)
