"""The local file system as a storage: hidden temporary folders, renaming as the commit, no links.

Links are refused in a dataset, because what they lead to is not what was hashed. Conditional writes compare and rename under a
lock on the folder; a file system that has no locks leaves a gap of microseconds between the two.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError, problem_of
from airflow_privacy.core.io.storage import Document, Storage

_TEMPORARY = ".tmp-"
_DEAD_AFTER_SECONDS = 24 * 3600


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes | None: ...


def local_storage(uri: str) -> Storage:
    """The storage of a path or a ``file://`` URI without a host.

    :raises BadInput: ``unsupported-location`` for any other scheme.
    """
    if "://" not in uri and not uri.startswith("file:"):
        return LocalStorage(Path(uri))
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise BadInput(
            "unsupported-location",
            f"Nothing here knows how to open {parts.scheme}:// places",
            do="Use a path or a file:// URI; s3:// is opened by tasks, with an Airflow connection.",
        )
    return LocalStorage(Path(unquote(parts.path)))


class LocalStorage:
    """A folder or file of the local file system."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def uri(self) -> str:
        return str(self._root)

    def local(self, name: str = "") -> Path | None:
        return self._path(name)

    def size(self, name: str = "") -> int | None:
        with answering(self._path(name).name):
            try:
                found = self._path(name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            return found.st_size if stat.S_ISREG(found.st_mode) else None

    def names(self, below: str = "") -> list[str]:
        folder = self._path(below)
        with answering(folder.name):
            return [] if folder.is_symlink() or not folder.is_dir() else files_in(folder)

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        path = self._path(name)
        with answering(path.name):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError as error:
                if isinstance(error, FileNotFoundError) or path.is_symlink():
                    raise VerificationError("file-missing", "A file is missing or a link", where=path.name) from None
                raise
            with os.fdopen(handle, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise VerificationError("not-a-regular-file", "A file is no regular file", where=path.name)
                while chunk := full_chunk(file, size):
                    yield chunk

    def fetch(self, name: str) -> Document | None:
        if self.size(name) is None:
            return None
        data = b"".join(self.chunks(name, 1 << 20))
        return Document(data, _tag(data))

    def put_if_absent(self, name: str, data: bytes) -> bool:
        return self._put(name, data, etag=None)

    def replace_if(self, name: str, data: bytes, etag: str) -> bool:
        return self._put(name, data, etag=etag)

    def delete(self, name: str) -> None:
        with answering(self._path(name).name):
            self._path(name).unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A hidden folder in this one; with it go parents that it had to create and that stay empty. What a killed run left
        behind more than a day ago is removed."""
        with answering(self._root.name):
            made = [folder for folder in (self._root, *self._root.parents) if not folder.exists()]
            self._root.mkdir(parents=True, exist_ok=True)
            _remove_dead(self._root)
            temporary = self._root / f"{_TEMPORARY}{secrets.token_hex(8)}"
            temporary.mkdir()
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()

    @contextmanager
    def stage(self, name: str) -> Iterator[LocalStage]:
        final = self._path(name)
        with self.scratch() as temporary:
            try:
                yield LocalStage(temporary, final)
            finally:
                with contextlib.suppress(OSError):
                    final.parent.rmdir()

    def _path(self, name: str) -> Path:
        return self._root / name if name else self._root

    def _put(self, name: str, data: bytes, *, etag: str | None) -> bool:
        path = self._path(name)
        with answering(path.name):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
            try:
                write_durably(temporary, [data])
                with _locked(path.parent):
                    found = self.fetch(name)
                    if (found.etag if found else None) != etag:
                        return False
                    temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            flush_folder(path.parent)
        return True


class LocalStage:
    """A hidden folder that gets its name at the end."""

    def __init__(self, folder: Path, final: Path) -> None:
        self._folder = folder
        self._final = final

    def add(self, path: Path) -> None:
        with answering(path.name):
            flush_file(path)
            path.rename(self._folder / path.name)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        with answering(name):
            write_durably(self._folder / name, chunks)

    def commit(self, last: str, data: bytes) -> bool:
        self.write(last, [data])
        return move_into_place(self._folder, self._final)


def files_in(folder: Path) -> list[str]:
    """Sorted names of the files in a folder that holds regular files only.

    :raises VerificationError: it holds a link, a folder or something else.
    """
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if not entry.is_file(follow_symlinks=False):
            raise VerificationError(
                "not-a-regular-file", "A version holds a link or folder; only regular files belong there", where=entry.name
            )
    return sorted(entry.name for entry in found)


def full_chunk(file: Readable, size: int) -> bytes:
    """The next *size* bytes of a stream that may give fewer at a time; fewer only at its end."""
    pieces: list[bytes] = []
    while size and (piece := file.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def move_into_place(temporary: Path, final: Path) -> bool:
    """Give a complete folder its final name in one step; ``False`` if that name was taken (by an equal retry)."""
    with answering(final.name):
        final.parent.mkdir(exist_ok=True)
        flush_folder(temporary)
        if final.exists() or final.is_symlink():
            return False
        try:
            temporary.rename(final)
        except OSError:
            if final.is_dir():
                return False
            raise
        flush_folder(final.parent)
        flush_folder(final.parent.parent)
        return True


def write_durably(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def flush_file(path: Path) -> None:
    """Wait until the disk has a file that others wrote."""
    _flush(path, os.O_RDONLY)


def flush_folder(path: Path) -> None:
    """Wait until the disk has a folder's entries."""
    _flush(path, os.O_RDONLY | os.O_DIRECTORY)


@contextmanager
def answering(where: str) -> Iterator[None]:
    """Turn the operating system's errors into ours: a retry may help."""
    try:
        yield
    except OSError as error:
        problem = problem_of(error)
    else:
        return
    what = f"The file system did not do it: {problem}"
    raise StorageUnavailable("storage-failed", what, where=where, do="Try again.") from None


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # network file systems may not lock folders
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_dead(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name.startswith(_TEMPORARY) and not entry.is_symlink() and entry.is_dir():
            try:
                dead = time.time() - entry.stat().st_mtime > _DEAD_AFTER_SECONDS
            except FileNotFoundError:
                continue
            if dead:
                shutil.rmtree(entry, ignore_errors=True)
