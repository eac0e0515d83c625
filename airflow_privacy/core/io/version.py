"""Versions of a dataset: written once under a name that is the digest of their content, checked whenever they are opened.

``<dataset>/versions/<version>/part-00000.parquet …, manifest.json``. A version appears in one step, by renaming its folder or by
its manifest coming last, and never changes, so a retry finds what the first run wrote. Digests protect against damage and against
files changed by somebody who cannot change the manifest's digest too: that digest is in the dataset artifact, the evidence and
the passport.
Versions with encrypted parts: ``version_sealed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet

from airflow_privacy.core.errors import BadInput, KeyUnavailable, StorageUnavailable, VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.io.encrypted_parquet import DataKeys, read_part, rows_of
from airflow_privacy.core.io.local import files_in, local_storage
from airflow_privacy.core.io.spool import Spool, spooled
from airflow_privacy.core.io.storage import Stage, Storage, Storages
from airflow_privacy.core.io.version_sealed import place_encrypted
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.model.dataset import Dataset, Manifest, ManifestFile, version_of
from airflow_privacy.core.model.refs import ColumnType


class OpenVersion:
    """A version whose files held against the manifest. It can be read again and again."""

    def __init__(
        self,
        manifest: Manifest,
        columns: tuple[ColumnType, ...],
        paths: tuple[Path, ...],
        spool: Spool | None = None,
        keys: DataKeys | None = None,
    ) -> None:
        self.manifest = manifest
        self.columns = columns
        self._paths = paths
        self._keys = keys  # only where the files are encrypted
        self._spool = spool  # holds the files as long as somebody holds the version

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.manifest.files)

    def slabs(self) -> Iterator[pl.DataFrame]:
        """One frame a file, in the manifest's order.

        :raises StorageUnavailable: a file cannot be read any more.
        :raises KeyUnavailable: the files are encrypted, and their key was destroyed meanwhile.
        """
        for path in self._paths:
            yield _read(path) if self._keys is None else read_part(path, self._keys)

    def frame(self) -> pl.LazyFrame:
        """All rows as a lazy frame, in the manifest's order; usable as long as this version is held. An encrypted version is
        decrypted into memory."""
        if self._keys is not None:
            return pl.concat(list(self.slabs())).lazy()
        return pl.scan_parquet(list(self._paths), glob=False, hive_partitioning=False)


def write_version(
    uri: str,
    plan_digest: str,
    parts: Callable[[Path], object],
    *,
    storages: Storages = local_storage,
    encryption: DataKeys | None = None,
) -> Manifest:
    """Write a new version: *parts* puts Parquet files into the folder it is given, which then gets its content's name.

    A version that is already there is checked and left as it is, so that a retry changes nothing. What *parts* raises passes
    through, and nothing is left behind.

    :param uri: the dataset's folder.
    :param encryption: encrypts the parts; in clear they lie on the worker's disk only, for as long as this takes.
    :raises BadInput: *parts* wrote nothing, or something that is no Parquet file.
    :raises VerificationError: the version is there with other bytes; with *encryption*, with other rows or in clear.
    :raises StorageUnavailable: the storage failed.
    :raises KeyUnavailable, KeyServiceUnavailable: the keys of *encryption* are not to be had.
    """
    storage = storages(uri)
    if encryption is not None:
        encryption.current()  # no work for keys that are not there
        with spooled() as folder:
            parts(folder)
            return place_encrypted(storage, folder, _described(folder), plan_digest, encryption)
    with storage.scratch() as folder:
        parts(folder)
        written = _described(folder)
        manifest = Manifest(version=version_of(written, plan_digest), plan=plan_digest, files=written)
        return place(storage, manifest, lambda stage, file: stage.add(folder / file.path))


def place(storage: Storage, manifest: Manifest, send: Callable[[Stage, ManifestFile], None]) -> Manifest:
    """Make a version of the files that *send* gives, its manifest last; or check the version that is there.

    :raises VerificationError: the version is there with other bytes.
    """
    name = files.version_folder(manifest.version)
    if not files.is_placed(storage, manifest.version):
        with storage.stage(name) as stage:
            for file in manifest.files:
                send(stage, file)
            if stage.commit(files.MANIFEST, canonical(manifest)):
                return manifest
    check_files(storage, manifest)
    return manifest


def open_version(dataset: Dataset, *, storages: Storages = local_storage, encryption: DataKeys | None = None) -> OpenVersion:
    """A dataset's version after every byte of it held against the manifest and the artifact.

    Where the files cannot be read in place they are fetched to the worker's disk, and checked on the way. Encrypted files are
    fetched as they are, and decrypted in memory.

    :param encryption: the keys of the dataset's scope; needed where its files are encrypted.
    :raises VerificationError: naming the file, and the chunk where one differs.
    :raises StorageUnavailable: the storage or the disk failed.
    :raises KeyUnavailable: the files are encrypted, and their key was destroyed (``key-destroyed``), is missing or not given.
    :raises KeyServiceUnavailable: the root's key service did not answer.
    """
    manifest = manifest_of(dataset)
    sealed = [bool(file.plain_sha256) for file in manifest.files]
    if any(sealed) and (encryption is None or not all(sealed)):
        raise KeyUnavailable("keys-not-given", "The dataset is encrypted, and it was opened without keys", where=dataset.version)
    paths, spool = files.fetched(storages(dataset.uri), manifest)
    keys = encryption if any(sealed) else None
    if keys is not None:
        for file, path in zip(manifest.files, paths, strict=True):
            if rows_of(path, keys) != file.rows:
                raise VerificationError("rows-differ", f"{file.path!r} has other rows than in the manifest", where=file.path)
    return OpenVersion(manifest, dataset.columns, paths, spool, keys)


def check_version(dataset: Dataset, *, storages: Storages = local_storage) -> None:
    """As :func:`open_version`, for who only has to know that it holds: nothing is fetched to the disk.

    :raises VerificationError: naming the file, and the chunk where one differs.
    :raises StorageUnavailable: the storage failed.
    """
    check_files(storages(dataset.uri), manifest_of(dataset))


def manifest_of(dataset: Dataset) -> Manifest:
    """The manifest that a dataset artifact stands for.

    :raises VerificationError: its version is not the digest of its files and plan, or its rows do not add up.
    """
    if not dataset.files or version_of(dataset.files, dataset.plan) != dataset.version:
        raise VerificationError("version-differs", "The dataset's version is not the digest of its files and plan")
    if sum(file.rows for file in dataset.files) != dataset.rows:
        raise VerificationError("rows-differ", "The rows of the dataset's files do not add up")
    return Manifest(version=dataset.version, plan=dataset.plan, files=dataset.files)


def read_manifest(uri: str, version: str, *, storages: Storages = local_storage) -> Manifest:
    """The manifest of a version as it lies there; its name is checked, its files are not.

    :raises VerificationError: there is none, or it is not the version's.
    """
    return files.stored_manifest(storages(uri), version)


def check_files(storage: Storage, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files, byte for byte, and the manifest itself.

    :raises VerificationError: naming the file, and the chunk where one differs.
    """
    files.check_names(storage, manifest)
    for file in manifest.files:
        files.exhaust(files.checked_chunks(storage, files.version_folder(manifest.version), file))


def _described(folder: Path) -> tuple[ManifestFile, ...]:
    written = tuple(_describe(folder / name) for name in files_in(folder))
    if not written:
        raise BadInput("empty-version", "No part was written")
    return written


def _describe(path: Path) -> ManifestFile:
    files.require_part_name(path.name)
    whole, chunks, size = files.digests(path)
    return ManifestFile(path=path.name, bytes=size, rows=_rows(path), sha256=whole, chunks=chunks)


def _rows(path: Path) -> int:
    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except (pyarrow.ArrowException, OSError):
        pass
    raise BadInput("not-parquet", "A part is not a readable Parquet file", where=path.name)


def _read(path: Path) -> pl.DataFrame:
    try:
        with path.open("rb") as file:
            return pl.read_parquet(file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        failure = type(error).__name__
    raise StorageUnavailable("part-not-readable", f"A part cannot be read: {failure}", where=path.name)
