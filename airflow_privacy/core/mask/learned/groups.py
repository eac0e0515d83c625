"""Microaggregation: neighbouring values of one column in groups of at least k rows, each with its mean or median."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.learned.histogram import pairs

Number: TypeAlias = int | float | Decimal
Counted: TypeAlias = tuple[Number, int]
"""A value and its rows."""


@dataclass(frozen=True)
class Groups:
    """Each group's smallest value (``lows``, rising, in the column's type) and what its values become (``centres``).

    ``histogram`` is what they were learned from.
    """

    lows: pl.Series = field(repr=False)
    centres: pl.Series = field(repr=False)
    histogram: pl.DataFrame = field(repr=False)


def learn_groups(
    histogram: pl.DataFrame, *, column: str, k: int, to: Literal["mean", "median"], decimals: int, dtype: pl.DataType
) -> Groups:
    """Groups from the smallest value upwards: a group ends as soon as it has *k* rows; what is left joins the last one.

    Equal values are never parted, so that a value always becomes the same. Sums of integers are exact, those of other numbers
    correctly rounded (``math.fsum``), so that the order of the rows cannot show.

    :param dtype: the type of the centres: a float, or an integer where *decimals* is 0.
    :raises CheckFailed: the column has values, and in fewer than *k* rows.
    """
    lows, centres = [], []
    for group in _grouped(histogram, column, k):
        centre = _mean(group) if to == "mean" else _median(group)
        lows.append(group[0][0])
        centres.append(round(centre) if dtype.is_integer() else round(float(centre), decimals) + 0.0)
    return Groups(pl.Series(lows, dtype=histogram.schema["value"]), pl.Series(centres, dtype=dtype), histogram)


def _grouped(histogram: pl.DataFrame, column: str, k: int) -> Iterator[list[Counted]]:
    full: list[Counted] = []
    filling: list[Counted] = []
    size = 0
    for value, rows in pairs(histogram):
        filling.append((value, rows))
        size += rows
        if size >= k:
            if full:
                yield full
            full, filling, size = filling, [], 0
    if filling and not full:
        raise CheckFailed(
            "too-few-rows",
            f"Column {column!r} has fewer than {k} rows with a value, the smallest group of microaggregate",
            where=column,
        )
    if full:
        yield full + filling


def _mean(group: Sequence[Counted]) -> Fraction | float:
    rows = sum(count for _, count in group)
    if isinstance(group[0][0], int):
        return Fraction(sum(int(value) * count for value, count in group), rows)
    return math.fsum(float(value) * count for value, count in group) / rows


def _median(group: Sequence[Counted]) -> Fraction | float:
    rows = sum(count for _, count in group)
    low, high = _at(group, (rows - 1) // 2), _at(group, rows // 2)
    if isinstance(low, int):
        return Fraction(low + int(high), 2)
    return float(low) / 2 + float(high) / 2


def _at(group: Sequence[Counted], number: int) -> Number:
    """The group's value in place *number*, from 0, with each value as often as it has rows."""
    for value, count in group:
        number -= count
        if number < 0:
            return value
    raise AssertionError("a place beyond the group")
