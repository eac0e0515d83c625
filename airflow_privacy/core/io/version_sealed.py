"""Versions whose parts are encrypted with a keyring.

Encrypted parts are other bytes each time. Their version is named by what they hold in clear, their manifest by what is stored;
who finds the version there already decrypts it, compares the rows with its own, and takes the manifest that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.io.encrypted_parquet import DataKeys, encrypt_part, same_rows
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.model.dataset import Manifest, ManifestFile, version_of


def place_encrypted(
    storage: Storage, folder: Path, plain: tuple[ManifestFile, ...], plan_digest: str, keys: DataKeys
) -> Manifest:
    """Make a version of the files in *folder*, which *plain* describes, encrypted; or check the version that is there.

    :returns: the manifest of what is stored.
    :raises VerificationError: the version is there with other rows, or in clear.
    """
    version = version_of(plain, plan_digest)
    name = files.version_folder(version)
    ours = None
    if not files.is_placed(storage, version):
        with storage.scratch() as scratch, storage.stage(name) as stage:
            sealed = tuple(_seal(folder, file, scratch, keys) for file in plain)
            for file in sealed:
                stage.add(scratch / file.path)
            ours = Manifest(version=version, plan=plan_digest, files=sealed)
            stage.commit(files.MANIFEST, canonical(ours))
    stored = files.stored_manifest(storage, version)
    _sweep(storage, stored)
    if stored != ours:  # somebody else's; ours was compared before it was sent
        require_same_rows(storage, stored, [folder / file.path for file in plain], keys)
    return stored


def require_same_rows(storage: Storage, stored: Manifest, parts: Sequence[Path], keys: DataKeys) -> None:
    """An encrypted version that lies there holds what *parts* hold, encrypted or not, part by part.

    :raises VerificationError: it is in clear, changed, or holds other rows.
    """
    if not all(file.plain_sha256 for file in stored.files):
        raise VerificationError(
            "version-in-clear",
            "The version is there already, in clear, and is to be encrypted",
            where=stored.version,
            do="Delete the version that lies there in clear, then try again.",
        )
    paths, _spool = files.fetched(storage, stored)
    for file, part, path in zip(stored.files, parts, paths, strict=True):
        if not same_rows(part, path, keys):
            raise VerificationError("rows-differ", f"{file.path!r} holds other rows than its version", where=file.path)


def _seal(folder: Path, file: ManifestFile, scratch: Path, keys: DataKeys) -> ManifestFile:
    """Encrypt one file, and see that it can be decrypted to the same rows before it is all that there is."""
    draft = scratch / file.path
    key = encrypt_part(folder / file.path, draft, keys)
    if not same_rows(folder / file.path, draft, keys):
        raise VerificationError("rows-differ", "An encrypted part does not hold what was encrypted", where=file.path)
    whole, chunks, size = files.digests(draft)
    named = draft.rename(draft.with_name(files.sealed_name(file.path, whole)))
    return ManifestFile(
        path=named.name, bytes=size, rows=file.rows, sha256=whole, chunks=chunks, plain_sha256=file.sha256, key=key
    )


def _sweep(storage: Storage, manifest: Manifest) -> None:
    """Remove encrypted parts of a writer that died, or came second, in a store that shows objects one by one: once the manifest
    is there, nobody else's parts can become the version."""
    folder = files.version_folder(manifest.version)
    ours = {file.path for file in manifest.files}
    for name in storage.names(folder):
        if name not in ours and files.is_sealed_name(name):
            storage.delete(f"{folder}/{name}")
