"""Key files: read only when nobody else can, created whole and never replaced."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from airflow_privacy.core.errors import KeyUnavailable

INIT = "airflow-privacy keys init"


def damaged(path: Path, how: str) -> KeyUnavailable:
    """The error for a file that *how* says is no key."""
    return KeyUnavailable("key-damaged", f"The key file {how}", where=str(path), do="Restore it from the backup of the keyring.")


def check_permissions(*paths: Path) -> None:
    """Each path that is there belongs to us and to nobody else.

    :raises KeyUnavailable: it does not.
    """
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            _check_owner(path, path.lstat())


def _check_owner(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise KeyUnavailable("key-unsafe", "A key must not be a symbolic link", where=str(path), do="Put the file itself there.")
    if found.st_uid != os.geteuid():
        raise KeyUnavailable(
            "key-wrong-owner",
            "The key belongs to another user",
            where=str(path),
            do="Run as the user that created the keyring, or chown it.",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise KeyUnavailable(
            "key-exposed",
            "The key is open to group or others",
            where=str(path),
            do=f"chmod {mode} it, and replace the key if others may have read it.",
        )


def read_private(path: Path) -> bytes:
    """The bytes of a regular file that we own and nobody else can open.

    :raises KeyUnavailable: it is missing, or not such a file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyUnavailable("key-missing", "The key file is missing", where=str(path), do=f"Run {INIT}.") from None
    except OSError:
        raise KeyUnavailable("key-unreadable", "The key file cannot be opened", where=str(path), do="Check its owner.") from None
    with os.fdopen(descriptor, "rb") as file:
        # Checked on the open file: what is read is what was checked.
        found = os.fstat(descriptor)
        _check_owner(path, found)
        if not stat.S_ISREG(found.st_mode):
            raise damaged(path, "is no regular file")
        return file.read()


def publish(path: Path, data: bytes, mode: int) -> bool:
    """Write *path* whole and durable unless it exists; whether it was written."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
        _flush_folder(path.parent)
        return True
    finally:
        draft.unlink()


def erase(path: Path) -> None:
    """Overwrite a file with random bytes, flush it, delete it; one that is not there is none to erase.

    Overwriting reaches the blocks of a plain disk and every hard link. It does not reach copies: backups, snapshots, and file
    systems or flash that write elsewhere each time.

    :raises KeyUnavailable: it is not ours alone, or no regular file.
    """
    if not os.path.lexists(path):
        return
    size = len(read_private(path))
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(size))
        file.flush()
        os.fsync(descriptor)
    path.unlink()
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
