"""A dataset's folder as a purge sees it: versions or what is left of them, passports, the pointer, what dead writers left."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from airflow_privacy.core.errors import BadInput, PrivacyError
from airflow_privacy.core.io.purge.stored import Stored, erase, newest, stored
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.io.version_copy import CURRENT, Current
from airflow_privacy.core.io.version_files import MANIFEST
from airflow_privacy.core.model.codec import parse, sha256
from airflow_privacy.core.model.dataset import Manifest
from airflow_privacy.core.model.passport import Statement

_VERSION = re.compile(r"[0-9a-f]{16}")
_TEMPORARY = ".tmp-"
DEAD_AFTER = timedelta(days=1)
_PASSPORTS = "passports/"


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One version, or what is left of one: ``name`` is the version, or a temporary folder's name.

    :param manifest: digest of the manifest that readers see; empty where there is none: the writer died, or a purge did.
    :param modified: when the newest of it was written, or a passport for it issued, whichever is later.
    :param passports: names of the passports that are about it.
    """

    name: str
    things: tuple[Stored, ...] = field(repr=False)
    manifest: str = ""
    rows: int = 0
    modified: datetime | None = None
    passports: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether readers see a version: it begins with its manifest."""
        return bool(self.manifest)

    @property
    def bytes(self) -> int:
        """Of all that is stored, whether or not readers see it."""
        return sum(thing.bytes for thing in self.things)


@dataclass(frozen=True, kw_only=True)
class Folders:
    """All of a dataset's folder. ``current`` is the version that is published, empty where nothing is."""

    current: str
    versions: dict[str, Folder]
    passports: dict[str, Statement] = field(repr=False)


def folders_of(storage: Storage) -> Folders:
    """Look through a dataset's folder; an object store is asked for every version of every object.

    Passports are read as they lie there: a signature says who wrote a time, and whoever can change a passport's file can change
    the file's time too. Of both times the later counts.

    :raises BadInput: there is nothing, or the pointer is not readable.
    """
    things = stored(storage)
    if not things:
        raise BadInput("nothing-there", "There is no dataset at this place", where=storage.uri, do="Check the URI.")
    passports = Passports(storage)
    known = passports.among(things)
    groups: dict[str, list[Stored]] = {}
    for thing in things:
        name = _group(thing.name)
        if name:
            groups.setdefault(name, []).append(thing)
    return Folders(
        current=current_version(storage),
        versions={name: _folder(storage, name, group, known) for name, group in sorted(groups.items())},
        passports=known,
    )


class Passports:
    """Passports by the names of their files, each read once: the name is the digest of what it holds."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._read: dict[str, Statement | None] = {}

    def among(self, things: Iterable[Stored] | None = None) -> dict[str, Statement]:
        """Those that are there now."""
        found = {}
        for thing in stored(self._storage, _PASSPORTS) if things is None else things:
            if thing.live and thing.name.startswith(f"{_PASSPORTS}sha256:") and thing.name.endswith(".json"):
                if thing.name not in self._read:
                    self._read[thing.name] = _statement(self._storage, thing.name)
                statement = self._read[thing.name]
                if statement is not None:
                    found[thing.name] = statement
        return found


def folder_of(storage: Storage, name: str, passports: Passports) -> Folder | None:
    """One of them, looked at again; ``None`` where nothing is left of it."""
    things = stored(storage, _below(name))
    return _folder(storage, name, things, passports.among()) if things else None


def is_dead(folder: Folder, now: datetime) -> bool:
    """Whether what has no manifest was left by a writer that must be dead: nothing was written for a day."""
    return folder.modified is not None and now - folder.modified > DEAD_AFTER


def current_version(storage: Storage) -> str:
    """The version that is published now, empty where none is."""
    found = storage.fetch(CURRENT)
    return parse(Current, found.data, where=CURRENT).version if found is not None else ""


def remove_folder(storage: Storage, folder: Folder) -> None:
    """Delete a version so that no reader ever sees half of it: its passports, then the manifest, then all else.

    Killed on the way it leaves a folder without a manifest, which nobody reads and the next call deletes.
    """
    for name in folder.passports:
        erase(storage, stored(storage, name))
    manifest = f"{_below(folder.name)}{MANIFEST}"
    erase(storage, [thing for thing in folder.things if thing.name == manifest and thing.live])
    erase(storage, folder.things)


def remove_pointer(storage: Storage, version: str) -> None:
    """Unpublish a version: the pointer goes, if it still names it. A publisher at this very moment may lose its pointer too."""
    if current_version(storage) == version:
        erase(storage, [thing for thing in stored(storage, CURRENT) if thing.name == CURRENT])


def _folder(storage: Storage, name: str, things: Iterable[Stored], passports: dict[str, Statement]) -> Folder:
    found = tuple(things)
    about = {passport: one for passport, one in passports.items() if one.predicate.version == name}
    issued = [at for at in (_instant(one.predicate.issued_at) for one in about.values()) if at is not None]
    live = [thing for thing in found if thing.live]
    manifest = storage.fetch(f"{_below(name)}{MANIFEST}") if not name.startswith(_TEMPORARY) else None
    return Folder(
        name=name,
        things=found,
        manifest=sha256(manifest.data) if manifest is not None else "",
        rows=_rows(manifest.data) if manifest is not None else 0,
        modified=newest(live or found, *issued),
        passports=tuple(about),
    )


def _group(name: str) -> str:
    first, _, rest = name.partition("/")
    if first.startswith(_TEMPORARY):
        return first if rest else ""
    version, _, _ = rest.partition("/")
    return version if first == "versions" and _VERSION.fullmatch(version) else ""


def _below(name: str) -> str:
    if not name.startswith(_TEMPORARY) and not _VERSION.fullmatch(name):
        raise BadInput("malformed-version", "A dataset version is not 16 hexadecimal digits")
    return f"{name}/" if name.startswith(_TEMPORARY) else f"versions/{name}/"


def _statement(storage: Storage, name: str) -> Statement | None:
    found = storage.fetch(name)
    try:
        payload = msgspec.json.decode(found.data)["payload"] if found is not None else ""
        return parse(Statement, base64.b64decode(payload), where=name)
    except (PrivacyError, msgspec.MsgspecError, ValueError, KeyError, TypeError):
        return None


def _rows(manifest: bytes) -> int:
    try:
        return sum(file.rows for file in parse(Manifest, manifest, where=MANIFEST).files)
    except BadInput:
        return 0


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
