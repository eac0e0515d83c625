"""The files of a dataset version on a local file system: names, listing, chunked reading, atomic writing.

Everything about paths and the operating system is here, so that an object store can take its place. A version's folder holds
regular files only: links are refused, because what they lead to is not what was hashed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.model.dataset import CHUNK_BYTES, ManifestFile

MANIFEST = "manifest.json"
_TEMPORARY = ".tmp-"
_DEAD_AFTER_SECONDS = 24 * 3600
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\.parquet")
_VERSION = re.compile(r"[0-9a-f]{16}")


def folder_of(uri: str) -> Path:
    """The local folder that a dataset's URI names: a path, or ``file://`` without a host.

    :raises BadInput: another scheme.
    """
    if "://" not in uri and not uri.startswith("file:"):
        return Path(uri)
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise BadInput(
            "unsupported-location", f"Datasets cannot be kept under {parts.scheme}:// yet", do="Use a path or a file:// URI."
        )
    return Path(unquote(parts.path))


def version_folder(dataset: Path, version: str) -> Path:
    """``versions/<version>`` of a dataset.

    :raises VerificationError: the version is not 16 hexadecimal digits.
    """
    if _VERSION.fullmatch(version) is None:
        raise VerificationError("malformed-version", "A dataset version is not 16 hexadecimal digits")
    return dataset / "versions" / version


def listing(folder: Path) -> set[str]:
    """Names of the files in a version's folder.

    :raises VerificationError: the folder is missing or a link, or holds anything but regular files.
    """
    with storage(folder.name):
        if folder.is_symlink() or not folder.is_dir():
            raise VerificationError("version-missing", "The version's folder is not there, or is a link", where=folder.name)
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_file(follow_symlinks=False):
                    raise VerificationError(
                        "not-a-regular-file",
                        "A version holds a link or folder; only regular files belong there",
                        where=entry.name,
                    )
        return {entry.name for entry in folder.iterdir()}


def require_part_name(name: str) -> None:
    """A part is a plain file name that ends in ``.parquet``: no folder, not hidden.

    :raises VerificationError: it is anything else.
    """
    if _PART.fullmatch(name) is None:
        raise VerificationError("malformed-part-name", f"{name!r} is no name for a part", where=MANIFEST)


def chunks_of(path: Path) -> Iterator[bytes]:
    """A file's bytes, 8 MiB at a time; links are not followed.

    :raises VerificationError: the file is missing or a link.
    """
    with storage(path.name):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, OSError) as error:
            if isinstance(error, FileNotFoundError) or path.is_symlink():
                raise VerificationError("file-missing", "A file of the version is missing or a link", where=path.name) from None
            raise
        with os.fdopen(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise VerificationError("not-a-regular-file", "A file of the version is no regular file", where=path.name)
            while chunk := _full_chunk(file):
                yield chunk


def _full_chunk(file: object) -> bytes:
    read = file.read  # type: ignore[attr-defined]
    pieces: list[bytes] = []
    wanted = CHUNK_BYTES
    while wanted and (piece := read(wanted)):
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)


def checked_chunks(path: Path, file: ManifestFile) -> Iterator[bytes]:
    """A file's chunks, each given out only after it held against its entry in the manifest.

    :raises VerificationError: naming file and chunk; the bytes, the number of chunks, the size or the whole do not hold.
    """
    whole, size, count = hashlib.sha256(), 0, 0
    for count, chunk in enumerate(chunks_of(path), start=1):
        if count > len(file.chunks) or f"sha256:{hashlib.sha256(chunk).hexdigest()}" != file.chunks[count - 1]:
            raise VerificationError(
                "chunk-differs", f"Chunk {count - 1} of {file.path!r} is not the one in the manifest", where=file.path
            )
        whole.update(chunk)
        size += len(chunk)
        yield chunk
    if count != len(file.chunks) or size != file.bytes or f"sha256:{whole.hexdigest()}" != file.sha256:
        raise VerificationError(
            "file-differs",
            f"{file.path!r} has {size} bytes in {count} chunks, or a digest, other than in the manifest",
            where=file.path,
        )


@contextmanager
def temporary_folder(dataset: Path) -> Iterator[Path]:
    """A hidden folder in *dataset*, gone afterwards unless it was moved; with it go parents that it had to create and that stay
    empty. What a killed run left behind more than a day ago is removed."""
    with storage(dataset.name):
        made = [folder for folder in (dataset, *dataset.parents) if not folder.exists()]
        dataset.mkdir(parents=True, exist_ok=True)
        _remove_dead(dataset)
        temporary = dataset / f"{_TEMPORARY}{secrets.token_hex(8)}"
        temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in (dataset / "versions", *made):
            try:
                folder.rmdir()
            except OSError:
                continue


def move_into_place(temporary: Path, final: Path) -> bool:
    """Give a complete folder its final name in one step; ``False`` if that name was taken (by an equal retry)."""
    with storage(final.name):
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


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file in one step; a reader sees the old or the new bytes, never a part."""
    with storage(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            write_durably(temporary, data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        flush_folder(path.parent)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_file(path: Path) -> None:
    """Wait until the disk has a file that others wrote."""
    _flush(path, os.O_RDONLY)


def flush_folder(path: Path) -> None:
    """Wait until the disk has a folder's entries."""
    _flush(path, os.O_RDONLY | os.O_DIRECTORY)


@contextmanager
def storage(where: str) -> Iterator[None]:
    """Turn the operating system's errors into ours: a retry may help."""
    try:
        yield
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StorageUnavailable("storage-failed", f"The file system did not do it: {problem}", where=where, do="Try again.")


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_dead(dataset: Path) -> None:
    for entry in dataset.iterdir():
        if entry.name.startswith(_TEMPORARY) and not entry.is_symlink() and entry.is_dir():
            try:
                dead = time.time() - entry.stat().st_mtime > _DEAD_AFTER_SECONDS
            except FileNotFoundError:
                continue
            if dead:
                shutil.rmtree(entry, ignore_errors=True)
