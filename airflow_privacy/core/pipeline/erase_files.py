"""The private files of requests: ``<home>/requests`` (0700), each file 0600, and gone once the erasure is done.

=====================  =====================================================================
``<id>.json``          the request with its identifiers
``<id>-review.json``   candidates and decisions
``<id>-review.csv``    the same, for a person to read and fill in
``<id>-subject.json``  values of the confirmed rows that derived datasets are searched by
``<id>.digests``       keyed digests, which stay
=====================  =====================================================================
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TypeVar

import msgspec

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.keyring.files import erase, read_private
from airflow_privacy.core.model.codec import canonical, parse

T = TypeVar("T", bound=msgspec.Struct)

REQUEST, REVIEW, TABLE, SUBJECT, DIGESTS = ".json", "-review.json", "-review.csv", "-subject.json", ".digests"
CLEAR = (TABLE, REVIEW, SUBJECT, REQUEST)
"""The files with values, in the order in which they go: the request last, by which a killed run goes on."""

_ID = re.compile(r"[0-9a-f]{12}")


def is_request_id(text: str) -> bool:
    """Whether it is an id as we give them."""
    return _ID.fullmatch(text) is not None


def path_of(home: Path, request: str, suffix: str) -> Path:
    """Where a request's file lies. :raises BadInput: no id of ours."""
    if not is_request_id(request):
        raise BadInput("bad-request-id", "A request's id has 12 hexadecimal digits", where="request")
    return home / "requests" / f"{request}{suffix}"


def read(home: Path, request: str, suffix: str, kind: type[T]) -> T | None:
    """A file's content; ``None`` where there is none.

    :raises BadInput: it is damaged. :raises KeyUnavailable: others can read it.
    """
    path = path_of(home, request, suffix)
    if not os.path.lexists(path):
        return None
    return parse(kind, read_private(path), where=f"requests/{path.name}")


def write(home: Path, request: str, suffix: str, content: msgspec.Struct | bytes) -> Path:
    """Write a file whole, in place of the one before.

    :raises StorageUnavailable: it cannot be written.
    """
    path = path_of(home, request, suffix)
    data = content if isinstance(content, bytes) else canonical(content)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        old = draft.with_name(f"{draft.name}.old")
        if path.exists():
            old.hardlink_to(path)
        draft.replace(path)
        erase(old)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return path
    raise StorageUnavailable("request-not-written", f"A request's file could not be written: {problem}", where=str(path))


def forget(home: Path, request: str) -> None:
    """Overwrite and delete everything of a request that holds values, drafts of a killed writer too."""
    folder = home / "requests"
    for draft in folder.glob(f".{request}*") if folder.is_dir() else ():
        erase(draft)
    for suffix in CLEAR:
        erase(path_of(home, request, suffix))


def left_in_clear(home: Path, request: str) -> bool:
    """Whether values of a request are on disk."""
    return any(os.path.lexists(path_of(home, request, suffix)) for suffix in CLEAR)


def known_ids(home: Path) -> tuple[str, ...]:
    """Requests of which there is a file."""
    folder = home / "requests"
    return (
        tuple(sorted({path.name[:12] for path in folder.glob("*") if _ID.fullmatch(path.name[:12])})) if folder.is_dir() else ()
    )
