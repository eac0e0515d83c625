"""A version across a boundary, and the pointer by which it is published.

What was approved is a manifest. Each chunk is read, checked against it, then sent: the destination never holds a byte of a chunk
that was not approved, and shows nothing until all held. Publishing is the passport first, then the pointer ``current.json``.
"""

from __future__ import annotations

import os

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.io.version import check_names, manifest_of, place, read_manifest
from airflow_privacy.core.model.codec import Value, canonical, is_digest, parse, sha256
from airflow_privacy.core.model.dataset import Dataset, Manifest

_CURRENT = "current.json"


class Current(Value, frozen=True, kw_only=True):
    """``current.json``: the published version, and the digest of its passport."""

    version: str
    passport: str


def copy_version(*, dataset: Dataset, out: str) -> Manifest:
    """Copy the version that *dataset* names into the dataset folder *out*, unpublished.

    A mismatch, a missing or an extra file aborts: nothing is to be seen at the destination then. A version that is there already
    is checked and left.

    :raises VerificationError: naming the file, and the chunk that differs from the approved manifest.
    :raises StorageUnavailable: a file system failed.
    """
    manifest = manifest_of(dataset)
    source = files.version_folder(files.folder_of(dataset.uri), dataset.version)
    check_names(source, manifest)
    target = files.folder_of(out)
    with files.temporary_folder(target) as temporary:
        for file in manifest.files:
            with files.storage(file.path), (temporary / file.path).open("xb") as sink:
                for chunk in files.checked_chunks(source / file.path, file):
                    sink.write(chunk)
                sink.flush()
                os.fsync(sink.fileno())
        return place(temporary, target, manifest)


def publish(out: str, version: str, passport_bytes: bytes) -> None:
    """Make a version the current one: its passport is written first, the pointer last, each in one step.

    Publishing an earlier version again moves the pointer back.

    :raises VerificationError: the version is not there whole by name.
    :raises StorageUnavailable: the file system failed.
    """
    folder = files.folder_of(out)
    check_names(files.version_folder(folder, version), read_manifest(out, version))
    digest = sha256(passport_bytes)
    files.write_atomically(folder / "passports" / f"{digest}.json", passport_bytes)
    files.write_atomically(folder / _CURRENT, canonical(Current(version=version, passport=digest)))


def read_current(uri: str) -> Current:
    """What is published in a dataset's folder.

    :raises BadInput: nothing is published there.
    """
    path = files.folder_of(uri) / _CURRENT
    if not path.exists():
        raise BadInput("not-published", "Nothing is published in this dataset", where=_CURRENT)
    current = parse(Current, b"".join(files.chunks_of(path)), where=_CURRENT)
    if not is_digest(current.passport):
        raise BadInput("malformed-document", "The pointer names no passport digest", where=_CURRENT)
    return current


def read_passport(uri: str, current: Current) -> bytes:
    """The bytes of the current version's passport, as published; its signature is for the caller to check.

    :raises VerificationError: it is missing, or its bytes are not those that the pointer names.
    """
    name = f"{current.passport}.json"
    data = b"".join(files.chunks_of(files.folder_of(uri) / "passports" / name))
    if sha256(data) != current.passport:
        raise VerificationError("passport-differs", "The passport's bytes are not those that the pointer names", where=name)
    return data
