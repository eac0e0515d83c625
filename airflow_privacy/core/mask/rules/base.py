"""What a rule of the check afterwards is.

Nothing in this folder uses the expressions that mask: a fault there must not hide itself. A rule has two conditions, each true
where a row is right: ``alone`` looks at the masked value only, ``beside`` at the source's row too. ``alone`` is over the column
``masked``; ``beside`` over ``source`` and ``masked``, and over the source's other columns under their own names with ``source.``
before them. A condition that is null counts as broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.model.plan import Decision

SOURCE, MASKED, ROW = "source", "masked", "row"
TRUE = pl.lit(True)


Again: TypeAlias = Callable[[pl.DataFrame], Sequence[object]]
"""Rows with ``source`` and the ``needs`` (as ``beside`` sees them, no value of ``source`` missing) → their masked values.

Where the rows have a column ``row``, the row's number in the source from 0, techniques that draw by it are computed again too;
without it they answer with what ``masked`` holds."""


class ColumnRule(NamedTuple):
    """The two conditions; ``one_to_one``: equal source values must have equal masked values and different ones different;
    ``fills``: missing values may have become something; ``needs``: the other source columns that ``beside`` reads; ``moves``:
    values may stand in other rows than their source, so that rows cannot be compared; ``again`` computes the masked values of a
    few rows a second time, by other code than the one that masks (None where it has no keys to do it)."""

    alone: pl.Expr
    beside: pl.Expr
    one_to_one: bool = False
    fills: bool = False
    needs: tuple[str, ...] = ()
    moves: bool = False
    again: Again | None = None


Rule: TypeAlias = Callable[[Any, Decision, pl.DataType, Tools], ColumnRule]
"""Technique, decision, the source column's type and the tools → the rule."""


def other(column: str) -> str:
    """The name of another source column beside ``source`` and ``masked``."""
    return f"{SOURCE}.{column}"
