"""Rows of a table that was read into the spool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.table_version import TableVersion
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


def require_rows(paths: Sequence[Path], columns: Sequence[ColumnType], version: TableVersion, *, where: str) -> None:
    """:raises VerificationError: the rows that were read are not those of the version."""
    try:
        found = rows_digest(frames_of(paths), columns)
    except BadInput:
        found = ""
    if found != version.rows_digest:
        raise VerificationError(
            "rows-differ",
            "The table does not hold the rows that this version has",
            where=where,
            do="Drop the table if it was changed by hand, and mask again.",
        )
