"""Quantile bins: intervals that about equally many rows share, with edges learned from the column."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import polars as pl

from airflow_privacy.core.mask.learned.histogram import ROWS, VALUE

ALL = "*"
"""The one label where the column has too few distinct values for an edge."""


@dataclass(frozen=True)
class Quantiles:
    """Rising ``edges``, values of the column in its type, and the labels of the intervals between them, one more.

    ``histogram`` is what they were learned from.
    """

    edges: pl.Series = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    histogram: pl.DataFrame = field(repr=False)


def learn_quantiles(histogram: pl.DataFrame, count: int) -> Quantiles:
    """The inner ``count``-quantiles by the inverted distribution function (Hyndman & Fan 1996, type 1), each once.

    The smallest and the largest value are no edges, though they may be quantiles: their labels would publish them.
    """
    values, rows = histogram[VALUE], histogram[ROWS].cum_sum()
    if not histogram.height:
        return Quantiles(values, (ALL,), histogram)
    total = int(rows[-1])
    # The quantile i/count is the first value that i/count of the rows do not exceed: ceil in whole numbers, not in floats.
    wanted = pl.Series([-(-number * total // count) for number in range(1, count)], dtype=pl.UInt64)
    found = values.gather(rows.search_sorted(wanted, side="left")).unique().sort()
    edges = found.filter((found != values[0]) & (found != values[-1]))
    return Quantiles(edges, _labels(edges), histogram)


def _labels(edges: pl.Series) -> tuple[str, ...]:
    if not edges.len():
        return (ALL,)
    names = [_written(edge) for edge in edges]
    return (f"<{names[0]}", *(f"[{lower},{upper})" for lower, upper in pairwise(names)), f">={names[-1]}")


def _written(edge: float | Decimal) -> str:
    if isinstance(edge, Decimal):
        return f"{edge.normalize():f}"
    return str(int(edge)) if edge == int(edge) else repr(edge)
