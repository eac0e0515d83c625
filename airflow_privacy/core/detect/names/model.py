"""A small neural classifier of words: a window of seven pieces, one hidden layer, five labels.

Its first layer is a sum of rows, one for each feature of each piece of the window, so that a distinct piece is computed once;
what is left for a place in a text is seven additions of 32 numbers. ``training/names`` makes it from sentences generated there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airflow_privacy.core.detect.names.context import Context
from airflow_privacy.core.detect.names.features import PLACES, Integers

LABELS = ("", "PERSON", "LOCATION", "ORGANIZATION", "NRP")
OFFSETS = (-3, -2, -1, 0, 1, 2, 3)
_SLICE = 200_000  # places at a time: 32 numbers each


class Model(NamedTuple):
    """``table`` (offset, feature or none, hidden) in steps of ``scale``; the other weights as floats."""

    words: tuple[str, ...]
    endings: tuple[str, ...]
    table: NDArray[np.int8]
    scale: NDArray[np.float32]
    places: NDArray[np.float32]
    bias: NDArray[np.float32]
    out: NDArray[np.float32]
    out_bias: NDArray[np.float32]

    @classmethod
    def pack(
        cls,
        words: Sequence[str],
        endings: Sequence[str],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        out: NDArray[np.float32],
        out_bias: NDArray[np.float32],
    ) -> Model:
        """The model with its first layer rounded to one byte a weight."""
        table = weights[:-PLACES].reshape(len(OFFSETS), -1, weights.shape[1])
        limit = np.quantile(np.abs(table), 0.9999, axis=(0, 1)).astype(np.float32)
        scale = (np.maximum(limit, 1e-6) / 127).astype(np.float32)
        small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
        return cls(tuple(words), tuple(endings), small, scale, weights[-PLACES:], bias, out, out_bias)

    def save(self, path: Path) -> None:
        """Write the model as an ``.npz`` file without pickles."""
        texts = {name: np.frombuffer("\x00".join(getattr(self, name)).encode(), dtype=np.uint8) for name in ("words", "endings")}
        arrays = {name: getattr(self, name) for name in self._fields if name not in texts}
        np.savez_compressed(path, allow_pickle=False, **texts, **arrays)

    @classmethod
    def load(cls, file: IO[bytes]) -> Model:
        """Read what :meth:`save` wrote."""
        with np.load(file, allow_pickle=False) as stored:
            values = {name: stored[name] for name in cls._fields}
        for name in ("words", "endings"):
            values[name] = tuple(values[name].tobytes().decode().split("\x00"))
        return cls(**values)


@cache
def shipped() -> Model:
    """The model of this package, read once."""
    with files("airflow_privacy.core.detect.names").joinpath("data/model.npz").open("rb") as file:
        return Model.load(file)


def windows(piece: Integers, at: NDArray[np.uint32]) -> Integers:
    """For each offset and place the number of the piece there; -1 outside the text."""
    count = len(piece)
    found = np.full((len(OFFSETS), count), -1, dtype=np.int32)
    for row, offset in enumerate(OFFSETS):
        here, there = slice(max(0, -offset), count - max(0, offset)), slice(max(0, offset), count - max(0, -offset))
        if abs(offset) < count:
            found[row, here] = np.where(at[here] == at[there], piece[there], -1)
    return found


def scores(model: Model, context: Context) -> NDArray[np.float32]:
    """The probability of each label at each place; 0 for all labels where the piece is no candidate."""
    found = np.zeros((len(context.piece), len(LABELS)), dtype=np.float32)
    rows = np.flatnonzero(context.candidate)
    if not len(rows):
        return found
    window = windows(context.piece, context.table["at"].to_numpy())[:, rows]
    summed = [_sums(model, number, context.pieces) for number in range(len(OFFSETS))]
    for start in range(0, len(rows), _SLICE):
        part = slice(start, start + _SLICE)
        hidden = model.bias + model.places[context.places[rows[part]]].sum(axis=1)
        for number in range(len(OFFSETS)):
            hidden += summed[number][window[number, part]]
        out = np.maximum(hidden, 0) @ model.out + model.out_bias
        out = np.exp(out - out.max(axis=1, keepdims=True))
        found[rows[part]] = out / out.sum(axis=1, keepdims=True)
    return found


def _sums(model: Model, number: int, pieces: Integers) -> NDArray[np.float32]:
    """What each distinct piece adds at an offset; the last row is for no piece."""
    table = model.table[number]
    total = np.zeros((len(pieces) + 1, table.shape[1]), dtype=np.int32)
    for column in range(pieces.shape[1]):
        total[:-1] += table[pieces[:, column]]
    total[-1] = table[-1]
    return total.astype(np.float32) * model.scale
