"""What kinds of characters each text of a column holds: one pass over its bytes, long before any regular expression."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from operator import or_

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.detect.buffers import bytes_of

Rows = npt.NDArray[np.int64]

_DIGITS, _BLANKS, _MARKS, _ZERO, _BEYOND = 26, 60, 61, 62, 63
_FIRST_SIGN = 27
_BLOCK = 1 << 14  # bytes at a time: what is made of them stays in the processor's cache, in memory that is used again


@dataclass(frozen=True)
class Shapes:
    """For each text, none of them empty: ``kinds`` as bits, ``length`` in bytes, number of ``digits``."""

    kinds: npt.NDArray[np.uint64]
    length: Rows
    digits: Rows

    @cached_property
    def ascii(self) -> npt.NDArray[np.bool_]:
        """Texts of ASCII characters without the null character, which the engine uses as a mark."""
        plain: npt.NDArray[np.bool_] = (self.kinds & np.uint64(1 << _BEYOND | 1 << _ZERO)) == 0
        return plain

    def taken(self, rows: Rows) -> Shapes:
        return Shapes(self.kinds[rows], self.length[rows], self.digits[rows])

    def candidates(self, needs: tuple[int, ...], length: int, digits: int) -> Rows:
        """Positions of the texts that hold a character of each of *needs* (bits of :func:`kinds_of`) and are long enough."""
        fits = self.length >= length
        if digits:
            fits &= self.digits >= digits
        for need in needs:
            fits &= (self.kinds & np.uint64(need)) != 0
        return np.flatnonzero(fits)

    def spelling(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which ASCII texts have all characters of one of *words*, in either case and any order."""
        held = np.zeros(len(self.kinds), bool)
        for needs in {reduce(or_, (1 << _kind(ord(character)) for character in word), 0) for word in words}:
            held |= (self.kinds & np.uint64(needs)) == needs
        return held


def shapes(texts: pl.Series) -> Shapes:
    """The shapes of *texts*, without nulls and empty texts."""
    codes, offsets = bytes_of(texts)
    kind, digit = _tables()
    kinds, digits = np.empty(len(texts), np.uint64), np.empty(len(texts), np.int64)
    for first, last in blocks(offsets):
        some = codes[offsets[first] : offsets[last]]
        begin = offsets[first:last] - offsets[first]
        np.bitwise_or.reduceat(kind.take(some, mode="clip"), begin, out=kinds[first:last])
        np.add.reduceat(digit.take(some, mode="clip"), begin, out=digits[first:last])
    return Shapes(kinds, np.diff(offsets), digits)


def blocks(offsets: Rows) -> Iterator[tuple[int, int]]:
    """Ranges of texts that are some bytes together: whole texts, at least one, however long it is."""
    first, count = 0, len(offsets) - 1
    while first < count:
        last = min(max(int(np.searchsorted(offsets, offsets[first] + _BLOCK)), first + 1), count)
        yield first, last
        first = last


def kinds_of(bits: int) -> int:
    """The kinds of a set of ASCII characters (bits 0 to 127): wider than the set where a kind has several members."""
    found = 0
    for code in range(128):
        if bits >> code & 1:
            found |= 1 << _kind(code)
    return found


def _kind(code: int) -> int:
    if code >= 128:
        return _BEYOND
    if 48 <= code <= 57:
        return _DIGITS
    if 65 <= code <= 90:
        return code - 65
    if 97 <= code <= 122:
        return code - 97
    if code == 0:
        return _ZERO
    if code in (3, 9, 10, 11, 12, 13):
        return _BLANKS
    if code < 32 or code == 127:
        return _MARKS
    signs = [sign for sign in range(32, 127) if not chr(sign).isalnum()]
    return _FIRST_SIGN + signs.index(code)


@cache
def _tables() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    kind = np.array([1 << _kind(code) for code in range(256)], np.uint64)
    digit = np.array([48 <= code <= 57 or code == 1 for code in range(256)], np.uint8)
    return kind, digit
