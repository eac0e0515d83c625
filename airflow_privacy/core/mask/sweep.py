"""The sweep afterwards: a direct identifier may not stand in another released column, in its own row or anywhere.

Row by row, each identifier of the source is looked for in the row's released texts, as a whole word. Column by column, the
distinct values of each released column are compared with each identifier's: by keyed digests (random key of this process, never
stored), of which a sample is held that does not grow with the rows. A column that was copied, shuffled or named otherwise at its
source is found by that: nothing else compares one column with another.

Told apart are values that masking made (tokens, surrogates: another check computes them again), short numbers, which coincide
everywhere, and pairs that the policy declares as coincidences (a surname that is also a city). Not found are identifiers that
were changed on the way (``Müller`` as ``Mueller``), or lie inside lists.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import NoReturn

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.techniques import (
    GENERALIZING,
    Bins,
    DateShift,
    FreeText,
    Keep,
    PartialMask,
    Permute,
    QuantileBins,
)

_OPEN = (Keep, PartialMask, FreeText, Permute, DateShift, *(kind for kind in GENERALIZING if kind not in (Bins, QuantileBins)))
"""What a released cell may hold of the source's own words; all others are closed forms that are computed again."""

_HELD = 100_000
_ALIKE = 0.5
_FEWEST = 20
_SHORT_SHARE = 0.01
# Three letters make a name; shorter ones, and numbers of fewer than eight digits, stand in other columns by chance.
_TELLING = r"(?s)\p{L}.*\p{L}.*\p{L}|^.*\D.{4,}$|^.{4,}\D.*$|^\d{8,}$"
_BEFORE, _AFTER, _WAS = "identifier", "cell", "was"


class Sweep:
    """Takes source rows and the released rows made of them, then says whether an identifier got through."""

    def __init__(self, plan: MaskingPlan, schema: pl.Schema) -> None:
        """:param schema: the source's."""
        readable = {name for name, dtype in schema.items() if family(dtype) in ("string", "integer", "decimal", "binary")}
        self._identifiers = tuple(
            decision
            for decision in plan.decisions
            if decision.role == "direct-identifier" and not isinstance(decision.technique, Keep) and decision.column in readable
        )
        self._open = tuple(d for d in plan.released() if isinstance(d.technique, _OPEN) and d.column in readable)
        self._declared = {(pair.identifier, pair.column) for pair in plan.coincidences}
        self._seed = secrets.randbits(64)
        self._sketches = {name: Sketch() for name in self._columns()}
        self._short: dict[tuple[str, str], int] = {}
        self._rows = 0

    def add(self, before: pl.DataFrame, after: pl.DataFrame) -> None:
        """Look at some rows: the source's, and the released ones that were made of them, in the same order.

        :raises CheckFailed: a row's identifier stands in another of its columns; names both and counts rows.
        """
        if not (self._identifiers and self._open):
            return
        self._rows += before.height
        own = {d.column: _text(before, d.column) for d in self._identifiers}
        cells = {d.column: _text(after, d.column) for d in self._open}
        for identifier in self._identifiers:
            self._sketches[f"source {identifier.column}"].add(_telling(own[identifier.column]), self._seed)
        for released in self._open:
            self._sketches[f"sink {released.column}"].add(_telling(cells[released.column]), self._seed)
            was = _text(before, released.column)
            for identifier in self._pairs(released):
                self._row_by_row(identifier, released, own[identifier.column], cells[released.column], was)

    def finish(self) -> None:
        """Compare whole columns.

        :raises CheckFailed: a released column holds mostly another column's identifiers.
        """
        for (name, column), rows in self._short.items():
            if rows >= _FEWEST and rows > _SHORT_SHARE * self._rows:
                _fail(name, column, f"in {rows} rows the same number")
        for released in self._open:
            cells = self._sketches[f"sink {released.column}"]
            for identifier in self._pairs(released):
                common, of = cells.common(self._sketches[f"source {identifier.column}"])
                if common >= _FEWEST and common > _ALIKE * of:
                    _fail(identifier.column, released.column, f"{common / of:.0%} of its distinct values are")

    def _columns(self) -> Sequence[str]:
        return [*(f"source {d.column}" for d in self._identifiers), *(f"sink {d.column}" for d in self._open)]

    def _pairs(self, released: Decision) -> list[Decision]:
        return [
            identifier
            for identifier in self._identifiers
            if identifier.column != released.column and (identifier.column, released.column) not in self._declared
        ]

    def _row_by_row(self, identifier: Decision, released: Decision, own: pl.Series, cells: pl.Series, was: pl.Series) -> None:
        rows = pl.DataFrame({_BEFORE: own, _AFTER: cells, _WAS: was}).drop_nulls([_BEFORE, _AFTER])
        # What masking put into a text itself, such as another person's surrogate, was not there before.
        holds = pl.all_horizontal(pl.col(name).str.contains(pl.col(_BEFORE), literal=True) for name in (_AFTER, _WAS))
        rows = rows.with_columns(holds.fill_null(False).alias("holds"))
        rows = rows.filter(pl.col("holds")).unique([_BEFORE, _AFTER])
        if not rows.height:
            return
        long = rows.filter(pl.col(_BEFORE).str.contains(_TELLING))
        found = sum(_as_word(value, cell) for value, cell in long.select(_BEFORE, _AFTER).iter_rows())
        if found:
            _fail(identifier.column, released.column, f"in at least {found} rows its own row's value is among the words")
        same = int((own == cells).fill_null(False).sum())
        pair = (identifier.column, released.column)
        self._short[pair] = self._short.get(pair, 0) + same


class Sketch:
    """A sample of a column's distinct values as digests: those below a bound, which sinks so that at most 100,000 are held.

    Of two sketches with one seed, the values below the lower bound are one and the same random sample of both columns.
    """

    def __init__(self) -> None:
        self.digests = pl.Series(dtype=pl.UInt64)
        self.below = 2**64 - 1

    def add(self, values: pl.Series, seed: int) -> None:
        """Take values in; nulls are left out."""
        fresh = values.drop_nulls().hash(seed).unique()
        self.digests = pl.concat([self.digests, fresh.filter(fresh < self.below)]).unique()
        while self.digests.len() > _HELD:
            self.below //= 2
            self.digests = self.digests.filter(self.digests < self.below)

    def common(self, other: Sketch) -> tuple[int, int]:
        """How many of this column's sampled values the other one has too, and how many were sampled."""
        below = min(self.below, other.below)
        mine = self.digests.filter(self.digests < below)
        theirs = other.digests.filter(other.digests < below)
        return int(mine.is_in(theirs.implode()).sum()), mine.len()


def _text(frame: pl.DataFrame, column: str) -> pl.Series:
    text = canonical_text(column, frame.schema[column]).str.strip_chars().str.to_lowercase()
    return frame.select(text.alias(column)).to_series()


def _telling(values: pl.Series) -> pl.Series:
    return values.filter(values.str.contains(_TELLING).fill_null(False))


def _as_word(value: str, cell: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", cell) is not None


def _fail(identifier: str, column: str, how: str) -> NoReturn:
    raise CheckFailed(
        "identifier-elsewhere",
        f"Column {column!r} holds values of {identifier!r}, a direct identifier: {how}",
        where=column,
        do="Nothing was released. Mask or drop the column, or declare the pair under coincidences in the policy if it is chance.",
    )
