"""Anchors: the newest checkpoint in a file of its own, so that a truncated, forked or restored ledger shows.

An anchor protects as far as whoever changes the ledger cannot change the anchor.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from airflow_privacy.core.errors import StorageUnavailable, problem_of
from airflow_privacy.core.ledger.checkpoint import read_checkpoint
from airflow_privacy.core.ledger.verify import read_anchors

NEWEST = "ledger.checkpoint"


def advance(folder: Path, note: str) -> None:
    """Put *note* into the folder as the newest anchor, unless the one there is of a larger tree. Atomic and durable.

    :raises StorageUnavailable: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Two writers that finish in turn must not write in the other order.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            current = read_anchors(folder).get(NEWEST)
            if current is None or read_checkpoint(current).size < read_checkpoint(note).size:
                _replace(folder / NEWEST, note.encode())
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        problem = problem_of(error)
    else:
        return
    raise StorageUnavailable(
        "anchor-not-written",
        f"The entry is in the ledger, its anchor could not be written: {problem}",
        where=str(folder),
        do="Make the folder writable: the next append writes the anchor.",
    )


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
