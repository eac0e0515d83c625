"""Rows of a table that was read into the spool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.model.refs import ColumnType


@dataclass(frozen=True)
class StoredRows:
    """A table's rows after they held against their digest, to be read as often as wanted; in no particular order."""

    columns: tuple[ColumnType, ...]
    _paths: tuple[Path, ...] = field(repr=False)
    _spool: Spool = field(repr=False)

    def slabs(self) -> Iterator[pl.DataFrame]:
        """Frames of any size."""
        yield from frames_of(self._paths)  # as a generator it holds the spool


def frames_of(paths: Iterable[Path]) -> Iterator[pl.DataFrame]:
    """The frames of part files of our own."""
    for path in paths:
        yield pl.read_parquet(path, glob=False, hive_partitioning=False)
