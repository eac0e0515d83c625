"""Versions of a dataset: written once under a name that is the digest of their content, checked whenever they are opened.

``<dataset>/versions/<version>/part-00000.parquet …, manifest.json``. A version appears in one step, by renaming its folder or by
its manifest coming last, and never changes, so a retry finds what the first run wrote. Digests protect against damage and against
files changed by somebody who cannot change the manifest's digest too: that digest is in the dataset artifact, the evidence and
the passport.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.io.local import LocalStorage, files_in, local_storage
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.storage import Stage, Storage, Storages
from airflow_privacy.core.model.codec import canonical, parse
from airflow_privacy.core.model.dataset import Dataset, Manifest, ManifestFile, version_of
from airflow_privacy.core.model.refs import ColumnType


class OpenVersion:
    """A version whose files held against the manifest. It can be read again and again."""

    def __init__(
        self, manifest: Manifest, columns: tuple[ColumnType, ...], paths: tuple[Path, ...], spool: Spool | None = None
    ) -> None:
        self.manifest = manifest
        self.columns = columns
        self._paths = paths
        self._spool = spool  # holds the files as long as somebody holds the version

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.manifest.files)

    def slabs(self) -> Iterator[pl.DataFrame]:
        """One frame a file, in the manifest's order.

        :raises StorageUnavailable: a file cannot be read any more.
        """
        for path in self._paths:
            yield _read(path)

    def frame(self) -> pl.LazyFrame:
        """All rows as a lazy frame, in the manifest's order; usable as long as this version is held."""
        return pl.scan_parquet(list(self._paths), glob=False, hive_partitioning=False)


def write_version(uri: str, plan_digest: str, parts: Callable[[Path], object], *, storages: Storages = local_storage) -> Manifest:
    """Write a new version: *parts* puts Parquet files into the folder it is given, which then gets its content's name.

    A version that is already there is checked and left as it is, so that a retry changes nothing. What *parts* raises passes
    through, and nothing is left behind.

    :param uri: the dataset's folder.
    :raises BadInput: *parts* wrote nothing, or something that is no Parquet file.
    :raises VerificationError: the version is there with other bytes.
    :raises StorageUnavailable: the storage failed.
    """
    storage = storages(uri)
    with storage.scratch() as folder:
        parts(folder)
        written = tuple(_describe(folder / name) for name in files_in(folder))
        if not written:
            raise BadInput("empty-version", "No part was written")
        manifest = Manifest(version=version_of(written, plan_digest), plan=plan_digest, files=written)
        return place(storage, manifest, lambda stage, file: stage.add(folder / file.path))


def place(storage: Storage, manifest: Manifest, send: Callable[[Stage, ManifestFile], None]) -> Manifest:
    """Make a version of the files that *send* gives, its manifest last; or check the version that is there.

    :raises VerificationError: the version is there with other bytes.
    """
    name = files.version_folder(manifest.version)
    if not is_placed(storage, manifest.version):
        with storage.stage(name) as stage:
            for file in manifest.files:
                send(stage, file)
            if stage.commit(files.MANIFEST, canonical(manifest)):
                return manifest
    check_files(storage, manifest)
    return manifest


def is_placed(storage: Storage, version: str) -> bool:
    """Whether there is a version of this name; what it holds is not looked at."""
    return storage.size(f"{files.version_folder(version)}/{files.MANIFEST}") is not None


def open_version(dataset: Dataset, *, storages: Storages = local_storage) -> OpenVersion:
    """A dataset's version after every byte of it held against the manifest and the artifact.

    Where the files cannot be read in place they are fetched to the worker's disk, and checked on the way.

    :raises VerificationError: naming the file, and the chunk where one differs.
    :raises StorageUnavailable: the storage or the disk failed.
    """
    manifest = manifest_of(dataset)
    storage = storages(dataset.uri)
    folder = files.version_folder(dataset.version)
    check_names(storage, manifest)
    spool = None
    paths = []
    for file in manifest.files:
        path = storage.local(f"{folder}/{file.path}")
        chunks = files.checked_chunks(storage, folder, file)
        if path is None:
            spool = spool or Spool()
            path = spool.keep(chunks)
        else:
            exhaust(chunks)
        paths.append(path)
    return OpenVersion(manifest, dataset.columns, tuple(paths), spool)


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
    data = b"".join(files.chunks_of(storages(uri), f"{files.version_folder(version)}/{files.MANIFEST}"))
    manifest = parse(Manifest, data, where=files.MANIFEST)
    if manifest.version != version or version_of(manifest.files, manifest.plan) != version:
        raise VerificationError("manifest-differs", "The manifest is not that of its version", where=files.MANIFEST)
    return manifest


def check_files(storage: Storage, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files, byte for byte, and the manifest itself.

    :raises VerificationError: naming the file, and the chunk where one differs.
    """
    check_names(storage, manifest)
    for file in manifest.files:
        exhaust(files.checked_chunks(storage, files.version_folder(manifest.version), file))


def check_names(storage: Storage, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files and the manifest, none a link.

    :raises VerificationError: naming what is missing or too much.
    """
    folder = files.version_folder(manifest.version)
    names = [file.path for file in manifest.files]
    for name in names:
        files.require_part_name(name)
    there, wanted = set(storage.names(folder)), {*names, files.MANIFEST}
    if not there:
        raise VerificationError("version-missing", "The version is not there, or is a link", where=manifest.version)
    if len(set(names)) != len(names) or there != wanted:
        odd = ", ".join(repr(name) for name in sorted(there ^ wanted)) or "a file named twice"
        raise VerificationError("files-differ", f"The version's folder and its manifest differ in {odd}", where=manifest.version)
    if b"".join(files.chunks_of(storage, f"{folder}/{files.MANIFEST}")) != canonical(manifest):
        raise VerificationError("manifest-differs", "The manifest is not the expected one", where=files.MANIFEST)


def exhaust(chunks: Iterator[bytes]) -> None:
    """Read to the end for the checks' sake."""
    for _ in chunks:
        pass


def _describe(path: Path) -> ManifestFile:
    files.require_part_name(path.name)
    whole, chunks, size = hashlib.sha256(), [], 0
    for chunk in files.chunks_of(LocalStorage(path.parent), path.name):
        whole.update(chunk)
        chunks.append(f"sha256:{hashlib.sha256(chunk).hexdigest()}")
        size += len(chunk)
    return ManifestFile(path=path.name, bytes=size, rows=_rows(path), sha256=f"sha256:{whole.hexdigest()}", chunks=tuple(chunks))


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
