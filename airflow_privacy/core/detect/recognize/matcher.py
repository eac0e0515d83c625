"""One recognizer over many texts: its patterns' matches, validated and scored as Presidio does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.detect.recognize.matching import CompiledPattern, Matches, Passing, Texts, joined
from airflow_privacy.core.detect.recognize.shape import Rows

Judge = Callable[[pl.Series], pl.Series]
Own = Callable[[str, int], list[tuple[int, int, float]]]
"""What a recognizer finds in a text; before the place that is given there is nothing to be found."""


@dataclass(frozen=True)
class Matcher:
    """A pattern recognizer: its patterns and how a match is judged.

    ``valid`` and ``invalid`` judge matched ASCII texts as columns (null: no opinion); without them, and for other texts,
    Presidio's own methods are asked once for each distinct text. ``own`` is Presidio's ``analyze`` where a recognizer has one
    of its own; it is not asked about texts all of whose matches are valid.
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
    own: Own | None = None
    context: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)

    def find(self, texts: Texts, passing: Mapping[CompiledPattern, Passing]) -> Matches:
        """Validated matches, before duplicates are left out; *passing* are the texts that :func:`searched` left."""
        if self.own is not None:
            return self._find_own(texts, passing, self.own)
        parts = [found for pattern in self.patterns if len((found := pattern.find(texts, passing[pattern])).row)]
        return self._judged(texts, joined(parts)) if parts else Matches.none()

    def _find_own(self, texts: Texts, passing: Mapping[CompiledPattern, Passing], own: Own) -> Matches:
        quick: list[Matches] = []
        first: dict[int, int] = {}
        for pattern in self.patterns:
            left = passing[pattern].plain
            if pattern.plain is not None and not pattern.plain.opaque and len(self.patterns) == 1:
                done, left = self._as_they_stand(pattern, texts, passing[pattern])
                quick.append(done)
            first.update(dict.fromkeys(texts.other_rows[passing[pattern].other].tolist(), 0))
            if pattern.plain is not None and len(left):
                starts = texts.plain.gather(left).str.find(pattern.plain.rust).to_list()
                for row, start in zip(texts.plain_rows[left].tolist(), starts, strict=True):
                    first[row] = min(first.get(row, start), start)
        asked = sorted(first)
        found = [
            (row, *span)
            for row, text in zip(asked, texts.all.gather(asked).to_list(), strict=True)
            for span in own(text, first[row])
        ]
        if found:
            quick.append(Matches.of(found))
        return joined(quick)

    def _as_they_stand(self, pattern: CompiledPattern, texts: Texts, passing: Passing) -> tuple[Matches, Rows]:
        """Texts all of whose matches are valid as they stand, so that nothing shorter is looked at; and the other texts."""
        found, left = pattern.vectorised(texts, passing)
        kept = self._judged(texts, found)
        count = len(texts.all)
        other = np.bincount(found.row, minlength=count) > np.bincount(kept.row, minlength=count)
        other[texts.plain_rows[left]] = True
        return kept.where(~other[kept.row]), np.flatnonzero(other[texts.plain_rows])

    def _judged(self, texts: Texts, found: Matches) -> Matches:
        score = found.score
        if self.validates or self.invalidates:
            matched = cut(texts, found)
            plain = texts.shapes.ascii[found.row]
            if self.validates:
                verdict = self._ask(matched, plain, self.valid, self.ask_valid)
                score = np.where(verdict == 1, 1.0, np.where(verdict == 0, 0.0, score))
            if self.invalidates:
                score = np.where(self._ask(matched, plain, self.invalid, self.ask_invalid) == 1, 0.0, score)
        keep = score > 0
        return Matches(found.row, found.start, found.end, score).where(keep)

    def _ask(
        self, matched: pl.Series, plain: npt.NDArray[np.bool_], judge: Judge | None, ask: Callable[[str], bool | None]
    ) -> npt.NDArray[np.int8]:
        """1, 0 or -1 for true, false and no opinion; what *plain* says to be ASCII is."""
        if judge is None:
            distinct = matched.unique()
            answers = pl.Series([_as_number(ask(text)) for text in distinct.to_list()], dtype=pl.Int8)
            told = pl.DataFrame({"text": matched}).join(
                pl.DataFrame({"text": distinct, "answer": answers}), on="text", how="left", maintain_order="left"
            )
            return told["answer"].to_numpy()
        if not plain.all():
            plain = (matched.str.len_bytes() == matched.str.len_chars()).to_numpy()
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


def cut(texts: Texts, found: Matches) -> pl.Series:
    """The matched parts of the texts."""
    held = texts.all.gather(found.row)
    length = found.end - found.start
    if (length == texts.shapes.length[found.row]).all():
        return held
    frame = pl.DataFrame({"text": held, "start": found.start, "length": length})
    return frame.select(pl.col("text").str.slice(pl.col("start"), pl.col("length"))).to_series()
