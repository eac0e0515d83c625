"""S3 object lock: until when a bucket refuses to give up an object's version, by its retention or a legal hold of the store.

A login that may not see locks sees none; what the store then refuses to delete is found left when somebody looks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_privacy.core.io.purge.stored import Stored, asked, at, key_of
from airflow_privacy.core.io.s3 import S3Storage
from airflow_privacy.core.io.storage import Storage

FOREVER = datetime.max.replace(tzinfo=UTC)
"""A legal hold of the store has no end."""

_NO_LOCK = ("ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "InvalidRequest", "NotImplemented", "404")
_GONE = ("NoSuchKey", "NoSuchVersion", "404")


@dataclass
class ObjectLock:
    """The locks of one place; a bucket without object lock, and a local folder, are asked for nothing."""

    storage: Storage
    _enabled: bool | None = field(default=None, init=False)

    def until(self, things: Iterable[Stored], *, now: datetime) -> datetime | None:
        """When the last of these may go; ``None`` where all may go now. :data:`FOREVER` where a legal hold covers one."""
        if not isinstance(self.storage, S3Storage) or not self._is_enabled(self.storage):
            return None
        ends = [end for thing in things if thing.kind == "object" for end in self._ends(self.storage, thing)]
        return max((end for end in ends if end > now), default=None)

    def _is_enabled(self, storage: S3Storage) -> bool:
        if self._enabled is None:
            client, bucket, _ = at(storage)
            found = asked(client.get_object_lock_configuration, storage, _NO_LOCK, Bucket=bucket) or {}
            self._enabled = found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
        return self._enabled

    def _ends(self, storage: S3Storage, thing: Stored) -> list[datetime]:
        client, bucket, key = at(storage)
        one = {"Bucket": bucket, "Key": key_of(key, thing.name), "VersionId": thing.version}
        found = asked(client.head_object, storage, _GONE, **one) or {}
        until = found.get("ObjectLockRetainUntilDate")
        ends = [until] if until else []
        return [*ends, FOREVER] if found.get("ObjectLockLegalHoldStatus") == "ON" else ends
