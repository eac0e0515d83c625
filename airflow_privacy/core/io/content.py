"""What a file is, by its bytes and not by its name: compression, format, and for text its encoding.

Compressed files and text in another encoding than UTF-8 are rewritten, plain and in UTF-8, into a private spool: they can then be
read in slabs, again and again, with flat memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.avro import MAGIC as AVRO
from airflow_privacy.core.io.formats.parquet import ENCRYPTED_MAGIC, MAGIC
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.text_encoding import as_utf8, encoding_of

Format = Literal["parquet", "avro", "csv", "jsonl"]

_BLOCK = 1 << 20
_HEAD = 1 << 16
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))
_FOREIGN_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or spreadsheet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"ORC": "ORC",
    b"SQLite format 3": "SQLite",
    b"%PDF": "PDF",
    b"ARROW1": "Arrow IPC",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}


@dataclass(frozen=True)
class Content:
    """A readable file. ``encoding`` is what text was in before it was rewritten, empty for other formats."""

    path: Path
    format: Format
    compression: str
    encoding: str


def read_content(path: Path, where: str, spool: Spool) -> Content:
    """Find out what a file is, and rewrite it where that is needed.

    :param where: the file's name for messages.
    :raises BadInput: ``empty-file``, ``unreadable-file``, ``damaged-compression``, ``encrypted-parquet``, ``unsupported-format``,
        and what :func:`encoding_of` raises.
    :raises StorageUnavailable: the disk of temporary files is full.
    """
    head = _head(path, where)
    compression = _compression(head)
    if compression:
        path = spool.keep(_decompressed(path, compression, where))
        head = _head(path, where)
        if _compression(head):
            raise _unsupported(where, "compressed twice")
    if head.startswith(MAGIC):
        return Content(path, "parquet", compression, "")
    if head.startswith(AVRO):
        return Content(path, "avro", compression, "")
    if head.startswith(ENCRYPTED_MAGIC):
        raise BadInput("encrypted-parquet", "The Parquet file is encrypted", where=where, do="Decrypt it first.")
    for magic, name in _FOREIGN_MAGIC.items():
        if head.startswith(magic):
            raise _unsupported(where, name)
    encoding = encoding_of(path, where)
    format_ = _text_format(head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="ignore"), where)
    if encoding != "utf-8":
        path = spool.keep(as_utf8(path, encoding, where))
    return Content(path, format_, compression, encoding)


def _text_format(head: str, where: str) -> Format:
    first = head.removeprefix("\ufeff").lstrip()[:1]
    if first == "[":
        raise _unsupported(where, "a JSON list; JSON is read as JSON lines, one object a line")
    if first == "<":
        raise _unsupported(where, "XML or HTML")
    return "jsonl" if first == "{" else "csv"


def _compression(head: bytes) -> str:
    if head.startswith(_GZIP):
        return "gzip"
    return "zstd" if head.startswith((_ZSTD, *_ZSTD_SKIPPABLE)) else ""


def _decompressed(path: Path, compression: str, where: str) -> Iterator[bytes]:
    failed = False
    try:
        with _opened(path, compression) as stream:
            while block := stream.read(_BLOCK):
                yield bytes(block)
    except (OSError, EOFError, zlib.error, pa.ArrowException):
        failed = True
    if failed:
        raise BadInput(
            "damaged-compression",
            f"The file begins as {compression}, but cannot be decompressed to its end",
            where=where,
            do="Copy or compress the file again.",
        )


def _opened(path: Path, compression: str) -> io.BufferedIOBase | pa.NativeFile:
    return gzip.open(path, "rb") if compression == "gzip" else pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


def _head(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        head = None
    if head is None:
        raise BadInput("unreadable-file", "The file cannot be opened", where=where, do="Check its permissions.")
    if not head:
        raise BadInput("empty-file", "The file is empty", where=where, do="Name a file that holds data.")
    return head


def _unsupported(where: str, name: str) -> BadInput:
    return BadInput(
        "unsupported-format",
        f"The file is {name}; tables are read from Parquet, Avro, CSV and JSON lines, plain or in gzip or Zstandard",
        where=where,
        do="Convert it to one of these.",
    )
