"""Rows of one CSV or JSON lines file: judged as texts, and the bytes of those that stay copied as they are.

Values are given to the rule as the file writes them: what a row means does not depend on other rows. Blank cells, missing keys
and ``null`` are missing; what is no text in JSON is JSON. Header, byte order mark, encoding, ends of lines, quotation marks and
blank lines stay byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import refuse_duplicates
from airflow_privacy.core.io.formats.plain_values import text_series
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.purge.row_judge import Asked, Counted, no_columns, wrongly_written
from airflow_privacy.core.io.purge.text_records import Block, Flags, Text, blocks

_CHUNK = 1 << 20


@dataclass(frozen=True)
class TextRows:
    """One file. ``header`` are the cells of a CSV's first record; ``None`` for JSON lines."""

    path: Path = field(repr=False)
    text: Text
    header: tuple[str, ...] | None = field(repr=False)

    def judged(self, asked: Asked) -> Iterator[pl.DataFrame]:
        """See :class:`RowFile`."""
        for _, _, frame in self._read(asked):
            yield frame

    def require_rewritable(self, asked: Asked) -> None:
        """See :class:`RowFile`."""

    def rewrite(self, out: Path, asked: Asked) -> Counted:
        """See :class:`RowFile`. Memory holds a block of 8 MiB, or one record."""
        rows = expired = 0
        told = hashlib.sha256()
        with answering(asked.where), out.open("wb") as stream:

            def put(piece: bytes | memoryview) -> None:
                stream.write(piece)
                told.update(piece)

            put(self.text.mark)
            for block, is_row, frame in self._read(asked):
                goes = asked.expired(frame).to_numpy()
                stay = np.ones(len(block.ends), bool)
                stay[np.flatnonzero(is_row)[goes]] = False
                rows, expired = rows + frame.height, expired + int(goes.sum())
                for piece in block.taken(stay):
                    put(piece)
        self._verify(out, asked, told.digest(), rows - expired)
        return Counted(rows, expired)

    def _verify(self, out: Path, asked: Asked, digest: bytes, rows: int) -> None:
        whole = hashlib.sha256()
        with answering(asked.where), out.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                whole.update(chunk)
        found = left = 0
        for slab in TextRows(out, self.text, self.header).judged(asked):
            found += slab.height
            left += int(asked.expired(slab).sum())
        if whole.digest() != digest or found != rows or left:
            raise wrongly_written(asked.where)

    def _read(self, asked: Asked) -> Iterator[tuple[Block, Flags, pl.DataFrame]]:
        """Blocks, which of their records are rows, and what the rule reads of these."""
        if self.header is None:
            yield from self._read_json(asked)
        else:
            yield from self._read_csv(asked, self.header)

    def _read_csv(self, asked: Asked, header: tuple[str, ...]) -> Iterator[tuple[Block, Flags, pl.DataFrame]]:
        names = [cell.strip() or f"column_{position}" for position, cell in enumerate(header, start=1)]
        refuse_duplicates(names, asked.where)
        stored = asked.stored(names)
        headed = False
        for block in blocks(self.path, self.text, asked.where):
            is_row = ~block.blank
            first = 0
            if not headed:
                if not is_row.any():
                    yield block, is_row, _no_rows(stored)
                    continue
                first = int(np.argmax(is_row))
                is_row[first] = False
                headed, first = True, first + 1
            start = int(block.starts[first]) if first < len(block.ends) else len(block.data)
            frame = _cells(block.data[start:], self.text, len(names), [names.index(name) for name in stored], asked.where)
            frame = frame.rename(dict(zip(frame.columns, stored, strict=True))) if stored else frame
            if frame.height != int(is_row.sum()):
                raise _unreadable(asked.where)
            yield block, is_row, frame

    def _read_json(self, asked: Asked) -> Iterator[tuple[Block, Flags, pl.DataFrame]]:
        stored = asked.stored(None)
        read = _decoder(stored)
        for block in blocks(self.path, self.text, asked.where):
            is_row = np.ones(len(block.ends), bool)
            values: list[tuple[Any, ...]] = []
            start = 0
            for number, end in enumerate(block.ends.tolist()):
                line = _utf8(block.data[start:end], self.text, asked.where)
                start = end
                if not line.strip():
                    is_row[number] = False
                    continue
                found = read(line)
                if found is None:
                    raise BadInput(
                        "unreadable-json",
                        "A line is not one JSON object, or writes a value in two places",
                        where=asked.where,
                        do="Write one object a line, without line breaks inside.",
                    )
                values.append(found)
            columns = [text_series(name, [row[place] for row in values]) for place, name in enumerate(stored)]
            frame = pl.DataFrame(columns) if columns else _no_rows((), len(values))
            yield block, is_row, frame


def has_keys(path: Path, text: Text, names: tuple[str, ...], where: str) -> set[str]:
    """Those of *names* that any object of a JSON lines file has."""
    missing = set(names)
    for block in blocks(path, text, where):
        start = 0
        for end in block.ends.tolist():
            line = _utf8(block.data[start:end], text, where)
            start = end
            if line.strip():
                record = _object(line)
                missing -= {name for name in missing if record is not None and _places(record, name)}
            if not missing:
                return set(names)
    return set(names) - missing


def _cells(data: bytes, text: Text, width: int, places: list[int], where: str) -> pl.DataFrame:
    """The records' cells in these places, as texts; blank ones are null. All records have *width* cells."""
    dialect = text.dialect
    assert dialect is not None  # noqa: S101 - of CSV
    plain = _utf8(data, text, where)
    if not plain.strip(b"\r\n"):
        return _no_rows(tuple(f"c{place}" for place in places))
    names = [f"c{place}" for place in range(width)]
    # Without a column asked for, one is read, so that rows are counted.
    wanted = [f"c{place}" for place in places]
    table = None
    with suppress(pa.ArrowException, OSError, ValueError):
        table = pacsv.read_csv(
            pa.py_buffer(plain),
            read_options=pacsv.ReadOptions(column_names=names, block_size=len(plain) + 1, use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=dialect.delimiter, quote_char=dialect.quote, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                include_columns=wanted or names[:1],
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    if table is None:
        raise _unreadable(where)
    if not wanted:
        return _no_rows((), table.num_rows)
    columns = [pl.Series(name, table.column(name)) for name in wanted]
    strings = pl.selectors.string()
    return pl.DataFrame(columns).with_columns(pl.when(strings.str.strip_chars() != "").then(strings))


def _no_rows(names: tuple[str, ...], rows: int = 0) -> pl.DataFrame:
    if names:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return no_columns(rows)


def _utf8(data: bytes, text: Text, where: str) -> bytes:
    if text.codec == "utf-8":
        return data
    decoded = None
    with suppress(UnicodeError):
        decoded = data.decode(text.codec).encode()
    if decoded is None:
        raise BadInput(
            "damaged-encoding", f"The file is not {text.codec.upper()} throughout", where=where, do="Convert it to UTF-8."
        )
    return decoded


def _decoder(names: tuple[str, ...]) -> Callable[[bytes], tuple[Any, ...] | None]:
    """From a line to its values of *names*; ``None`` for what is no object, or has two values of one name."""

    def read(line: bytes) -> tuple[Any, ...] | None:
        record = _object(line)
        if record is None:
            return None
        values = []
        for name in names:
            found = _places(record, name)
            if len(found) > 1:
                return None
            values.append(found[0] if found else None)
        return tuple(values)

    return read


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = _DECODE(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return record if type(record) is dict else None


def _places(record: dict[str, Any], name: str) -> list[Any]:
    """The values that a name stands for: of a key, and of keys in objects by their path ``a.b``."""
    found = [record[name]] if name in record and type(record[name]) is not dict else []
    if "." in name:
        for key, inner in record.items():
            if type(inner) is dict and name.startswith(f"{key}."):
                found += _places(inner, name.removeprefix(f"{key}."))
    return found


def _unreadable(where: str) -> BadInput:
    return BadInput(
        "unreadable-csv",
        "A row has another number of cells than the header, or is not written as RFC 4180 says",
        where=where,
        do="Export the table again with RFC 4180 quoting.",
    )


_DECODE = msgspec.json.Decoder().decode
