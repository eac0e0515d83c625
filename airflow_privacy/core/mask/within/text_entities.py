"""Words that are known beforehand, found in a text: what other columns of the row hold, and what was found elsewhere in it.

Words are compared after NFKC and full case folding, so that ``ANNA MÜLLER`` is found as ``Anna Mu\u0308ller``.
A match begins and ends at a word's edge; between letters without case (Han, Kana, Thai) there are no such edges to see.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from airflow_privacy.core.model.findings import Span

SURE = 1.0
_TOKEN = 3  # letters that a part of a name must have to be looked for alone
_REPEAT = 3  # characters that an entity must have to be looked for elsewhere in its text
_PARTICLES = frozenset(
    {"and", "bin", "das", "dei", "del", "della", "den", "der", "des", "dos", "ibn", "las", "los", "ten", "ter", "the", "und",
     "van", "von", "zum", "zur"}
)  # fmt: skip


class Folded(NamedTuple):
    """A text to compare by, and for each of its characters where in the source it begins and ends (None: one to one)."""

    text: str
    places: tuple[tuple[int, int], ...] | None


def fold(text: str) -> Folded:
    """*text* in the form that words are compared in."""
    if text.isascii():
        return Folded(text.lower(), None)
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        part = folded_word(text[start:end])
        folded.append(part)
        places.extend([(start, end)] * len(part))
    return Folded("".join(folded), tuple(places))


def folded_word(text: str) -> str:
    """A word in the form that it is compared in."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def known_words(value: str) -> list[str]:
    """What is looked for when a column of the row holds *value*: the whole, and the parts of a name.

    A name is two or more words without digits and ``@``; its parts of three letters or more count, but for particles.
    """
    whole = " ".join(folded_word(value).split())
    words = [whole] if len(whole) > 1 else []
    parts = whole.replace(",", " ").split()
    if len(parts) > 1 and "@" not in whole and not any(char.isdigit() for char in whole):
        names = (part.strip(".'\"()") for part in parts)
        words += [part for part in names if sum(char.isalpha() for char in part) >= _TOKEN and part not in _PARTICLES]
    return words


def known_spans(text: str, values: Iterable[str | None], entity: str) -> list[Span]:
    """Where *text* has one of the values of its row, or a part of a name among them."""
    words = {word for value in values if value is not None for word in known_words(value)}
    if not words:
        return []
    folded = fold(text)
    return [Span(entity, start, end, SURE) for word in sorted(words) for start, end in places_of(word, folded)]


def repeated_spans(text: str, spans: Sequence[Span]) -> list[Span]:
    """Where *text* has an entity again that was found in it once: detection may see a name in one sentence, not in the next."""
    words = {folded_word(text[span.start : span.end]): span.entity for span in spans if span.end - span.start >= _REPEAT}
    if not words:
        return []
    folded = fold(text)
    return [
        Span(entity, start, end, SURE)
        for word, entity in sorted(words.items())
        for start, end in places_of(word, folded)
        if not any(span.start < end and start < span.end for span in spans)
    ]


def places_of(word: str, folded: Folded) -> Iterator[tuple[int, int]]:
    """Where in the source a folded word stands as a word."""
    text, places = folded
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if _is_edge(text, at, word[0]) and _is_edge(text, end, word[-1]):
            yield (at, end) if places is None else (places[at][0], places[end - 1][1])
        at = text.find(word, at + 1)


def _is_edge(text: str, at: int, own: str) -> bool:
    """Whether a word that has *own* at this side may end between the characters before and after *at*."""
    if at in (0, len(text)) or not _is_word(own) or unicodedata.category(own) == "Lo":
        return True
    return not (_is_word(text[at - 1]) and _is_word(text[at]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Characters with what NFKC may join to them: combining marks, and the vowels and finals of Hangul."""
    start = 0
    for at in range(1, len(text)):
        if not (unicodedata.combining(text[at]) or "\u1160" <= text[at] <= "\u11ff"):
            yield start, at
            start = at
    yield start, len(text)
