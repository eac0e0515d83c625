"""A plan applied to one frame."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.batches import BatchFailed, restored
from airflow_privacy.core.mask.dtypes import require_plain_name
from airflow_privacy.core.mask.expressions import expression
from airflow_privacy.core.model.plan import MaskingPlan


def mask_frame(frame: pl.DataFrame, plan: MaskingPlan, tools: Tools) -> pl.DataFrame:
    """A new frame with every released column masked: same rows in the same order, columns in the frame's order.

    :raises CheckFailed: the frame's columns are not the plan's, or a technique does not fit a column.
    :raises KeyUnavailable: a key is not given.
    """
    require_columns(frame.columns, plan)
    return mask_columns(frame, plan, tools, only=frame.columns)


def mask_columns(frame: pl.DataFrame, plan: MaskingPlan, tools: Tools, *, only: Sequence[str]) -> pl.DataFrame:
    """As :func:`mask_frame`, for some of the columns of a frame that is known to be the plan's."""
    wanted = _wanted(frame.schema, plan, tools, only)
    try:
        # Not lazily: there a column comes in pieces, and an error would count the values of one of them.
        masked = frame.with_columns(wanted).select([one.meta.output_name() for one in wanted])
    except BatchFailed as error:
        failed = restored(error)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        kind = type(error).__name__
        failed = CheckFailed("masking-failed", f"The plan could not be applied: {kind} while computing the masked columns")
    else:
        return masked
    raise failed


def masking_of(frame: pl.LazyFrame, schema: pl.Schema, plan: MaskingPlan, tools: Tools, *, only: Sequence[str]) -> pl.LazyFrame:
    """As :func:`mask_columns`, not computed yet; *schema* is the frame's.

    :raises CheckFailed: a technique does not fit a column.
    :raises KeyUnavailable: a key is not given.
    """
    wanted = _wanted(schema, plan, tools, only)
    # with_columns keeps the height where every expression is a constant; select would make one row of it.
    return frame.with_columns(wanted).select([one.meta.output_name() for one in wanted])


def _wanted(schema: pl.Schema, plan: MaskingPlan, tools: Tools, only: Sequence[str]) -> list[pl.Expr]:
    decisions = {decision.column: decision for decision in plan.decisions}
    built = [expression(decisions[name], tools, schema[name]) for name in only]
    return [one for one in built if one is not None]


def require_columns(columns: Sequence[str], plan: MaskingPlan) -> None:
    """The plan decides on exactly these columns, each once.

    :raises CheckFailed: naming the columns that are too many or missing; or no column would be released.
    """
    planned = [decision.column for decision in plan.decisions]
    twice = sorted({name for name in planned if planned.count(name) > 1})
    if twice:
        raise CheckFailed("columns-differ", f"The plan decides more than once on {_names(twice)}")
    for name in columns:
        require_plain_name(name)
    unplanned = [name for name in columns if name not in set(planned)]
    missing = [name for name in planned if name not in set(columns)]
    if unplanned:
        raise CheckFailed(
            "columns-differ", f"The plan has no decision on {_names(unplanned)}", do="Detect and plan again for this source."
        )
    if missing:
        raise CheckFailed(
            "columns-differ", f"The plan decides on {_names(missing)}, which the source lacks", do="Plan again for this source."
        )
    if not plan.released():
        raise CheckFailed(
            "nothing-released", "The plan drops every column", do="Give the policy a rule for what is to be released."
        )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in columns)
