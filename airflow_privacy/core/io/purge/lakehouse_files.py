"""Parquet files of a Delta or Iceberg table: which of their rows go, and the file again without them.

Both formats keep rows in Parquet files that never change, and beside them a log of which files make which version. So a row is
gone when no file in the folder has it: neither one that the current version names, nor one that only older versions named, nor
one that nothing ever named, as a killed writer leaves it. Rows that a deletion vector hides are still in their file.

Files are read in batches and only in the columns that the rule asks for; a file is read whole, in batches again, when it is
written anew. Rows, order, types, field ids, codec and the file's own metadata stay; statistics are made from the rows that stay.
Bloom filters are not written again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from airflow_privacy.core.io.purge.target import Rule

_BATCH_ROWS = 64_000

Positions = npt.NDArray[np.uint64]
"""Positions of rows in a file, ascending."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How a rule's columns lie in a table's files.

    :param dtypes: the type of each as the table's schema has it; ``None`` where it is left as the file has it.
    :param find: the name of a column in a file of this schema; ``None`` where the file was written before there was one.
    """

    dtypes: Mapping[str, pl.DataType | None]
    find: Callable[[pa.Schema, str], str | None] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A file in the table's folder.

    :param constants: columns that are the same in all of its rows (partition values), by the table's names.
    :param hidden: which rows the version has deleted and the file still has.
    :param since: when the last version that names it ceased to be the current one; ``None``: the current one names it.
    :param known: some version named it; otherwise nobody knows what it was for.
    :param has_rows: whether rows are in it; deletion vectors have none.
    :param ours: written by a purge that was cut short, and named by no version.
    :param handle: what the format knows of it.
    """

    path: Path = field(repr=False)
    constants: Mapping[str, object] = field(default_factory=dict, repr=False)
    hidden: Positions | None = field(default=None, repr=False)
    since: datetime | None = None
    known: bool = True
    has_rows: bool = True
    ours: bool = False
    handle: Any = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is in one part.

    :param counts: rows that the version shows, by disposition.
    :param buried: rows that go, and that the version has deleted already but the file still has.
    :param readable: whether it could be judged at all.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    buried: int = 0
    readable: bool = True

    @property
    def expired(self) -> int:
        """Rows that go, seen or not."""
        return self.counts.get("expired", 0) + self.buried


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A part, and the file that takes its place; ``None`` where none of its rows stays."""

    old: Part
    new: Path | None = field(default=None, repr=False)
    rows: int = 0
    bytes: int = 0


def judge_part(part: Part, columns: Columns, rule: Rule) -> Judged:
    """Count a part's rows by what becomes of them. A column that the part lacks is null.

    :raises pyarrow.ArrowException: it is not Parquet, or broken.
    :raises OSError: it cannot be read.
    """
    counts: dict[str, int] = {}
    buried = 0
    with pq.ParquetFile(part.path, coerce_int96_timestamp_unit="us") as file:
        for _, shown, goes, told in _verdicts(part, file, columns, rule, whole=False):
            buried += int((goes & ~shown).sum())
            for name, count in told.filter(pl.Series(shown)).value_counts().iter_rows():
                counts[name] = counts.get(name, 0) + count
    return Judged(counts=counts, buried=buried)


def judge_unnamed(part: Part, columns: Columns, rule: Rule) -> Judged:
    """Likewise for a file that the current version does not name: it may be broken, or not of this table at all."""
    try:
        with pq.ParquetFile(part.path) as file:
            schema = file.schema_arrow
        absent = [name for name in rule.columns if name not in part.constants and columns.find(schema, name) is None]
        return Judged(readable=False) if absent else judge_part(part, columns, rule)
    except FileNotFoundError:
        return Judged()
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError):
        return Judged(readable=False)


def rewrite_part(part: Part, columns: Columns, rule: Rule, target: Path) -> Swap:
    """Write the part's rows that stay to *target*, in their order; nothing is written where none stays.

    The file is there under its name only when it is whole and on the disk.

    :raises OSError: the file system did not do it.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    rows = 0
    try:
        with pq.ParquetFile(part.path, coerce_int96_timestamp_unit="us") as file:
            schema, options = file.schema_arrow, _options(file)
            with pq.ParquetWriter(temporary, schema, **options) as writer:
                for batch, shown, goes, _ in _verdicts(part, file, columns, rule, whole=True):
                    kept = batch.filter(pa.array(shown & ~goes))
                    rows += kept.num_rows
                    if kept.num_rows:
                        writer.write_batch(kept.cast(schema) if kept.schema != schema else kept)
        if not rows:
            return Swap(old=part)
        sync(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync(target.parent)
    return Swap(old=part, new=target, rows=rows, bytes=target.stat().st_size)


def typed_text(value: str | None, dtype: pl.DataType | None) -> object:
    """A partition's value, which logs and folders have as text; an empty one is null."""
    if value is None or value == "":
        return None
    text = pl.Series([value])
    if isinstance(dtype, pl.Boolean):
        return {"true": True, "false": False}.get(value.lower())
    if isinstance(dtype, pl.Date):
        return text.str.to_date("%Y-%m-%d", strict=False)[0]
    if isinstance(dtype, pl.Datetime):
        plain = text.str.replace("T", " ").str.replace(r"(Z|\+00:00)$", "").str.to_datetime(time_unit="us", strict=False)
        return (plain.dt.replace_time_zone("UTC") if dtype.time_zone else plain)[0]
    if isinstance(dtype, pl.Binary):
        return value.encode()
    return (text.cast(dtype, strict=False) if dtype is not None else text)[0]


def sync(path: Path) -> None:
    """Have a file or folder on the disk before anything is deleted because of it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _verdicts(
    part: Part, file: pq.ParquetFile, columns: Columns, rule: Rule, *, whole: bool
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.bool_], npt.NDArray[np.bool_], pl.Series]]:
    """Batches, with which of their rows the version shows, which go, and what the rule said."""
    assert rule.judge_rows is not None  # noqa: S101 - a target for rows has a rule for rows
    names = {name: columns.find(file.schema_arrow, name) for name in rule.columns if name not in part.constants}
    physical = None if whole else sorted({name for name in names.values() if name is not None})
    start = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=physical):
        frame = _frame(batch, names, part, columns)
        told = rule.judge_rows(frame.select(rule.columns))
        goes = (told == "expired").fill_null(False).to_numpy()
        shown = np.ones(batch.num_rows, dtype=np.bool_)
        if part.hidden is not None:
            first, last = np.searchsorted(part.hidden, [start, start + batch.num_rows])
            shown[(part.hidden[first:last] - np.uint64(start)).astype(np.int64)] = False
        start += batch.num_rows
        yield batch, shown, goes, told


def _frame(batch: pa.RecordBatch, names: Mapping[str, str | None], part: Part, columns: Columns) -> pl.DataFrame:
    height = batch.num_rows
    series = []
    for name, dtype in columns.dtypes.items():
        physical = names.get(name)
        if name in part.constants:
            one = pl.Series(name, [part.constants[name]], dtype=dtype).new_from_index(0, height)
        elif physical is None:
            one = pl.Series(name, [None], dtype=dtype).new_from_index(0, height)
        else:
            array = pl.from_arrow(batch.column(batch.schema.get_field_index(physical)))
            assert isinstance(array, pl.Series)  # noqa: S101 - narrows the type
            one = _as(array.alias(name), dtype)
        series.append(one if height else one.clear())
    return pl.DataFrame(series)


def _as(series: pl.Series, dtype: pl.DataType | None) -> pl.Series:
    if dtype is None or series.dtype == dtype:
        return series
    own = series.dtype
    if isinstance(dtype, pl.Datetime) and isinstance(own, pl.Datetime):
        # Files of Spark's older timestamps say no zone; they mean UTC.
        if dtype.time_zone and own.time_zone is None:
            series = series.dt.replace_time_zone("UTC")
        elif not dtype.time_zone and own.time_zone:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return series.cast(dtype, strict=False)


def _options(file: pq.ParquetFile) -> dict[str, Any]:
    codec = file.metadata.row_group(0).column(0).compression if file.num_row_groups and file.schema_arrow.names else "ZSTD"
    physical = {file.schema.column(index).physical_type for index in range(len(file.schema))}
    return {
        "compression": {"UNCOMPRESSED": "NONE"}.get(codec, codec),
        "use_deprecated_int96_timestamps": "INT96" in physical,
    }
