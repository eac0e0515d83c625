"""Rows inside Parquet, CSV and JSON lines files, on a file system or S3: only the files that hold rows to go are written again.

A file is written beside itself, held against what it replaces (rows before less rows gone, no row to go left, the rows that stay
the same and in order), and takes its place in one step: by renaming, on S3 by a conditional put. A reader sees the old file or
the new one. A file of which every row goes is removed where another one remains and no older version would come to light;
otherwise it stays with its schema or header and no row.

On a file system a rewritten file keeps its time of writing, so that rules by age do not begin again; an object of S3 cannot.

A column is read from the file, or where the file has none of that name, from its ``key=value`` folders. Values of CSV and JSON
lines are given to the rule as texts. Rows without an anchor are what the rule says of them: unknown, and stay.

Not covered: see :attr:`Step.not_covered`. Compressed text, Avro and encrypted files are refused.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import get_args

import polars as pl

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.folder_files import partitions_of
from airflow_privacy.core.io.purge.row_files import open_rows, unseen_keys
from airflow_privacy.core.io.purge.row_judge import Asked, Counted, count, unknown_column
from airflow_privacy.core.io.purge.row_places import Copy, LocalPlace, Place, reserve
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Target
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

_TRIES = 3


def file_rows_target(uri: str, *, rule: Rule, storages: Storages) -> Target:
    """The rows in a folder of files, or in one file, that *rule* lets go.

    :raises BadInput: ``no-rule``: the rule judges no rows.
    """
    if rule.judge_rows is None or not rule.columns:
        raise BadInput("no-rule", "Rows of files are judged by a rule for rows, and there is none", where=uri)
    storage = storages(uri)
    root = storage.local()
    if root is not None:
        place: Place = LocalPlace(root, uri)
    else:
        from airflow_privacy.core.io.purge.row_objects import object_place

        place = object_place(storage)
    return FileRows(uri=uri, columns=rule.columns, judge=rule.judge_rows, place=place)


@dataclass(frozen=True, kw_only=True)
class FileRows:
    """See :func:`file_rows_target`."""

    uri: str
    columns: tuple[str, ...]
    judge: Callable[[pl.DataFrame], pl.Series] = field(repr=False)
    place: Place = field(repr=False)

    def find(self) -> Found:
        """See :class:`Target`. Reads the rule's columns of every file, and whole those that hold rows to go, for their digests.

        :raises BadInput: nothing there, a file that cannot be read or written again, a column that is not there.
        :raises StorageUnavailable: ``source-changed``: somebody writes to a file all the time.
        """
        counts: Counter[str] = Counter(dict.fromkeys(get_args(Disposition), 0))
        listed = self.place.listed()
        items: list[Item] = []
        unseen: set[str] | None = None
        for number, name in enumerate(listed.names, 1):
            judged = self._judge(name, self._where(number, len(listed.names)), unseen)
            if judged is not None:
                counts.update(judged.counts)
                unseen = judged.unseen if unseen is None else unseen & judged.unseen
                items += [judged.item] if judged.item else []
        if unseen:
            raise unknown_column(sorted(unseen), self.uri)
        goes = tuple(items)
        step = Step(
            method="rewrite-files",
            uri=self.uri,
            unit="rows",
            dataset="",
            counts=dict(counts),
            kept=tuple(Kept(why=why, count=number) for why, number in sorted(listed.aside.items()) if why != "hidden"),
            not_covered=self.place.not_covered(listed, goes),
        )
        return Found(step=step, listing=Listing(items=goes), things=counts.total(), kept=step.kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        """See :class:`Target`. A file that changed since it was listed is judged again; one that is changed all the time stays.

        :raises BadInput: a file cannot be read, or written again, any more; ``owner-not-kept``.
        :raises VerificationError: ``rewrite-differs``. :raises StorageUnavailable: the storage failed.
        """
        self.place.clear(items)
        begun, gone = time.monotonic(), 0
        for number, item in enumerate(items, 1):
            gone += self._remove(item, self._where(number, len(items)))
            if pace.rows_per_second:
                time.sleep(max(0.0, begun + gone / pace.rows_per_second - time.monotonic()))
            progress(number, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """See :class:`Target`. Reads every file, listed or not; ``left`` are rows that have to go, wherever they are.

        :raises BadInput, StorageUnavailable: as :meth:`find`.
        """
        counts: Counter[str] = Counter()
        names = self.place.listed().names
        for number, name in enumerate(names, 1):
            judged = self._judge(name, self._where(number, len(names)), set(), look_only=True)
            if judged is not None:
                counts.update(judged.counts)
        left = counts["expired"] + sum(item.rows for item in items if self.place.leftover(item))
        gone = max(0, sum(item.rows for item in items) - left)
        return Looked(uri=self.uri, method=step.method, looked=counts.total(), left=left, gone=gone)

    def _judge(self, name: str, where: str, unseen: set[str] | None, *, look_only: bool = False) -> _Judged | None:
        """What a file's rows are; ``None`` if it is gone.

        :param unseen: keys that no file had so far; ``None`` before the first.
        """
        for _ in range(_TRIES):
            counts: Counter[str] = Counter()
            with self.place.opened(name) as copy:
                if copy is None:
                    return None
                asked = self._asked(name, where)
                file = open_rows(copy.path, where)
                if file is None:
                    return _Judged(counts, None, set() if unseen is None else unseen)
                missing = unseen_keys(file, set(asked.stored(None)) if unseen is None else unseen, where)
                counted = count(file, asked, counts)
                item = None
                if counted.expired and not look_only:
                    file.require_rewritable(asked)
                    item = _item(name, copy, counted)
                if self.place.is_same(name, copy):
                    return _Judged(counts, item, missing)
        raise StorageUnavailable("source-changed", "A file changes while it is read", where=where, do="Try again.")

    def _remove(self, item: Item, where: str) -> int:
        """How many rows went."""
        asked = self._asked(item.name, where)
        for _ in range(_TRIES):
            with self.place.opened(item.name) as copy:
                file = open_rows(copy.path, where) if copy else None
                if copy is None or file is None:
                    return 0
                counted = count(file, asked, Counter())
                if not counted.expired:
                    return 0
                done = self.place.drop(item.name, copy) if counted.expired == counted.rows else None
                if done is None:
                    try:
                        reserve(copy.out, where)
                        counted = file.rewrite(copy.out, asked)
                        done = self.place.replace(item.name, copy)
                    finally:
                        self.place.discard(copy)
                if done:
                    return counted.expired
        return 0

    def _asked(self, name: str, where: str) -> Asked:
        return Asked(self.columns, self.judge, partitions_of(name), where)

    def _where(self, number: int, of: int) -> str:
        """A file's name can hold data: its number tells which it is to who may see the names."""
        return self.uri if of == 1 else f"{self.uri} (file {number:,} of {of:,})"


@dataclass(frozen=True)
class _Judged:
    counts: Counter[str]
    item: Item | None
    unseen: set[str]


def _item(name: str, copy: Copy, counted: Counted) -> Item:
    return Item(kind="file", name=name, version=copy.version, sha256=copy.sha256(), bytes=copy.bytes, rows=counted.expired)
