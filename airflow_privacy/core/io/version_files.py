"""Names in a dataset's folder, and a version's files held against their manifest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.io.local import LocalStorage
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.model.codec import canonical, parse
from airflow_privacy.core.model.dataset import CHUNK_BYTES, Manifest, ManifestFile, version_of

MANIFEST = "manifest.json"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\.parquet")
_SEALED_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\.[0-9a-f]{16}\.parquet")
_VERSION = re.compile(r"[0-9a-f]{16}")


def version_folder(version: str) -> str:
    """``versions/<version>``, relative to the dataset.

    :raises VerificationError: the version is not 16 hexadecimal digits.
    """
    if _VERSION.fullmatch(version) is None:
        raise VerificationError("malformed-version", "A dataset version is not 16 hexadecimal digits")
    return f"versions/{version}"


def require_part_name(name: str) -> None:
    """A part is a plain file name that ends in ``.parquet``: no folder, not hidden.

    :raises VerificationError: it is anything else.
    """
    if _PART.fullmatch(name) is None:
        raise VerificationError("malformed-part-name", f"{name!r} is no name for a part", where=MANIFEST)


def sealed_name(name: str, digest: str) -> str:
    """An encrypted part's name holds the start of its digest: two writers of one version never write the same object."""
    return f"{name.removesuffix('.parquet')}.{digest.removeprefix('sha256:')[:16]}.parquet"


def is_sealed_name(name: str) -> bool:
    """Whether this is the name of an encrypted part."""
    return _SEALED_PART.fullmatch(name) is not None


def chunks_of(storage: Storage, name: str) -> Iterator[bytes]:
    """A file's bytes, 8 MiB at a time.

    :raises VerificationError: the file is missing or a link.
    """
    return storage.chunks(name, CHUNK_BYTES)


def checked_chunks(storage: Storage, folder: str, file: ManifestFile) -> Iterator[bytes]:
    """A file's chunks, each given out only after it held against its entry in the manifest.

    :raises VerificationError: naming file and chunk; the bytes, the number of chunks, the size or the whole do not hold.
    """
    whole, size, count = hashlib.sha256(), 0, 0
    for count, chunk in enumerate(chunks_of(storage, f"{folder}/{file.path}"), start=1):
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


def is_placed(storage: Storage, version: str) -> bool:
    """Whether there is a version of this name; what it holds is not looked at."""
    return storage.size(f"{version_folder(version)}/{MANIFEST}") is not None


def check_names(storage: Storage, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files and the manifest, none a link.

    :raises VerificationError: naming what is missing or too much.
    """
    folder = version_folder(manifest.version)
    names = [file.path for file in manifest.files]
    for name in names:
        require_part_name(name)
    there, wanted = set(storage.names(folder)), {*names, MANIFEST}
    if not there:
        raise VerificationError("version-missing", "The version is not there, or is a link", where=manifest.version)
    if len(set(names)) != len(names) or there != wanted:
        odd = ", ".join(repr(name) for name in sorted(there ^ wanted)) or "a file named twice"
        raise VerificationError("files-differ", f"The version's folder and its manifest differ in {odd}", where=manifest.version)
    if b"".join(chunks_of(storage, f"{folder}/{MANIFEST}")) != canonical(manifest):
        raise VerificationError("manifest-differs", "The manifest is not the expected one", where=MANIFEST)


def stored_manifest(storage: Storage, version: str) -> Manifest:
    """The manifest of a version as it lies there; its name is checked, its files are not.

    :raises VerificationError: there is none, or it is not the version's.
    """
    data = b"".join(chunks_of(storage, f"{version_folder(version)}/{MANIFEST}"))
    manifest = parse(Manifest, data, where=MANIFEST)
    if manifest.version != version or version_of(manifest.files, manifest.plan) != version:
        raise VerificationError("manifest-differs", "The manifest is not that of its version", where=MANIFEST)
    return manifest


def fetched(storage: Storage, manifest: Manifest) -> tuple[tuple[Path, ...], Spool | None]:
    """Where the version's files can be read, after they held against the manifest; the spool that holds them, if one does."""
    check_names(storage, manifest)
    folder = version_folder(manifest.version)
    spool = None
    paths = []
    for file in manifest.files:
        path = storage.local(f"{folder}/{file.path}")
        chunks = checked_chunks(storage, folder, file)
        if path is None:
            spool = spool or Spool()
            path = spool.keep(chunks)
        else:
            exhaust(chunks)
        paths.append(path)
    return tuple(paths), spool


def digests(path: Path) -> tuple[str, tuple[str, ...], int]:
    """SHA-256 of a file and of each of its chunks, and its size."""
    whole, chunks, size = hashlib.sha256(), [], 0
    for chunk in chunks_of(LocalStorage(path.parent), path.name):
        whole.update(chunk)
        chunks.append(f"sha256:{hashlib.sha256(chunk).hexdigest()}")
        size += len(chunk)
    return f"sha256:{whole.hexdigest()}", tuple(chunks), size


def exhaust(chunks: Iterator[bytes]) -> None:
    """Read to the end for the checks' sake."""
    for _ in chunks:
        pass
