"""A frame as a source of detection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.io.formats.parquet import logical_type
from airflow_privacy.core.model.contract import Table
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.refs import ColumnType


@dataclass(frozen=True)
class FrameSource:
    """A frame as a source."""

    frame: pl.DataFrame
    uri: str = "memory"
    digest: str = "sha256:" + "0" * 64

    @property
    def rows(self) -> int:
        return self.frame.height

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return tuple(ColumnType(name=name, dtype=logical_type(dtype)) for name, dtype in self.frame.schema.items())

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = 250_000) -> Iterator[pl.DataFrame]:
        return self.frame.select(columns or pl.all()).iter_slices(rows)


def detected(columns: object, table: Table | None = None, **options: int) -> Findings:
    """The findings of a frame, or of what makes one."""
    frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns)
    return detect_columns(FrameSource(frame), table=table, contract_digest=None, **options)  # type: ignore[arg-type]


def verdicts(columns: object, table: Table | None = None) -> dict[str, tuple[str | None, str]]:
    """Entity and role by column."""
    return {found.name: (found.entity, found.role) for found in detected(columns, table).columns}


def judged(name: str, values: object, table: Table | None = None, **options: int) -> ColumnFinding:
    """The finding of a table with one column."""
    return detected(values if isinstance(values, pl.DataFrame) else {name: values}, table, **options).columns[0]
