"""Slabs: rows in pieces of one fixed size, and the Parquet parts that they are written to and read from.

The size is fixed because the bytes depend on it: however a source cuts its batches, the parts are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.mask.batches import BatchFailed
from airflow_privacy.core.mask.dtypes import of_logical, plain, plainly
from airflow_privacy.core.model.refs import ColumnType

SLAB_ROWS = 250_000
GROUP_ROWS = 125_000
ZSTD_LEVEL = 2
"""Tokens are as small as with level 3, and written in half the time."""


class Slabs(Protocol):
    """A table that can be read again and again, in pieces of any size, always the same rows in the same order."""

    def slabs(self) -> Iterable[pl.DataFrame]: ...


class Source(Slabs, Protocol):
    """A table with a known schema."""

    @property
    def columns(self) -> Sequence[ColumnType]: ...


@runtime_checkable
class LazySource(Source, Protocol):
    """A source that need not be read into frames before it is masked."""

    def lazy_slabs(self, rows: int) -> Iterator[tuple[pl.LazyFrame, int]] | None:
        """Pieces of exactly *rows* rows (the last one smaller) with their sizes, not read yet; None where it cannot be done."""
        ...


class PartFiles:
    """Parquet parts on disk, read in the order given."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def slabs(self) -> Iterator[pl.DataFrame]:
        """One frame a part.

        :raises BadInput: a part is missing or no Parquet file.
        """
        for path in self.paths:
            yield _read_part(path)


def slabs_of(frames: Iterable[pl.DataFrame], rows: int = SLAB_ROWS) -> Iterator[pl.DataFrame]:
    """The same rows in pieces of *rows* (the last one smaller), categoricals as text; one empty piece for an empty table.

    :raises CheckFailed: a later frame has other columns or types than the first.
    """
    waiting: list[pl.DataFrame] = []
    held = 0
    schema: pl.Schema | None = None
    yielded = False
    for given in frames:
        frame = plainly(given)
        schema = schema or frame.schema
        _require_same(schema, frame.schema)
        waiting.append(frame)
        held += frame.height
        while held >= rows:
            table = pl.concat(waiting) if len(waiting) > 1 else waiting[0]
            yield table.slice(0, rows).rechunk()
            yielded = True
            waiting, held = [table.slice(rows)], held - rows
    if waiting and (held or not yielded):
        yield pl.concat(waiting).rechunk()


def source_slabs(source: Source, rows: int = SLAB_ROWS) -> Iterator[pl.DataFrame]:
    """The source's rows in fixed pieces, with exactly the columns that it announced; at least one, so that there is a schema.

    :raises CheckFailed: the frames have other columns, or change their types on the way.
    """
    names = [column.name for column in source.columns]
    none_yet = True
    for slab in slabs_of(source.slabs(), rows):
        if slab.columns != names:
            raise CheckFailed("columns-differ", "The source gives other columns than it announces", do="Read it again.")
        none_yet = False
        yield slab
    if none_yet:
        yield pl.DataFrame(schema={column.name: of_logical(column.name, column.dtype) for column in source.columns})


def lazy_slabs(source: Source, rows: int = SLAB_ROWS) -> Iterator[tuple[pl.LazyFrame, int]] | None:
    """As :func:`source_slabs`, unread, for sources that can; None for all others."""
    unread = source.lazy_slabs(rows) if isinstance(source, LazySource) else None
    return None if unread is None else ((_plainly_unread(frame), size) for frame, size in unread)


def schema_of(frame: pl.LazyFrame) -> pl.Schema | None:
    """The frame's columns and types; None where the engine cannot tell them without reading, or at all."""
    try:
        return frame.collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return None


def _plainly_unread(frame: pl.LazyFrame) -> pl.LazyFrame:
    schema = schema_of(frame) or pl.Schema()
    return frame.cast({name: plain(dtype) for name, dtype in schema.items() if plain(dtype) != dtype})


def sink_part(frame: pl.LazyFrame, rows: int, path: Path) -> bool:
    """Compute and write a part in one go: the same bytes as :func:`write_part` of the computed frame, in less memory.

    Whether it was done: where it was not, reading, masking or writing failed, and doing them one by one will tell which.
    """
    try:
        _sink(frame, path)
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()) == rows
    except (BatchFailed, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return False


def write_part(frame: pl.DataFrame, path: Path) -> None:
    """Write a part so that equal frames give equal bytes: row groups of one size, pinned compression, no statistics, no metadata.

    :raises CheckFailed: the columns have a type that Parquet does not hold.
    """
    try:
        _sink(frame.lazy(), path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    else:
        return
    raise CheckFailed("part-not-written", f"A part could not be written as Parquet: {failure}", where=path.name)


def _sink(frame: pl.LazyFrame, path: Path) -> None:
    # Statistics would put extreme values into the footer, where nobody looks for them.
    frame.sink_parquet(path, compression="zstd", compression_level=ZSTD_LEVEL, statistics=False, row_group_size=GROUP_ROWS)


def _read_part(path: Path) -> pl.DataFrame:
    try:
        with path.open("rb") as file:
            return pl.read_parquet(file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, FileNotFoundError) as error:
        failure = type(error).__name__
    raise BadInput("part-not-readable", f"A part cannot be read back: {failure}", where=path.name)


def _require_same(first: pl.Schema, later: pl.Schema) -> None:
    if list(first.items()) == list(later.items()):
        return
    changed = sorted(name for name in {*first, *later} if first.get(name) != later.get(name))
    raise CheckFailed(
        "schema-changed",
        f"The source changes its columns on the way: {', '.join(map(repr, changed)) or 'their order'}",
        do="Give the source one schema.",
    )
