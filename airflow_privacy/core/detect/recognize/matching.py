"""Where a pattern matches in many texts: Rust's engine says it where it can, Python's for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

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


class Texts(NamedTuple):
    """A column's distinct texts, none empty: ``plain`` are rows of ASCII, ``folded`` the texts of the other ``rows``.

    ``late`` takes the rows that a pattern takes too long for; without it, the first one is an error.
    """

    all: pl.Series
    shapes: Shapes
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
    if whole.ascii.all():
        rows = np.arange(len(texts))
        nothing = texts.head(0)
        return Texts(texts, whole, rows, texts, whole, rows[:0], nothing, whole.taken(rows[:0]))
    plain, other = np.flatnonzero(whole.ascii), np.flatnonzero(~whole.ascii)
    folded = fold(texts.gather(other))
    return Texts(texts, whole, plain, texts.gather(plain), whole.taken(plain), other, folded, shapes(folded))


class Spans(NamedTuple):
    """Matches by the position of the text in what was searched, and in it the first and past-the-last byte."""

    row: Rows
    start: Rows
    end: Rows

    def where(self, keep: npt.NDArray[np.bool_]) -> Spans:
        return Spans(self.row[keep], self.start[keep], self.end[keep])


class Passing(NamedTuple):
    """Positions among the ASCII texts and among the others of those that may match a pattern, and what Rust's form of it matches
    in those ``plain`` texts; a gate alone (``opaque``) is asked for no matches.
    """

    plain: Rows
    other: Rows
    spans: Spans


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
        parts, slow = [], [texts.other_rows[passing.other]]
        if len(passing.plain):
            found, left = self.vectorised(texts, passing)
            parts.append(found)
            slow.append(texts.plain_rows[left])
        rows = np.concatenate(slow)
        if len(rows):
            parts.append(self._one_by_one(texts, rows))
        return joined(parts)

    def vectorised(self, texts: Texts, passing: Passing) -> tuple[Matches, Rows]:
        """Matches in those of the ``plain`` texts that pass where Rust's answer is exact, and the texts where it is not."""
        form, rows, found = self.plain, passing.plain, passing.spans
        if form is None or form.opaque:
            return Matches.none(), rows
        lengths = texts.plain_shapes.length[rows]
        values = texts.plain.gather(rows if form.runs or form.inner else rows[:0])
        unsure = np.zeros(len(rows), bool)
        for run in form.runs:
            long = np.flatnonzero(lengths >= 100)
            if len(long):
                unsure[long] |= values.gather(long).str.contains(run).to_numpy()
        for inner in form.inner:
            unsure |= values.str.contains(anywhere(inner)).to_numpy()
        unsure[found.row[_forbidden(form, texts.plain, found._replace(row=rows[found.row]), lengths[found.row])]] = True
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


def _forbidden(form: Translation, texts: pl.Series, found: Spans, length: Rows) -> Rows:
    """Which matches have beside them, or begin with, what negative look-around may forbid. Where there are none in a text, its
    matches are those of the pattern: look-around at the ends takes matches away, and what it takes is found without it.
    """
    seen = np.zeros(len(found.row), bool)
    text, start, end = pl.col("text"), pl.col("start"), pl.col("end")
    asked = [text.str.slice(start).str.contains(f"\\A(?:{content})") for content in form.ahead]
    if asked:
        seen |= _any_of(asked, texts, found)
    asked = [text.str.slice(0, start).str.contains(f"(?:{content})\\z") for content in form.before]
    asked += [text.str.slice(end).str.contains(f"\\A(?:{content})") for content in form.after]
    some = np.flatnonzero((found.start > 0) | (found.end < length))
    if asked and len(some):
        seen[some] |= _any_of(asked, texts, Spans(*(column[some] for column in found)))
    return np.flatnonzero(seen)


def _any_of(asked: list[pl.Expr], texts: pl.Series, found: Spans) -> npt.NDArray[np.bool_]:
    frame = pl.DataFrame({"text": texts.gather(found.row), "start": found.start, "end": found.end})
    answer: npt.NDArray[np.bool_] = frame.select(pl.any_horizontal(asked)).to_series().to_numpy()
    return answer


_NOWHERE = Spans(*(np.empty(0, np.int64),) * 3)


def _told(form: Translation | None) -> tuple[int, ...]:
    return () if form is None else tuple(kinds_of(bits) for bits in form.needs)


def searched(patterns: Iterable[CompiledPattern], texts: Texts) -> dict[CompiledPattern, Passing]:
    """For each pattern the texts that may match, and where. What shapes cannot rule out is searched for many patterns at once."""
    found: dict[CompiledPattern, Passing] = {}
    waiting: list[_Gate] = []
    for pattern in dict.fromkeys(patterns):
        sides = (
            (texts.plain, texts.plain_shapes, pattern.plain, pattern.plain_needs),
            (texts.folded, texts.folded_shapes, pattern.folded, pattern.folded_needs),
        )
        rows = [_by_shape(len(values), known, form, needs) for values, known, form, needs in sides]
        found[pattern] = Passing(rows[0], rows[1], _NOWHERE)
        for side, (values, _, form, _) in enumerate(sides):
            if form is not None and len(rows[side]):
                waiting.append(_Gate(pattern, side, values, rows[side], form.gate))
        if sum(len(gate.rows) for gate in waiting) > _AT_ONCE:
            _pass(waiting, texts, found)
            waiting.clear()
    _pass(waiting, texts, found)
    return found


class _Gate(NamedTuple):
    pattern: CompiledPattern
    side: int
    values: pl.Series
    rows: Rows
    rust: str


def _by_shape(count: int, known: Shapes, form: Translation | None, needs: tuple[int, ...]) -> Rows:
    return np.arange(count) if form is None else known.candidates(needs, form.length, form.digits)


def _pass(gates: list[_Gate], texts: Texts, found: dict[CompiledPattern, Passing]) -> None:
    answers = _at_once([_some(gate.values, gate.rows).str.contains(gate.rust) for gate in gates])
    exact: list[_Gate] = []
    for gate, answer in zip(gates, answers, strict=True):
        left = gate.rows[answer.to_numpy()]
        if gate.side:
            found[gate.pattern] = found[gate.pattern]._replace(other=left)
            continue
        found[gate.pattern] = found[gate.pattern]._replace(plain=left)
        form = gate.pattern.plain
        if form is not None and not form.opaque and len(left):
            exact.append(gate._replace(rows=left, rust=form.rust))
    for gate, spans in zip(exact, _spans(exact, texts.plain_shapes.length), strict=True):
        found[gate.pattern] = found[gate.pattern]._replace(spans=spans)


def _at_once(asked: list[pl.Expr]) -> list[pl.Series]:
    """Several expressions in one query: Polars works on them at the same time, but goes through one column in one thread."""
    answers = pl.select(one.implode().alias(str(place)) for place, one in enumerate(asked))
    return [column.item() for column in answers.get_columns()]


def _some(values: pl.Series, rows: Rows) -> pl.Expr:
    every = pl.lit(values)
    return every if len(rows) == len(values) else every.gather(rows)


def _spans(asked: list[_Gate], lengths: Rows) -> list[Spans]:
    """All matches in ASCII texts each of which holds one: every match is replaced by one mark, and what the text then lacks in
    length is what the match covered. Where a text has several, the matches themselves are asked for.
    """
    marked = _at_once([_some(gate.values, gate.rows).str.replace_all(gate.rust, _MARK) for gate in asked])
    return [_spans_of(gate, text, lengths[gate.rows]) for gate, text in zip(asked, marked, strict=True)]


def _spans_of(gate: _Gate, marked: pl.Series, lengths: Rows) -> Spans:
    whole = (marked == _MARK).to_numpy()
    row = np.flatnonzero(whole)
    parts = [Spans(row, np.zeros(len(row), np.int64), lengths[row])]
    rest = np.flatnonzero(~whole)
    if len(rest):
        text = marked.gather(rest)
        count = text.str.count_matches(_MARK, literal=True).to_numpy()
        once = count == 1
        row = rest[once]
        start = text.str.find(_MARK, literal=True).to_numpy()[once].astype(np.int64)
        parts.append(Spans(row, start, start + lengths[row] - text.str.len_bytes().to_numpy()[once] + 1))
        if (several := rest[count > 1]).size:
            more = _several(gate.values.gather(gate.rows[several]), marked.gather(several), gate.rust)
            parts.append(Spans(several[more.row], more.start, more.end))
    return Spans(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


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
