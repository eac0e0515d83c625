"""What lies in a folder, all the way down, without following a link; and taking a file out of it.

Files are reached from the folder's own handle, name by name, so that a folder that becomes a link meanwhile leads nowhere else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.purge.target import Thing

NO_REGULAR_FILE = "no-regular-file"
UNUSABLE_NAME = "unusable-name"
OF_TABLES = ("_delta_log", ".hoodie")
"""Folders by which tables of Delta Lake and Hudi are known."""

_NULL = "__HIVE_DEFAULT_PARTITION__"
_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What somebody may forbid, or a kernel: the file stays, and the second look says so.
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)


@dataclass(frozen=True)
class Entry:
    """One thing of a folder that is no folder itself. ``name`` is relative, empty where the place is one file.

    :param problem: why nothing is done with it, if so: a link or a device, or a name that cannot be written down.
    """

    name: str = field(repr=False)
    status: os.stat_result = field(repr=False)
    problem: str = ""

    @property
    def thing(self) -> Thing:
        """As the rule sees it."""
        # Rounded up: cut off, a file would be older than it is.
        microseconds = -(-self.status.st_mtime_ns // 1_000)
        try:
            modified = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
        except OverflowError:
            modified = None
        return Thing(name=self.name, partitions=partitions_of(self.name), modified=modified)


def partitions_of(name: str) -> Mapping[str, str | None]:
    """The ``key=value`` folders above a file, decoded: ``None`` for the default partition, for no value at all, and for a key
    that two folders give different values. The text ``null`` is a text."""
    found: dict[str, str | None] = {}
    for part in name.split("/")[:-1]:
        key, equals, text = part.partition("=")
        if not key or not equals:
            continue
        key, value = _decoded(key), None if text in ("", _NULL) else _decoded(text)
        found[key] = value if found.get(key, value) == value else None
    return found


def entries_of(root: Path, uri: str) -> list[Entry]:
    """Everything below a folder that is no folder, sorted by name; or the one file.

    :raises BadInput: ``missing-folder``: there is nothing; ``unsupported-format``: it is a table of Delta Lake, Hudi or Iceberg,
        whose log would lead to files that are gone.
    """
    with answering(uri):
        try:
            status = root.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise BadInput("missing-folder", "There is no such file or folder", where=uri, do="Check the path.") from None
        if not stat.S_ISDIR(status.st_mode):
            status = root.lstat()
            return [Entry("", status, "" if stat.S_ISREG(status.st_mode) else NO_REGULAR_FILE)]
        return sorted(_walk(root, "", uri), key=lambda entry: os.fsencode(entry.name))


def _walk(folder: Path, prefix: str, uri: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except FileNotFoundError:  # removed while we looked
        return
    names = {entry.name for entry in entries}
    is_iceberg = folder.name == "metadata" and any(name.endswith(".metadata.json") for name in names)
    if names.intersection(OF_TABLES) or is_iceberg:
        raise table_of_a_lakehouse(uri)
    for entry in entries:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{name}/", uri)
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        problem = "" if _is_writable_down(name) else UNUSABLE_NAME
        yield Entry(name, status, problem if stat.S_ISREG(status.st_mode) else NO_REGULAR_FILE)


@contextmanager
def folder_of(root: Path, name: str, uri: str) -> Iterator[tuple[int, str] | None]:
    """A handle of the folder that holds the file *name* of the place, and the file's name in it; ``None`` where a folder above is
    not there, or is a link.

    :raises StorageUnavailable: ``place-missing``: the place itself is gone, as when it is not mounted.
    """
    *folders, last = name.split("/") if name else (root.name,)
    top = root if name else root.parent
    with answering(uri):
        try:
            handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise StorageUnavailable(
                "place-missing", "The place is not there any more", where=uri, do="Mount it, and try again."
            ) from None
        try:
            for part in folders:
                if part in ("", ".", ".."):
                    raise BadInput("unusable-name", "A listed name leaves the place", where=uri)
                try:
                    inner = os.open(part, _FOLDER, dir_fd=handle)
                except OSError as error:
                    if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                        raise
                    yield None
                    return
                os.close(handle)
                handle = inner
            yield handle, last
        finally:
            os.close(handle)


def status_in(folder: int, name: str) -> os.stat_result | None:
    """Of the regular file *name*; ``None`` where there is none."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def digest_in(folder: int, name: str) -> str | None:
    """SHA-256 of a regular file's bytes; ``None`` where there is none."""
    try:
        handle = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
    with os.fdopen(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        whole = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"


def take_out(folder: int, name: str, same: Callable[[os.stat_result], bool]) -> bool:
    """Remove a file that still is the *same*; ``False`` if it is another one, or may not be removed.

    Between the last look and the removal lie microseconds: a file system cannot do both at once.
    """
    found = status_in(folder, name)
    if found is None or not same(found):
        return False
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        return False
    return True


def remove_empty_folders(root: Path, names: set[str], uri: str) -> None:
    """Remove folders that became empty above these files: partitions, what lies in them, and folders of unfinished writers.

    A plain folder stays, and so does the place itself: somebody may be about to write there.
    """
    above = {"/".join(parts[:depth]) for parts in (name.split("/") for name in names) for depth in range(1, len(parts))}
    for folder in sorted(above, key=lambda name: name.count("/"), reverse=True):
        if any("=" in part or part.startswith(("_temporary", ".")) for part in folder.split("/")):
            with folder_of(root, folder, uri) as opened:
                if opened is not None:
                    _remove_if_empty(*opened)


def flush(folder: int) -> None:
    """Wait until the disk has a folder's entries."""
    os.fsync(folder)


def _remove_if_empty(folder: int, name: str) -> None:
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, *_REFUSED):
            raise
        return
    flush(folder)


def table_of_a_lakehouse(uri: str) -> BadInput:
    """A folder whose files a log leads to."""
    return BadInput(
        "unsupported-format",
        "The folder is a table of Delta Lake, Hudi or Iceberg: its log would lead to files that are gone",
        where=uri,
        do="Name a Delta or Iceberg table as delta+file:// or iceberg+file://.",
    )


def _is_writable_down(name: str) -> bool:
    try:
        name.encode()
    except UnicodeError:
        return False
    return True


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        return text
