"""Metadata and manifests of an Iceberg table in a folder, read and written as they are.

Iceberg table spec (https://iceberg.apache.org/spec/), "Manifests", "Manifest Lists", "Table Metadata", versions 1 and 2. Files
are kept in their own Avro schemas and whatever is not understood here is left as it was. A commit is the creation of the next
numbered metadata file, which succeeds for one writer only.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import fastavro

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.iceberg_folder import METADATA, hint_metadata, metadata_path, newest_metadata, place_of
from airflow_privacy.core.io.purge.lakehouse_files import sync

Record: TypeAlias = dict[str, Any]

DATA, POSITION_DELETES, EQUALITY_DELETES = 0, 1, 2
DELETED = 2
_HEADER = ("avro.schema", "avro.codec")
_FORMATS = (1, 2)


@dataclass(frozen=True)
class Avro:
    """A file of records with its schema and header."""

    schema: Any = field(repr=False)
    header: Mapping[str, str] = field(repr=False)
    records: Sequence[Record] = field(repr=False)


@dataclass(frozen=True)
class Manifest:
    """What a manifest list tells of a manifest, and the manifest's entries."""

    listed: Record = field(repr=False)
    avro: Avro = field(repr=False)

    @property
    def entries(self) -> list[Record]:
        """Of files that are there."""
        return [entry for entry in self.avro.records if entry["status"] != DELETED]


@dataclass(frozen=True)
class Metadata:
    """One version of a table's metadata.

    :param number: of the metadata file.
    """

    root: Path = field(repr=False)
    number: int
    document: Record = field(repr=False)

    @property
    def snapshots(self) -> list[Record]:
        return self.document.get("snapshots") or []

    @property
    def current(self) -> Record | None:
        """The current snapshot; ``None`` where the table never had rows."""
        wanted = self.document.get("current-snapshot-id")
        return next((one for one in self.snapshots if one["snapshot-id"] == wanted), None)

    @cached_property
    def replaced(self) -> dict[int, datetime | None]:
        """When each snapshot ceased to be the current one; ``None`` for the one that is."""
        log = self.document.get("snapshot-log") or []
        ends = {one["snapshot-id"]: moment(after["timestamp-ms"]) for one, after in pairwise(log)}
        found: dict[int, datetime | None] = {
            one["snapshot-id"]: ends.get(one["snapshot-id"], moment(one["timestamp-ms"])) for one in self.snapshots
        }
        if self.current is not None:
            found[self.current["snapshot-id"]] = None
        return found

    @property
    def location(self) -> str:
        return str(self.document["location"]).rstrip("/")

    def path(self, location: str) -> Path:
        """Where a file of the table lies.

        :raises BadInput: ``outside-table``.
        """
        return place_of(self.root, self.location, location)

    def manifests(self, snapshot: Record | None) -> list[Manifest]:
        """What a snapshot names; nothing where its files are gone."""
        if snapshot is None:
            return []
        listed = read_avro(self.path(snapshot["manifest-list"])).records
        return [Manifest(one, read_avro(self.path(one["manifest_path"]))) for one in listed]

    def write(self, document: Record) -> None:
        """Commit the next version.

        :raises StorageUnavailable: ``table-busy``; somebody else made it.
        """
        path = metadata_path(self.root, self.number + 1)
        temporary = path.with_name(f".{secrets.token_hex(8)}.metadata.json.tmp")
        try:
            temporary.write_text(json.dumps(document))
            sync(temporary)
            os.link(temporary, path)
            taken = False
        except FileExistsError:
            taken = True
        finally:
            temporary.unlink(missing_ok=True)
        if taken:
            raise StorageUnavailable(
                "table-busy", "Somebody else wrote to the table at the same time", where=str(self.root), do="Try again."
            )
        sync(path.parent)
        hint_metadata(self.root, self.number + 1)

    def following(self, at: datetime) -> Record:
        """A copy of the document for the next version, which knows of this one."""
        log = [*(self.document.get("metadata-log") or [])]
        own = {
            "timestamp-ms": self.document["last-updated-ms"],
            "metadata-file": f"{self.location}/{METADATA}/{metadata_path(self.root, self.number).name}",
        }
        updated = max(milliseconds(at), self.document["last-updated-ms"] + 1)
        return {**self.document, "metadata-log": [*log, own], "last-updated-ms": updated}


def read_metadata(root: Path, *, where: str) -> Metadata:
    """The newest version.

    :raises BadInput: ``missing-table``, ``unsupported-table``.
    """
    number = newest_metadata(root)
    if number == 0:
        raise BadInput(
            "missing-table",
            "There is no Iceberg table with numbered metadata (v1.metadata.json …)",
            where=where,
            do="Check the path; a catalog's tables are purged through the catalog.",
        )
    metadata = Metadata(root, number, json.loads(metadata_path(root, number).read_bytes()))
    if metadata.document["format-version"] not in _FORMATS:
        raise _unsupported("is of a newer format than 2", where)
    refs = metadata.document.get("refs") or {}
    if any(ref["snapshot-id"] != metadata.document.get("current-snapshot-id") for ref in refs.values()):
        raise _unsupported("has branches or tags that keep older snapshots", where, do="Drop them, if their owners agree.")
    if any("manifest-list" not in snapshot for snapshot in metadata.snapshots):
        raise _unsupported("has snapshots without a manifest list", where)
    return metadata


def require_known(manifests: Iterable[Manifest], where: str) -> None:
    """:raises BadInput: ``unsupported-table``; equality deletes, or files that are not Parquet."""
    for manifest in manifests:
        for entry in manifest.entries:
            file = entry["data_file"]
            if file.get("content", DATA) == EQUALITY_DELETES:
                raise _unsupported("has equality deletes", where)
            if file["file_format"].upper() != "PARQUET" or file.get("key_metadata"):
                raise _unsupported("has files that are not plain Parquet", where)


def read_avro(path: Path) -> Avro:
    """Records with all that is needed to write them again."""
    with path.open("rb") as file:
        reader: Any = fastavro.reader(file)
        schema, header = reader.writer_schema, dict(reader.metadata)
        return Avro(schema, {name: text for name, text in header.items() if name not in _HEADER}, list(reader))


def write_avro(path: Path, avro: Avro) -> int:
    """Write a new file; its size in bytes."""
    with path.open("xb") as file:
        fastavro.writer(file, avro.schema, avro.records, codec="deflate", metadata=dict(avro.header))
        file.flush()
        os.fsync(file.fileno())
    return path.stat().st_size


def moment(at: int) -> datetime:
    """Milliseconds since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC)


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return int(at.timestamp() * 1000)


def _unsupported(what: str, where: str, do: str = "") -> BadInput:
    cure = do or "Rewrite its data files with the engine that wrote it (rewrite_data_files), or delete and expire there."
    return BadInput("unsupported-table", f"The Iceberg table {what}, which is not written here", where=where, do=cure)
