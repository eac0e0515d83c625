"""Names in a dataset's folder, and the chunks of a version's files held against their manifest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.model.dataset import CHUNK_BYTES, ManifestFile

MANIFEST = "manifest.json"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\.parquet")
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
