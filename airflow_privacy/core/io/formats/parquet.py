"""Parquet: slabs by ``scan_parquet().slice()``, which keeps memory flat whatever the row groups are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.refs import ColumnType

MAGIC = b"PAR1"
ENCRYPTED_MAGIC = b"PARE"

# PanicException is a BaseException: a damaged page can raise it.
_FOREIGN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError, ValueError)


@dataclass(frozen=True)
class ParquetReader:
    """Part files with one schema. ``parts`` are (path, rows) in reading order."""

    columns: tuple[ColumnType, ...]
    parts: tuple[tuple[Path, int], ...]

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.parts)

    def slabs(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        for path, total in self.parts:
            for start in range(0, total, rows):
                yield _slab(path, columns, start, min(rows, total - start))


def open_parquet(paths: Sequence[Path]) -> ParquetReader:
    """Read the footers.

    :raises BadInput: ``truncated-parquet``, ``duplicate-columns``, ``schema-mismatch``, ``no-rows``.
    """
    schema = None
    parts = []
    for path in paths:
        names, rows = _footer(path)
        _refuse_duplicates(path, names)
        found = _schema(path)
        if schema is not None and found != schema:
            raise BadInput(
                "schema-mismatch",
                "The part files of one table have different columns",
                where=str(path),
                do="Give all part files the same column names and types, or read them one by one.",
            )
        schema = found
        parts.append((path, rows))
    if schema is None or sum(rows for _, rows in parts) == 0:
        raise BadInput("no-rows", "The table has no rows", where=str(paths[0]), do="Name a file that holds data.")
    columns = tuple(ColumnType(name=name, dtype=logical_type(dtype)) for name, dtype in schema.items())
    return ParquetReader(columns=columns, parts=tuple(parts))


def logical_type(dtype: pl.DataType) -> str:
    """Polars' type as one of the names of :class:`ColumnType`."""
    if dtype.is_integer() or dtype == pl.Duration:
        return "integer"
    if dtype.is_float():
        return "number"
    if dtype.is_decimal():
        return "decimal"
    if dtype.is_nested():
        return "nested"
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        return "string"
    simple = {pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "timestamp", pl.Time: "time", pl.Binary: "binary"}
    for kind, name in simple.items():
        if dtype == kind:
            return name
    return "null" if dtype == pl.Null else "nested"


def _slab(path: Path, columns: Sequence[str], start: int, length: int) -> pl.DataFrame:
    try:
        frame = pl.scan_parquet(path, glob=False, hive_partitioning=False).slice(start, length).select(columns).collect()
    except _FOREIGN:
        frame = None
    if frame is None or frame.height != length:
        raise BadInput(
            "unreadable-parquet",
            "The Parquet file's footer reads, but its data does not",
            where=str(path),
            do="Write the file again; it is damaged or was changed while it was read.",
        )
    casts = [
        pl.col(name).cast(pl.String if logical_type(dtype) == "string" else pl.Int64)
        for name, dtype in frame.schema.items()
        if dtype in (pl.Categorical, pl.Duration) or isinstance(dtype, pl.Enum)
    ]
    return frame.with_columns(casts) if casts else frame


def _footer(path: Path) -> tuple[list[str], int]:
    try:
        with path.open("rb") as stream:
            stream.seek(-4, 2)
            tail = stream.read(4)
        if tail == MAGIC:
            metadata = pq.read_metadata(path)
            return list(metadata.schema.to_arrow_schema().names), int(metadata.num_rows)
    except _FOREIGN:
        pass
    raise BadInput(
        "truncated-parquet",
        "The file begins as Parquet, but its footer is missing or damaged",
        where=str(path),
        do="Copy or write the file again, to its end.",
    )


def _schema(path: Path) -> pl.Schema:
    try:
        return pl.Schema(pl.read_parquet_schema(path))
    except _FOREIGN:
        pass
    raise BadInput(
        "unsupported-parquet",
        "The Parquet file has a column type that cannot be read",
        where=str(path),
        do="Write the column as text, a number, a date or a timestamp.",
    )


def _refuse_duplicates(path: Path, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            "duplicate-columns",
            f"{len(twice)} column names occur more than once: {', '.join(twice)}",
            where=str(path),
            do="Give every column its own name.",
        )
