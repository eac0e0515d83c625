"""Texts as code points in one array, so that the characters of a whole column are changed in place at once.

Only characters of an alphabet are touched; all others stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.integer[Any]]
Matrix: TypeAlias = NDArray[np.integer[Any]]
"""One row a text, one column a character of the alphabet, as its number there."""

Change: TypeAlias = Callable[[Matrix], Matrix]


def change_letters(texts: pl.Series, letters: str, change: Change, *, shortest: int) -> pl.Series:
    """*change* over the texts' characters of an alphabet, called once for all texts that have equally many of them.

    :param texts: none of them missing.
    :param letters: the alphabet, each character once.
    :param shortest: a text with fewer characters of the alphabet becomes missing.
    """
    points, ends = points_of(texts)
    symbols = _numbers_in(letters)[points if points.dtype == np.uint8 else np.minimum(points, _last(letters))]
    inside = symbols >= 0
    before = np.concatenate(([0], np.cumsum(inside)))
    counts = np.diff(before[ends], prepend=0)
    starts = before[ends] - counts
    found = symbols[inside]
    made: Matrix = found.copy()
    for count in np.unique(counts[counts >= shortest]).tolist():
        rows = np.flatnonzero(counts == count)
        if len(rows) == len(counts):
            made = change(found.reshape(-1, count)).reshape(-1)
            break
        at = starts[rows][:, np.newaxis] + np.arange(count)
        made[at] = change(found[at])
    alphabet = np.frombuffer(letters.encode("utf-32-le"), dtype="<u4")
    changed = points.astype(np.promote_types(points.dtype, np.uint8 if letters.isascii() else np.uint32))
    changed[inside] = alphabet[made]
    result = texts_of(changed, ends).alias(texts.name)
    enough = pl.Series(counts >= shortest)
    return result if enough.all() else pl.select(pl.when(enough).then(result)).to_series().alias(texts.name)


def points_of(texts: pl.Series) -> tuple[Points, NDArray[np.int64]]:
    """The code points of all texts one after another, and where each text ends."""
    joined: str = texts.str.join("").item() if texts.len() else ""
    ends = np.cumsum(texts.str.len_chars().to_numpy(), dtype=np.int64)
    if joined.isascii():
        return np.frombuffer(joined.encode(), dtype=np.uint8), ends
    return np.frombuffer(joined.encode("utf-32-le"), dtype="<u4"), ends


def texts_of(points: Points, ends: NDArray[np.int64]) -> pl.Series:
    """The reverse of :func:`points_of`."""
    import pyarrow as pa  # only where columns are computed

    if points.dtype == np.uint8:
        octets = points.tobytes()
    else:
        octets = points.astype("<u4").tobytes().decode("utf-32-le").encode()
        sizes = 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
        ends = np.concatenate(([0], np.cumsum(sizes)))[ends]
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), ends))
    array = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(octets))
    made = pl.from_arrow(array)
    assert isinstance(made, pl.Series)  # noqa: S101 - narrows the type
    return made


def _last(letters: str) -> int:
    return max(0xFF, *map(ord, letters)) + 1


@lru_cache(maxsize=8)
def _numbers_in(letters: str) -> NDArray[np.int32]:
    table = np.full(_last(letters) + 1, -1, dtype=np.int32)
    table[[ord(letter) for letter in letters]] = np.arange(len(letters))
    table.flags.writeable = False
    return table
