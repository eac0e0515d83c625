"""The engine: a source is masked slab by slab into Parquet parts, with memory that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_columns, mask_frame, masking_of, require_columns
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import kept_slabs
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.parts import Source, lazy_slabs, schema_of, sink_part, source_slabs, write_part
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
    Where the source can give its slabs unread and every row is written, a slab is read, masked and written in one go; otherwise
    it is held in memory. A plan with record suppression reads the source twice, one with a technique that learns reads some
    columns once more. Nothing but the parts is left in *stage*; on an error the caller throws the folder away.

    :raises CheckFailed: the source is not the one planned for, a technique or a condition on records does not fit, or too many
        rows would be suppressed.
    :raises KeyUnavailable: a key is not given.
    """
    announced = [column.name for column in source.columns]
    require_columns(announced, plan)
    if announced != [decision.column for decision in plan.decisions]:
        raise CheckFailed("columns-differ", "The source has its columns in another order than the plan", do="Plan again.")
    suppression = suppression_of(plan)
    tools = replace(tools, learned=learn(source, plan, tools))
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

    unread = lazy_slabs(source) if suppression is None and not plan.drop_records else None
    for part in _masked_unread(source, unread, plan, tools, stage) if unread is not None else ():
        parts.append(part.name)
        part_rows.append(part.rows)
        kept.append(None)
        rows_read, schema = rows_read + part.rows, part.schema
    for slab in kept_slabs(source, plan) if unread is None else ():
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


class _Part(NamedTuple):
    name: str
    rows: int
    schema: pl.Schema


def _masked_unread(
    source: Source, slabs: Iterator[tuple[pl.LazyFrame, int]], plan: MaskingPlan, tools: Tools, stage: Path
) -> Iterator[_Part]:
    """Every slab masked and written without being held. What fails is done again step by step, which says what it was."""
    first = 0
    for number, (slab, rows) in enumerate(slabs):
        name, here = f"part-{number:05d}.parquet", replace(tools, first_row=first)
        schema = _sink_masked(slab, rows, plan, here, stage / name)
        if schema is None:
            masked = mask_frame(next(islice(source_slabs(source), number, None)), plan, here)
            write_part(masked, stage / name)
            schema = masked.schema
        first += rows
        yield _Part(name, rows, schema)


def _sink_masked(slab: pl.LazyFrame, rows: int, plan: MaskingPlan, tools: Tools, path: Path) -> pl.Schema | None:
    schema = schema_of(slab)
    if schema is None or list(schema) != [decision.column for decision in plan.decisions]:
        return None
    masked = masking_of(slab, schema, plan, tools, only=list(schema))
    return schema_of(masked) if sink_part(masked, rows, path) else None


def _small_classes(source: Source, plan: MaskingPlan, tools: Tools, suppression: RecordSuppression) -> pl.DataFrame:
    counts = ClassCounts(suppression.quasi_identifiers)
    for slab in kept_slabs(source, plan):
        counts.add(mask_columns(slab.frame, plan, slab.tools(tools), only=counts.columns))
    return small_classes(counts.table(), suppression)
