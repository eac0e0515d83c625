"""A folder of files, or one file, whose contents are replaced one by one: only if they still are what was read."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import answering, flush_file, flush_folder
from airflow_privacy.core.io.purge.folder_files import NO_REGULAR_FILE, OF_TABLES, UNUSABLE_NAME, entries_of, table_of_a_lakehouse
from airflow_privacy.core.io.purge.row_files import is_data
from airflow_privacy.core.model.purge import Item

ASIDE = ".purge-rewrite-"
"""How a file begins that is being written beside the one that it replaces; what a killed run left is removed by the next."""


@dataclass(frozen=True)
class Listed:
    """The data files of a place, sorted by name, and what was left aside, by reason."""

    names: list[str] = field(repr=False)
    aside: dict[str, int]
    several_names: int = 0


@dataclass(frozen=True)
class Copy:
    """A file that can be read at *path*, and *out*, where to write what replaces it.

    :param version: by which the place knows it again, where it keeps versions.
    :param stamp: by which it is known whether it is still the same.
    """

    path: Path = field(repr=False)
    out: Path = field(repr=False)
    bytes: int
    stamp: tuple[object, ...] = field(repr=False)
    version: str = ""

    def sha256(self) -> str:
        """Of the bytes that were read."""
        with self.path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


class Place(Protocol):
    """Where the files lie."""

    def listed(self) -> Listed:
        """:raises BadInput: there is nothing, or what is there is no folder of files."""
        ...

    def opened(self, name: str) -> AbstractContextManager[Copy | None]:
        """A file to be read; ``None`` where it is gone."""
        ...

    def is_same(self, name: str, copy: Copy) -> bool:
        """Whether the file is still what was read."""
        ...

    def replace(self, name: str, copy: Copy) -> bool:
        """Put what was written in the place of what was read, in one step; ``False`` if that is no longer there."""
        ...

    def drop(self, name: str, copy: Copy) -> bool | None:
        """Remove a file whose rows all go; ``False`` if it is another one by now, ``None`` where an empty one has to stay."""
        ...

    def discard(self, copy: Copy) -> None:
        """Remove what was written for it and not put in its place."""
        ...

    def clear(self, items: tuple[Item, ...]) -> None:
        """Remove what killed runs left behind."""
        ...

    def leftover(self, item: Item) -> bool:
        """Whether what was listed can still be had, though it was replaced."""
        ...

    def not_covered(self, listed: Listed, items: tuple[Item, ...]) -> tuple[str, ...]:
        """What replacing files here does not reach."""
        ...


@dataclass(frozen=True)
class LocalPlace:
    """A folder of the file system, or one file. Owner, mode, times and extended attributes of a file are kept: it does not become
    younger, for rules that go by the time of writing."""

    root: Path = field(repr=False)
    uri: str

    def listed(self) -> Listed:
        """See :class:`Place`."""
        entries = entries_of(self.root, self.uri)
        aside = {
            why: count for why in (NO_REGULAR_FILE, UNUSABLE_NAME) if (count := sum(entry.problem == why for entry in entries))
        }
        names = [entry.name for entry in entries if not entry.problem and not _is_aside(entry.name)]
        found = listed_of(names, aside, self.uri)
        several = {entry.name for entry in entries if entry.status.st_nlink > 1}
        return replace(found, several_names=len(several.intersection(found.names)))

    @contextmanager
    def opened(self, name: str) -> Iterator[Copy | None]:
        """See :class:`Place`."""
        path = self._path(name)
        status = self._status(path)
        if status is None:
            yield None
            return
        yield Copy(path, _aside(path), status.st_size, _stamp(status))

    def is_same(self, name: str, copy: Copy) -> bool:
        """See :class:`Place`."""
        status = self._status(self._path(name))
        return status is not None and _stamp(status) == copy.stamp

    def replace(self, name: str, copy: Copy) -> bool:
        """See :class:`Place`. Between the last look and the renaming lie microseconds.

        :raises BadInput: ``owner-not-kept``: only its owner, or root, can write the file again.
        """
        path = self._path(name)
        with answering(self.uri):
            status = self._status(path)
            if status is None:
                return False
            self._like(copy.out, path, status)
            flush_file(copy.out)
            if not self.is_same(name, copy):
                return False
            copy.out.replace(path)
            flush_folder(path.parent)
        return True

    def drop(self, name: str, copy: Copy) -> bool | None:
        """See :class:`Place`; the last file stays, without rows."""
        if not name or not self._has_another(name):
            return None
        path = self._path(name)
        with answering(self.uri):
            if not self.is_same(name, copy):
                return False
            path.unlink(missing_ok=True)
            flush_folder(path.parent)
        return True

    def discard(self, copy: Copy) -> None:
        """See :class:`Place`."""
        with suppress(OSError):
            copy.out.unlink(missing_ok=True)

    def clear(self, items: tuple[Item, ...]) -> None:  # noqa: ARG002
        """See :class:`Place`."""
        with answering(self.uri):
            if not self.root.exists():
                raise StorageUnavailable(
                    "place-missing", "The place is not there any more", where=self.uri, do="Mount it, and try again."
                )
            if not self.root.is_dir():
                for left in self.root.parent.glob(f"{_aside_stem(self.root)}*"):
                    left.unlink(missing_ok=True)
                return
            for entry in entries_of(self.root, self.uri):
                if _is_aside(entry.name) and not entry.problem:
                    self._path(entry.name).unlink(missing_ok=True)

    def leftover(self, item: Item) -> bool:  # noqa: ARG002
        """See :class:`Place`."""
        return False

    def not_covered(self, listed: Listed, items: tuple[Item, ...]) -> tuple[str, ...]:  # noqa: ARG002
        """See :class:`Place`."""
        told = [
            "Bytes of replaced files stay on the disk until their blocks are used again; snapshots and backups are not covered.",
        ]
        sentences = (
            (listed.aside.get(NO_REGULAR_FILE), "Links, devices and pipes are left, and so is what links lead to"),
            (listed.aside.get(UNUSABLE_NAME), "Files whose names are not UTF-8 are left"),
            (listed.aside.get("hidden"), "Hidden and unfinished files (._*) are not looked into"),
            (listed.several_names, "Files that have further names (hard links) keep their rows under those"),
        )
        told += [f"{sentence}: {count:,} of them." for count, sentence in sentences if count]
        return tuple(told)

    def _path(self, name: str) -> Path:
        if any(part in ("", ".", "..") for part in name.split("/")) and name:
            raise BadInput("unusable-name", "A listed name leaves the place", where=self.uri)
        return self.root / name if name else self.root

    def _has_another(self, name: str) -> bool:
        """Whether another data file lies in the folder. Stops at the first: this is asked for each file that goes."""
        with answering(self.uri):
            waiting = [""]
            while waiting:
                prefix = waiting.pop()
                with os.scandir(self.root / prefix) as entries:
                    for entry in entries:
                        found = prefix + entry.name
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(f"{found}/")
                        elif found != name and is_data(found) and entry.is_file(follow_symlinks=False):
                            return True
        return False

    def _status(self, path: Path) -> os.stat_result | None:
        with answering(self.uri):
            for folder in path.relative_to(self.root).parents:
                if (self.root / folder).is_symlink() and folder != Path():
                    return None
            try:
                found = path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _like(self, out: Path, path: Path, status: os.stat_result) -> None:
        refused = False
        if _owner(out.lstat()) != _owner(status):
            try:
                os.chown(out, status.st_uid, status.st_gid, follow_symlinks=False)
            except OSError as error:
                if error.errno != errno.EPERM:
                    raise
                refused = True
        if refused:
            raise BadInput(
                "owner-not-kept",
                "A file belongs to somebody else: written again it would belong to us",
                where=self.uri,
                do="Run the purge as the files' owner.",
            )
        shutil.copystat(path, out, follow_symlinks=False)


def listed_of(names: list[str], aside: dict[str, int], uri: str) -> Listed:
    """The data files among all of a folder.

    :raises BadInput: ``empty-folder``, ``nested-folder``, ``unsupported-format``.
    """
    data = [name for name in names if is_data(name)]
    folders = {part for name in names for part in name.split("/")[:-1]}
    if folders.intersection(OF_TABLES):
        raise table_of_a_lakehouse(uri)
    if not data:
        linked = ", but links, which are not followed" if aside.get(NO_REGULAR_FILE) else ""
        raise BadInput("empty-folder", f"The folder holds no files with rows{linked}", where=uri, do="Check the path.")
    if any("=" not in part for name in data for part in name.split("/")[:-1]):
        raise BadInput(
            "nested-folder",
            "The folder holds folders that are not called key=value",
            where=uri,
            do="Name the folder that holds the files, or partition it as key=value.",
        )
    hidden = len(names) - len(data)
    return Listed(names=data, aside=aside | ({"hidden": hidden} if hidden else {}))


def reserve(out: Path, where: str) -> None:
    """An empty file that nobody else may read: it is filled with rows before it gets the mode of what it replaces."""
    with answering(where):
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def _aside(path: Path) -> Path:
    # Another name each time: of two runs at once none may put what the other has half written in a file's place.
    return path.parent / f"{_aside_stem(path)}-{token_hex(8)}"


def _aside_stem(path: Path) -> str:
    return f"{ASIDE}{hashlib.sha256(path.name.encode()).hexdigest()[:16]}"


def _is_aside(name: str) -> bool:
    return name.rpartition("/")[2].startswith(ASIDE)


def _owner(status: os.stat_result) -> tuple[int, int]:
    return status.st_uid, status.st_gid


def _stamp(status: os.stat_result) -> tuple[object, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
