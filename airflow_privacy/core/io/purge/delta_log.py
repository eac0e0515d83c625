"""The log of a Delta table in a folder: read, one commit appended, checkpoints written that say what is there and no more.

Delta Lake protocol (https://github.com/delta-io/delta/blob/master/PROTOCOL.md), "Delta Log Entries", "Checkpoints". A commit is
the creation of the next numbered file, which succeeds for one writer only. Checkpoints are of the classic kind. They are written
here rather than by a library because its checkpoints keep removed files, whose paths and partition values can be data.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.lakehouse import inside
from airflow_privacy.core.io.purge.lakehouse_files import sync

Action: TypeAlias = dict[str, Any]

FOLDER = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")
_VERSION = re.compile(r"\.?_?(?:commit_)?(\d{20})\b")

_MAP = pa.map_(pa.string(), pa.string())
_LIST = pa.list_(pa.string())
_VECTOR = pa.struct(
    {
        "storageType": pa.string(),
        "pathOrInlineDv": pa.string(),
        "offset": pa.int32(),
        "sizeInBytes": pa.int32(),
        "cardinality": pa.int64(),
    }.items()
)
_SHAPES: dict[str, dict[str, pa.DataType]] = {
    "protocol": {
        "minReaderVersion": pa.int32(),
        "minWriterVersion": pa.int32(),
        "readerFeatures": _LIST,
        "writerFeatures": _LIST,
    },
    "metaData": {
        "id": pa.string(),
        "name": pa.string(),
        "description": pa.string(),
        "format": pa.struct({"provider": pa.string(), "options": _MAP}.items()),
        "schemaString": pa.string(),
        "partitionColumns": _LIST,
        "createdTime": pa.int64(),
        "configuration": _MAP,
    },
    "txn": {"appId": pa.string(), "version": pa.int64(), "lastUpdated": pa.int64()},
    "domainMetadata": {"domain": pa.string(), "configuration": pa.string(), "removed": pa.bool_()},
    "add": {
        "path": pa.string(),
        "partitionValues": _MAP,
        "size": pa.int64(),
        "modificationTime": pa.int64(),
        "dataChange": pa.bool_(),
        "stats": pa.string(),
        "tags": _MAP,
        "deletionVector": _VECTOR,
    },
    "remove": {
        "path": pa.string(),
        "deletionTimestamp": pa.int64(),
        "dataChange": pa.bool_(),
        "extendedFileMetadata": pa.bool_(),
        "partitionValues": _MAP,
        "size": pa.int64(),
        "deletionVector": _VECTOR,
    },
}


@dataclass
class State:
    """What a table is at one version: the log replayed."""

    version: int = -1
    protocol: Action = field(default_factory=dict)
    metadata: Action = field(default_factory=dict)
    adds: dict[tuple[str, str], Action] = field(default_factory=dict)
    removes: dict[tuple[str, str], Action] = field(default_factory=dict)
    transactions: dict[str, Action] = field(default_factory=dict)
    domains: dict[str, Action] = field(default_factory=dict)

    def apply(self, action: Action) -> None:
        """One action of a commit or checkpoint, after those before it."""
        if body := action.get("add"):
            self.removes.pop(_key(body), None)
            self.adds[_key(body)] = body
        elif body := action.get("remove"):
            self.adds.pop(_key(body), None)
            self.removes[_key(body)] = body
        elif body := action.get("metaData"):
            self.metadata = body
        elif body := action.get("protocol"):
            self.protocol = body
        elif body := action.get("txn"):
            self.transactions[body["appId"]] = body
        elif body := action.get("domainMetadata"):
            self.domains[body["domain"]] = body


@dataclass(frozen=True)
class Log:
    """The log folder of the table at *root*."""

    root: Path = field(repr=False)

    @property
    def folder(self) -> Path:
        return self.root / FOLDER

    def commits(self) -> list[int]:
        """Versions whose commit is there, ascending."""
        return sorted(int(match[1]) for path in self._files() if (match := _COMMIT.fullmatch(path.name)))

    def checkpoints(self) -> dict[int, list[Path]]:
        """Whole checkpoints by version."""
        found: dict[int, dict[int, list[Path]]] = {}
        for path in sorted(self._files()):
            if match := _CHECKPOINT.fullmatch(path.name):
                found.setdefault(int(match[1]), {}).setdefault(int(match[3] or 1), []).append(path)
        whole = {
            version: next((paths for parts, paths in by_parts.items() if len(paths) == parts), [])
            for version, by_parts in found.items()
        }
        return {version: paths for version, paths in whole.items() if paths}

    def before(self, version: int) -> list[Path]:
        """All files of older versions, and what killed writers left; commits last and in their order."""
        old = [path for path in self.folder.rglob("*") if path.is_file() and (_number(path) or 0) < version]
        named = [path for path in old if _number(path) is not None or _is_temporary(path, self.folder)]
        return sorted(named, key=lambda path: (_COMMIT.fullmatch(path.name) is not None, path.name))

    def actions(self, version: int) -> Iterator[Action]:
        """The actions of one commit."""
        with (self.folder / f"{version:020d}.json").open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def state(self, version: int | None = None) -> State:
        """The table at *version*, by default the newest.

        :raises BadInput: ``missing-table``, ``unreadable-table``: there is no such version.
        """
        commits, checkpoints = self.commits(), self.checkpoints()
        newest = max([*commits, *checkpoints], default=-1)
        if newest < 0:
            raise BadInput("missing-table", "There is no Delta table", where=str(self.root), do="Check the path.")
        version = newest if version is None else version
        base = max((one for one in checkpoints if one <= version), default=-1)
        later = [one for one in commits if base < one <= version]
        if later != list(range(base + 1, version + 1)):
            raise BadInput("unreadable-table", "The table's log has gaps", where=str(self.root))
        state = State(version=version)
        for path in checkpoints.get(base, []):
            for action in _rows(path):
                state.apply(action)
        for one in later:
            for action in self.actions(one):
                state.apply(action)
        return state

    def commit(self, version: int, actions: Iterable[Action]) -> None:
        """Append a commit.

        :raises StorageUnavailable: ``table-busy``; somebody else made this version.
        """
        path = self.folder / f"{version:020d}.json"
        temporary = self.folder / f".{path.name}.{secrets.token_hex(8)}.tmp"
        try:
            temporary.write_bytes(b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in actions))
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
        sync(self.folder)

    def checkpoint(self, state: State) -> None:
        """Write the state as the one checkpoint of its version, without removed files that are gone from the disk."""
        rows = list(_checkpoint_actions(state, self.root))
        schema = pa.schema([pa.field(name, pa.struct(shape.items())) for name, shape in _SHAPES.items()])
        path = self.folder / f"{state.version:020d}.checkpoint.parquet"
        temporary = self.folder / f".{path.name}.{secrets.token_hex(8)}.tmp"
        try:
            # No statistics: they would hold the first and the last path.
            pq.write_table(pa.Table.from_pylist(rows, schema), temporary, compression="SNAPPY", write_statistics=False)
            sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        for other in self._files():
            if other != path and other.name.startswith(f"{state.version:020d}.checkpoint."):
                other.unlink(missing_ok=True)
        sync(self.folder)
        newest = max(self.checkpoints())
        if newest == state.version:
            hint = self.folder / f".{secrets.token_hex(8)}.tmp"
            hint.write_text(json.dumps({"version": newest, "size": len(rows)}))
            hint.replace(self.folder / "_last_checkpoint")
            (self.folder / "._last_checkpoint.crc").unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.is_file()] if self.folder.is_dir() else []


def disk_path(root: Path, path: str) -> Path:
    """Where a file of the log lies.

    :raises BadInput: ``outside-table``.
    """
    parts = urlsplit(path)
    if parts.scheme in ("", "file"):
        plain = unquote(parts.path) if parts.scheme else unquote(path)
        return inside(root, root / plain)
    return inside(root, Path("/"))  # another store: outside, whatever it is


def written_at(log: Log, version: int, info: Mapping[str, Any]) -> datetime:
    """When a commit was made, by its own word, else by the file's time."""
    moment = info.get("inCommitTimestamp", info.get("timestamp"))
    if isinstance(moment, int):
        return datetime.fromtimestamp(moment / 1000, UTC)
    return datetime.fromtimestamp((log.folder / f"{version:020d}.json").stat().st_mtime, UTC)


def _key(body: Action) -> tuple[str, str]:
    vector = body.get("deletionVector") or {}
    unique = f"{vector['storageType']}{vector['pathOrInlineDv']}@{vector.get('offset')}" if vector else ""
    return body["path"], unique


def _number(path: Path) -> int | None:
    match = _VERSION.match(path.name)
    return int(match[1]) if match else None


def _is_temporary(path: Path, folder: Path) -> bool:
    return path.name.endswith(".tmp") or ".tmp" in path.relative_to(folder).parts


def _rows(path: Path) -> Iterator[Action]:
    with pq.ParquetFile(path) as file:
        wanted = [name for name in file.schema_arrow.names if name in _SHAPES]
        for batch in file.iter_batches(batch_size=10_000, columns=wanted):
            for row in batch.to_pylist():
                for name, body in row.items():
                    if body is not None:
                        yield {name: _plain(body, _SHAPES[name])}


def _plain(body: Action, shape: Mapping[str, pa.DataType]) -> Action:
    kept = {name: value for name, value in body.items() if name in shape and value is not None}
    maps = {name: dict(value) for name, value in kept.items() if pa.types.is_map(shape[name])}
    if "format" in kept:
        maps["format"] = {**kept["format"], "options": dict(kept["format"].get("options") or ())}
    return {**kept, **maps}


def _checkpoint_actions(state: State, root: Path) -> Iterator[Action]:
    yield {"protocol": state.protocol}
    yield {"metaData": _packed(state.metadata)}
    yield from ({"txn": one} for one in state.transactions.values())
    yield from ({"domainMetadata": one} for one in state.domains.values() if not one.get("removed"))
    yield from ({"add": _packed({**one, "dataChange": False})} for one in state.adds.values())
    gone = (one for one in state.removes.values() if disk_path(root, one["path"]).exists())
    yield from ({"remove": _packed(one)} for one in gone)


def _packed(body: Action) -> Action:
    """Maps as Arrow takes them."""
    packed = {name: list(value.items()) if isinstance(value, dict) else value for name, value in body.items()}
    for name in ("deletionVector", "format"):
        if body.get(name):
            packed[name] = body[name]
    if "format" in body:
        packed["format"] = {**body["format"], "options": list((body["format"].get("options") or {}).items())}
    return packed
