"""Rows side by side for the check afterwards: which source row a written row was made of, and what that must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, NoReturn

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.rules.records import left_out
from airflow_privacy.core.mask.rules.token_forms import Seen, form_of
from airflow_privacy.core.model.plan import Decision, MaskingPlan


class Beside(NamedTuple):
    """The rows of one slab on both sides: ``was`` in the source and ``now`` as written, in the same order; ``numbers`` says which
    rows of the source they are, from 0; ``left_in`` are all of the slab's rows that the plan's record rules leave in."""

    was: pl.DataFrame
    now: pl.DataFrame
    numbers: pl.Series
    left_in: pl.DataFrame


class Rows:
    """Gives out the written rows that belong to each source slab, in order."""

    def __init__(self, sink: Iterator[pl.DataFrame], plan: MaskingPlan, kept: Sequence[pl.Series | None]) -> None:
        self._sink = sink
        self._waiting = pl.DataFrame()
        self._plan = plan
        self._kept = kept
        self._source_rows = 0
        self._suppressed = 0
        self._written = 0

    def beside(self, number: int, slab: pl.DataFrame) -> Beside:
        """Of source slab *number* the rows that were not left out, and the written rows made of them.

        :raises CheckFailed: the files have fewer rows, or a row is there that the plan's record rules leave out.
        """
        kept = self._kept[number] if number < len(self._kept) else None
        if kept is not None and (kept.len() != slab.height or kept.dtype != pl.Boolean or kept.null_count()):
            raise _rows_differ(f"masking says of {kept.len()} rows of a slab of {slab.height} whether they were kept")
        ruled_out = left_out(self._plan.drop_records, slab)
        was = slab if kept is None else slab.filter(kept)
        still = int((ruled_out if kept is None else ruled_out & kept).sum())
        if still:
            raise CheckFailed(
                "records-not-dropped",
                f"{still} rows are there that the plan's record rules leave out",
                do="Nothing was released. Mask again; if it stays, report a fault.",
            )
        first = self._source_rows
        numbers = pl.int_range(first, first + slab.height, dtype=pl.UInt64, eager=True)
        self._source_rows += slab.height
        self._suppressed += slab.height - int(ruled_out.sum()) - was.height
        return Beside(
            was=was,
            now=self._take(was.height),
            numbers=numbers if kept is None else numbers.filter(kept),
            left_in=slab.filter(~ruled_out) if ruled_out.any() else slab,
        )

    def finish(self) -> None:
        """:raises CheckFailed: the files have more rows, or more are missing than the plan allows."""
        for frame in self._sink:
            self._waiting = frame if not self._waiting.height else pl.concat([self._waiting, frame])
            if self._waiting.height:
                break
        suppression = self._plan.suppression
        limit = 0.0 if suppression is None else suppression.limit
        if self._waiting.height:
            raise _rows_differ(f"{self._source_rows} rows were read, and more rows are written than were made of them")
        if self._suppressed > limit * self._source_rows:
            raise _rows_differ(
                f"{self._source_rows} rows were read and {self._written} written; the plan allows to suppress {limit:.1%}"
            )

    def _take(self, count: int) -> pl.DataFrame:
        frames = [self._waiting]
        while sum(frame.height for frame in frames) < count or not frames[0].width:
            frame = next(self._sink, None)
            if frame is None:
                there = self._written + sum(frame.height for frame in frames)
                raise _rows_differ(f"{self._source_rows} rows were read so far and only {there} were written")
            frames = [frame] if not frames[0].width else [*frames, frame]
        together = pl.concat(frames) if len(frames) > 1 else frames[0]
        self._waiting = together.slice(count)
        self._written += count
        return together.slice(0, count)


class TokensInClear:
    """Looks for source values that have a token's form among the tokens: they would be there in clear, if not by chance."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        forms = {decision.column: (decision, form_of(decision.technique, decision.column)) for decision in decisions}
        # Others keep the form of their values, and their rows are compared one by one.
        self._values = {name: Seen(form) for name, (_, form) in forms.items() if form is not None and form.whole}
        self._tokens = {name: Seen(form) for name, (_, form) in forms.items() if form is not None and form.whole}
        self._decisions = {name: decision for name, (decision, _) in forms.items()}

    def add(self, was: pl.DataFrame) -> None:
        """Take in a slab of the source; ordinary data has no value of a token's form."""
        for name, seen in self._values.items():
            if family(was.schema[name]) != "null":
                seen.add(was.select(canonical_text(name, was.schema[name])).to_series())

    def found(self, sink: Callable[[], Iterable[pl.DataFrame]]) -> Iterator[Decision]:
        """The columns that hold more such values than chance has it; *sink* is read only if there can be any."""
        suspects = [name for name, seen in self._values.items() if len(seen)]
        for slab in sink() if suspects else ():
            for name in suspects:
                self._tokens[name].add(slab[name])
        for name in suspects:
            if self._tokens[name].holds_more_than_chance(self._values[name]):
                yield self._decisions[name]


def fail(decision: Decision, what: str) -> NoReturn:
    """:raises CheckFailed: always; *what* names no value."""
    raise CheckFailed(
        "masking-not-applied",
        f"Column {decision.column!r} {what}",
        where=f"rule {decision.rule}",
        do="Nothing was released. Mask again; if it stays, report a fault.",
    )


def _rows_differ(what: str) -> CheckFailed:
    return CheckFailed("rows-do-not-add-up", f"{what[:1].upper()}{what[1:]}", do="Nothing was released. Mask again.")
