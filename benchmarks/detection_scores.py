"""Precision, recall and F2 of found entities against labelled ones, by span and by token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import spacy
from spacy.language import Language

OUT = "O"


class Place(NamedTuple):
    """An entity's kind and its place in a text, in code points."""

    entity: str
    start: int
    end: int


class Score(NamedTuple):
    """How many were right, found and labelled."""

    right: int
    found: int
    labelled: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 0.0

    @property
    def f2(self) -> float:
        """F measure with beta 2: recall counts twice."""
        below = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / below if below else 0.0


def confusion(
    texts: Sequence[str], truth: Sequence[Iterable[Place]], found: Sequence[Iterable[Place]]
) -> Counter[tuple[str, str]]:
    """How many tokens of spaCy's blank English tokenizer have which label and which finding: presidio-research's way to count.

    A token belongs to an entity that it shares a character with.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for text, labels, finds in zip(texts, truth, found, strict=True):
        places = _tokens(text)
        counts.update(zip(_tags(places, labels), _tags(places, finds), strict=True))
    return counts


def pii(counts: Counter[tuple[str, str]]) -> Score:
    """Any entity against none: the kind is not asked."""
    right = sum(count for (label, find), count in counts.items() if OUT not in (label, find))
    found = sum(count for (_, find), count in counts.items() if find != OUT)
    labelled = sum(count for (label, _), count in counts.items() if label != OUT)
    return Score(right, found, labelled)


def of_entity(counts: Counter[tuple[str, str]], entity: str) -> Score:
    """Tokens of one entity; another entity there is wrong."""
    found = sum(count for (_, find), count in counts.items() if find == entity)
    labelled = sum(count for (label, _), count in counts.items() if label == entity)
    return Score(counts[entity, entity], found, labelled)


def by_span(truth: Sequence[Iterable[Place]], found: Sequence[Iterable[Place]], entity: str | None = None) -> Score:
    """Spans with the very kind, start and end; of one entity, or of all."""
    right = finds = labels = 0
    for one, other in zip(truth, found, strict=True):
        labelled = {place for place in one if entity in (None, place.entity)}
        seen = {place for place in other if entity in (None, place.entity)}
        right, finds, labels = right + len(labelled & seen), finds + len(seen), labels + len(labelled)
    return Score(right, finds, labels)


@cache
def _pipeline() -> Language:
    return spacy.blank("en")


@cache
def _tokens(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((token.idx, token.idx + len(token.text)) for token in _pipeline().make_doc(text))


def _tags(tokens: Sequence[tuple[int, int]], places: Iterable[Place]) -> list[str]:
    tags = [OUT] * len(tokens)
    for place in places:
        for at, (start, end) in enumerate(tokens):
            if start < place.end and place.start < end:
                tags[at] = place.entity
    return tags
