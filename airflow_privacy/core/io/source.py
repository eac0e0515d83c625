"""A table to be read: one file or a folder of part files, in Parquet, Avro, CSV or JSON lines, by content and not by extension;
or a table in a database or a lakehouse.

The digest is taken over all bytes as they lie there when the source is opened; a local file that changes afterwards stops the
reading. Files that cannot be read in place (objects of a store, compressed files, text that is not UTF-8) are spooled to the
worker's disk first, in a private folder that is gone when nobody holds the source any more: memory stays flat, the disk has to
hold them. Tables of databases and lakehouses are spooled too, and their digest is that of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.content import Content, read_content
from airflow_privacy.core.io.formats import text_types
from airflow_privacy.core.io.formats.avro import open_avro
from airflow_privacy.core.io.formats.csv import open_csv
from airflow_privacy.core.io.formats.frames import Part, refuse_duplicates
from airflow_privacy.core.io.formats.jsonl import open_jsonl
from airflow_privacy.core.io.formats.parquet import ParquetReader, open_parquet
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.source_files import Found, find_files
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.sql import Databases, no_databases
from airflow_privacy.core.io.storage import Storage, Storages
from airflow_privacy.core.io.tables import is_table, spool_rows
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.refs import ColumnType

SLAB_ROWS = 250_000

_CHUNK = 8 << 20


class Reader(Protocol):
    """Files of one format that hold one table."""

    @property
    def columns(self) -> tuple[ColumnType, ...]: ...

    @property
    def rows(self) -> int: ...

    def part(self, number: int, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        """Frames of at most *rows* rows of one file, with exactly *columns*."""
        ...


@runtime_checkable
class LazyReader(Reader, Protocol):
    """Files that can be cut anywhere before they are read."""

    def unread(self, number: int, columns: Sequence[str], start: int, length: int) -> pl.LazyFrame:
        """Some rows of one file, with exactly *columns*, not read yet."""
        ...

    def size(self, number: int) -> int:
        """The rows of one file."""
        ...


@dataclass(frozen=True)
class SourceFile:
    """One file of a table: its name, relative to the table and empty where the table is that one file; the SHA-256 of its bytes;
    its rows; and the columns that its folders' names add, as a frame of one row (of no column where there are none)."""

    name: str
    sha256: str
    rows: int
    partition: pl.DataFrame = field(repr=False)


@dataclass(frozen=True)
class _Stamp:
    path: Path
    where: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class TableSource:
    """One table, opened. ``digest`` is the SHA-256 of the file, or for a folder of the sorted list of its files' names and
    SHA-256; for a table in a database or a lakehouse it is that of the rows. ``format`` is ``parquet``, ``avro``, ``csv``,
    ``jsonl``, ``sql``, ``delta`` or ``iceberg``; ``compression`` ``gzip``, ``zstd`` or empty; ``encoding`` what text is in, where
    it had to be found out. Of several files these are the first one's."""

    uri: str
    format: str
    compression: str
    encoding: str
    columns: tuple[ColumnType, ...]
    rows: int
    digest: str
    _reader: Reader = field(repr=False)
    _partitions: tuple[pl.DataFrame, ...] = field(repr=False)
    _files: tuple[tuple[str, str], ...] = field(repr=False)
    _stamps: tuple[_Stamp, ...] = field(repr=False)
    _spool: Spool = field(repr=False)

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

    def files(self) -> tuple[SourceFile, ...]:
        """The table's files in reading order, for an engine that reads each of them elsewhere; only of Parquet, whose rows can be
        read from the middle, and none otherwise.

        Opened by itself, a file is a table with ``sha256`` as its digest.
        """
        if not self._files or not isinstance(self._reader, ParquetReader):
            return ()
        return tuple(
            SourceFile(name, digest, rows, partition)
            for (name, digest), (_, rows), partition in zip(self._files, self._reader.parts, self._partitions, strict=True)
        )

    def piece(self, start: int, rows: int) -> pl.DataFrame:
        """*rows* rows from row *start* on, of a table that is one Parquet file.

        :raises BadInput: ``source-changed``, ``unreadable-parquet``; ``bad-argument`` for another table, or rows it has not.
        """
        if not isinstance(self._reader, ParquetReader) or len(self._files) != 1 or min(start, self.rows - start - rows) < 0:
            raise BadInput("bad-argument", "Pieces are rows of one Parquet file", where=self.uri)
        self._refuse_changes()
        frame = self._reader.piece(0, [column.name for column in self._reader.columns], start, rows)
        self._refuse_changes()
        return frame

    def lazy_slabs(self, rows: int) -> Iterator[tuple[pl.LazyFrame, int]] | None:
        """Pieces of exactly *rows* rows, across files, the last one smaller, with their sizes; None where the format has to be
        read from its beginning. What reading finds shows when a piece is computed, as the engine's own error.

        :raises BadInput: ``source-changed`` when a file is not the one that was opened.
        """
        return self._cut(self._reader, rows) if isinstance(self._reader, LazyReader) else None

    def _cut(self, reader: LazyReader, rows: int) -> Iterator[tuple[pl.LazyFrame, int]]:
        self._refuse_changes()
        names = [column.name for column in self.columns]
        waiting: list[pl.LazyFrame] = []
        held = 0
        for number, partition in enumerate(self._partitions):
            stored = [name for name in names if name not in partition.columns]
            fixed = [pl.lit(column[0], dtype=column.dtype).alias(column.name) for column in partition]
            size, start = reader.size(number), 0
            while start < size:
                length = min(rows - held, size - start)
                waiting.append(reader.unread(number, stored, start, length).with_columns(fixed).select(names))
                held, start = held + length, start + length
                if held == rows:
                    yield pl.concat(waiting), held
                    waiting, held = [], 0
        if held:
            yield pl.concat(waiting), held
        self._refuse_changes()

    def _read(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        self._refuse_changes()
        for number, partition in enumerate(self._partitions):
            asked = [name for name in columns if name not in partition.columns]
            stored = asked or [next(column.name for column in self.columns if column.name not in partition.columns)]
            for frame in self._reader.part(number, stored, rows):
                yield frame.join(partition, how="cross").select(columns) if partition.width else frame
        self._refuse_changes()

    def _refuse_changes(self) -> None:
        for stamp in self._stamps:
            if not stamp.path.is_file() or _stamp(stamp.path, stamp.where) != stamp:
                raise BadInput(
                    "source-changed",
                    "The file was changed after it was opened",
                    where=stamp.where,
                    do="Start again, with a file that nobody writes to.",
                )


def open_source(uri: str, *, storages: Storages = local_storage, databases: Databases = no_databases) -> TableSource:
    """Open a table; a folder is one table in part files, in the order of their names.

    Folders called ``key=value`` add a text, number or date column each, behind the files' own columns.

    :param uri: a path, ``file://`` URI, what *storages* knows, ``sql://<conn_id>/<schema>.<table>``,
        ``delta+file:///…`` or ``iceberg+file:///…``.
    :raises BadInput: nothing there, nothing in it, not a table, or not readable as it is; never names a value.
    :raises StorageUnavailable: the storage, or the disk for temporary files, failed.
    """
    spool = Spool()
    if is_table(uri):
        format_, paths = spool_rows(uri, databases=databases, spool=spool)
        return _spooled(uri, format_, paths, spool)
    storage = storages(uri)
    found = find_files(storage)
    opened = [_open(storage, file, spool) for file in found]
    contents = [content for content, _, _ in opened]
    if len({content.format for content in contents}) > 1:
        raise BadInput(
            "mixed-formats",
            "The folder holds files of several formats: one table has one format",
            where=storage.uri,
            do="Name one file, or a folder that holds one table.",
        )
    digests = [digest for _, digest, _ in opened]
    digest = digests[0]
    if found[0].name:
        digest = digest_of([{"name": file.name, "sha256": sha256} for file, sha256 in zip(found, digests, strict=True)])
    parts = [Part(content.path, file.where) for content, file in zip(contents, found, strict=True)]
    reader = _READERS[contents[0].format](parts)
    kinds, partitions = _partition_columns(found)
    columns = (*reader.columns, *kinds)
    refuse_duplicates([column.name for column in columns], storage.uri)
    _refuse_patterns(storage.uri, columns)
    source = TableSource(
        uri=uri,
        format=contents[0].format,
        compression=contents[0].compression,
        encoding=contents[0].encoding,
        columns=columns,
        rows=reader.rows,
        digest=digest,
        _reader=reader,
        _partitions=partitions,
        _files=tuple((file.name, sha256) for file, sha256 in zip(found, digests, strict=True)),
        _stamps=tuple(stamp for _, _, stamp in opened if stamp is not None),
        _spool=spool,
    )
    source._refuse_changes()
    return source


def _spooled(uri: str, format_: str, paths: Sequence[Path], spool: Spool) -> TableSource:
    """A table that somebody else keeps, as its rows were when they were read; the digest is the rows'."""
    reader = open_parquet([Part(path, uri) for path in paths])
    refuse_duplicates([column.name for column in reader.columns], uri)
    _refuse_patterns(uri, reader.columns)
    names = [column.name for column in reader.columns]
    frames = (frame for number in range(len(paths)) for frame in reader.part(number, names, SLAB_ROWS))
    return TableSource(
        uri=uri,
        format=format_,
        compression="",
        encoding="",
        columns=reader.columns,
        rows=reader.rows,
        digest=rows_digest(frames, reader.columns),
        _reader=reader,
        _partitions=(pl.DataFrame(),) * len(paths),
        _files=(),
        _stamps=(),
        _spool=spool,
    )


_READERS: dict[str, Callable[[Sequence[Part]], Reader]] = {
    "parquet": open_parquet,
    "avro": open_avro,
    "csv": open_csv,
    "jsonl": open_jsonl,
}


def _open(storage: Storage, file: Found, spool: Spool) -> tuple[Content, str, _Stamp | None]:
    """The file's content, its SHA-256, and for a local file how it looked."""
    path = storage.local(file.name)
    stamp = _stamp(path, file.where) if path else None
    whole = hashlib.sha256()
    if path is None:
        path = spool.keep(_hashed(storage.chunks(file.name, _CHUNK), whole.update))
    else:
        _hash_file(path, file.where, whole.update)
    content = read_content(path, file.where, spool)
    if stamp is None and content.path != path:
        path.unlink()
    return content, f"sha256:{whole.hexdigest()}", stamp


def _partition_columns(found: Sequence[Found]) -> tuple[list[ColumnType], tuple[pl.DataFrame, ...]]:
    """The columns that the folders' names add, and for each file a frame of one row with its values."""
    if not found[0].partition:
        return [], (pl.DataFrame(),) * len(found)
    texts = pl.DataFrame(
        {key: [file.partition[key] for file in found] for key in found[0].partition},
        schema_overrides=dict.fromkeys(found[0].partition, pl.String),
    )
    kinds = []
    for column in texts:
        tally = text_types.new_tally()
        text_types.count(column, tally)
        kinds.append(ColumnType(name=column.name, dtype=text_types.decide(tally)))
    typed = texts.with_columns(text_types.typed(kind.name, kind.dtype) for kind in kinds)
    return kinds, tuple(typed.slice(number, 1) for number in range(len(found)))


def _refuse_patterns(where: str, columns: Sequence[ColumnType]) -> None:
    # Polars reads these names as patterns over all columns, so that a rule for one column would reach others.
    odd = [column.name for column in columns if column.name in ("*", "") or (column.name[0] == "^" and column.name[-1] == "$")]
    if odd:
        raise BadInput(
            "unusable-column-name",
            f"A column cannot be called {odd[0]!r}",
            where=where,
            do="Rename it: '*', no name at all, and names from '^' to '$' stand for patterns.",
        )


def _stamp(path: Path, where: str) -> _Stamp:
    stat = path.stat()
    return _Stamp(path=path, where=where, size=stat.st_size, mtime_ns=stat.st_mtime_ns)


def _hash_file(path: Path, where: str, update: Callable[[bytes], object]) -> None:
    try:
        with path.open("rb") as stream:
            while block := stream.read(_CHUNK):
                update(block)
    except OSError:
        pass
    else:
        return
    raise BadInput("unreadable-file", "The file cannot be read", where=where, do="Check its permissions.")


def _hashed(chunks: Iterator[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for chunk in chunks:
        update(chunk)
        yield chunk
