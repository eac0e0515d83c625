"""A column of ASCII texts as bytes: one flat buffer, or one contiguous row of codes for each character position.

Row operations over a position are what NumPy does at memory speed; a check digit over ten million texts is then a dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.detect.buffers import bytes_of, texts_of

Bytes: TypeAlias = npt.NDArray[np.uint8]
Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]

#: What a table of :func:`values` has for a character that counts nothing.
NOTHING = 255

_BLOCK = 1 << 15  # texts at a time: what is made of them stays in the processor's cache


@dataclass(frozen=True)
class Letters:
    """Texts back to back in ``codes``; text *i* is ``codes[ends[i - 1]:ends[i]]``."""

    codes: Bytes
    ends: Numbers

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def lengths(self) -> Numbers:
        return np.diff(self.ends, prepend=0)

    def only(self, kept: Bytes) -> Letters:
        """Without the characters that table *kept* (see :func:`kept`) has as 0."""
        keep = kept[self.codes] != 0
        if keep.all():
            return self
        return Letters(self.codes[keep], self.ends - np.searchsorted(np.flatnonzero(~keep), self.ends))

    def series(self) -> pl.Series:
        """The texts, ASCII, as Polars has them."""
        return texts_of(self.codes, np.concatenate([np.zeros(1, np.int64), self.ends]))

    def last(self) -> Bytes:
        """The last character of each text; no text is empty."""
        return self.codes[self.ends - 1]

    def at(self, place: int) -> Bytes:
        """The character at *place* of each text, counted from 0; every text is longer."""
        found: Bytes = self.codes[self.ends - self.lengths + place]
        return found

    def upper(self) -> Letters:
        return Letters(_UPPER[self.codes], self.ends)

    def rows(self, width: int, *, right: bool = False) -> Bytes:
        """Codes by position, shape (width, texts): texts flush left (or *right*), the rest 0, longer ones cut at the far end."""
        lengths = self.lengths
        out = np.zeros((width, len(self)), np.uint8)
        if not len(self.codes):
            return out
        if (lengths == lengths[0]).all():
            length = int(lengths[0])
            block, cut = self.codes.reshape(-1, length).T, min(length, width)
            out[width - cut if right else 0 : width if right else cut] = block[length - cut if right else 0 :][:cut]
            return out
        place = self.ends - (width if right else lengths)
        for row in range(width):
            self.codes.take(place, mode="clip", out=out[row])
            out[row] *= lengths >= width - row if right else lengths > row
            place += 1
        return out


def letters(texts: pl.Series) -> Letters:
    """The bytes of *texts* (no nulls).

    :raises ValueError: a text is not ASCII: its positions would not be bytes.
    """
    codes, offsets = bytes_of(texts)
    if len(codes) and codes.max() > 127:
        raise ValueError("matched texts must be ASCII")
    return Letters(codes, offsets[1:])


def kept(characters: str) -> Bytes:
    """A table for :meth:`Letters.only`: 1 for *characters*, 0 for all others."""
    table = np.zeros(256, np.uint8)
    table[[ord(character) for character in characters]] = 1
    return table


def dropped(characters: str) -> Bytes:
    """A table for :meth:`Letters.only`: 0 for *characters*, 1 for all others."""
    return 1 - kept(characters)


def values(alphabet: str, worth: list[int] | None = None) -> Bytes:
    """A table of what each character of *alphabet* counts: its position, or *worth*; :data:`NOTHING` for all others."""
    table = np.full(256, NOTHING, np.uint8)
    for place, character in enumerate(alphabet):
        table[ord(character)] = place if worth is None else worth[place]
    return table


def answer(true: Flags, unknown: Flags | None = None) -> pl.Series:
    """Booleans as a series; null where *unknown*."""
    series = pl.Series(true)
    return series if unknown is None or not unknown.any() else series.set(pl.Series(unknown), None)


def constant(value: bool | None, count: int) -> pl.Series:
    return pl.Series([value], dtype=pl.Boolean).new_from_index(0, count)


_UPPER = np.arange(256, dtype=np.uint8)
_UPPER[ord("a") : ord("z") + 1] -= 32

DIGITS = kept("0123456789")
DIGIT_VALUES = values("0123456789")
LETTER_OR_DIGIT_VALUES = values("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LETTER_VALUES = values("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def in_blocks(validation: Callable[[pl.Series], pl.Series]) -> Callable[[pl.Series], pl.Series]:
    """The same *validation*, of a few thousand texts at a time."""

    @wraps(validation)
    def whole(texts: pl.Series) -> pl.Series:
        if len(texts) <= _BLOCK:
            return validation(texts)
        return pl.concat([validation(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)])

    return whole
