"""Words near a match that raise its score: Presidio's rule, on the texts that hold such a word at all.

A match gains 0.35 (at least 0.4 in all, at most 1) when a context word of its recognizer is part of the word that it begins in,
or of one of the five words before; where it begins in a word that does not count, the next one that does is looked at too.
Words are spaCy's tokens; stop words and punctuation do not count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.detect.recognize.matching import Matches, Texts
from airflow_privacy.core.detect.recognize.shape import Rows

GAIN, LEAST, MOST = 0.35, 0.4, 1.0
_BEFORE = 5
_MOST_WORDS = 200_000

# Parts between blanks that are cut on either side of a match, and further ones, with so many words, that are not looked at.
_PARTS_BEFORE, _PARTS_AFTER, _MARGIN, _MARGIN_WORDS = 14, 4, 4, 4


class Words:
    """The tokens of texts in one language, each text cut once."""

    def __init__(self, language: str) -> None:
        self._pipeline = tokenizer(language)
        self._texts: dict[str, tuple[list[int], list[str], set[str]]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._counting: dict[str, int] = {}

    def surely_near(self, text: str, start: int, context: Sequence[str]) -> bool:
        """Whether one of the lower-case words is near *start*, where that needs no cutting; ``False`` says nothing.

        Between two blanks, letters alone that are one token by themselves are that token anywhere: where only such stand between
        a context word and a match that begins behind a blank, the words in between can be counted. One next to a colon might
        count by what it is elsewhere (see :meth:`_nearby`).
        """
        if start and text[start - 1] != " ":
            return False
        counted, end, passed = 0, start - 1, []
        while end > 0 and counted < _BEFORE:
            begin = text.rfind(" ", 0, end) + 1
            part = text[begin:end]
            counts = self._counting.get(part)
            if counts is None:
                counts = self._counting[part] = self._counts(part)
            if counts < 0:
                return False
            word = part.lower()
            if counts == 0:
                passed.append(word)
            elif any(one in word for one in context):
                return not passed or ":" not in text or not _brought(passed, text)
            counted += counts
            end = begin - 1
        return False

    def _counts(self, part: str) -> int:
        """1 for letters that are one word which counts, 0 for one that does not; -1 for everything else."""
        if not (part.isascii() and part.isalpha()) or part.lower() == "be" or len(self._pipeline.make_doc(part)) != 1:
            return -1
        return 1 if self._parts(part) else 0

    def around(self, text: str, start: int) -> list[str]:
        """Lower-case words that say something: the first from *start* on, and up to six from there back."""
        known = self._texts.get(text)
        if known is None:
            near = self._nearby(text, start)
            if near is not None:
                return near
        if known is None:
            known = self._texts[text] = self._cut(text)
        return _chosen(*known, start)[0]

    def _nearby(self, text: str, start: int) -> list[str] | None:
        """The same from the words next to *start* alone; ``None`` where they do not suffice.

        spaCy parts a text at blanks before anything else, and what it makes of a few neighbouring parts hangs on no others.
        Whether a word counts could hang on a word far off in two cases only: one with a colon brings its parts along, and may so
        bring a word that does not count by itself; and "be" in capitals, where a language does not pass over it.
        """
        begin = end = start
        for _ in range(_MARGIN + _PARTS_BEFORE):
            begin = text.rfind(" ", 0, max(begin, 0))
            if begin < 0:
                break
        for _ in range(_PARTS_AFTER + _MARGIN):
            end = text.find(" ", end + 1)
            if end < 0:
                break
        begin, end = begin + 1, len(text) if end < 0 else end
        ends, words, keywords = self._cut(text[begin:end])
        if ("be" in words and "be" in keywords) or (":" in text and _brought(set(words) - keywords, text)):
            return None
        near, first, last = _chosen(ends, words, keywords, start - begin)
        # What stands at the rim may be cut otherwise where the text goes on.
        if (begin > 0 and (len(near) <= _BEFORE + 1 or first < _MARGIN_WORDS)) or (
            end < len(text) and last > len(words) - _MARGIN_WORDS
        ):
            return None
        return near

    def _cut(self, text: str) -> tuple[list[int], list[str], set[str]]:
        places = self._pipeline.make_doc(text).to_array(["IDX", "LENGTH"]).reshape(-1, 2).astype(np.int64)
        ends: list[int] = places.sum(axis=1).tolist()
        raw = [text[start:end] for start, end in zip(places[:, 0].tolist(), ends, strict=True)]
        keywords: set[str] = set()
        for word in raw:
            parts = self._words.get(word)
            if parts is None:
                parts = self._words[word] = self._parts(word)
            keywords.update(parts)
        return ends, [word.lower() for word in raw], keywords

    def _parts(self, word: str) -> tuple[str, ...]:
        lexeme = self._pipeline.vocab[word]
        if lexeme.is_stop or lexeme.is_punct or word in ("-PRON-", "be"):
            return ()
        return tuple(word.lower().split(":"))


def _brought(weightless: Iterable[str], text: str) -> bool:
    """Whether one of these words stands next to a colon inside another word, and could be brought by it."""
    colons = " ".join(part for part in text.lower().split() if ":" in part)
    return any(f":{word}" in colons or f"{word}:" in colons for word in weightless)


def _chosen(ends: list[int], words: list[str], keywords: set[str], start: int) -> tuple[list[str], int, int]:
    """The words around *start*, and the places of the first and the last word that were looked at."""
    at = last = bisect_right(ends, start)
    # Presidio asks for no word behind the match, and yet takes the next one where the match begins in a word without weight.
    while last < len(words) and words[last] not in keywords:
        last += 1
    chosen = [words[last] if last < len(words) else ""]
    while at >= 0 and len(chosen) <= _BEFORE + 1:
        if words[at] in keywords:
            chosen.append(words[at])
        at -= 1
    return chosen, at + 1, last


def tokenizer(language: str) -> Any:
    """spaCy's rules for cutting words of a language; Korean and Thai need further packages, and get those of no language.

    spaCy keeps every word that it has seen. Its remedy, a memory zone, switches off its cache and makes it five times slower:
    instead the rules are made anew once many words have come together.
    """
    pipeline = _made(language)
    if len(pipeline.vocab.strings) > _MOST_WORDS:
        _made.cache_clear()
        pipeline = _made(language)
    return pipeline


@cache
def _made(language: str) -> Any:
    import spacy

    try:
        return spacy.blank(language)
    except ImportError:
        return spacy.blank("xx")


def raised(
    texts: Texts, found: Matches, context: Sequence[str], given: Sequence[str], words: Words | None
) -> npt.NDArray[np.float64]:
    """The scores of one recognizer's matches with context counted.

    :param context: the recognizer's context words.
    :param given: words that count as near every match, such as those of a column's name.
    :param words: where to look for words in the texts; ``None`` for nowhere.
    """
    lower = [word.lower() for word in context]
    if not lower or len(found.row) == 0:
        return found.score
    if any(word in near.lower() for near in given for word in lower):
        return _gained(found.score)
    if words is None:
        return found.score
    supported = np.zeros(len(found.row), bool)
    low = np.flatnonzero(found.score < MOST)
    rows = low[_holding(texts, found.row[low], lower)]
    starts = found.start[rows].tolist()
    for place, text, start in zip(rows.tolist(), texts.all.gather(found.row[rows]).to_list(), starts, strict=True):
        near = words.surely_near(text, start, lower)
        supported[place] = near or any(word in other for other in words.around(text, start) for word in lower)
    return np.where(supported, _gained(found.score), found.score)


def _gained(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.minimum(np.maximum(score + GAIN, LEAST), MOST)


def _holding(texts: Texts, rows: Rows, lower: list[str]) -> npt.NDArray[np.bool_]:
    """Texts that hold a context word anywhere. Beyond ASCII, case is Python's matter: those texts pass."""
    held = ~texts.shapes.ascii[rows]
    some = np.flatnonzero(~held & texts.shapes.taken(rows).spelling(lower))
    if len(some):
        held[some] = texts.all.gather(rows[some]).str.contains_any(lower, ascii_case_insensitive=True).to_numpy()
    return held
