"""A plan on a Spark DataFrame that is already there, lazily, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import CheckFailed, PrivacyError
from airflow_privacy.core.mask.apply import mask_frame, require_columns
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.dtypes import plain, plainly
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import Noise, name_of, parts_of
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.spark.engine import require_one_pass
from airflow_privacy.core.spark.executor import key_marks, open_tools, require_versions, versions, without_text
from airflow_privacy.core.spark.session import arrow_schema, quiet, spark_schema


def mask_dataframe(frame: Any, plan: MaskingPlan, *, workspace: Workspace) -> Any:
    """A Spark DataFrame with every released column masked; nothing is computed before an action asks for it.

    Values are those that the other engines give. Columns are masked, rows are not left out, nothing is checked afterwards and
    nothing is recorded: this is for looking and for joining inside a job; what is to be released goes through ``MaskOperator``.

    :param frame: a ``pyspark.sql.DataFrame``, classic or Spark Connect, with the plan's columns in any order.
    :param workspace: where executors find the keyring; picklable.
    :raises CheckFailed: the columns are not the plan's, or ``engine-does-not-support``: the plan leaves records out, learns from
        whole columns, or draws by row, and a DataFrame's rows have no numbers.
    :raises KeyUnavailable: the driver finds no key.
    """
    tools, _ = tools_of(workspace.keyring, plan)
    _require_batchwise(plan)
    names = list(frame.columns)
    require_columns(names, plan)
    before = arrow_schema(frame)
    schema = _polars(before.empty_table()).schema
    decisions = {decision.column: decision for decision in plan.released()}
    masked = pl.Schema({name: output_dtype(decisions[name], plain(schema[name])) for name in names if name in decisions})
    out = spark_schema(masked)
    work = BatchWork(workspace=workspace, plan=plan, marks=key_marks(tools))
    with quiet():
        return frame.mapInArrow(work, out)


def _require_batchwise(plan: MaskingPlan) -> None:
    require_one_pass(plan, Tools())
    by_row = [
        (name_of(part), decision.column)
        for decision in plan.decisions
        for part in parts_of(decision.technique)
        if isinstance(part, Noise) and part.subject is None
    ]
    if plan.suppression is not None or plan.drop_records:
        _refuse("the plan leaves records out", "record suppression")
    if by_row:
        _refuse(f"{by_row[0][0]} draws by row", f"column {by_row[0][1]}")


def _refuse(why: str, where: str) -> NoReturn:
    raise CheckFailed(
        "engine-does-not-support",
        f"A Spark DataFrame has neither row numbers nor a second pass, and {why}",
        where=where,
        do="Mask the table with MaskOperator, engine spark.",
    )


@dataclass(frozen=True, kw_only=True)
class BatchWork:
    """Arrow batches in, masked batches out: the function for ``mapInArrow``. It holds no key."""

    workspace: Workspace
    plan: MaskingPlan
    marks: Mapping[str, str]
    versions: Mapping[str, str] = field(default_factory=versions)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tools = None
        for batch in batches:
            try:
                if tools is None:
                    require_versions(self.versions)
                    tools = open_tools(self.workspace, self.plan, self.marks, {})
                masked = mask_frame(plainly(_polars(batch)), self.plan, tools)
            except PrivacyError as error:
                failure = error
            except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - Spark prints its message
                failure = without_text(error)
            else:
                yield from _as_spark(masked)
                continue
            raise failure


def _polars(arrow: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(arrow)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - narrows the type
    return frame


def _as_spark(frame: pl.DataFrame) -> Iterator[pa.RecordBatch]:
    """Arrow batches with the plain types that Spark reads, not Polars' large ones."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    schema = pa.schema([pa.field(one.name, _small(one.type)) for one in table.schema])
    yield from table.cast(schema).to_batches()


def _small(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_small(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _small(one.type)) for one in kind])
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_time64(kind):
        return pa.time64("us")
    return kind
