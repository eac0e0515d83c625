"""Where one recognizer's patterns match in many texts, with Presidio's scores: Rust's engine first, Python's for the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import regex

from airflow_privacy.core.detect.recognize.letters import fold
from airflow_privacy.core.detect.recognize.shape import Rows, Shapes, kinds_of, shapes
from airflow_privacy.core.detect.recognize.syntax import Translation, translate
from airflow_privacy.core.errors import CheckFailed

Judge = Callable[[pl.Series], pl.Series]

_MARK = "\x00"


class Texts(NamedTuple):
    """A column's distinct texts, none empty: ``plain`` are rows of ASCII, ``folded`` the texts of the other ``rows``."""

    all: pl.Series
    plain_rows: Rows
    plain: pl.Series
    plain_shapes: Shapes
    other_rows: Rows
    folded: pl.Series
    folded_shapes: Shapes


class Matches(NamedTuple):
    """Matches as columns: position of the text, first and past-the-last code point, score."""

    row: Rows
    start: Rows
    end: Rows
    score: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> Matches:
        return cls(*(np.empty(0, np.int64) for _ in range(3)), np.empty(0, np.float64))

    def where(self, keep: npt.NDArray[Any]) -> Matches:
        return Matches(*(column[keep] for column in self))


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
    def _plain_needs(self) -> tuple[int, ...]:
        return _told(self.plain)

    @cached_property
    def _folded_needs(self) -> tuple[int, ...]:
        return _told(self.folded)

    def candidates(self, texts: Texts) -> tuple[Rows, Rows]:
        """Positions among the ASCII texts and among the others of those that may match."""
        return (
            _passing(texts.plain, texts.plain_shapes, self.plain, self._plain_needs),
            _passing(texts.folded, texts.folded_shapes, self.folded, self._folded_needs),
        )

    def find(self, texts: Texts) -> Matches:
        """All matches, not yet validated; the score is the pattern's."""
        plain, other = self.candidates(texts)
        parts, slow = [], [texts.other_rows[other]]
        if len(plain):
            found, left = self._vectorised(texts, plain)
            parts.append(found)
            slow.append(texts.plain_rows[left])
        rows = np.concatenate(slow)
        if len(rows):
            parts.append(self._one_by_one(texts.all, rows))
        return joined(parts)

    def _vectorised(self, texts: Texts, rows: Rows) -> tuple[Matches, Rows]:
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
            unsure |= values.str.contains(inner).to_numpy()
        if form.ahead or form.edges:
            # One match over the whole text: nothing stands before or behind it, and look-ahead is tested at the start only.
            whole = np.zeros(len(rows), bool)
            covering = (found.start == 0) & (found.end == lengths[found.row])
            whole[found.row[covering]] = True
            for content in form.ahead:
                anywhere = values.str.contains(content).to_numpy()
                there = np.flatnonzero(whole & anywhere)
                at_start = values.gather(there).str.contains(f"\\A(?:{content})").to_numpy()
                anywhere[there] = at_start
                unsure |= anywhere
            some = np.flatnonzero(~whole)
            for content in form.edges:
                unsure[some] |= values.gather(some).str.contains(content).to_numpy()
        if unsure.any():
            found = found.where(~unsure[found.row])
        score = np.full(len(found.row), self.score)
        return Matches(texts.plain_rows[rows[found.row]], found.start, found.end, score), rows[unsure]

    def _one_by_one(self, texts: pl.Series, rows: Rows) -> Matches:
        search, timeout = self.compiled.finditer, self.timeout
        found: list[tuple[int, int, int]] = []
        late = False
        try:
            for row, text in zip(rows.tolist(), texts.gather(rows).to_list(), strict=True):
                for match in search(text, timeout=timeout):
                    start, end = match.span()
                    if end > start:
                        found.append((row, start, end))
        except TimeoutError:
            late = True
        if late:
            raise CheckFailed(
                "pattern-timeout",
                f"A pattern of {self.owner} needed more than {timeout:g} s for one value, so the scan is not complete",
                where=self.owner,
                do="Rewrite the pattern without nested repetition.",
            )
        if not found:
            return Matches.none()
        columns = np.array(found, np.int64).T
        return Matches(columns[0], columns[1], columns[2], np.full(len(found), self.score))


def _told(form: Translation | None) -> tuple[int, ...]:
    return () if form is None else tuple(kinds_of(bits) for bits in form.needs)


def _passing(values: pl.Series, known: Shapes, form: Translation | None, needs: tuple[int, ...]) -> Rows:
    if form is None:
        return np.arange(len(values))
    rows = known.candidates(needs, form.length, form.digits)
    if len(rows) == 0:
        return rows
    some = values if len(rows) == len(values) else values.gather(rows)
    return rows[some.str.contains(form.rust).to_numpy()]


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
    first = marked.str.find(_MARK, literal=True).to_numpy().astype(np.int64)
    short = lengths - marked.str.len_bytes().to_numpy().astype(np.int64)
    count = marked.str.count_matches(_MARK, literal=True).to_numpy()
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
    lists = values.str.extract_all(pattern).list.eval(pl.element().str.len_bytes())
    between = marked.str.split(_MARK).list.eval(pl.element().str.len_bytes())
    row, start, end = [], [], []
    for place, (widths, gaps) in enumerate(zip(lists.to_list(), between.to_list(), strict=True)):
        at = 0
        for width, gap in zip(widths, gaps, strict=False):
            at += gap
            row.append(place)
            start.append(at)
            at += width
            end.append(at)
    return Spans(np.array(row, np.int64), np.array(start, np.int64), np.array(end, np.int64))


@dataclass(frozen=True)
class Matcher:
    """A pattern recognizer: its patterns and how a match is judged.

    ``valid`` and ``invalid`` judge matched ASCII texts as columns (null: no opinion); without them, and for other texts,
    Presidio's own methods are asked once for each distinct text. ``own`` is Presidio's ``analyze`` where a recognizer has one
    of its own, and ``whole`` the pattern that decides it for texts which one match covers.
    """

    name: str
    entity: str
    language: str
    patterns: tuple[CompiledPattern, ...]
    validates: bool
    invalidates: bool
    ask_valid: Callable[[str], bool | None]
    ask_invalid: Callable[[str], bool | None]
    valid: Judge | None = None
    invalid: Judge | None = None
    own: Callable[[str], list[tuple[int, int, float]]] | None = None
    context: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)

    def find(self, texts: Texts) -> Matches:
        """Validated matches, before duplicates are left out."""
        if self.own is not None:
            return self._find_own(texts)
        parts = [found for pattern in self.patterns if len((found := pattern.find(texts)).row)]
        return self._judged(texts.all, joined(parts)) if parts else Matches.none()

    def _find_own(self, texts: Texts) -> Matches:
        assert self.own is not None
        rows, quick = [], []
        for pattern in self.patterns:
            plain, other = pattern.candidates(texts)
            left = plain
            if pattern.plain is not None and not pattern.plain.opaque and len(self.patterns) == 1:
                done, left = self._whole(pattern, texts, plain)
                quick.append(done)
            rows.append(np.concatenate([texts.plain_rows[left], texts.other_rows[other]]))
        asked = np.unique(np.concatenate(rows))
        found = [
            (row, *span)
            for row, text in zip(asked.tolist(), texts.all.gather(asked).to_list(), strict=True)
            for span in self.own(text)
        ]
        if found:
            row, start, end, score = zip(*found, strict=True)
            quick.append(Matches(np.array(row), np.array(start), np.array(end), np.array(score, np.float64)))
        return joined(quick)

    def _whole(self, pattern: CompiledPattern, texts: Texts, rows: Rows) -> tuple[Matches, Rows]:
        """Texts that one match covers and that are valid as they stand; nothing shorter is looked at then."""
        found, _ = pattern._vectorised(texts, rows)
        covering = (found.start == 0) & (found.end == texts.all.str.len_bytes().gather(found.row).to_numpy())
        kept = self._judged(texts.all, found.where(covering))
        return kept, rows[~np.isin(texts.plain_rows[rows], kept.row)]

    def _judged(self, texts: pl.Series, found: Matches) -> Matches:
        score = found.score
        if self.validates or self.invalidates:
            matched = cut(texts, found)
            if self.validates:
                verdict = self._ask(matched, self.valid, self.ask_valid)
                score = np.where(verdict == 1, 1.0, np.where(verdict == 0, 0.0, score))
            if self.invalidates:
                score = np.where(self._ask(matched, self.invalid, self.ask_invalid) == 1, 0.0, score)
        keep = score > 0
        return Matches(found.row, found.start, found.end, score).where(keep)

    def _ask(self, matched: pl.Series, judge: Judge | None, ask: Callable[[str], bool | None]) -> npt.NDArray[np.int8]:
        """1, 0 or -1 for true, false and no opinion."""
        if judge is None:
            distinct = matched.unique()
            answers = pl.Series([_as_number(ask(text)) for text in distinct.to_list()], dtype=pl.Int8)
            told = pl.DataFrame({"text": matched}).join(
                pl.DataFrame({"text": distinct, "answer": answers}), on="text", how="left", maintain_order="left"
            )
            return told["answer"].to_numpy()
        plain = ~matched.str.contains(r"[^\x00-\x7f]").to_numpy()
        if plain.all():
            return judge(matched).cast(pl.Int8).fill_null(-1).to_numpy()
        verdict = np.empty(len(matched), np.int8)
        rows = np.flatnonzero(plain)
        verdict[rows] = judge(matched.gather(rows)).cast(pl.Int8).fill_null(-1).to_numpy()
        rest = np.flatnonzero(~plain)
        verdict[rest] = [_as_number(ask(text)) for text in matched.gather(rest).to_list()]
        return verdict


def _as_number(answer: object) -> int:
    return -1 if answer is None else int(bool(answer))


def cut(texts: pl.Series, found: Matches) -> pl.Series:
    """The matched parts of the texts."""
    frame = pl.DataFrame({"text": texts.gather(found.row), "start": found.start, "length": found.end - found.start})
    return frame.select(pl.col("text").str.slice(pl.col("start"), pl.col("length"))).to_series()
