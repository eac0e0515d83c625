"""Whole files of a folder on a file system: parts of hive partitions, or files by the time they were written.

Every regular file counts, hidden ones and what killed writers left behind (``.part.*``, ``_temporary``) included. Links, devices
and pipes are neither followed nor removed, and are reported. A file goes only if it still is the one that was listed, by size,
time of writing and SHA-256; partition folders that become empty go too.

Not covered: bytes on the disk until their blocks are used again, snapshots and backups of the file system, other names (hard
links) of a removed file, and programs that still hold it open.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.purge.folder_files import (
    NO_REGULAR_FILE,
    UNUSABLE_NAME,
    Entry,
    digest_in,
    entries_of,
    flush,
    folder_of,
    remove_empty_folders,
    status_in,
    take_out,
)
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Target, Thing
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

CHANGED = "changed"

_ON_DISK = "Bytes of removed files stay on the disk until their blocks are used again; snapshots and backups are not covered."


def files_target(uri: str, *, rule: Rule, storages: Storages) -> Target:
    """The files of a folder, or the one file, that *rule* lets go.

    :raises BadInput: ``unsupported-location``: it is not on a file system; ``no-rule``: the rule judges no whole things.
    """
    if rule.judge_thing is None:
        raise BadInput("no-rule", "Whole files are judged by a rule for things, and there is none", where=uri)
    storage = storages(uri)
    root = storage.local()
    if root is None:
        raise BadInput(
            "unsupported-location",
            "Only files of a file system go one by one here",
            where=storage.uri,
            do="Purge objects as objects.",
        )
    return FilesTarget(uri=uri, judge=rule.judge_thing, root=root)


@dataclass(frozen=True, kw_only=True)
class FilesTarget:
    """See :func:`files_target`."""

    uri: str
    judge: Callable[[Thing], Disposition] = field(repr=False)
    root: Path = field(repr=False)

    def find(self) -> Found:
        """See :class:`Target`. Reads whole those files that are to go, for their digests.

        :raises BadInput: ``missing-folder``, ``unsupported-format``.
        """
        counts: Counter[str] = Counter(dict.fromkeys(get_args(Disposition), 0))
        stays: Counter[str] = Counter()
        items: list[Item] = []
        oldest: datetime | None = None
        several = 0
        for entry in entries_of(self.root, self.uri):
            told = self.judge(entry.thing)
            if entry.problem:
                # Whatever the rule says of it: what a link leads to is not ours to judge.
                stays[entry.problem] += told == "expired" or entry.problem == NO_REGULAR_FILE
                continue
            item = self._item(entry) if told == "expired" else None
            if told == "expired" and item is None:
                continue  # removed, or written anew, while we looked: the next plan sees what became of it
            counts[told] += 1
            if item is not None:
                items.append(item)
                several += entry.status.st_nlink > 1
                modified = entry.thing.modified
                oldest = modified if oldest is None or (modified and modified < oldest) else oldest
        step = Step(
            method="delete-files",
            uri=self.uri,
            unit="files",
            dataset="",
            counts=dict(counts),
            bytes=sum(item.bytes for item in items),
            oldest_days=max(0, (datetime.now(UTC) - oldest).days) if oldest else 0,
            kept=tuple(Kept(why=why, count=count) for why, count in sorted(stays.items()) if count),
            not_covered=_not_covered(stays, several),
        )
        return Found(step=step, listing=Listing(items=tuple(items)), things=counts.total(), kept=step.kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        """See :class:`Target`. A file that changed since it was listed stays, and so does one that may not be removed.

        :raises StorageUnavailable: ``place-missing``, ``storage-failed``.
        """
        begun, gone = time.monotonic(), 0
        for number, item in enumerate(items, 1):
            if self._remove(item):
                gone += 1
                if pace.rows_per_second:
                    time.sleep(max(0.0, begun + gone / pace.rows_per_second - time.monotonic()))
            progress(number, len(items))
        with answering(self.uri):
            remove_empty_folders(self.root, {item.name for item in items if item.name}, self.uri)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """See :class:`Target`. What lies under a listed name and has to go by the rule is left, whatever it holds; so is the very
        file that was listed. Another file that may stay is reported as ``changed``.

        :raises StorageUnavailable: ``place-missing``: nobody can say that a folder is purged which is not there.
        """
        found = Counter(self._look(item) for item in items)
        kept = (Kept(why=CHANGED, count=found[CHANGED]),) if found[CHANGED] else ()
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=found["left"], gone=found["gone"], kept=kept)

    def _item(self, entry: Entry) -> Item | None:
        with answering(self.uri), folder_of(self.root, entry.name, self.uri) as opened:
            if opened is None:
                return None
            sha256 = digest_in(*opened)
            now = status_in(*opened)
        if sha256 is None or now is None or _stamp(now) != _stamp(entry.status):
            return None
        return Item(kind="file", name=entry.name, version=str(now.st_mtime_ns), sha256=sha256, bytes=now.st_size)

    def _remove(self, item: Item) -> bool:
        def is_listed(status: os.stat_result) -> bool:
            return (status.st_size, str(status.st_mtime_ns)) == (item.bytes, item.version)

        with answering(self.uri), folder_of(self.root, item.name, self.uri) as opened:
            if opened is None:
                return False
            before = status_in(*opened)
            if before is None or not is_listed(before) or self.judge(Entry(item.name, before).thing) != "expired":
                return False
            if digest_in(*opened) != item.sha256:
                return False
            removed = take_out(*opened, lambda now: is_listed(now) and now.st_ino == before.st_ino)
            if removed:
                flush(opened[0])
            return removed

    def _look(self, item: Item) -> str:
        with answering(self.uri), folder_of(self.root, item.name, self.uri) as opened:
            status = status_in(*opened) if opened else None
            if opened is None or status is None:
                return "gone"
            if self.judge(Entry(item.name, status).thing) == "expired":
                return "left"
            same = (status.st_size, str(status.st_mtime_ns)) == (item.bytes, item.version)
            return "left" if same and digest_in(*opened) == item.sha256 else CHANGED


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _not_covered(stays: Counter[str], several: int) -> tuple[str, ...]:
    told = [_ON_DISK]
    if stays[NO_REGULAR_FILE]:
        told.append(f"Links, devices and pipes are left, and so is what links lead to: {stays[NO_REGULAR_FILE]:,} of them.")
    if stays[UNUSABLE_NAME]:
        told.append(f"Files whose names are not UTF-8 are left: {stays[UNUSABLE_NAME]:,} of them.")
    if several:
        told.append(f"Files that have further names (hard links) keep their bytes under those: {several:,} of them.")
    return tuple(told)
