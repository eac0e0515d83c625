"""The engine: a source is masked slab by slab into Parquet parts, with memory that does not grow with the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_columns, mask_frame, require_columns
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import kept_slabs
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.parts import Source, write_part
from airflow_privacy.core.mask.records import ClassCounts, outside, require_k, small_classes, suppression_of
from airflow_privacy.core.model.plan import MaskingPlan, RecordSuppression
from airflow_privacy.core.model.refs import ColumnType


@dataclass(frozen=True, kw_only=True)
class MaskResult:
    """What was read and written. ``parts`` are file names in the stage folder, in row order; ``part_rows`` their rows.

    ``rows_suppressed`` are all rows that are not in the output, ``rows_left_out`` those of them that the plan's conditions on
    records name. ``kept`` has one entry for each of the source's slabs: true for every row that is in the output, or None where
    all are; one bit a row, in memory only.
    """

    rows_read: int
    rows_written: int
    rows_suppressed: int
    rows_left_out: int
    columns: tuple[ColumnType, ...]
    parts: tuple[str, ...]
    part_rows: tuple[int, ...]
    kept: tuple[pl.Series | None, ...] = field(repr=False, compare=False)


def mask_table(*, source: Source, plan: MaskingPlan, tools: Tools, stage: Path) -> MaskResult:
    """Mask *source* as *plan* says into ``part-00000.parquet`` … in the existing folder *stage*.

    The bytes depend on the rows, the plan and the keys only: not on how the source cuts its batches, nor on threads or time.
    A plan with record suppression reads the source twice. Nothing but the parts is left in *stage*; on an error the caller
    throws the folder away.

    :raises CheckFailed: the source is not the one planned for, a technique or a condition on records does not fit, or too many
        rows would be suppressed.
    :raises KeyUnavailable: a key is not given.
    """
    announced = [column.name for column in source.columns]
    require_columns(announced, plan)
    if announced != [decision.column for decision in plan.decisions]:
        raise CheckFailed("columns-differ", "The source has its columns in another order than the plan", do="Plan again.")
    suppression = suppression_of(plan)
    left = ClassCounts(suppression.quasi_identifiers) if suppression is not None else None
    small = pl.DataFrame() if suppression is None else _small_classes(source, plan, tools, suppression)
    rows_read, rows_left_out, schema = 0, 0, pl.Schema()
    parts: list[str] = []
    part_rows: list[int] = []
    kept: list[pl.Series | None] = []

    def write(frame: pl.DataFrame) -> None:
        parts.append(f"part-{len(parts):05d}.parquet")
        part_rows.append(frame.height)
        write_part(frame, stage / parts[-1])

    for slab in kept_slabs(source, plan):
        masked = mask_frame(slab.frame, plan, slab.tools(tools))
        rows_read, rows_left_out = rows_read + slab.rows_read, rows_left_out + slab.rows_read - slab.frame.height
        schema, large = masked.schema, None
        if left is not None:
            large = outside(masked, small, left.columns)
            masked = masked if large is None else masked.filter(large)
            left.add(masked)
        kept.append(slab.and_of(large))
        if masked.height:
            write(masked)
    if left is not None and suppression is not None:
        require_k(left.table(), suppression)
    if not parts:
        write(pl.DataFrame(schema=schema))
    return MaskResult(
        rows_read=rows_read,
        rows_written=sum(part_rows),
        rows_suppressed=rows_read - sum(part_rows),
        rows_left_out=rows_left_out,
        columns=tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in schema.items()),
        parts=tuple(parts),
        part_rows=tuple(part_rows),
        kept=tuple(kept),
    )


def _small_classes(source: Source, plan: MaskingPlan, tools: Tools, suppression: RecordSuppression) -> pl.DataFrame:
    counts = ClassCounts(suppression.quasi_identifiers)
    for slab in kept_slabs(source, plan):
        counts.add(mask_columns(slab.frame, plan, slab.tools(tools), only=counts.columns))
    return small_classes(counts.table(), suppression)
