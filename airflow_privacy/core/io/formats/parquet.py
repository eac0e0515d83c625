"""Parquet: slabs by ``scan_parquet().slice()``, which keeps memory flat whatever the row groups are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import Part, no_rows, other_schema, refuse_duplicates
from airflow_privacy.core.model.refs import ColumnType

MAGIC = b"PAR1"
ENCRYPTED_MAGIC = b"PARE"

# PanicException is a BaseException: a damaged page can raise it.
_FOREIGN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError, ValueError)


@dataclass(frozen=True)
class ParquetReader:
    """Part files with one schema. ``parts`` are (file, rows) in reading order; ``leaves`` are the expressions of the columns."""

    columns: tuple[ColumnType, ...]
    parts: tuple[tuple[Part, int], ...]
    leaves: dict[str, pl.Expr] = field(repr=False)
    types: dict[str, pl.DataType] = field(repr=False)

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.parts)

    def part(self, number: int, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        total = self.parts[number][1]
        for start in range(0, total, rows):
            yield self.piece(number, columns, start, min(rows, total - start))

    def piece(self, number: int, columns: Sequence[str], start: int, rows: int) -> pl.DataFrame:
        """*rows* rows of one file from row *start* on."""
        return _slab(self.parts[number][0], self._selected(columns), start, rows)

    def unread(self, number: int, columns: Sequence[str], start: int, length: int) -> pl.LazyFrame:
        """Some rows of one file, not read yet, in the types that :meth:`part` gives."""
        part, _ = self.parts[number]
        return _scan(part, self._selected(columns), start, length)

    def _selected(self, columns: Sequence[str]) -> list[pl.Expr]:
        return [_simple(self.leaves[name], self.types[name]) for name in columns]

    def size(self, number: int) -> int:
        """The rows of one file."""
        return self.parts[number][1]


def open_parquet(files: Sequence[Part]) -> ParquetReader:
    """Read the footers.

    Structs become columns called by their path, ``a.b``; a null struct is null in each of them. Lists and maps stay ``nested``.

    :raises BadInput: ``truncated-parquet``, ``duplicate-columns``, ``schema-mismatch``, ``unsupported-parquet``, ``no-rows``.
    """
    schema = None
    parts = []
    for part in files:
        names, rows = _footer(part)
        refuse_duplicates(names, part.where)
        found = _schema(part)
        if schema is not None and found != schema:
            raise other_schema(part.where)
        schema = found
        parts.append((part, rows))
    if schema is None or sum(rows for _, rows in parts) == 0:
        raise no_rows(files[0].where)
    leaves = [leaf for name, dtype in schema.items() for leaf in _leaves(name, dtype, pl.col(name))]
    refuse_duplicates([name for name, _, _ in leaves], files[0].where)
    columns = tuple(ColumnType(name=name, dtype=logical_type(dtype)) for name, dtype, _ in leaves)
    return ParquetReader(
        columns=columns,
        parts=tuple(parts),
        leaves={name: column.alias(name) for name, _, column in leaves},
        types={name: dtype for name, dtype, _ in leaves},
    )


def _leaves(path: str, dtype: pl.DataType, column: pl.Expr) -> Iterator[tuple[str, pl.DataType, pl.Expr]]:
    if not isinstance(dtype, pl.Struct):
        yield path, dtype, column
        return
    for inner in dtype.fields:
        kind = inner.dtype if isinstance(inner.dtype, pl.DataType) else inner.dtype()
        yield from _leaves(f"{path}.{inner.name}", kind, column.struct.field(inner.name))


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


def _simple(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Duration:
        return column.cast(pl.Int64)
    return column.cast(pl.String) if dtype == pl.Categorical or isinstance(dtype, pl.Enum) else column


def _scan(part: Part, columns: Sequence[pl.Expr], start: int, length: int) -> pl.LazyFrame:
    return pl.scan_parquet(part.path, glob=False, hive_partitioning=False).slice(start, length).select(columns)


def _slab(part: Part, columns: Sequence[pl.Expr], start: int, length: int) -> pl.DataFrame:
    try:
        frame = _scan(part, columns, start, length).collect()
    except _FOREIGN:
        frame = None
    if frame is None or frame.height != length:
        raise BadInput(
            "unreadable-parquet",
            "The Parquet file's footer reads, but its data does not",
            where=part.where,
            do="Write the file again; it is damaged or was changed while it was read.",
        )
    return frame


def _footer(part: Part) -> tuple[list[str], int]:
    try:
        with part.path.open("rb") as stream:
            stream.seek(-4, 2)
            tail = stream.read(4)
        if tail == MAGIC:
            metadata = pq.read_metadata(part.path)
            return list(metadata.schema.to_arrow_schema().names), int(metadata.num_rows)
    except _FOREIGN:
        pass
    raise BadInput(
        "truncated-parquet",
        "The file begins as Parquet, but its footer is missing or damaged",
        where=part.where,
        do="Copy or write the file again, to its end.",
    )


def _schema(part: Part) -> pl.Schema:
    try:
        return pl.Schema(pl.read_parquet_schema(part.path))
    except _FOREIGN:
        pass
    raise BadInput(
        "unsupported-parquet",
        "The Parquet file has a column type that cannot be read",
        where=part.where,
        do="Write the column as text, a number, a date or a timestamp.",
    )
