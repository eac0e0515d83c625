"""Versions of a dataset: written once under a name that is the digest of their content, checked whenever they are opened.

``<dataset>/versions/<version>/part-00000.parquet …, manifest.json``. A version appears in one step (rename) and never changes,
so a retry finds what the first run wrote. Digests protect against damage and against files changed by somebody who cannot
change the manifest's digest too: that digest is in the dataset artifact, the evidence and the passport.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import version_files as files
from airflow_privacy.core.model.codec import canonical, parse
from airflow_privacy.core.model.dataset import Dataset, Manifest, ManifestFile, version_of
from airflow_privacy.core.model.refs import ColumnType


class OpenVersion:
    """A version whose files held against the manifest. It can be read again and again."""

    def __init__(self, folder: Path, manifest: Manifest, columns: tuple[ColumnType, ...]) -> None:
        self.manifest = manifest
        self.columns = columns
        self._paths = tuple(folder / file.path for file in manifest.files)

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
        """All rows as a lazy frame, in the manifest's order."""
        return pl.scan_parquet(list(self._paths), glob=False, hive_partitioning=False)


def write_version(uri: str, plan_digest: str, parts: Callable[[Path], object]) -> Manifest:
    """Write a new version: *parts* puts Parquet files into the folder it is given, which then gets its content's name.

    A version that is already there is checked and left as it is, so that a retry changes nothing. What *parts* raises passes
    through, and nothing is left behind.

    :param uri: the dataset's folder, as a path or ``file://`` URI.
    :raises BadInput: *parts* wrote nothing, or something that is no Parquet file.
    :raises VerificationError: the version is there with other bytes.
    :raises StorageUnavailable: the file system failed.
    """
    dataset = files.folder_of(uri)
    with files.temporary_folder(dataset) as temporary:
        parts(temporary)
        written = tuple(_describe(temporary / name) for name in sorted(files.listing(temporary)))
        if not written:
            raise BadInput("empty-version", "No part was written")
        manifest = Manifest(version=version_of(written, plan_digest), plan=plan_digest, files=written)
        return place(temporary, dataset, manifest)


def place(temporary: Path, dataset: Path, manifest: Manifest) -> Manifest:
    """Add the manifest to a complete temporary folder and make it the version, or check the one that is there."""
    final = files.version_folder(dataset, manifest.version)
    with files.storage(files.MANIFEST):
        files.write_durably(temporary / files.MANIFEST, canonical(manifest))
    if not files.move_into_place(temporary, final):
        check_files(final, manifest)
    return manifest


def open_version(dataset: Dataset) -> OpenVersion:
    """A dataset's version after every byte of it held against the manifest and the artifact.

    :raises VerificationError: naming the file, and the chunk where one differs.
    :raises StorageUnavailable: the file system failed.
    """
    manifest = manifest_of(dataset)
    folder = files.version_folder(files.folder_of(dataset.uri), dataset.version)
    check_files(folder, manifest)
    return OpenVersion(folder, manifest, dataset.columns)


def manifest_of(dataset: Dataset) -> Manifest:
    """The manifest that a dataset artifact stands for.

    :raises VerificationError: its version is not the digest of its files and plan, or its rows do not add up.
    """
    if not dataset.files or version_of(dataset.files, dataset.plan) != dataset.version:
        raise VerificationError("version-differs", "The dataset's version is not the digest of its files and plan")
    if sum(file.rows for file in dataset.files) != dataset.rows:
        raise VerificationError("rows-differ", "The rows of the dataset's files do not add up")
    return Manifest(version=dataset.version, plan=dataset.plan, files=dataset.files)


def read_manifest(uri: str, version: str) -> Manifest:
    """The manifest of a version as it lies there; its name is checked, its files are not.

    :raises VerificationError: there is none, or it is not the version's.
    """
    folder = files.version_folder(files.folder_of(uri), version)
    data = b"".join(files.chunks_of(folder / files.MANIFEST))
    manifest = parse(Manifest, data, where=files.MANIFEST)
    if manifest.version != version or version_of(manifest.files, manifest.plan) != version:
        raise VerificationError("manifest-differs", "The manifest is not that of its version", where=files.MANIFEST)
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files, byte for byte, and the manifest itself.

    :raises VerificationError: naming the file, and the chunk where one differs.
    """
    check_names(folder, manifest)
    for file in manifest.files:
        for _ in files.checked_chunks(folder / file.path, file):
            pass


def check_names(folder: Path, manifest: Manifest) -> None:
    """A version's folder holds exactly the manifest's files and the manifest, none a link.

    :raises VerificationError: naming what is missing or too much.
    """
    names = [file.path for file in manifest.files]
    for name in names:
        files.require_part_name(name)
    there, wanted = files.listing(folder), {*names, files.MANIFEST}
    if len(set(names)) != len(names) or there != wanted:
        odd = ", ".join(repr(name) for name in sorted(there ^ wanted)) or "a file named twice"
        raise VerificationError("files-differ", f"The version's folder and its manifest differ in {odd}", where=folder.name)
    if b"".join(files.chunks_of(folder / files.MANIFEST)) != canonical(manifest):
        raise VerificationError("manifest-differs", "The manifest is not the expected one", where=files.MANIFEST)


def _describe(path: Path) -> ManifestFile:
    files.require_part_name(path.name)
    whole, chunks, size = hashlib.sha256(), [], 0
    for chunk in files.chunks_of(path):
        whole.update(chunk)
        chunks.append(f"sha256:{hashlib.sha256(chunk).hexdigest()}")
        size += len(chunk)
    with files.storage(path.name):
        files.flush_file(path)
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
