"""A text file cut into records at the bytes where they end, in any encoding of one width a character where it matters.

For CSV (RFC 4180) an end inside quotation marks is none. Marks are counted over whole blocks, which is right where each opens or
closes a cell; a block in which one does not (``5" pipe``) is cut cell by cell, as a reader of CSV would.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.csv_dialect import Dialect

Flags: TypeAlias = npt.NDArray[np.bool_]
Offsets: TypeAlias = npt.NDArray[np.int64]

_BLOCK = 8 << 20
_RECORD_BYTES = 64 << 20
_NEWLINE, _RETURN = 10, 13
_WIDE = {"utf-16-le": "<u2", "utf-16-be": ">u2", "utf-32-le": "<u4", "utf-32-be": ">u4"}
_MARKS = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}


@dataclass(frozen=True)
class Text:
    """What a text file is written in. ``mark`` is its byte order mark.

    :param dialect: of CSV; ``None``: records are lines.
    """

    codec: str
    mark: bytes
    dialect: Dialect | None

    @property
    def unit(self) -> np.dtype[np.unsignedinteger[npt.NBitBase]]:
        """A character's integer; of UTF-8 a byte's."""
        return np.dtype(_WIDE.get(self.codec, "u1"))


@dataclass(frozen=True)
class Block:
    """Whole records. ``ends`` are the bytes behind each of them, ``blank`` whether nothing but an end of line is in it."""

    data: bytes = field(repr=False)
    ends: Offsets
    blank: Flags

    @property
    def starts(self) -> Offsets:
        """The first byte of each record."""
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])

    def taken(self, stay: Flags) -> Iterator[memoryview]:
        """The bytes of the records that stay, neighbours together."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], stay, [False]]).astype(np.int8)))
        view = memoryview(self.data)
        starts = self.starts
        for first, behind in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            yield view[int(starts[first]) : int(self.ends[behind - 1])]


def text_of(path: Path, encoding: str, dialect: Dialect | None) -> Text:
    """How to read a file of this *encoding*, by its first bytes."""
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, codec in _MARKS.get(encoding, ()):
        if head.startswith(mark):
            return Text(codec, mark, dialect)
    return Text(encoding, b"", dialect)


def blocks(path: Path, text: Text, where: str) -> Iterator[Block]:
    """Every record of a file behind its mark, in blocks of about 8 MiB.

    :raises BadInput: ``open-quote``, ``malformed-quoting``, ``record-too-large``.
    """
    with path.open("rb") as stream:
        stream.seek(len(text.mark))
        waiting = b""
        while True:
            piece = stream.read(_BLOCK)
            data = waiting + piece
            if not data:
                return
            last = not piece
            if last and len(data) % text.unit.itemsize:
                raise BadInput("damaged-encoding", "The file ends inside a character", where=where, do="Write it again.")
            ends = _ends(data, text, last, where)
            if last and (not len(ends) or ends[-1] < len(data)):
                ends = np.append(ends, len(data))
            behind = int(ends[-1]) if len(ends) else 0
            if len(data) - behind > _RECORD_BYTES:
                raise BadInput(
                    "record-too-large", "A record is larger than 64 MiB, or its quotation mark is not closed", where=where
                )
            if behind:
                yield Block(data[:behind], ends, _blank(data, ends, text))
            if last:
                return
            waiting = data[behind:]


def _ends(data: bytes, text: Text, last: bool, where: str) -> Offsets:
    width = text.unit.itemsize
    units = np.frombuffer(data, text.unit, count=len(data) // width)
    if text.dialect is None:
        return (np.flatnonzero(units == _NEWLINE) + 1).astype(np.int64) * width
    ending = units == _NEWLINE
    returns = np.flatnonzero(units == _RETURN)
    if len(returns):
        # The last one may be half of an end that the next block completes.
        followed = units[np.minimum(returns + 1, len(units) - 1)] == _NEWLINE
        alone = returns[~followed & ((returns + 1 < len(units)) | last)]
        ending[alone] = True
    mark = ord(text.dialect.quote)
    quotes = units == mark
    marks = np.flatnonzero(quotes)
    if not len(marks):
        return (np.flatnonzero(ending) + 1).astype(np.int64) * width
    if not _are_at_edges(units, marks, ord(text.dialect.delimiter), mark):
        if width > 1:
            raise _malformed(where)
        return _ends_by_cells(data, text.dialect, last, where)
    inside = (np.cumsum(quotes, dtype=np.int64) & 1).astype(bool)
    if last and inside[-1]:
        raise BadInput(
            "open-quote",
            "A quotation mark is opened and never closed",
            where=where,
            do="Close the quotation mark, or double it inside a quoted cell.",
        )
    return (np.flatnonzero(ending & ~inside) + 1).astype(np.int64) * width


def _are_at_edges(units: npt.NDArray[np.unsignedinteger[npt.NBitBase]], marks: Offsets, delimiter: int, mark: int) -> bool:
    """Whether each mark that opens stands before a cell, or closed one right before; and each that closes behind one."""
    edges = (delimiter, _NEWLINE, _RETURN, mark)
    opening, closing = marks[::2], marks[1::2]
    before = units[opening[opening > 0] - 1]
    behind = units[closing[closing < len(units) - 1] + 1]
    return bool(np.isin(before, edges).all() and np.isin(behind, edges).all())


def _ends_by_cells(data: bytes, dialect: Dialect, last: bool, where: str) -> Offsets:
    quote, delimiter = re.escape(dialect.quote.encode()), re.escape(dialect.delimiter.encode())
    cell = b"(?:%b(?:[^%b]++|%b%b)*+%b|(?!%b)[^%b\r\n]*+)" % (quote, quote, quote, quote, quote, quote, delimiter)
    record = re.compile(b"%b(?:%b%b)*+(?:\r\n|\n|\r|\\Z)" % (cell, delimiter, cell))
    found: list[int] = []
    position = 0
    while position < len(data):
        match = record.match(data, position)
        if match is None or (match.end() == len(data) and not last):
            break  # the next block may complete it
        position = match.end()
        found.append(position)
    if last and position < len(data):
        raise _malformed(where)
    return np.array(found, np.int64)


def _blank(data: bytes, ends: Offsets, text: Text) -> Flags:
    """A record that is an end of line and nothing else."""
    width = text.unit.itemsize
    units = np.frombuffer(data, text.unit, count=len(data) // width)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    first = units[starts // width]
    lengths = (ends - starts) // width
    single = (lengths == 1) & ((first == _NEWLINE) | (first == _RETURN))
    pair: Flags = (lengths == 2) & (first == _RETURN) & (units[ends // width - 1] == _NEWLINE)
    found: Flags = single | pair
    return found


def _malformed(where: str) -> BadInput:
    return BadInput(
        "malformed-quoting",
        "Text stands behind a closing quotation mark: where a row ends is not certain",
        where=where,
        do="Double a quotation mark that stands inside a quoted cell.",
    )
