"""Rows of a Delta table that go, with every file and log entry that has them.

The log is read and written here by the protocol, without a library: a library's delete writes its predicate, values included,
into the commit, and refuses tables with deletion vectors or a change feed.

A purge is two commits: the first removes the files that hold what goes and adds them anew without; the second holds nothing. As
soon as no reader may need a version before the second, its checkpoint is written and all older log entries are deleted, for they
hold least and greatest values, paths and partition values of what is gone. With them goes time travel to older versions.

Change data (``_change_data``) goes with the versions that it belongs to, and the purge writes none, as that would hold the very
rows that go: a reader of the feed sees the old files removed and the new ones added, and after the old versions went, neither.
Statistics of the files written anew are their number of rows only. Refused: tables that may only be appended to, and features
whose duties are not known here (row tracking, in-commit timestamps, liquid clustering, V2 checkpoints, catalog-managed tables).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.delta_log import FOLDER, Action, Log, State, disk_path, written_at
from airflow_privacy.core.io.purge.delta_vectors import hidden_rows, vector_path
from airflow_privacy.core.io.purge.lakehouse_files import Columns, Part, Swap, typed_text

_NOTE = "airflow_privacy_purge"
_FEATURES = {
    "allowColumnDefaults", "appendOnly", "changeDataFeed", "checkConstraints", "columnMapping", "deletionVectors",
    "domainMetadata", "generatedColumns", "identityColumns", "invariants", "timestampNtz", "vacuumProtocolCheck",
}  # fmt: skip
_READER, _WRITER = 3, 7
_DTYPES: dict[str, pl.DataType] = {
    "string": pl.String(),
    "long": pl.Int64(),
    "integer": pl.Int32(),
    "short": pl.Int16(),
    "byte": pl.Int8(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "binary": pl.Binary(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "timestamp_ntz": pl.Datetime("us"),
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_NULL = "__HIVE_DEFAULT_PARTITION__"
_PREFIX = "part-purged-"


@dataclass(frozen=True)
class _Named:
    """What the log tells of a file that it has named."""

    constants: dict[str, object]
    since: datetime
    version: int


@dataclass(frozen=True)
class DeltaRows:
    """One version of a Delta table, and whatever lies in its folder beside it."""

    root: Path = field(repr=False)
    state: State = field(repr=False)
    moments: Mapping[int, datetime] = field(repr=False)
    notes: Mapping[int, str] = field(repr=False)
    wanted: tuple[str, ...]

    @cached_property
    def columns(self) -> Columns:
        fields = {one["name"]: one for one in json.loads(self.state.metadata["schemaString"])["fields"]}
        physical = {name: _physical(fields[name]) for name in self.wanted}
        return Columns(
            dtypes={name: _dtype(fields[name]["type"]) for name in self.wanted},
            find=lambda schema, name: physical[name] if physical[name] in schema.names else None,
        )

    @cached_property
    def live(self) -> tuple[Part, ...]:
        """Files of this version."""
        return tuple(self._live(add) for _, add in sorted(self.state.adds.items()))

    def together(self, touched: Sequence[Part]) -> Sequence[Part]:
        """A file has a deletion vector for itself."""
        return touched

    def old(self) -> Iterator[Part]:
        """Files in the folder that this version does not name."""
        named, needed = self._named(), {part.path for part in self.live} | self._vectors()
        for path in _files(self.root):
            if path in needed or path.suffix not in (".parquet", ".bin"):
                continue
            if path.suffix == ".bin" and not path.name.startswith("deletion_vector_"):
                continue
            told = named.get(path)
            since = told.since if told else datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Part(
                path=path,
                constants=told.constants if told else self._constants_of_folder(path),
                since=since,
                known=told is not None,
                has_rows=path.suffix == ".parquet",
                ours=told is None and path.name.startswith(_PREFIX),
                handle=told.version if told else None,
            )

    def new_path(self, part: Part) -> Path:
        """Where a part is written anew; a killed run's file is written over."""
        add: Action = part.handle
        digest = hashlib.sha256(f"{self.state.version + 1}\n{add['path']}".encode()).hexdigest()
        return part.path.with_name(f"{_PREFIX}{digest[:32]}.parquet")

    def needs_note(self, old: Sequence[Part]) -> bool:
        """Whether log entries tell of these files that no purge has begun to forget."""
        last = max((version for version, note in self.notes.items() if note == "begin"), default=-1)
        return any(part.known and (part.handle > last or last < 0) for part in old)

    def replace(self, swaps: Sequence[Swap], at: datetime) -> None:
        """Commit that new files take the place of old ones.

        :raises StorageUnavailable: ``table-busy``; nothing was changed.
        """
        moment = _milliseconds(at)
        actions: list[Action] = [self._info("begin", moment)]
        for swap in swaps:
            add: Action = swap.old.handle
            remove = {"path": add["path"], "deletionTimestamp": moment, "dataChange": True}
            if add.get("deletionVector"):
                remove["deletionVector"] = add["deletionVector"]
            actions.append({"remove": remove})
            if swap.new is not None:
                folder = add["path"].rpartition("/")
                renewed = {
                    "path": f"{folder[0]}{folder[1]}{swap.new.name}",
                    "partitionValues": add["partitionValues"],
                    "size": swap.bytes,
                    "modificationTime": moment,
                    "dataChange": True,
                    "stats": json.dumps({"numRecords": swap.rows}),
                }
                if add.get("tags"):
                    renewed["tags"] = add["tags"]
                actions.append({"add": renewed})
        Log(self.root).commit(self.state.version + 1, actions)

    def settle(self, at: datetime) -> bool:
        """Put a commit without content behind that of a purge, if there is none yet; whether it did."""
        if self.notes.get(self.state.version) != "begin":
            return False
        Log(self.root).commit(self.state.version + 1, [self._info("end", _milliseconds(at))])
        return True

    def waits_since(self) -> datetime | None:
        """Since when log entries are to go that are still there; ``None`` where there are none."""
        begun = [version for version, note in self.notes.items() if note == "begin"]
        if not begun:
            return None
        return self.moments.get(max(begun) + 1, self.moments[max(begun)])

    def forget(self, cutoff: datetime | None) -> None:
        """Delete what the log tells of versions that nobody may need any more, if a purge is among them.

        :param cutoff: versions that were current then or later are needed; ``None``: only the newest one is.
        """
        log = Log(self.root)
        keep = max((one for one, at in self.moments.items() if cutoff is None or at <= cutoff), default=-1)
        if not any(version < keep for version, note in self.notes.items() if note == "begin"):
            return
        log.checkpoint(log.state(keep))
        for version in sorted(log.checkpoints()):
            if version > keep:
                log.checkpoint(log.state(version))
        for path in log.before(keep):
            path.unlink(missing_ok=True)

    def _live(self, add: Action) -> Part:
        vector = add.get("deletionVector")
        return Part(
            path=disk_path(self.root, add["path"]),
            constants=self._constants(add.get("partitionValues") or {}),
            hidden=hidden_rows(self.root, vector) if vector else None,
            handle=add,
        )

    def _vectors(self) -> set[Path]:
        vectors = (add["deletionVector"] for add in self.state.adds.values() if add.get("deletionVector"))
        return {path for vector in vectors if (path := vector_path(self.root, vector)) is not None}

    def _constants(self, values: Mapping[str, str | None]) -> dict[str, object]:
        physical = {_physical(one): one for one in json.loads(self.state.metadata["schemaString"])["fields"]}
        columns = [physical[name] for name in values if name in physical and physical[name]["name"] in self.wanted]
        return {one["name"]: typed_text(values[_physical(one)], _dtype(one["type"])) for one in columns}

    def _constants_of_folder(self, path: Path) -> dict[str, object]:
        by_name = {one["name"]: _physical(one) for one in json.loads(self.state.metadata["schemaString"])["fields"]}
        columns = self.state.metadata.get("partitionColumns") or []
        pairs = [part.partition("=") for part in path.relative_to(self.root).parts[:-1] if "=" in part]
        values = {unquote(key): None if value == _NULL else unquote(value) for key, _, value in pairs}
        return self._constants({by_name[name]: values[name] for name in columns if name in values})

    def _named(self) -> dict[Path, _Named]:
        """Files that the log has named and this version does not, with when they ceased to be needed."""
        log, named = Log(self.root), {}
        commits = log.commits()
        first = min(commits, default=self.state.version)
        base = max((one for one in log.checkpoints() if one <= self.state.version), default=None)
        told: list[tuple[int, Action]] = []
        if base is not None:
            start = log.state(base)
            told += [(base, {"add": one}) for one in start.adds.values()]
            told += [(base, {"remove": one}) for one in start.removes.values()]
        told += [(version, action) for version in commits for action in log.actions(version)]
        values: dict[str, Mapping[str, str | None]] = {}
        for version, action in told:
            for kind in ("add", "remove", "cdc"):
                body = action.get(kind)
                if body is None:
                    continue
                values[body["path"]] = body.get("partitionValues") or values.get(body["path"], {})
                stamp = body.get("deletionTimestamp")
                moment = self.moments.get(version, self.moments[min(self.moments, key=lambda one: abs(one - version))])
                since = datetime.fromtimestamp(stamp / 1000, UTC) if stamp else moment
                constants = self._constants(values[body["path"]])
                for path in _paths(self.root, body):
                    named[path] = _Named(constants, since, max(version, first))
        return named

    def _info(self, note: str, moment: int) -> Action:
        return {"commitInfo": {"timestamp": moment, "operation": "PURGE", "operationParameters": {}, _NOTE: note}}


def open_delta(root: Path, wanted: tuple[str, ...], *, where: str) -> DeltaRows:
    """The newest version.

    :param wanted: the rule's columns.
    :raises BadInput: ``missing-table``, ``unsupported-table``, ``unknown-column``.
    """
    log = Log(root)
    if not log.folder.is_dir():
        raise BadInput("missing-table", "There is no Delta table", where=where, do="Check the path.")
    state = log.state()
    _require_known(state, where)
    names = {one["name"] for one in json.loads(state.metadata["schemaString"])["fields"]}
    if absent := [name for name in wanted if name not in names]:
        raise BadInput("unknown-column", f"The table has no column {absent[0]!r}", where=where)
    moments: dict[int, datetime] = {}
    notes: dict[int, str] = {}
    for version in log.commits():
        info: Action = next((action["commitInfo"] for action in log.actions(version) if "commitInfo" in action), {})
        moments[version] = max([written_at(log, version, info), *moments.values()])
        if info.get(_NOTE):
            notes[version] = str(info[_NOTE])
    for version, paths in log.checkpoints().items():
        moments.setdefault(version, datetime.fromtimestamp(paths[0].stat().st_mtime, UTC))
    return DeltaRows(root=root, state=state, moments=moments, notes=notes, wanted=wanted)


def _require_known(state: State, where: str) -> None:
    protocol, configuration = state.protocol, state.metadata.get("configuration") or {}
    features = {*(protocol.get("readerFeatures") or ()), *(protocol.get("writerFeatures") or ())}
    unknown = sorted(features - _FEATURES)
    if protocol["minReaderVersion"] > _READER or protocol["minWriterVersion"] > _WRITER or unknown:
        raise BadInput(
            "unsupported-table",
            f"The Delta table uses features that are not written here: {', '.join(unknown) or 'a newer protocol'}",
            where=where,
            do="Drop the feature (ALTER TABLE … DROP FEATURE), or delete and vacuum with the engine that wrote it.",
        )
    if configuration.get("delta.appendOnly", "").lower() == "true":
        raise BadInput(
            "append-only",
            "The Delta table may only be appended to",
            where=where,
            do="Set delta.appendOnly to false, if its owner agrees that rows go.",
        )


def _paths(root: Path, body: Action) -> Iterator[Path]:
    yield disk_path(root, body["path"])
    if body.get("deletionVector"):
        path = vector_path(root, body["deletionVector"])
        if path is not None:
            yield path


def _files(root: Path) -> list[Path]:
    found = (path for path in root.resolve().rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.relative_to(root.resolve()).parts[0] != FOLDER)


def _physical(field_: Mapping[str, Any]) -> str:
    metadata = field_.get("metadata") or {}
    return str(metadata.get("delta.columnMapping.physicalName", field_["name"]))


def _dtype(type_: object) -> pl.DataType | None:
    if not isinstance(type_, str):
        return None
    if match := _DECIMAL.fullmatch(type_):
        return pl.Decimal(int(match[1]), int(match[2]))
    return _DTYPES.get(type_)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
