"""Objects of a bucket with every version, delete marker and unfinished upload.

Each version is judged by its own age: a key that is written anew each day loses its old versions and keeps its newest. A delete
marker goes with the last of what it hides, never before: removing it first would show an old version again. For the same reason
versions that nobody sees go first, those that readers see next, markers last. Inside one call, some milliseconds, the store may
take them in any order; in a bucket with object lock the last of a key goes in a call of its own, and where the store will not
give a version up, what stands above it stays too.

Versions never change, so that what was written since the listing cannot be hit. A bucket without versions has one object a key,
which is looked at once more right before the call that deletes it, and stays if it was written since; between that look and the
deletion a moment is left. One list call a thousand versions to find, one to look again; one delete call a thousand; each upload
is aborted by itself, as the API has it.

Object lock: nothing is bypassed, governance mode neither. What is locked stays, and is reported with the date.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.folder_files import partitions_of
from airflow_privacy.core.io.purge.object_listing import Key, Version, facts, keys, written
from airflow_privacy.core.io.purge.object_lock import FOREVER, ObjectLock
from airflow_privacy.core.io.purge.stored import Stored, asked, at, key_of
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Target, Thing
from airflow_privacy.core.io.s3 import S3Storage
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

_AT_ONCE = 1_000
_NO_VERSION = "null"
_GONE = ("NoSuchUpload", "404")
_REFUSED = ("AccessDenied", "InvalidRequest", "MethodNotAllowed")
_COPIES = "Inventories, access logs and copies that others made are not reached."


def objects_target(uri: str, *, rule: Rule, storages: Storages) -> Target:
    """Everything below the place *uri* of a bucket; ``s3://bucket/a/b`` does not reach ``a/bc``.

    :param rule: ``judge_thing`` is asked about each version, marker and upload, with the partitions in its key.
    :raises BadInput: the place is not on S3, or the rule judges rows.
    """
    storage = storages(uri)
    if not isinstance(storage, S3Storage):
        raise BadInput("unsupported-location", "Objects are purged on S3", where=uri)
    if rule.judge_thing is None:
        raise BadInput("rule-does-not-fit", "Objects are judged as a whole, and this rule judges rows", where=uri)
    return _Objects(storage=storage, rule=rule)


@dataclass(frozen=True, kw_only=True)
class _Objects:
    storage: S3Storage
    rule: Rule = field(repr=False)

    @property
    def uri(self) -> str:
        return self.storage.uri

    def find(self) -> Found:
        now = datetime.now(UTC)
        counts: dict[str, int] = {}
        items: list[tuple[tuple[int, int], Item]] = []
        size, oldest = 0, now
        for key in keys(self.storage):
            ages = sorted(version.modified for version in key.things if version.kind == "object")
            for version, told in self._told(key):
                counts[told] = counts.get(told, 0) + 1
                if told == "expired":
                    items.append((_turn(version, ages), _item(key, version)))
                    size += version.bytes
                    oldest = min(oldest, version.modified)
        known = facts(self.storage)
        step = Step(
            method="delete-objects",
            uri=self.uri,
            unit="objects",
            dataset="",
            counts=counts,
            bytes=size,
            oldest_days=(now - oldest).days,
            not_covered=(_COPIES, *_replicas(known.replicas)),
        )
        items.sort(key=lambda one: one[0])  # stable: keys stay in their order
        return Found(step=step, listing=Listing(items=tuple(item for _, item in items)), things=sum(counts.values()))

    def _told(self, key: Key) -> Iterator[tuple[Version, Disposition]]:
        """What becomes of each thing of a key. A marker goes when all that it hides goes, or it hides nothing and is due."""
        judge = self.rule.judge_thing
        assert judge is not None  # noqa: S101 - asked when the target was made
        partitions = partitions_of(key.name)
        told = {version: judge(Thing(name=key.name, partitions=partitions, modified=version.modified)) for version in key.things}
        below = 0
        staying: Disposition | None = None  # of what lies below: why the newest that stays does
        # From the oldest on; of one moment, markers are above objects.
        for version in sorted(told, key=lambda one: (one.modified, one.kind == "marker")):
            said = told[version]
            if version.kind == "object":
                below += 1
                staying = staying if said == "expired" else said
            elif version.kind == "marker":
                said = (staying if said == "expired" else said) if staying else "expired" if below else said
            yield version, said

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        done, begun = 0, time.monotonic()
        stuck: set[str] = set()
        going = [item for item in items if item.kind != "upload"]
        for batch in _batches(going, apart=ObjectLock(self.storage).applies()):
            other = self._written_since(batch)
            stuck |= self._delete([item for item in batch if item.name not in stuck and item not in other])
            done += len(batch)
            progress(done, len(items))
            _keep_pace(pace, done, begun)
        client, bucket, key = at(self.storage)
        for item in items:
            if item.kind == "upload":
                upload = {"Bucket": bucket, "Key": key_of(key, item.name), "UploadId": item.version}
                asked(client.abort_multipart_upload, self.storage, _GONE, **upload)
                done += 1
                progress(done, len(items))
                _keep_pace(pace, done, begun)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        left = list(self._there(items))
        ends = self._locked(left)
        kept = [item for item in left if item.name in ends]
        lasting = [item for item in kept if ends[item.name] == FOREVER]
        timed = max((end for end in ends.values() if end != FOREVER), default=None)
        stays = []
        if len(kept) > len(lasting) and timed is not None:
            until = timed.isoformat(timespec="seconds")
            stays.append(Kept(why="object-lock", count=len(kept) - len(lasting), until=until, by="retention of the store"))
        if lasting:
            stays.append(Kept(why="object-lock", count=len(lasting), by="legal hold of the store"))
        return Looked(
            uri=self.uri,
            method=step.method,
            looked=len(items),
            left=len(left) - len(kept),
            gone=len(items) - len(left),
            kept=tuple(stays),
        )

    def _there(self, items: Sequence[Item]) -> Iterator[Item]:
        wanted = {(item.kind, item.name, item.version): item for item in items}
        for key in keys(self.storage) if wanted else ():
            for version in key.things:
                item = wanted.get((version.kind, key.name, version.version))
                if item is not None and item.sha256 in ("", version.stamp):
                    yield item

    def _written_since(self, items: Sequence[Item]) -> set[Item]:
        """Objects of no version that are other ones than were listed, or gone. Asked before each call: a run can be long."""
        listed = {item.name: item for item in items if item.sha256}
        if not listed:
            return set()
        found = written(self.storage, min(listed), max(listed))
        stamps = {(key.name, version.stamp) for key in found for version in key.things if version.version == _NO_VERSION}
        return {item for item in listed.values() if (item.name, item.sha256) not in stamps}

    def _locked(self, left: Iterable[Item]) -> dict[str, datetime]:
        """The keys of which the bucket will not give a version up, and until when."""
        lock, now = ObjectLock(self.storage), datetime.now(UTC)
        found: dict[str, datetime] = {}
        for item in left:
            if item.kind == "object":
                one = Stored(name=item.name, kind="object", bytes=0, modified=now, version=item.version)
                end = lock.until([one], now=now)
                if end is not None:
                    found[item.name] = max(end, found.get(item.name, end))
        return found

    def _delete(self, items: Sequence[Item]) -> set[str]:
        """Delete by version; the names of which the store would not give one up."""
        if not items:
            return set()
        client, bucket, key = at(self.storage)
        names = {key_of(key, item.name): item.name for item in items}
        named = [{"Key": key_of(key, item.name), "VersionId": item.version} for item in items]
        answer = asked(client.delete_objects, self.storage, Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        refused = {error["Key"]: str(error.get("Code", "")) for error in answer.get("Errors", ())}
        later = sorted({code for code in refused.values() if code not in _REFUSED})
        if later:
            what = f"The object store did not delete {len(refused):,} of {len(items):,} objects: {', '.join(later)}"
            raise StorageUnavailable("storage-failed", what, where=self.uri, do="Try again.")
        return {names[refused_key] for refused_key in refused}


def _batches(items: Sequence[Item], *, apart: bool) -> Iterator[list[Item]]:
    """Up to a thousand, in order; *apart*: the last of a key goes with no others of it."""
    last = {item.name: place for place, item in enumerate(items)}
    batch: list[Item] = []
    names: set[str] = set()
    for place, item in enumerate(items):
        if len(batch) == _AT_ONCE or (apart and last[item.name] == place and item.name in names):
            yield batch
            batch, names = [], set()
        batch.append(item)
        names.add(item.name)
    if batch:
        yield batch


def _turn(version: Version, ages: Sequence[datetime]) -> tuple[int, int]:
    """When a thing goes: old versions from the oldest on, then those that readers see, then markers, then uploads.

    :param ages: when the key's objects were written, ascending.
    """
    if version.kind != "object":
        return (2, 0) if version.kind == "marker" else (3, 0)
    return (1, 0) if version.latest else (0, bisect_left(ages, version.modified))


def _item(key: Key, version: Version) -> Item:
    stamp = version.stamp if version.version == _NO_VERSION else ""
    return Item(kind=version.kind, name=key.name, version=version.version, sha256=stamp, bytes=version.bytes)


def _replicas(rules: int) -> tuple[str, ...]:
    return (f"The bucket replicates by {rules} rule(s): deletions by version are not replicated.",) if rules else ()


def _keep_pace(pace: Pace, done: int, begun: float) -> None:
    if pace.rows_per_second:
        ahead = done / pace.rows_per_second - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
