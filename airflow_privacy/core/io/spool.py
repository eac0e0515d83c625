"""Private folders for what has to lie on the worker's disk for a while: fetched objects, decompressed files.

A spool is readable by its owner only (0700), lies where ``TMPDIR`` says, and is gone when nobody holds it any more or the process
ends. A killed process leaves it; the next one to spool anything removes it, because the dead hold no locks.
Protects against other users of the host and against leftovers; not against root, backups, or swap.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from airflow_privacy.core.io.local import answering

_PREFIX = "airflow-privacy-spool-"
_LOCK = "lock"


class Spool:
    """A private folder. Files are numbered; their names say nothing about where they came from."""

    def __init__(self) -> None:
        self._count = 0
        self._gone: Callable[[], object] | None = None

    def __repr__(self) -> str:
        return "Spool()"

    @cached_property
    def folder(self) -> Path:
        """The folder, made when it is first needed."""
        with answering("temporary folder"):
            _remove_dead()
            folder, lock = _locked_folder()
        self._gone = weakref.finalize(self, _remove, folder, lock, os.getpid())
        return folder

    def path(self) -> Path:
        """A new file's path."""
        self._count += 1
        return self.folder / f"{self._count:06d}"

    def keep(self, chunks: Iterable[bytes]) -> Path:
        """Write chunks into a new file.

        :raises StorageUnavailable: the disk is full or failed.
        """
        path = self.path()
        with answering("temporary folder"), path.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
        return path

    def close(self) -> None:
        """Remove the folder now."""
        if self._gone is not None:
            self._gone()


@contextlib.contextmanager
def spooled() -> Iterator[Path]:
    """A private folder to make files in, gone afterwards."""
    spool = Spool()
    try:
        folder = spool.path()
        with answering("temporary folder"):
            folder.mkdir()
        yield folder
    finally:
        spool.close()


def _locked_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_nlink:
                return folder, lock
        os.close(lock)  # taken for a dead one's in the moment between making and locking it


def _remove(folder: Path, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # a forked child leaves its parent's files alone
        shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _remove_dead() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(handle).st_uid == lock.parent.lstat().st_uid == os.getuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
