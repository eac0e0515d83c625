"""Where data lies: files of a storage, or a table in a database or lakehouse. The one place that tells them apart.

A folder holds versions and a pointer; a table holds the one version that was written last, with its passport beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import msgspec
import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed, VerificationError
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.source import TableSource, open_source
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.storage import Storage, Storages
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.io.tables import is_table, read_rows, stated_rows, write_rows
from airflow_privacy.core.io.version import check_version, open_version, read_manifest, write_version
from airflow_privacy.core.io.version_copy import Current, copy_version, publish, read_current, read_passport
from airflow_privacy.core.keyring.file_keys import TECHNIQUE as FILE_KEYS
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import MaskResult
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.dataset import Dataset, Manifest, ManifestFile, version_of_rows
from airflow_privacy.core.model.policy import Environment
from airflow_privacy.core.pipeline.at_rest import key_uses, keys_for, keys_of, storages_for
from airflow_privacy.core.pipeline.workspace import Workspace

ROWS = "rows"
"""What a passport calls the content of a table, which has no files."""


class Rows(Protocol):
    """A dataset's rows, to be read as often as wanted."""

    def slabs(self) -> Iterable[pl.DataFrame]: ...


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a version is to be written: the environment says how files are encrypted there, with keys of the scope."""

    uri: str
    environment: Environment
    scope: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """The version that masking made. Files, or the digest of the rows."""

    version: str
    files: tuple[ManifestFile, ...] = ()
    rows_digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """An approved dataset on its way: as it is to be at the destination, the digest of its manifest, and how it is published.

    ``publish`` takes the function that issues the passport, calls it when all else is done, and gives its envelope.
    """

    dataset: Dataset
    manifest: str
    publish: Callable[[Callable[[], bytes]], bytes]


@dataclass(frozen=True, kw_only=True)
class Published:
    """The passport's envelope, the content that it has to speak of (SHA-256 by name), and the manifest's digest."""

    envelope: bytes
    files: dict[str, str]
    manifest: str


def open_table(workspace: Workspace, uri: str) -> TableSource:
    """A source, wherever it lies."""
    return open_source(uri, storages=workspace.storages, databases=workspace.databases)


def write_masked(
    workspace: Workspace, place: Place, plan: str, mask_into: Callable[[Path], MaskResult]
) -> tuple[Written, MaskResult]:
    """Make a version at *place* of the parts that *mask_into* writes into the folder it is given, and has checked there.

    Into a table the very rows go that were checked as parts: the table is read back and compared with their digest before it
    can be seen.
    """
    results: list[MaskResult] = []
    if not is_table(place.uri):
        manifest = write_version(
            place.uri,
            plan,
            lambda folder: results.append(mask_into(folder)),
            storages=storages_for(workspace, place.environment, place.uri),
            encryption=keys_for(workspace, place.environment, place.scope),
        )
        return Written(version=manifest.version, files=manifest.files), results[0]
    _require_clear(place)
    spool = Spool()
    folder = spool.path()
    folder.mkdir()
    result = mask_into(folder)
    rows = PartFiles([folder / name for name in result.parts])
    digest = rows_digest(rows.slabs(), result.columns)
    version = TableVersion(version=version_of_rows(digest, plan), rows_digest=digest, plan=plan, rows=result.rows_written)
    write_rows(place.uri, rows.slabs(), columns=result.columns, version=version, databases=workspace.databases)
    spool.close()
    return Written(version=version.version, rows_digest=digest), result


def open_dataset(workspace: Workspace, dataset: Dataset) -> Rows:
    """A dataset's rows, after all of them held against its manifest or digest.

    :raises VerificationError: they do not.
    """
    if is_table(dataset.uri):
        return read_rows(dataset, databases=workspace.databases)
    return open_version(dataset, storages=workspace.storages, encryption=keys_of(workspace, dataset))


def check_dataset(workspace: Workspace, dataset: Dataset) -> None:
    """As :func:`open_dataset`, for who only has to know that it holds."""
    if is_table(dataset.uri):
        read_rows(dataset, databases=workspace.databases)
    else:
        check_version(dataset, storages=workspace.storages)


def carry(workspace: Workspace, dataset: Dataset, place: Place) -> Carried:
    """Prepare the publication of an approved version at *place*: from files to files, or from anywhere into a table.

    Files are copied now, chunk by chunk, and stay unseen until they are published. Rows for a table are held against what was
    approved and kept on the worker's disk; all else happens in the transaction that publishes.

    :raises VerificationError: what lies there is not what was approved.
    :raises BadInput: ``table-to-files``.
    """
    out = place.uri
    if is_table(out):
        _require_clear(place)
        return _carry_rows(workspace, dataset, out)
    if is_table(dataset.uri):
        raise BadInput(
            "table-to-files",
            "The approved version is a table, and the destination a folder: its files would not be what was approved",
            where=out,
            do="Mask to files, or publish to a table.",
        )
    storages = storages_for(workspace, place.environment, out)
    keys = keys_of(workspace, dataset) or keys_for(workspace, place.environment, place.scope)
    manifest = copy_version(dataset=dataset, out=out, storages=storages, encryption=keys)

    def publish_files(issue: Callable[[], bytes]) -> bytes:
        envelope = issue()
        publish(out, dataset.version, envelope, storages=storages)
        return envelope

    return Carried(dataset=_copied(dataset, manifest, place), manifest=digest_of(manifest), publish=publish_files)


def _copied(dataset: Dataset, manifest: Manifest, place: Place) -> Dataset:
    """The dataset as it lies at the destination: where it was encrypted on the way, its files are others."""
    keys = (*(use for use in dataset.keys if use.technique != FILE_KEYS), *key_uses(manifest.files))
    return msgspec.structs.replace(dataset, uri=place.uri, files=manifest.files, scope=place.scope if keys else "", keys=keys)


def _carry_rows(workspace: Workspace, dataset: Dataset, out: str) -> Carried:
    rows = open_dataset(dataclasses.replace(workspace, storages=_fetching(workspace.storages)), dataset)
    digest = rows_digest(rows.slabs(), dataset.columns)
    version = TableVersion(
        version=version_of_rows(digest, dataset.plan), rows_digest=digest, plan=dataset.plan, rows=dataset.rows
    )
    published = msgspec.structs.replace(dataset, uri=out, version=version.version, files=(), rows_digest=digest)

    def publish_rows(issue: Callable[[], bytes]) -> bytes:
        sealed: list[bytes] = []

        def seal() -> bytes:
            sealed.append(issue())
            return sealed[0]

        write_rows(out, rows.slabs(), columns=dataset.columns, version=version, databases=workspace.databases, seal=seal)
        return sealed[0]

    return Carried(dataset=published, manifest=table_manifest(version), publish=publish_rows)


def content_of(dataset: Dataset) -> dict[str, str]:
    """What a dataset's passport speaks of: the SHA-256 of each file, or of a table's rows."""
    if is_table(dataset.uri):
        return {ROWS: dataset.rows_digest}
    return {file.path: file.sha256 for file in dataset.files}


def current_at(workspace: Workspace, uri: str) -> Current:
    """What is published in a folder or as a table.

    :raises BadInput: nothing is.
    """
    if not is_table(uri):
        return read_current(uri, storages=workspace.storages)
    stated = stated_rows(uri, databases=workspace.databases)
    if not stated.passport:
        raise BadInput("not-published", "The table was masked, and not published", where=uri)
    return Current(version=stated.version, passport=sha256(stated.passport.encode()))


def published_at(workspace: Workspace, uri: str, current: Current) -> Published:
    """The passport of a published version as it lies there, and what it has to speak of; the content is not looked at.

    :raises VerificationError: it is not there, or is another one by now.
    """
    if not is_table(uri):
        envelope = read_passport(uri, current, storages=workspace.storages)
        manifest = read_manifest(uri, current.version, storages=workspace.storages)
        return Published(
            envelope=envelope, files={file.path: file.sha256 for file in manifest.files}, manifest=digest_of(manifest)
        )
    stated = stated_rows(uri, databases=workspace.databases)
    envelope = stated.passport.encode()
    if (stated.version, sha256(envelope)) != (current.version, current.passport):
        raise VerificationError("version-missing", "The table is of another version by now", where=uri)
    return Published(envelope=envelope, files={ROWS: stated.rows_digest}, manifest=table_manifest(stated))


def _require_clear(place: Place) -> None:
    if place.environment.encryption != "none":
        raise CheckFailed(
            "encryption-not-for-tables",
            f"The environment {place.environment.name!r} asks for files encrypted at rest, and this is a table in a database",
            where=place.uri,
            do="Write files there, or declare the database as an environment of its own whose storage encrypts.",
        )


def table_manifest(version: TableVersion) -> str:
    """What stands for a manifest where there are no files."""
    return digest_of({"version": version.version, "plan": version.plan, "rows": version.rows_digest})


def _fetching(storages: Storages) -> Storages:
    """Storages of which nothing is read in place: what was checked on the way to the worker's disk cannot be changed any more."""
    return lambda uri: cast("Storage", _Fetched(storages(uri)))


class _Fetched:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def local(self, name: str = "") -> None:
        """Nothing can be read in place."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._storage, name)
