"""Rows of an Iceberg table that go, with every file, manifest and snapshot that has them.

A purge is a snapshot whose manifests name the files as they are to be, as if they had been written so: a file without the rows
that went stands in the place of the old one, with its sequence number, and its manifest says nothing of what went. Manifests hold
least and greatest values of columns and partitions; so those that name a file that went, or one that was deleted before, are
written anew, and as soon as no reader may need an older snapshot, snapshots, manifest lists, manifests and metadata files of
before are deleted. Reading an older snapshot then fails.

Position deletes are carried out on the files that are written anew. A snapshot of a purge does not list what it deleted, as that
would be the bounds that are to go: readers of changes are not told. Files written anew have no bounds and no counts of nulls, and
manifests written anew no summary of partitions, so that readers skip fewer files until they are compacted. Refused: equality
deletes, format version 3, branches and tags on older snapshots, files that are not Parquet.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.iceberg_folder import METADATA, metadata_numbers, metadata_path
from airflow_privacy.core.io.purge.iceberg_log import (
    DATA,
    Avro,
    Manifest,
    Metadata,
    Record,
    moment,
    read_avro,
    read_metadata,
    require_known,
    write_avro,
)
from airflow_privacy.core.io.purge.lakehouse_files import Columns, Part, Positions, Swap, typed_text

_NOTE = "airflow-privacy.purge"
_PREFIX = "part-purged-"
_FIELD_ID = b"PARQUET:field_id"
_DTYPES: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "int": pl.Int32(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
    "string": pl.String(),
    "binary": pl.Binary(),
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_DATA_SUFFIXES = (".parquet", ".orc", ".avro", ".puffin")


@dataclass(frozen=True)
class IcebergRows:
    """The current snapshot of an Iceberg table, and whatever lies in its folder beside it."""

    metadata: Metadata = field(repr=False)
    manifests: Sequence[Manifest] = field(repr=False)
    wanted: tuple[str, ...]

    @cached_property
    def columns(self) -> Columns:
        names = _mapped_names(self.metadata.document)

        def find(schema: pa.Schema, name: str) -> str | None:
            wanted = self._fields[name]["id"]
            ids = {column.name: int((column.metadata or {}).get(_FIELD_ID, -1)) for column in schema}
            if any(number >= 0 for number in ids.values()):
                return next((column for column, number in ids.items() if number == wanted), None)
            return next((one for one in names.get(wanted, [name]) if one in ids), None)

        return Columns(dtypes={name: _dtype(self._fields[name]["type"]) for name in self.wanted}, find=find)

    @cached_property
    def live(self) -> tuple[Part, ...]:
        """Data files of this snapshot. Where a file goes, those that share its position deletes are written anew as well."""
        hidden = self._hidden
        parts = []
        for manifest in self.manifests:
            for entry in manifest.entries:
                file = entry["data_file"]
                if file.get("content", DATA) == DATA:
                    rows = hidden.get(file["file_path"])
                    constants = self._constants(manifest.listed["partition_spec_id"], file["partition"])
                    path = self.metadata.path(file["file_path"])
                    parts.append(Part(path=path, constants=constants, hidden=rows, handle=file["file_path"]))
        return tuple(sorted(parts, key=lambda part: part.path))

    def together(self, touched: Sequence[Part]) -> list[Part]:
        """Those that go, and those whose position deletes lie in the same files: no delete file then outlives what it names."""
        chosen = {part.handle for part in touched}
        groups = [set(deletes) for deletes in self._deletes.values()]
        while more := [group for group in groups if group & chosen and group - chosen]:
            chosen = chosen.union(*more)
        return [part for part in self.live if part.handle in chosen]

    def old(self) -> Iterator[Part]:
        """Files in the folder that this snapshot does not name."""
        named = self._named()
        needed = {part.path for part in self.live} | {self.metadata.path(one) for one in self._deletes}
        root = self.metadata.root
        for path in sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
            if path.relative_to(root).parts[0] == METADATA or path in needed or path.suffix not in _DATA_SUFFIXES:
                continue
            told = named.get(path)
            yield Part(
                path=path,
                constants=told[1] if told else self._constants_of_folder(path),
                since=told[0] if told else datetime.fromtimestamp(path.stat().st_mtime, UTC),
                known=told is not None,
                has_rows=path.suffix != ".puffin",
                ours=told is None and path.name.startswith(_PREFIX),
            )

    def new_path(self, part: Part) -> Path:
        """Where a part is written anew; a killed run's file is written over."""
        stem = part.path.stem.removeprefix(_PREFIX).partition("-g")[0]
        return part.path.with_name(f"{_PREFIX}{stem}-g{self.metadata.number + 1}.parquet")

    def needs_note(self, old: Sequence[Part]) -> bool:
        """Whether snapshots name these files that no purge has followed."""
        note = self._purge()
        last = moment(note["timestamp-ms"]) if note is not None else None
        return any(part.known and (last is None or part.since is None or part.since > last) for part in old)

    def replace(self, swaps: Sequence[Swap], at: datetime) -> None:
        """Commit a snapshot in which new files take the place of old ones.

        :raises StorageUnavailable: ``table-busy``; nothing was changed.
        """
        before, document = self.metadata, self.metadata.following(at)
        snapshot = secrets.randbits(63)
        written = {swap.old.handle: swap for swap in swaps}
        spent = {name for name, deletes in self._deletes.items() if deletes.keys() <= written.keys()}
        listed = [self._renewed(manifest, written, spent) for manifest in self.manifests]
        current = before.current
        assert current is not None  # noqa: S101 - without a snapshot there are no rows, and nothing goes
        sequence = document.get("last-sequence-number", 0) + 1
        old_list = _list_of(before, current)
        header = {**old_list.header, "snapshot-id": str(snapshot), "parent-snapshot-id": str(current["snapshot-id"])}
        if "sequence-number" in header:
            header["sequence-number"] = str(sequence)
        name = f"snap-{snapshot}-1-{secrets.token_hex(8)}.avro"
        write_avro(before.root / METADATA / name, Avro(old_list.schema, header, [one for one in listed if one is not None]))
        entry: Record = {
            "snapshot-id": snapshot,
            "parent-snapshot-id": current["snapshot-id"],
            "timestamp-ms": document["last-updated-ms"],
            "summary": {"operation": "overwrite", _NOTE: str(before.number)},
            "manifest-list": f"{before.location}/{METADATA}/{name}",
        }
        if "schema-id" in current:
            entry["schema-id"] = document.get("current-schema-id", current["schema-id"])
        if document["format-version"] > 1:
            entry["sequence-number"] = document["last-sequence-number"] = sequence
        document["snapshots"] = [*before.snapshots, entry]
        document["current-snapshot-id"] = snapshot
        if document.get("refs"):
            document["refs"] = {name: {**ref, "snapshot-id": snapshot} for name, ref in document["refs"].items()}
        log = document.get("snapshot-log") or []
        document["snapshot-log"] = [*log, {"timestamp-ms": entry["timestamp-ms"], "snapshot-id": snapshot}]
        before.write(document)

    def settle(self, at: datetime) -> bool:  # noqa: ARG002
        """Nothing follows."""
        return False

    def waits_since(self) -> datetime | None:
        """Since when metadata of before a purge are to go that are still there."""
        note = self._purge()
        if note is None or min(metadata_numbers(self.metadata.root)) > int(note["summary"][_NOTE]):
            return None
        return moment(note["timestamp-ms"])

    def forget(self, cutoff: datetime | None) -> None:
        """Expire snapshots that nobody may need any more, if a purge followed them, and delete what only they and metadata
        files of before name.

        :param cutoff: snapshots that were current then or later are needed; ``None``: only the newest one is.
        """
        since = self.waits_since()
        if since is None or (cutoff is not None and since > cutoff):
            return
        before = self.metadata
        needed = [one for one in before.snapshots if _is_needed(before.replaced[one["snapshot-id"]], cutoff)]
        ids = {one["snapshot-id"] for one in needed}
        # The log says when a metadata file was made: it was replaced when the next one was.
        files = before.document.get("metadata-log") or []
        ends = [one["timestamp-ms"] for one in files[1:]] + [before.document["last-updated-ms"]]
        recent = [one for one, end in zip(files, ends, strict=True) if cutoff is not None and moment(end) > cutoff]
        after = before
        if len(needed) < len(before.snapshots) or len(recent) < len(files):
            document = before.following(max(moment(before.document["last-updated-ms"]), cutoff or since))
            own = document["metadata-log"][-1:] if cutoff is not None else []
            document["metadata-log"] = [*recent, *own]
            document["snapshots"] = needed
            document["snapshot-log"] = [one for one in document.get("snapshot-log") or [] if one["snapshot-id"] in ids]
            for kind in ("statistics", "partition-statistics"):
                if kind in document:
                    document[kind] = [one for one in document[kind] if one["snapshot-id"] in ids]
            before.write(document)
            after = replace(before, number=before.number + 1, document=document)
        _delete_unnamed(after, cutoff)

    @cached_property
    def _fields(self) -> dict[str, Record]:
        return {one["name"]: one for one in _schema(self.metadata.document)["fields"]}

    @cached_property
    def _deletes(self) -> dict[str, dict[str, Positions]]:
        """Position delete files, by location: data file to positions."""
        found: dict[str, dict[str, Positions]] = {}
        for manifest in self.manifests:
            for entry in manifest.entries:
                file = entry["data_file"]
                if file.get("content", DATA) != DATA:
                    table = pq.read_table(self.metadata.path(file["file_path"]), columns=["file_path", "pos"], partitioning=None)
                    frame = pl.DataFrame(pl.from_arrow(table))
                    parts = frame.partition_by("file_path", as_dict=True)
                    found[file["file_path"]] = {
                        str(key[0]): part["pos"].to_numpy().astype(np.uint64) for key, part in parts.items()
                    }
        return found

    @cached_property
    def _hidden(self) -> dict[str, Positions]:
        found: dict[str, Positions] = {}
        for deletes in self._deletes.values():
            for name, positions in deletes.items():
                found[name] = np.union1d(found.get(name, np.empty(0, np.uint64)), positions)
        return found

    def _named(self) -> dict[Path, tuple[datetime, dict[str, object]]]:
        """Files that older snapshots name, with when the last of those was replaced."""
        named: dict[Path, tuple[datetime, dict[str, object]]] = {}
        for snapshot in self.metadata.snapshots:
            since = self.metadata.replaced[snapshot["snapshot-id"]]
            if since is None:
                continue
            try:
                manifests = self.metadata.manifests(snapshot)
            except FileNotFoundError:  # a purge that was cut short has deleted it
                continue
            for manifest in manifests:
                for entry in manifest.avro.records:
                    file = entry["data_file"]
                    path = self.metadata.path(file["file_path"])
                    if path not in named or named[path][0] < since:
                        named[path] = (since, self._constants(manifest.listed["partition_spec_id"], file["partition"]))
        return named

    def _purge(self) -> Record | None:
        """The newest snapshot of a purge."""
        noted = [one for one in self.metadata.snapshots if (one.get("summary") or {}).get(_NOTE)]
        return max(noted, key=lambda one: one["timestamp-ms"], default=None)

    def _constants(self, spec: int, partition: Mapping[str, Any]) -> dict[str, object]:
        by_id = {one["id"]: name for name, one in self._fields.items() if name in self.wanted}
        fields = zip(_spec(self.metadata.document, spec), partition.values(), strict=True)
        found = {by_id[one["source-id"]]: value for one, value in fields if _is_identity(one) and one["source-id"] in by_id}
        return {name: _plain(value, _dtype(self._fields[name]["type"])) for name, value in found.items()}

    def _constants_of_folder(self, path: Path) -> dict[str, object]:
        by_id = {one["id"]: name for name, one in self._fields.items() if name in self.wanted}
        specs = [one for spec in self.metadata.document["partition-specs"] for one in spec["fields"] if _is_identity(one)]
        columns = {one["name"]: by_id[one["source-id"]] for one in specs if one["source-id"] in by_id}
        pairs = [part.partition("=") for part in path.relative_to(self.metadata.root).parts[:-1]]
        values = {unquote_plus(key): None if value == "null" else unquote_plus(value) for key, equals, value in pairs if equals}
        return {
            column: typed_text(values[name], _dtype(self._fields[column]["type"]))
            for name, column in columns.items()
            if name in values
        }

    def _renewed(self, manifest: Manifest, written: Mapping[str, Swap], spent: set[str]) -> Record | None:
        """What the new manifest list tells of a manifest, which is written anew if it names what is to be forgotten."""
        entries: list[Record] = []
        for entry in manifest.entries:
            file = entry["data_file"]
            swap = written.get(file["file_path"])
            if swap is None and file["file_path"] not in spent:
                entries.append(entry)
            elif swap is not None and swap.new is not None:
                entries.append({**entry, "data_file": _without_bounds(file, swap)})
        if entries == manifest.avro.records:
            return manifest.listed
        if not entries:
            return None
        name = f"{secrets.token_hex(16)}-m0.avro"
        size = write_avro(self.metadata.root / METADATA / name, replace(manifest.avro, records=entries))
        told = {"manifest_path": f"{self.metadata.location}/{METADATA}/{name}", "manifest_length": size, "partitions": None}
        return {**manifest.listed, **told, **_counted(manifest.listed, entries)}


def open_iceberg(root: Path, wanted: tuple[str, ...], *, where: str) -> IcebergRows:
    """The current snapshot.

    :param wanted: the rule's columns.
    :raises BadInput: ``missing-table``, ``unsupported-table``, ``unknown-column``.
    """
    metadata = read_metadata(root, where=where)
    manifests = metadata.manifests(metadata.current)
    require_known(manifests, where)
    names = {one["name"] for one in _schema(metadata.document)["fields"]}
    if absent := [name for name in wanted if name not in names]:
        raise BadInput("unknown-column", f"The table has no column {absent[0]!r}", where=where)
    return IcebergRows(metadata, manifests, wanted)


def _delete_unnamed(metadata: Metadata, cutoff: datetime | None) -> None:
    """Manifests and their lists first, metadata files last and in their order: who is cut short finds what is left to do."""
    folder = metadata.root / METADATA
    log = [one["metadata-file"] for one in metadata.document.get("metadata-log") or []]
    named = {metadata_path(metadata.root, metadata.number), *(metadata.path(one) for one in log)}
    for snapshot in metadata.snapshots:
        named.add(metadata.path(snapshot["manifest-list"]))
        named |= {metadata.path(one.listed["manifest_path"]) for one in metadata.manifests(snapshot)}
    for kind in ("statistics", "partition-statistics"):
        named |= {metadata.path(one["statistics-path"]) for one in metadata.document.get(kind) or []}
    kept = named | {folder / "version-hint.text"}
    numbered = [metadata_path(metadata.root, number) for number in metadata_numbers(metadata.root)]
    others = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in numbered]
    for path in [*others, *numbered]:
        checked = path.with_name(path.name[1:-4]) if path.name.startswith(".") and path.suffix == ".crc" else path
        young = cutoff is not None and path not in numbered and moment(int(path.stat().st_mtime * 1000)) > cutoff
        if checked not in kept and not young:
            path.unlink(missing_ok=True)


def _is_needed(replaced: datetime | None, cutoff: datetime | None) -> bool:
    return replaced is None or (cutoff is not None and replaced > cutoff)


def _list_of(metadata: Metadata, snapshot: Record) -> Avro:
    return read_avro(metadata.path(snapshot["manifest-list"]))


def _without_bounds(file: Record, swap: Swap) -> Record:
    assert swap.new is not None  # noqa: S101 - narrows the type
    emptied = (
        "column_sizes", "value_counts", "null_value_counts", "nan_value_counts", "distinct_counts", "lower_bounds",
        "upper_bounds", "split_offsets",
    )  # fmt: skip
    folder, slash, _ = file["file_path"].rpartition("/")
    told = {
        "file_path": f"{folder}{slash}{swap.new.name}",
        "record_count": swap.rows,
        "file_size_in_bytes": swap.bytes,
    }
    return {**file, **{name: None for name in emptied if name in file}, **told}


def _counted(listed: Record, entries: Sequence[Record]) -> Record:
    """How many files and rows of each status; older writers call the counts of files otherwise."""
    told: Record = {}
    for status, name in enumerate(("existing", "added", "deleted")):
        files = [entry["data_file"]["record_count"] for entry in entries if entry["status"] == status]
        counts = {f"{name}_files_count": len(files), f"{name}_data_files_count": len(files), f"{name}_rows_count": sum(files)}
        told |= {key: count for key, count in counts.items() if key in listed}
    return told


def _schema(document: Record) -> Record:
    current = document.get("current-schema-id")
    schemas: list[Record] = document.get("schemas") or [document["schema"]]
    return next((one for one in schemas if one.get("schema-id") == current), schemas[-1])


def _spec(document: Record, number: int) -> list[Record]:
    fields: list[Record] = next(one["fields"] for one in document["partition-specs"] if one["spec-id"] == number)
    return fields


def _is_identity(field_: Record) -> bool:
    return bool(field_["transform"] == "identity")


def _mapped_names(document: Record) -> dict[int, list[str]]:
    """Names of columns in files without field ids, by field id."""
    mapping = (document.get("properties") or {}).get("schema.name-mapping.default")
    return {one["field-id"]: one["names"] for one in json.loads(mapping) if "field-id" in one} if mapping else {}


def _dtype(type_: object) -> pl.DataType | None:
    if not isinstance(type_, str):
        return None
    if match := _DECIMAL.fullmatch(type_):
        return pl.Decimal(int(match[1]), int(match[2]))
    return _DTYPES.get(type_)


def _plain(value: object, dtype: pl.DataType | None) -> object:
    if isinstance(value, datetime) and isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        return value.replace(tzinfo=None)
    return value
