"""A table to be read: one file or a folder of part files, Parquet or CSV, by content and not by extension.

The digest is taken over all bytes when the source is opened; a file that changes afterwards stops the reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.csv import open_csv
from airflow_privacy.core.io.formats.parquet import ENCRYPTED_MAGIC, MAGIC, open_parquet
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.refs import ColumnType

SLAB_ROWS = 250_000

# Our own files beside the parts of a version; names with a leading dot or underscore are markers of other tools.
_NOT_DATA = {"manifest.json"}
_BLOCK = 1 << 20
_FOREIGN_MAGIC = {
    b"Obj\x01": "Avro",
    b"PK\x03\x04": "a ZIP archive or spreadsheet",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"ORC": "ORC",
    b"SQLite format 3": "SQLite",
    b"%PDF": "PDF",
    b"ARROW1": "Arrow IPC",
}
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class Reader(Protocol):
    """Files of one format that hold one table."""

    @property
    def columns(self) -> tuple[ColumnType, ...]: ...

    @property
    def rows(self) -> int: ...

    def slabs(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        """Frames of at most *rows* rows with exactly *columns*, in file order."""
        ...


@dataclass(frozen=True)
class _Stamp:
    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class TableSource:
    """One table, opened. ``digest`` is the SHA-256 of the file, or for a folder of the sorted list of its files' names and
    SHA-256. ``format`` is ``parquet`` or ``csv``."""

    uri: str
    format: str
    columns: tuple[ColumnType, ...]
    rows: int
    digest: str
    _reader: Reader
    _stamps: tuple[_Stamp, ...]

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = SLAB_ROWS) -> Iterator[pl.DataFrame]:
        """Frames of at most *rows* rows, in file order, with *columns* (all by default) in the order asked.

        :raises BadInput: ``unknown-column``; ``source-changed`` when a file is not the one that was opened; what the format
            finds on the way.
        """
        if rows < 1:
            raise BadInput("bad-argument", "A slab has at least one row", where="rows")
        known = [column.name for column in self.columns]
        wanted = known if columns is None else list(columns)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise BadInput(
                "unknown-column",
                f"The table has no column {', '.join(repr(name) for name in unknown)}",
                where=self.uri,
                do="Name columns that the table has.",
            )
        return self._read(wanted, rows)

    def _read(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        self._refuse_changes()
        yield from self._reader.slabs(columns, rows)
        self._refuse_changes()

    def _refuse_changes(self) -> None:
        for stamp in self._stamps:
            if not stamp.path.is_file() or _stamp(stamp.path) != stamp:
                raise BadInput(
                    "source-changed",
                    "The file was changed after it was opened",
                    where=str(stamp.path),
                    do="Start again, with a file that nobody writes to.",
                )


def open_source(uri: str) -> TableSource:
    """Open a Parquet or CSV table by path or ``file://`` URI; a folder is one table in sorted part files.

    :raises BadInput: nothing there, nothing in it, not a table, or not readable as it is; never names a value.
    """
    root = _path_of(uri)
    paths = _files(root)
    heads = {path: _head(path) for path in paths}
    formats = {path: _format_of(path, head) for path, head in heads.items()}
    if len(set(formats.values())) > 1:
        raise BadInput(
            "mixed-formats",
            "The folder holds Parquet and text files: one table has one format",
            where=str(root),
            do="Name one file, or a folder that holds one table.",
        )
    stamps = tuple(_stamp(path) for path in paths)
    digests = [_sha256(path) for path in paths]
    if root.is_dir():
        digest = digest_of([{"name": path.name, "sha256": found} for path, found in zip(paths, digests, strict=True)])
    else:
        digest = digests[0]
    format_ = formats[paths[0]]
    reader: Reader = open_parquet(paths) if format_ == "parquet" else open_csv(paths)
    _refuse_patterns(root, reader.columns)
    return TableSource(
        uri=uri, format=format_, columns=reader.columns, rows=reader.rows, digest=digest, _reader=reader, _stamps=stamps
    )


def _refuse_patterns(root: Path, columns: Sequence[ColumnType]) -> None:
    # Polars reads these names as patterns over all columns, so that a rule for one column would reach others.
    odd = [column.name for column in columns if column.name in ("*", "") or (column.name[0] == "^" and column.name[-1] == "$")]
    if odd:
        raise BadInput(
            "unusable-column-name",
            f"A column cannot be called {odd[0]!r}",
            where=str(root),
            do="Rename it: '*', no name at all, and names from '^' to '$' stand for patterns.",
        )


def _path_of(uri: str) -> Path:
    if "://" not in uri and not uri.startswith("file:"):
        return Path(uri)
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise BadInput(
            "unsupported-scheme",
            f"Tables are read from paths and file:// URIs, not from {parts.scheme}:// ones",
            do="Copy the table to a file system first.",
        )
    return Path(unquote(parts.path))


def _files(root: Path) -> list[Path]:
    if not root.exists():
        raise BadInput("missing-file", "There is no such file or folder", where=str(root), do="Check the path.")
    if root.is_file():
        return [root]
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith((".", "_")))
    folders = [entry.name for entry in entries if entry.is_dir()]
    if folders:
        # A table in subfolders that is read as if it were flat would be a scan of a part that reports success.
        raise BadInput(
            "nested-folder",
            f"The folder holds {len(folders)} folders: part files are read from one level",
            where=str(root),
            do="Name the folder that holds the part files.",
        )
    files = [entry for entry in entries if entry.is_file() and entry.name not in _NOT_DATA]
    if not files:
        raise BadInput("empty-folder", "The folder holds no part files", where=str(root), do="Check the path.")
    return files


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(1 << 16)
    except OSError:
        head = None
    if head is None:
        raise BadInput("unreadable-file", "The file cannot be opened", where=str(path), do="Check its permissions.")
    if not head:
        raise BadInput("empty-file", "The file is empty", where=str(path), do="Name a file that holds data.")
    return head


def _format_of(path: Path, head: bytes) -> str:
    if head.startswith(MAGIC):
        return "parquet"
    if head.startswith(ENCRYPTED_MAGIC):
        raise BadInput("encrypted-parquet", "The Parquet file is encrypted", where=str(path), do="Decrypt it first.")
    for magic, name in _FOREIGN_MAGIC.items():
        if head.startswith(magic):
            raise _unsupported(path, name)
    if head.startswith(_WIDE_BOMS) or b"\x00" in head:
        raise BadInput(
            "not-utf-8",
            "The file is not UTF-8 text: it looks like UTF-16, UTF-32 or binary data",
            where=str(path),
            do="Convert it, for example: iconv -f UTF-16 -t UTF-8.",
        )
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"["):
        raise _unsupported(path, "JSON")
    if first == b"<":
        raise _unsupported(path, "XML or HTML")
    return "csv"


def _unsupported(path: Path, name: str) -> BadInput:
    return BadInput(
        "unsupported-format",
        f"The file is {name}; tables are read from Parquet and CSV",
        where=str(path),
        do="Convert it to Parquet or to CSV in UTF-8 with a header.",
    )


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return _Stamp(path=path, size=stat.st_size, mtime_ns=stat.st_mtime_ns)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"
