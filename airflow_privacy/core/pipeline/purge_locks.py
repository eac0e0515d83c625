"""One purge at a time for a dataset, on one host.

``flock`` on ``<home>/locks/<name>.lock``: the kernel lets go when the process ends, however it ends. Workers on several hosts
that share the home over a network file system are kept apart only where that file system carries ``flock`` across hosts, as NFS 4
does; else put the tasks into an Airflow pool of one slot.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from airflow_privacy.core.errors import StorageUnavailable, TransientError


@contextmanager
def dataset_locks(home: Path, datasets: Iterable[str]) -> Iterator[None]:
    """Hold the locks of all *datasets*, taken in one order everywhere.

    :raises TransientError: another purge of one of them is running.
    """
    with ExitStack() as held:
        for dataset in sorted(set(datasets)):
            held.enter_context(_lock(home / "locks", dataset))
        yield


@contextmanager
def _lock(folder: Path, dataset: str) -> Iterator[None]:
    path = folder / f"{hashlib.sha256(dataset.encode()).hexdigest()[:32]}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        handle = -1
    if handle < 0:
        raise StorageUnavailable("lock-not-made", f"The lock cannot be made: {problem}", where=str(path))
    try:
        busy = False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy = True
        if busy:
            raise TransientError("purge-busy", "Another purge of this dataset is running", where=dataset, do="Try again later.")
        yield
    finally:
        os.close(handle)
