"""Avro object container files (specification 1.11), block by block.

Records inside the record become columns called by their path, ``a.b``. Logical types are kept: date, time, timestamp (an instant,
in UTC), local timestamp, decimal, uuid as text. Arrays and maps are ``nested``: lists of text. A union of several kinds is text.
fastavro decodes the records; the container is read here, because fastavro needs further packages for Snappy and Zstandard blocks.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import fastavro
import polars as pl
import pyarrow as pa
from fastavro.schema import SchemaParseException

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.avro_schema import Leaf, UnsupportedSchema, leaves_of
from airflow_privacy.core.io.formats.frames import Part, no_rows, other_schema, resized
from airflow_privacy.core.io.formats.parquet import logical_type
from airflow_privacy.core.model.refs import ColumnType

MAGIC = b"Obj\x01"
_SYNC = 16
_BATCH = 20_000
_LARGEST = 1 << 30  # bytes of a block, as stored and as decompressed

# What zlib, bz2, lzma, Arrow and fastavro raise at damaged bytes; their messages may hold them.
_FOREIGN = (ValueError, EOFError, OSError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, RecursionError,
            MemoryError, zlib.error, lzma.LZMAError, pa.ArrowException, SchemaParseException)  # fmt: skip


@dataclass(frozen=True)
class AvroReader:
    """Part files with one schema."""

    columns: tuple[ColumnType, ...]
    rows: int
    parts: tuple[Part, ...]
    leaves: dict[str, Leaf] = field(repr=False)

    def part(self, number: int, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        return resized(_frames(self.parts[number], [self.leaves[name] for name in columns]), rows)


def open_avro(files: Sequence[Part]) -> AvroReader:
    """Read the schema and the block headers.

    :raises BadInput: ``damaged-avro``, ``unsupported-avro``, ``schema-mismatch``, ``no-rows``.
    """
    leaves: list[Leaf] | None = None
    rows = 0
    for part in files:
        with part.path.open("rb") as stream:
            container = _container(part, stream)
            found = _leaves(part, container.schema)
            if leaves is not None and [(leaf.name, leaf.dtype) for leaf in found] != [(leaf.name, leaf.dtype) for leaf in leaves]:
                raise other_schema(part.where)
            leaves = leaves or found
            rows += sum(count for count, _ in _guarded(part, container.blocks(skip=True)))
    if not leaves or rows == 0:
        raise no_rows(files[0].where)
    columns = tuple(ColumnType(name=leaf.name, dtype=logical_type(leaf.dtype)) for leaf in leaves)
    return AvroReader(columns=columns, rows=rows, parts=tuple(files), leaves={leaf.name: leaf for leaf in leaves})


class _Container:
    """The file's header, and its blocks one at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        if stream.read(len(MAGIC)) != MAGIC:
            raise ValueError
        self._meta: dict[bytes, bytes] = {}
        while count := self._long():
            if count < 0:
                count = -count
                self._long()
            for _ in range(count):
                key = self._bytes()
                self._meta[key] = self._bytes()
        self._sync = self._exactly(_SYNC)
        self._decompress = _CODECS[self._meta.get(b"avro.codec", b"null")]
        self.schema: Any = fastavro.reader(io.BytesIO(self._header())).writer_schema

    def blocks(self, *, skip: bool = False) -> Iterator[tuple[int, bytes]]:
        """The number of records and their bytes, decompressed; with *skip* the number alone."""
        while first := self._stream.read(1):
            count, size = self._long(first), self._long()
            if count < 0 or not 0 <= size <= _LARGEST:
                raise ValueError
            if skip:
                self._stream.seek(size, io.SEEK_CUR)
                data = b""
            else:
                data = self._decompress(self._exactly(size))
            if self._exactly(_SYNC) != self._sync:
                raise ValueError
            yield count, data

    def records(self) -> Iterator[list[dict[str, Any]]]:
        """Records in batches. Each block is given to fastavro as a small file of its own that is not compressed."""
        header = self._header()
        for count, data in self.blocks():
            block = io.BytesIO(b"".join((header, _zigzag(count), _zigzag(len(data)), data, self._sync)))
            read = 0
            records = iter(fastavro.reader(block))
            while batch := list(islice(records, _BATCH)):
                read += len(batch)
                yield batch  # type: ignore[misc]  # leaves_of has seen that the schema is a record
            if read != count:
                raise ValueError

    def _header(self) -> bytes:
        schema = self._meta[b"avro.schema"]
        meta = (_zigzag(1), _zigzag(len(b"avro.schema")), b"avro.schema", _zigzag(len(schema)), schema, _zigzag(0))
        return b"".join((MAGIC, *meta, self._sync))

    def _long(self, first: bytes = b"") -> int:
        number = shift = 0
        while True:
            byte = (first or self._exactly(1))[0]
            first = b""
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return (number >> 1) ^ -(number & 1)
            if shift > 63:
                raise ValueError

    def _bytes(self) -> bytes:
        return self._exactly(self._long())

    def _exactly(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST:
            raise ValueError
        data = self._stream.read(size)
        if len(data) != size:
            raise EOFError
        return data


def _frames(part: Part, leaves: Sequence[Leaf]) -> Iterator[pl.DataFrame]:
    with part.path.open("rb") as stream:
        for batch in _guarded(part, _container(part, stream).records()):
            try:
                frame = pl.DataFrame([leaf.series(batch) for leaf in leaves])
            except (*_FOREIGN, pl.exceptions.PolarsError, pl.exceptions.PanicException):
                frame = None
            if frame is None:
                raise _damaged(part)
            yield frame


def _container(part: Part, stream: BinaryIO) -> _Container:
    try:
        return _Container(stream)
    except _FOREIGN:
        pass
    raise _damaged(part)


def _leaves(part: Part, schema: Any) -> list[Leaf]:
    try:
        return list(leaves_of(schema))
    except UnsupportedSchema as error:
        problem = str(error)
    raise BadInput(
        "unsupported-avro", f"The Avro schema cannot be read as columns: {problem}", where=part.where, do="Write it flat."
    )


def _guarded(part: Part, items: Iterator[Any]) -> Iterator[Any]:
    failed = False
    try:
        yield from items
    except _FOREIGN:
        failed = True
    if failed:
        raise _damaged(part)


def _damaged(part: Part) -> BadInput:
    return BadInput(
        "damaged-avro",
        "The file begins as Avro, but its schema, a block or a record cannot be read",
        where=part.where,
        do="Copy or write the file again; blocks may be stored as they are, or in deflate, bzip2, xz, Snappy or Zstandard.",
    )


def _zigzag(number: int) -> bytes:
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number & ~0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _deflate(data: bytes) -> bytes:
    return zlib.decompress(data, -15)


def _snappy(data: bytes) -> bytes:
    """Raw Snappy, whose first number is the length, and behind it a CRC of the plain bytes."""
    body, check = data[:-4], data[-4:]
    length = shift = 0
    for byte in body[:5]:
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    if length > _LARGEST:
        raise ValueError
    plain = bytes(pa.decompress(body, decompressed_size=length, codec="snappy", asbytes=True))
    if zlib.crc32(plain).to_bytes(4, "big") != check:
        raise ValueError
    return plain


def _zstandard(data: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        return bytes(stream.read())


_CODECS: dict[bytes, Callable[[bytes], bytes]] = {
    b"null": bytes,
    b"deflate": _deflate,
    b"snappy": _snappy,
    b"zstandard": _zstandard,
    b"bzip2": bz2.decompress,
    b"xz": lzma.decompress,
}
