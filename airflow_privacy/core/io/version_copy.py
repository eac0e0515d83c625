"""A version across a boundary, and the pointer by which it is published.

What was approved is a manifest. Each chunk is read, checked against it, then sent: the destination never holds a byte of a chunk
that was not approved, and shows nothing until all held. Publishing is the passport first, then the pointer ``current.json``.
"""

from __future__ import annotations

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.io.encrypted_parquet import DataKeys
from airflow_privacy.core.io.local import answering, local_storage, write_durably
from airflow_privacy.core.io.spool import spooled
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.io.version import check_files, manifest_of, place, read_manifest
from airflow_privacy.core.io.version_sealed import place_encrypted, require_same_rows
from airflow_privacy.core.model.codec import Value, canonical, is_digest, parse, sha256
from airflow_privacy.core.model.dataset import Dataset, Manifest

CURRENT = "current.json"


class Current(Value, frozen=True, kw_only=True):
    """``current.json``: the published version, and the digest of its passport."""

    version: str
    passport: str


def copy_version(
    *, dataset: Dataset, out: str, storages: Storages = local_storage, encryption: DataKeys | None = None
) -> Manifest:
    """Copy the version that *dataset* names into the dataset folder *out*, unpublished.

    A mismatch, a missing or an extra file aborts: nothing is to be seen at the destination then. A version that is there already
    is checked and left. What is encrypted is copied as it is.

    :param encryption: the keys of the dataset's scope. With them a version in clear is encrypted on the way; checked in clear
        against the approved manifest, which gives it the same name.
    :returns: the manifest of what lies at the destination: other than the approved one where it was encrypted on the way.
    :raises VerificationError: naming the file, and the chunk that differs from the approved manifest.
    :raises StorageUnavailable: a storage failed.
    :raises KeyUnavailable, KeyServiceUnavailable: the keys of *encryption* are not to be had.
    """
    manifest = manifest_of(dataset)
    source, target = storages(dataset.uri), storages(out)
    folder = files.version_folder(dataset.version)
    files.check_names(source, manifest)
    sealed = all(file.plain_sha256 for file in manifest.files)
    if encryption is not None and not sealed:
        with spooled() as scratch:
            for file in manifest.files:
                with answering("temporary folder"):
                    write_durably(scratch / file.path, files.checked_chunks(source, folder, file))
            return place_encrypted(target, scratch, manifest.files, manifest.plan, encryption)
    if files.is_placed(target, manifest.version):
        check_files(source, manifest)
        if encryption is not None:
            stored = read_manifest(out, manifest.version, storages=storages)
            if stored != manifest:
                # The same rows, encrypted another time: after staging was cleared and made again.
                parts, _spool = files.fetched(source, manifest)
                require_same_rows(target, stored, parts, encryption)
                return stored
    return place(target, manifest, lambda stage, file: stage.write(file.path, files.checked_chunks(source, folder, file)))


def publish(
    out: str, version: str, passport_bytes: bytes, *, storages: Storages = local_storage, instead_of: Current | None = None
) -> None:
    """Make a version the current one: its passport is written first, the pointer last, each in one step.

    Publishing an earlier version again moves the pointer back. Who publishes at the same time as another loses or wins as a
    whole: the loser changed nothing that a reader follows, only its passport lies there, unnamed.

    :param instead_of: what the new version was made of: whatever else is published by now stays.
    :raises VerificationError: the version is not there whole by name.
    :raises StorageUnavailable: the storage failed, or somebody else published meanwhile (``publish-conflict``).
    """
    storage = storages(out)
    before = storage.fetch(CURRENT)
    if instead_of is not None and (before is None or before.data != canonical(instead_of)):
        raise _conflict(storage.uri)
    files.check_names(storage, read_manifest(out, version, storages=storages))
    digest = sha256(passport_bytes)
    pointer = canonical(Current(version=version, passport=digest))
    if not storage.put_if_absent(_passport_name(digest), passport_bytes):
        read_passport(out, Current(version=version, passport=digest), storages=storages)
    if before is None:
        moved = storage.put_if_absent(CURRENT, pointer)
    else:
        moved = before.data == pointer or storage.replace_if(CURRENT, pointer, before.etag)
    if not moved:
        raise _conflict(storage.uri)


def read_current(uri: str, *, storages: Storages = local_storage) -> Current:
    """What is published in a dataset's folder.

    :raises BadInput: nothing is published there.
    """
    found = storages(uri).fetch(CURRENT)
    if found is None:
        raise BadInput("not-published", "Nothing is published in this dataset", where=CURRENT)
    current = parse(Current, found.data, where=CURRENT)
    if not is_digest(current.passport):
        raise BadInput("malformed-document", "The pointer names no passport digest", where=CURRENT)
    return current


def read_passport(uri: str, current: Current, *, storages: Storages = local_storage) -> bytes:
    """The bytes of the current version's passport, as published; its signature is for the caller to check.

    :raises VerificationError: it is missing, or its bytes are not those that the pointer names.
    """
    data = b"".join(files.chunks_of(storages(uri), _passport_name(current.passport)))
    if sha256(data) != current.passport:
        raise VerificationError(
            "passport-differs", "The passport's bytes are not those that the pointer names", where=current.passport
        )
    return data


def _conflict(where: str) -> StorageUnavailable:
    what = "Somebody else published in this dataset at the same time"
    return StorageUnavailable("publish-conflict", what, where=where, do="Try again.")


def _passport_name(digest: str) -> str:
    return f"passports/{digest}.json"
