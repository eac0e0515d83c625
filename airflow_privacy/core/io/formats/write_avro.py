"""Masked rows as an Avro object container file (specification 1.11)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import polars as pl
from fastavro.write import Writer

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.write_cells import one_schema, write_stream

_BLOCK = 64_000  # bytes, before compression
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write_avro(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """Write a record ``row`` for each row, every field nullable, blocks compressed by deflate; the same rows give the same bytes.

    The marker between blocks, which the specification wants random, is taken from the schema. Integers are ``long``; dates,
    times, timestamps (``local-timestamp`` where there is no zone) are in microseconds, finer digits are cut off.

    :raises BadInput: ``unusable-column-name`` for names that Avro forbids, ``unusable-type``, ``schema-changed``, ``no-rows``,
        ``not-writable`` (an integer beyond 64 bits).
    :raises StorageUnavailable: the disk failed.
    """

    def write(stream: IO[bytes]) -> None:
        writer: Any = None
        for frame in one_schema(frames, path.name):
            if writer is None:
                schema = avro_schema(frame.schema, path.name)
                marker = hashlib.sha256(json.dumps(schema).encode()).digest()[:16]
                writer = Writer(stream, schema, codec="deflate", sync_interval=_BLOCK, sync_marker=marker)
            for row in frame.iter_rows(named=True):
                writer.write(row)
        if writer is not None:
            writer.flush()

    write_stream(path, write)


def avro_schema(schema: pl.Schema, where: str = "") -> dict[str, Any]:
    """The record's schema.

    :raises BadInput: ``unusable-column-name``, ``unusable-type``.
    """
    return _record("row", schema, where)


def _record(name: str, fields: pl.Schema, where: str) -> dict[str, Any]:
    wrong = [field for field in fields if not _NAME.fullmatch(field)]
    if wrong:
        raise BadInput(
            "unusable-column-name",
            f"Avro allows ASCII letters, digits and '_' in names: {', '.join(map(repr, wrong))}",
            where=where,
            do="Rename the columns, or write another format.",
        )
    inner = [{"name": field, "type": ["null", _type(f"{name}_{field}", dtype, where)]} for field, dtype in fields.items()]
    return {"type": "record", "name": name, "fields": inner}


_SIMPLE: dict[pl.DataType, Any] = {
    pl.Boolean(): "boolean",
    pl.Float32(): "float",
    pl.Float64(): "double",
    pl.String(): "string",
    pl.Binary(): "bytes",
    pl.Date(): {"type": "int", "logicalType": "date"},
    pl.Time(): {"type": "long", "logicalType": "time-micros"},
}


def _type(name: str, dtype: pl.DataType, where: str) -> Any:
    if dtype.is_integer():
        return "long"
    if isinstance(dtype, pl.Datetime):
        kind = "local-timestamp-micros" if dtype.time_zone is None else "timestamp-micros"
        return {"type": "long", "logicalType": kind}
    if isinstance(dtype, pl.Decimal):
        return {"type": "bytes", "logicalType": "decimal", "precision": dtype.precision or 38, "scale": dtype.scale}
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return "string"
    if isinstance(dtype, pl.List):
        return {"type": "array", "items": ["null", _type(name, pl.Schema({"item": dtype.inner})["item"], where)]}
    if isinstance(dtype, pl.Struct):
        return _record(name, pl.Schema({field.name: field.dtype for field in dtype.fields}), where)
    found = _SIMPLE.get(dtype)
    if found is None:
        raise BadInput("unusable-type", f"Avro has no type for {dtype.base_type().__name__} columns", where=where)
    return found
