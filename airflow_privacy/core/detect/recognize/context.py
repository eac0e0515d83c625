"""Words near a match that raise its score: Presidio's rule, on the texts that hold such a word at all.

A match gains 0.35 (at least 0.4 in all, at most 1) when a context word of its recognizer is part of the word that it begins in,
or of one of the five words before; where it begins in a word that does not count, the next one that does is looked at too.
Words are spaCy's tokens; stop words and punctuation do not count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.detect.recognize.matching import Matches
from airflow_privacy.core.detect.recognize.shape import Rows

GAIN, LEAST, MOST = 0.35, 0.4, 1.0
_BEFORE = 5
_MOST_WORDS = 200_000


class Words:
    """The tokens of texts in one language, each text cut once."""

    def __init__(self, language: str) -> None:
        self._pipeline = tokenizer(language)
        self._texts: dict[str, tuple[list[int], list[str], set[str]]] = {}
        self._words: dict[str, tuple[str, ...]] = {}

    def around(self, text: str, start: int) -> list[str]:
        """Lower-case words that say something: the first from *start* on, and up to six from there back."""
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self._cut(text)
        ends, words, keywords = known
        at = bisect_right(ends, start)
        # Presidio asks for no word behind the match, and yet takes the next one where the match begins in a word without weight.
        chosen = [next((word for word in words[at:] if word in keywords), "")]
        while at >= 0 and len(chosen) <= _BEFORE + 1:
            if words[at] in keywords:
                chosen.append(words[at])
            at -= 1
        return chosen

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
    texts: pl.Series, found: Matches, context: Sequence[str], given: Sequence[str], words: Words | None
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
    for place, text, start in zip(rows.tolist(), texts.gather(found.row[rows]).to_list(), starts, strict=True):
        around = words.around(text, start)
        supported[place] = any(word in other for other in around for word in lower)
    return np.where(supported, _gained(found.score), found.score)


def _gained(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.minimum(np.maximum(score + GAIN, LEAST), MOST)


def _holding(texts: pl.Series, rows: Rows, lower: list[str]) -> npt.NDArray[np.bool_]:
    """Texts that hold a context word anywhere. Beyond ASCII, case is Python's matter: those texts pass."""
    values = texts.gather(rows)
    held: npt.NDArray[np.bool_] = values.str.contains_any(lower, ascii_case_insensitive=True).to_numpy()
    held |= (values.str.len_bytes() != values.str.len_chars()).to_numpy()
    return held
