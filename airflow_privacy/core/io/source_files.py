"""The files of a table: one file, a flat folder of parts, or folders called ``key=value`` whose keys are columns (Hive's layout).

Names with a leading dot or underscore are other tools' markers. Partition values are data: no message shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import refuse_duplicates
from airflow_privacy.core.io.formats.text_types import looks_like_data
from airflow_privacy.core.io.storage import Storage

_NULL = "__HIVE_DEFAULT_PARTITION__"
_NOT_DATA = {"manifest.json"}  # ours, beside the parts of a version
_TABLE_FORMATS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


@dataclass(frozen=True)
class Found:
    """A file of the table. ``name`` is relative to the table, empty where the table is one file; ``partition`` maps keys to
    decoded values, ``None`` for null; ``where`` is for messages."""

    name: str
    where: str
    partition: dict[str, str | None] = field(repr=False)


def find_files(storage: Storage) -> list[Found]:
    """All files of the table, sorted by name.

    :raises BadInput: ``missing-file``, ``empty-folder``, ``nested-folder``, ``linked-folder``, ``partition-mismatch``,
        ``duplicate-columns``, ``unusable-name``, ``unsupported-format``.
    """
    root = storage.local()
    one = root.is_file() if root else storage.size() is not None
    if one:
        return [Found("", storage.uri, {})]
    is_folder = root is not None and root.is_dir()
    names = sorted(_walk(root)) if root and is_folder else storage.names()
    if not names and not is_folder:
        raise BadInput("missing-file", "There is no such file or folder", where=storage.uri, do="Check the path.")
    for name in names:
        for part in name.split("/")[:-1]:
            if part in _TABLE_FORMATS:
                raise BadInput(
                    "unsupported-format",
                    f"The folder is a {_TABLE_FORMATS[part]} table: its files also hold rows that were deleted",
                    where=storage.uri,
                    do="Export the table's current rows to Parquet.",
                )
    found = [_found(storage.uri, name) for name in names if _is_data(name)]
    if not found:
        raise BadInput("empty-folder", "The folder holds no part files", where=storage.uri, do="Check the path.")
    keys = {tuple(file.partition) for file in found}
    if len(keys) > 1:
        raise BadInput(
            "partition-mismatch",
            "The files of one table lie below different partition keys",
            where=storage.uri,
            do="Give all files the same keys in the same order.",
        )
    return found


def partition_keys(found: Sequence[Found]) -> list[str]:
    """The columns that the folders add."""
    return list(found[0].partition)


def _walk(folder: Path, prefix: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.is_symlink() and not entry.name.startswith((".", "_")):
                # Leaving it out would be a scan of a part that reports success.
                raise BadInput(
                    "linked-folder",
                    "A folder of the table is a link",
                    where=str(folder),
                    do="Put the files themselves below the table's folder.",
                )
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield prefix + entry.name


def _is_data(name: str) -> bool:
    return name not in _NOT_DATA and not any(part.startswith((".", "_")) for part in name.split("/"))


def _found(root: str, name: str) -> Found:
    *folders, file = name.split("/")
    shown = "/".join([root.rstrip("/"), *(f"{_shown(folder)}=…" for folder in folders), file])
    try:
        name.encode()
        pairs = [_pair(folder) for folder in folders]
    except UnicodeError:
        pairs = []
    if len(pairs) != len(folders):
        raise BadInput("unusable-name", "A file's name, key or partition value is not UTF-8", where=root, do="Rename it.")
    if any(pair is None for pair in pairs):
        # A table in subfolders that is read as if it were flat would be a scan of a part that reports success.
        raise BadInput(
            "nested-folder",
            "The folder holds folders that are not called key=value",
            where=root,
            do="Name the folder that holds the part files, or partition it as key=value.",
        )
    known = [pair for pair in pairs if pair is not None]
    refuse_duplicates([key for key, _ in known], root)
    return Found(name, shown, dict(known))


def _pair(folder: str) -> tuple[str, str | None] | None:
    key, equals, value = folder.partition("=")
    if not key or not equals or looks_like_data(unquote(key)):
        return None
    return unquote(key, errors="strict"), None if value in ("", _NULL) else unquote(value, errors="strict")


def _shown(folder: str) -> str:
    key = folder.partition("=")[0]
    return key if _PLAIN_KEY.fullmatch(key) else "…"
