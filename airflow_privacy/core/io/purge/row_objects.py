"""S3 as a place of files whose rows go: objects are fetched, and replaced by a put that holds only if nobody else was faster.

An object keeps its content type, its other headers, metadata, tags, storage class and encryption; not its time of writing,
nor an access list or a retention of its own. The version that was replaced is deleted: it holds the rows that went. An
object of which every row goes is deleted, since its key can name somebody: by its version, or only if it is what was read. Where
older versions would come to light, or it is the last one, it stays without rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import full_chunk
from airflow_privacy.core.io.purge.row_files import is_data
from airflow_privacy.core.io.purge.row_judge import not_rewritable
from airflow_privacy.core.io.purge.row_places import Copy, Listed, Place, listed_of
from airflow_privacy.core.io.s3 import S3Storage
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.model.purge import Item

_CHUNK = 8 << 20
_PUT_BYTES = 5 << 30  # of one put
_MISSING = ("NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed", "405")
_TAKEN = ("PreconditionFailed", "412", "ConditionalRequestConflict", "409")
_DENIED = ("AccessDenied", "403", "Forbidden", "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")
_UNKNOWN = ("NotImplemented", "501")  # a store that knows no condition on a deletion
_FIRST = 100
_KEPT = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires", "Metadata",
    "StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "WebsiteRedirectLocation",
)  # fmt: skip


def object_place(storage: Storage) -> Place:
    """:raises BadInput: ``unsupported-location``: it is not on S3."""
    if not isinstance(storage, S3Storage):
        raise BadInput("unsupported-location", "Rows of files go on a file system or S3", where=storage.uri)
    return ObjectPlace(storage)


@dataclass(frozen=True)
class ObjectPlace:
    """Objects below a key, or the one object."""

    storage: S3Storage = field(repr=False)

    def listed(self) -> Listed:
        """See :class:`Place`."""
        if self.storage.size() is not None:
            return Listed(names=[""], aside={})
        return listed_of(self.storage.names(), {}, self.storage.uri)

    @contextmanager
    def opened(self, name: str) -> Iterator[Copy | None]:
        """See :class:`Place`. The object lies in a private folder on the worker's disk meanwhile."""
        found = self._ask(self._client.get_object, missing=_MISSING, **self._object(name))
        if found is None:
            yield None
            return
        spool = Spool()
        try:
            path = spool.keep(_chunks(found["Body"], self.storage.uri))
            headers = {header: found[header] for header in _KEPT if found.get(header) not in (None, "", {})}
            stamp = (found["ETag"], headers, int(found.get("TagCount") or 0))
            yield Copy(path, spool.path(), path.stat().st_size, stamp, version=found.get("VersionId") or "")
        finally:
            spool.close()

    def is_same(self, name: str, copy: Copy) -> bool:
        """See :class:`Place`."""
        return self._current(name).get("ETag") == copy.stamp[0]

    def replace(self, name: str, copy: Copy) -> bool:
        """See :class:`Place`.

        :raises BadInput: ``not-rewritable``: the object is larger than 5 GiB, which one put takes; ``access-denied``.
        """
        if copy.out.stat().st_size > _PUT_BYTES:
            raise not_rewritable("The object is larger than 5 GiB", self.storage.uri)
        etag, headers, tags = copy.stamp
        given: dict[str, Any] = dict(headers) if isinstance(headers, dict) else {}
        if tags:
            told = self._ask(self._client.get_object_tagging, **self._object(name))
            given["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in told["TagSet"]])
        with copy.out.open("rb") as body:
            put = self._ask(
                self._client.put_object,
                missing=(*_TAKEN, *_MISSING),
                **self._object(name),
                Body=body,
                IfMatch=etag,
                **given,
            )
        if put is None:
            return False
        if copy.version and put.get("VersionId") != copy.version:
            self._delete_version(name, copy.version)
        return True

    def drop(self, name: str, copy: Copy) -> bool | None:
        """See :class:`Place`."""
        if not name or not self._has_another(name):
            return None
        etag = copy.stamp[0]
        now = self._current(name)
        if now.get("ETag") != etag or (now.get("VersionId") or "") != copy.version:
            return False
        if copy.version:
            if self._older({name}):
                return None
            self._delete_version(name, copy.version)
        else:
            self._ask(self._client.delete_object, missing=(*_TAKEN, *_MISSING, *_UNKNOWN), **self._object(name), IfMatch=etag)
        now = self._current(name)
        # What is still there cannot be deleted, and is emptied instead; anything else came meanwhile.
        return True if not now else None if now.get("ETag") == etag else False

    def discard(self, copy: Copy) -> None:
        """See :class:`Place`."""

    def clear(self, items: tuple[Item, ...]) -> None:
        """See :class:`Place`: versions that were replaced by a run that was killed before it could delete them."""
        for item in items:
            if self.leftover(item) and self._current(item.name):
                self._delete_version(item.name, item.version)

    def leftover(self, item: Item) -> bool:
        """See :class:`Place`."""
        if not item.version or self._current(item.name).get("VersionId") == item.version:
            return False
        head = self._client.head_object
        return self._ask(head, missing=_MISSING, **self._object(item.name), VersionId=item.version) is not None

    def not_covered(self, listed: Listed, items: tuple[Item, ...]) -> tuple[str, ...]:
        """See :class:`Place`."""
        told = ["A rewritten object has a new time of writing. Replicas of the bucket are not covered."]
        if any(item.version for item in items):
            older = self._older(set(listed.names))
            told.append(f"Versions older than the one that is replaced are left, and rows may be in them: {older:,} of them.")
        told.append("An object stays under its key, without rows, where it is the last one or has older versions.")
        if "hidden" in listed.aside:
            told.append(f"Hidden and unfinished objects (._*) are not looked into: {listed.aside['hidden']:,} of them.")
        return tuple(told)

    def _has_another(self, name: str) -> bool:
        """Whether a place without this object still is a place with data; looked for among the first ones."""
        bucket, root = self.storage._bucket, self._object("")["Key"]
        prefix = f"{root}/" if root else ""
        page = self._ask(self._client.list_objects_v2, Bucket=bucket, Prefix=prefix, MaxKeys=_FIRST)
        names = (entry["Key"].removeprefix(prefix) for entry in page.get("Contents", ()))
        return any(is_data(other) and other != name for other in names)

    def _older(self, names: set[str]) -> int:
        root = self._object("")["Key"]
        prefix = root if names == {""} or not root else f"{root}/"
        prefix = self._object(next(iter(names)))["Key"] if len(names) == 1 else prefix
        keys = {self._object(name)["Key"] for name in names}
        more: dict[str, Any] = {}
        older = 0
        while True:
            bucket = self.storage._bucket
            page = self._ask(self._client.list_object_versions, Bucket=bucket, Prefix=prefix, **more)
            older += sum(entry["Key"] in keys and not entry["IsLatest"] for entry in page.get("Versions", ()))
            if not page.get("IsTruncated"):
                return older
            more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}

    def _current(self, name: str) -> dict[str, Any]:
        return dict(self._ask(self._client.head_object, missing=_MISSING, **self._object(name)) or {})

    def _delete_version(self, name: str, version: str) -> None:
        # Object lock forbids it: the second look says that it is there.
        with suppress(BadInput):
            self._ask(self._client.delete_object, missing=_MISSING, **self._object(name), VersionId=version)

    @property
    def _client(self) -> Any:
        return self.storage._client

    def _object(self, name: str) -> dict[str, Any]:
        return self.storage._object(name)

    def _ask(self, call: Any, *, missing: tuple[str, ...] = (), **given: Any) -> Any:
        """The client's answer, ``None`` where it answers with a code of *missing*. Of its errors only the code gets through.

        :raises BadInput: the access is refused. :raises StorageUnavailable: anything else.
        """
        try:
            return call(**given)
        except Exception as error:
            answer = getattr(error, "response", None)
            foreign = type(error).__module__.partition(".")[0] in ("botocore", "boto3", "urllib3", "s3transfer")
            if not isinstance(answer, dict) and not foreign:
                raise
            code = str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else type(error).__name__
        if code in missing:
            return None
        where = self.storage.uri
        if code in _DENIED:
            raise BadInput("access-denied", f"The object store refuses the access: {code}", where=where, do="Check the rights.")
        raise StorageUnavailable("storage-failed", f"The object store did not do it: {code}", where=where, do="Try again.")


def _chunks(body: Any, where: str) -> Iterator[bytes]:
    failed = False
    try:
        while chunk := full_chunk(body, _CHUNK):
            yield chunk
    except Exception as error:
        failed = type(error).__module__.partition(".")[0] in ("botocore", "urllib3") or isinstance(error, OSError)
        if not failed:
            raise
    finally:
        body.close()
    if failed:
        raise StorageUnavailable("storage-failed", "An object was not read to its end", where=where, do="Try again.")
