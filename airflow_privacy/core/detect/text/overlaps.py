"""Entities that overlap, settled: which of two stays, and what is left of the other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from airflow_privacy.core.detect.found import FOUND, in_order

# What is surest by its own check comes before what encloses it; everything else by length, then score.
_FIRST = {"EMAIL_ADDRESS": 0, "IBAN_CODE": 1, "CREDIT_CARD": 2, "CRYPTO": 2}
_OTHERS = 4
_ASSIGNED, _LEAST = {"PHONE_NUMBER": 1, "US_SSN": 2}, 0.7
_EDGE = " \t\r\n,.;:!?\"'()<>[]{}|/-"


class _Row(NamedTuple):
    entity: str
    start: int
    end: int
    score: float
    by: str


def settle(texts: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """*found* (schema FOUND, several finders' rows) without overlaps.

    A mail address beats everything; then come IBANs and cards with right check digits, then social security and telephone numbers
    that are sure; else the longer entity beats the shorter, the surer one of the same length, then by name. A place around a
    street address is one. What overlaps a winner by a part is cut to what stands outside of it, so that no found letter or digit
    is lost; what is inside a winner goes.
    """
    ordered = found.sort("at", "start", "end")
    reach = pl.col("end").cum_max().shift(1, fill_value=0).over("at")
    tangled = ordered.filter((pl.col("start") < reach).any().over("at"))
    if tangled.is_empty():
        return in_order(found)
    clear = ordered.join(tangled.select("at").unique(), on="at", how="anti")
    rows: list[tuple[int, str, int, int, float, str]] = []
    for (at,), group in tangled.group_by("at", maintain_order=True):
        text = texts[int(str(at))]
        rows += [(int(str(at)), *row) for row in _settled(text, [_Row(*row[1:]) for row in group.iter_rows()])]
    return in_order(pl.concat([clear.select(FOUND.names()), pl.DataFrame(rows, schema=FOUND, orient="row")]))


def _settled(text: str, rows: Sequence[_Row]) -> list[_Row]:
    kept: list[_Row] = []
    starts: list[int] = []
    for row in sorted(_with_addresses(rows), key=_strength):
        # What is kept does not overlap, so that starts and ends are in the same order.
        first = bisect_right(starts, row.start)
        first -= bool(first) and kept[first - 1].end > row.start
        for part in _outside(text, row, kept[first : bisect_left(starts, row.end)]):
            place = bisect_left(starts, part.start)
            starts.insert(place, part.start)
            kept.insert(place, part)
    return kept


def _with_addresses(rows: Sequence[_Row]) -> list[_Row]:
    """A place that has a street address in it is one: finders of names know no other word for it."""
    addresses = sorted((row.start, row.end) for row in rows if row.entity == "STREET_ADDRESS")
    if not addresses:
        return list(rows)
    starts = [start for start, _ in addresses]
    reach = list(accumulate((end for _, end in addresses), max))

    def overlaps(row: _Row) -> bool:
        before = bisect_left(starts, row.end)
        return before > 0 and reach[before - 1] > row.start

    return [row._replace(entity="STREET_ADDRESS") if row.entity == "LOCATION" and overlaps(row) else row for row in rows]


def _strength(row: _Row) -> tuple[int, int, int, float, str, int, str]:
    # One in eleven telephone numbers passes for a health service number: what a numbering plan assigns is surer than that, but
    # not than a social security number in its own grouping; and both than the name or the place that a model sees around them.
    assigned = _ASSIGNED.get(row.entity, 0) if row.score >= _LEAST else 0
    rank = _FIRST.get(row.entity, _OTHERS - bool(assigned))
    return (rank, row.start - row.end, -assigned, -row.score, row.entity, row.start, row.by)


def _outside(text: str, row: _Row, kept: Sequence[_Row]) -> list[_Row]:
    """The parts of *row* outside of the *kept* ones, which are in order and all overlap it, that have a letter or a digit."""
    if not kept:
        return [row]
    edges = [row.start, *(edge for one in kept for edge in (one.start, one.end)), row.end]
    trimmed = [_trimmed(text, start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
    return [row._replace(start=start, end=end) for start, end in trimmed if any(char.isalnum() for char in text[start:end])]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return start, end
