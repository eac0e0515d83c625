"""Where a pattern matches in many texts: Rust's engine says it where it can, Python's for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import regex

from airflow_privacy.core.detect.recognize.letters import fold
from airflow_privacy.core.detect.recognize.shape import Rows, Shapes, kinds_of, shapes
from airflow_privacy.core.detect.recognize.syntax import Translation, translate
from airflow_privacy.core.detect.searching import anywhere
from airflow_privacy.core.errors import CheckFailed

_MARK = "\x00"
_AT_ONCE = 2_000_000  # texts, over all patterns, that are searched at the same time
_GIVE_UP = 5  # texts that take a pattern too long, after which the rest of a column is not tried


Passing: TypeAlias = tuple[Rows, Rows]
"""Positions among the ASCII texts and among the others of those that may match."""


class Texts(NamedTuple):
    """A column's distinct texts, none empty: ``plain`` are rows of ASCII, ``folded`` the texts of the other ``rows``.

    ``late`` takes the rows that a pattern takes too long for; without it, the first one is an error.
    """

    all: pl.Series
    plain_rows: Rows
    plain: pl.Series
    plain_shapes: Shapes
    other_rows: Rows
    folded: pl.Series
    folded_shapes: Shapes
    late: list[int] | None = None


class Matches(NamedTuple):
    """Matches as columns: position of the text, first and past-the-last code point, score."""

    row: Rows
    start: Rows
    end: Rows
    score: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> Matches:
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, np.empty(0, np.float64))

    @classmethod
    def of(cls, spans: Sequence[tuple[int, int, int, float]]) -> Matches:
        row, start, end, score = zip(*spans, strict=True)
        return cls(np.array(row, np.int64), np.array(start, np.int64), np.array(end, np.int64), np.array(score, np.float64))

    def where(self, keep: npt.NDArray[Any]) -> Matches:
        return Matches(self.row[keep], self.start[keep], self.end[keep], self.score[keep])


def joined(parts: list[Matches]) -> Matches:
    if not parts:
        return Matches.none()
    return parts[0] if len(parts) == 1 else Matches(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def prepared(texts: pl.Series) -> Texts:
    """*texts* (distinct, no nulls, none empty) parted into ASCII and the rest."""
    whole = shapes(texts)
    ascii_only = whole.ascii
    if ascii_only.all():
        rows = np.arange(len(texts))
        nothing = texts.head(0)
        return Texts(texts, rows, texts, whole, rows[:0], nothing, whole.taken(rows[:0]))
    plain, other = np.flatnonzero(ascii_only), np.flatnonzero(~ascii_only)
    folded = fold(texts.gather(other))
    return Texts(texts, plain, texts.gather(plain), whole.taken(plain), other, folded, shapes(folded))


@dataclass(frozen=True)
class CompiledPattern:
    """One pattern: Python's own, the way to rule texts out, and its Rust form where there is one."""

    source: str
    score: float
    flags: int
    timeout: float
    owner: str

    @cached_property
    def compiled(self) -> Any:
        return regex.compile(self.source, self.flags)

    @cached_property
    def plain(self) -> Translation | None:
        return translate(self.source, self.flags)

    @cached_property
    def folded(self) -> Translation | None:
        return translate(self.source, self.flags, fold=True)

    @cached_property
    def plain_needs(self) -> tuple[int, ...]:
        return _told(self.plain)

    @cached_property
    def folded_needs(self) -> tuple[int, ...]:
        return _told(self.folded)

    def find(self, texts: Texts, passing: Passing) -> Matches:
        """All matches, not yet validated; the score is the pattern's."""
        plain, other = passing
        parts, slow = [], [texts.other_rows[other]]
        if len(plain):
            found, left = self.vectorised(texts, plain)
            parts.append(found)
            slow.append(texts.plain_rows[left])
        rows = np.concatenate(slow)
        if len(rows):
            parts.append(self._one_by_one(texts, rows))
        return joined(parts)

    def vectorised(self, texts: Texts, rows: Rows) -> tuple[Matches, Rows]:
        """Matches in those of *rows* where Rust's answer is exact, and the rows where it is not."""
        form = self.plain
        if form is None or form.opaque:
            return Matches.none(), rows
        values = texts.plain.gather(rows)
        lengths = texts.plain_shapes.length[rows]
        found = matches_in(values, lengths, form.rust)
        unsure = np.zeros(len(rows), bool)
        for run in form.runs:
            long = np.flatnonzero(lengths >= 100)
            if len(long):
                unsure[long] |= values.gather(long).str.contains(run).to_numpy()
        for inner in form.inner:
            unsure |= values.str.contains(anywhere(inner)).to_numpy()
        if form.ahead or form.edges:
            # One match over the whole text: nothing stands before or behind it, and look-ahead is tested at the start only.
            whole = np.zeros(len(rows), bool)
            covering = (found.start == 0) & (found.end == lengths[found.row])
            whole[found.row[covering]] = True
            for content in form.ahead:
                somewhere = values.str.contains(anywhere(content)).to_numpy()
                there = np.flatnonzero(whole & somewhere)
                at_start = values.gather(there).str.contains(f"\\A(?:{content})").to_numpy()
                somewhere[there] = at_start
                unsure |= somewhere
            some = np.flatnonzero(~whole)
            for content in form.edges:
                unsure[some] |= values.gather(some).str.contains(anywhere(content)).to_numpy()
        if unsure.any():
            found = found.where(~unsure[found.row])
        score = np.full(len(found.row), self.score)
        return Matches(texts.plain_rows[rows[found.row]], found.start, found.end, score), rows[unsure]

    def _one_by_one(self, texts: Texts, rows: Rows) -> Matches:
        search, timeout = self.compiled.finditer, self.timeout
        found: list[tuple[int, int, int, float]] = []
        late: list[int] = []
        for place, (row, text) in enumerate(zip(rows.tolist(), texts.all.gather(rows).to_list(), strict=True)):
            try:
                for match in search(text, timeout=timeout):
                    start, end = match.span()
                    if end > start:
                        found.append((row, start, end, self.score))
            except TimeoutError:
                late.append(row)
            if late and texts.late is None:
                break
            if len(late) == _GIVE_UP:
                late += rows[place + 1 :].tolist()
                break
        if texts.late is not None:
            texts.late.extend(late)
        elif late:
            raise self.took_too_long()
        return Matches.of(found) if found else Matches.none()

    def took_too_long(self) -> CheckFailed:
        """The error for a value that takes the pattern more than its time."""
        return CheckFailed(
            "pattern-timeout",
            f"A pattern of {self.owner} needed more than {self.timeout:g} s for one value, so the scan is not complete",
            where=self.owner,
            do="Rewrite the pattern without nested repetition.",
        )


def _told(form: Translation | None) -> tuple[int, ...]:
    return () if form is None else tuple(kinds_of(bits) for bits in form.needs)


def candidates(patterns: Iterable[CompiledPattern], texts: Texts) -> dict[CompiledPattern, Passing]:
    """For each pattern the texts that may match. What shapes cannot rule out is searched for many patterns at the same time."""
    found: dict[CompiledPattern, tuple[Rows, Rows]] = {}
    waiting: list[_Gate] = []
    for pattern in dict.fromkeys(patterns):
        sides = (
            (texts.plain, texts.plain_shapes, pattern.plain, pattern.plain_needs),
            (texts.folded, texts.folded_shapes, pattern.folded, pattern.folded_needs),
        )
        rows = [_by_shape(len(values), known, form, needs) for values, known, form, needs in sides]
        found[pattern] = (rows[0], rows[1])
        for side, (values, _, form, _) in enumerate(sides):
            if form is not None and len(rows[side]):
                some = values if len(rows[side]) == len(values) else values.gather(rows[side])
                waiting.append(_Gate(pattern, side, some, form.gate))
        if sum(len(gate.values) for gate in waiting) > _AT_ONCE:
            _pass(waiting, found)
            waiting.clear()
    _pass(waiting, found)
    return found


class _Gate(NamedTuple):
    pattern: CompiledPattern
    side: int
    values: pl.Series
    rust: str


def _by_shape(count: int, known: Shapes, form: Translation | None, needs: tuple[int, ...]) -> Rows:
    return np.arange(count) if form is None else known.candidates(needs, form.length, form.digits)


def _pass(gates: list[_Gate], found: dict[CompiledPattern, Passing]) -> None:
    # One query for all: Polars asks several expressions at the same time, but goes through one column in one thread.
    asked = [pl.lit(gate.values).str.contains(gate.rust).implode().alias(str(place)) for place, gate in enumerate(gates)]
    answers = pl.select(asked)
    for place, gate in enumerate(gates):
        sides = list(found[gate.pattern])
        sides[gate.side] = sides[gate.side][answers[str(place)].item().to_numpy()]
        found[gate.pattern] = (sides[0], sides[1])


class Spans(NamedTuple):
    row: Rows
    start: Rows
    end: Rows

    def where(self, keep: npt.NDArray[np.bool_]) -> Spans:
        return Spans(self.row[keep], self.start[keep], self.end[keep])


def matches_in(values: pl.Series, lengths: Rows, pattern: str) -> Spans:
    """All matches of a Rust *pattern* in ASCII *values*, each of which holds one: every match is replaced by one mark, and
    what the text then lacks in length is what the match covered. Where a text has several, the matches themselves are asked for.
    """
    marked = values.str.replace_all(pattern, _MARK)
    text = pl.col("text")
    seen = marked.to_frame("text").select(
        text.str.find(_MARK, literal=True).alias("first"),
        text.str.len_bytes().alias("length"),
        text.str.count_matches(_MARK, literal=True).alias("count"),
    )
    first, short = seen["first"].to_numpy().astype(np.int64), lengths - seen["length"].to_numpy().astype(np.int64)
    count = seen["count"].to_numpy()
    single = np.flatnonzero(count == 1)
    several = np.flatnonzero(count > 1)
    row, start, end = single, first[single], first[single] + short[single] + 1
    if len(several):
        more = _several(values.gather(several), marked.gather(several), pattern)
        row, start, end = (
            np.concatenate([row, several[more.row]]),
            np.concatenate([start, more.start]),
            np.concatenate([end, more.end]),
        )
    return Spans(row, start, end)


def _several(values: pl.Series, marked: pl.Series, pattern: str) -> Spans:
    found, between = values.str.extract_all(pattern), marked.str.split(_MARK)
    count = found.list.len().to_numpy().astype(np.int64)
    last = np.cumsum(count + 1) - 1  # what stands behind a text's last match
    gaps = np.delete(_lengths(between), last)
    widths = _lengths(found)
    end = np.cumsum(gaps + widths)
    first = np.cumsum(count) - count
    end -= np.repeat((end - gaps - widths)[first], count)
    return Spans(np.repeat(np.arange(len(count)), count), end - widths, end)


def _lengths(lists: pl.Series) -> Rows:
    return lists.explode().str.len_bytes().to_numpy().astype(np.int64)
