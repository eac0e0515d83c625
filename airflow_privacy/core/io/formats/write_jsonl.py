"""Masked rows as JSON lines (RFC 8259, one object a line)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import polars as pl

from airflow_privacy.core.io.formats.write_cells import one_schema, spelled, write_stream


def write_jsonl(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """Write an object for each row, its keys in column order, in UTF-8; the same rows give the same bytes.

    Missing values are ``null``, empty text is ``""``; so are NaN and infinities ``null``, for which JSON has no number. Decimals
    are text, because readers take JSON numbers for floats; 64-bit integers are numbers, which JavaScript rounds beyond 2^53.

    :raises BadInput: ``schema-changed``, ``no-rows``, ``not-writable``.
    :raises StorageUnavailable: the disk failed.
    """

    def write(stream: IO[bytes]) -> None:
        for frame in one_schema(frames, path.name):
            rows = frame.select(_value(name, dtype) for name, dtype in frame.schema.items())
            rows.write_ndjson(stream)

    write_stream(path, write)


def _value(column: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        return pl.when(pl.col(column).is_finite()).then(pl.col(column))
    return spelled(column, dtype)
