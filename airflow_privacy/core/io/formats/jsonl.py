"""JSON lines: one object a line (RFC 8259, UTF-8). Objects inside objects become columns called by their path, ``a.b``.

JSON has its own types: numbers and booleans keep theirs, and texts stay texts unless all of a column are dates or timestamps.
What does not fit one type without loss is text: mixed kinds, integers beyond 64 bits, integers beyond 2^53 beside fractions. A
missing key is null, like ``null``. Lists are ``nested`` columns: lists of text, each element as it is or in JSON. Of a key that
occurs twice in one object the last value counts. Rows are read in Python, 20,000 at a time: the slowest of the formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats import text_types
from airflow_privacy.core.io.formats.frames import Part, no_rows, resized
from airflow_privacy.core.io.formats.plain_values import nested_series, text_series
from airflow_privacy.core.model.refs import ColumnType

_BATCH = 20_000
_LINE_BYTES = 64 << 20
_MOST_COLUMNS = 2_000
_EXACT = 2**53

Row = dict[str, Any]


@dataclass
class _Kinds:
    """What was seen in one column."""

    types: set[type] = field(default_factory=set)
    beyond_64: bool = False
    beyond_53: bool = False
    texts: text_types.Tally = field(default_factory=text_types.new_tally)

    def add(self, values: list[Any]) -> None:
        self.types.update(set(map(type, values)) - {type(None)})
        if int in self.types:
            whole = [value for value in values if type(value) is int]
            low, high = min(whole, default=0), max(whole, default=0)
            self.beyond_64 |= low < -(2**63) or high >= 2**63
            self.beyond_53 |= low < -_EXACT or high > _EXACT
        if self.types == {str}:
            text_types.count(pl.Series(values, dtype=pl.String), self.texts)

    def dtype(self) -> str:
        if not self.types:
            return "null"
        if list in self.types:
            return "nested"
        if self.types == {str}:
            return text_types.decide(self.texts, ("date", "timestamp"))
        if self.types == {bool}:
            return "boolean"
        if self.types == {int} and not self.beyond_64:
            return "integer"
        if self.types == {float} or (self.types == {int, float} and not self.beyond_53):
            return "number"
        return "string"


class _Flattener:
    """From objects to rows; remembers which keys a column's name stands for, so that two do not fall together."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}  # (path above, key) -> column
        self.above: set[str] = set()  # columns that hold objects
        self.keys_hold_data = False

    def __call__(self, record: Row) -> Row:
        row: Row = {}
        self._flatten(record, "", row)
        return row

    def _flatten(self, record: Row, above: str, row: Row) -> None:
        for key, value in record.items():
            name = self.names.get((above, key)) or self._name(above, key)
            if type(value) is dict:
                self.above.add(name)
                self._flatten(value, name, row)
            else:
                row[name] = value

    def _name(self, above: str, key: str) -> str:
        self.keys_hold_data = self.keys_hold_data or text_types.looks_like_data(key)
        name = f"{above}.{key}" if above else key
        self.names[above, key] = name
        return name


@dataclass(frozen=True)
class JsonLinesReader:
    """Part files whose objects together have these columns."""

    columns: tuple[ColumnType, ...]
    rows: int
    parts: tuple[Part, ...]

    def part(self, number: int, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        types = {column.name: column.dtype for column in self.columns}
        wanted = [(name, types[name]) for name in columns]
        batches = _batches(self.parts[number], _Flattener())
        return resized((pl.DataFrame([_series(name, dtype, batch) for name, dtype in wanted]) for batch in batches), rows)


def open_jsonl(files: Sequence[Part]) -> JsonLinesReader:
    """Read every line and decide columns and types.

    :raises BadInput: ``unreadable-json``, ``not-an-object``, ``keys-hold-data``, ``too-many-columns``, ``mixed-nesting``,
        ``ambiguous-path``, ``no-rows``.
    """
    rows = 0
    flatten = _Flattener()
    seen: dict[str, _Kinds] = {}
    for part in files:
        for batch in _batches(part, flatten):
            rows += len(batch)
            for name in {name: None for row in batch for name in row}:
                seen.setdefault(name, _Kinds()).add([row.get(name) for row in batch])
            _refuse_keys(part, flatten)
    where = files[0].where
    columns = tuple(
        ColumnType(name=name, dtype=kinds.dtype()) for name, kinds in seen.items() if kinds.types or name not in flatten.above
    )
    if not rows or not columns:
        raise no_rows(where)
    _refuse_ambiguity(where, columns, flatten)
    return JsonLinesReader(columns=columns, rows=rows, parts=tuple(files))


def _batches(part: Part, flatten: _Flattener) -> Iterator[list[Row]]:
    rows = _rows(part, flatten)
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _rows(part: Part, flatten: _Flattener) -> Iterator[Row]:
    decode = msgspec.json.Decoder().decode
    with part.path.open("rb") as stream:
        number = 0
        while line := stream.readline(_LINE_BYTES):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                record = decode(line)
                row = flatten(record) if type(record) is dict else None
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                row, record = None, None
            if row is None:
                raise _unreadable(part, number) if record is None else _no_object(part, number)
            yield row


def _series(name: str, dtype: str, batch: list[Row]) -> pl.Series:
    values = [row.get(name) for row in batch]
    if dtype == "nested":
        return nested_series(name, values)
    if dtype in ("string", "date", "timestamp"):
        texts = text_series(name, values)
        return texts if dtype == "string" else texts.to_frame().select(text_types.typed(name, dtype)).to_series()
    if dtype == "number":
        return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)
    return pl.Series(name, values, dtype={"boolean": pl.Boolean, "integer": pl.Int64, "null": pl.Null}[dtype])


def _refuse_keys(part: Part, flatten: _Flattener) -> None:
    if flatten.keys_hold_data:
        raise BadInput(
            "keys-hold-data",
            "Keys of the objects look like data, not like columns' names",
            where=part.where,
            do="Write such pairs as a list of objects with a key and a value.",
        )
    if len(flatten.names) > _MOST_COLUMNS:
        raise BadInput(
            "too-many-columns",
            f"The objects have more than {_MOST_COLUMNS:,} different keys",
            where=part.where,
            do="Write pairs with free keys as a list of objects with a key and a value.",
        )


def _refuse_ambiguity(where: str, columns: Sequence[ColumnType], flatten: _Flattener) -> None:
    mixed = [column.name for column in columns if column.name in flatten.above]
    if mixed:
        raise BadInput(
            "mixed-nesting",
            f"{mixed[0]!r} is an object in some rows and a value in others",
            where=where,
            do="Give the key one kind of value.",
        )
    names = list(flatten.names.values())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            "ambiguous-path",
            f"{twice[0]!r} is both a key with a dot and the path of a key inside an object",
            where=where,
            do="Rename the key that holds a dot.",
        )


def _unreadable(part: Part, line: int) -> BadInput:
    return BadInput(
        "unreadable-json",
        f"Line {line} is not one JSON object: the file is no JSON lines, or the line is damaged",
        where=f"{part.where}:{line}",
        do="Write one object a line, without line breaks inside.",
    )


def _no_object(part: Part, line: int) -> BadInput:
    return BadInput(
        "not-an-object",
        f"Line {line} holds a JSON value that is no object",
        where=f"{part.where}:{line}",
        do="Write one object a line.",
    )
