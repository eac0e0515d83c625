"""A column of texts as the bytes that it is made of, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa


def bytes_of(texts: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The UTF-8 of *texts* (no nulls) back to back, where each begins, and where the last one ends."""
    if len(texts) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    codes = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.empty(0, np.uint8)
    return codes, offsets - offsets[0]


def texts_of(codes: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> pl.Series:
    """What :func:`bytes_of` took apart; the bytes are not copied and must be UTF-8."""
    return pl.Series(pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(codes)))
