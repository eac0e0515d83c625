"""Pieces of texts as the model takes them: distinct pieces with their features, places with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from airflow_privacy.core.detect.names.features import Integers, candidates, level, of_pieces, of_places
from airflow_privacy.core.detect.names.lexicon import ORGANIZATION, lexicon, look_up
from airflow_privacy.core.detect.names.words import cut


class Context(NamedTuple):
    """``table`` as :func:`words.cut` gives it; ``piece`` numbers rows of ``pieces``, ``places`` has a row for each row of it."""

    table: pl.DataFrame
    piece: Integers
    pieces: Integers
    places: Integers
    candidate: NDArray[np.bool_]


def look(texts: pl.Series, words: Sequence[str], endings: Sequence[str]) -> Context:
    """Cut *texts* and look their pieces up; *words* and *endings* are the model's vocabulary."""
    table = cut(texts)
    distinct = table["piece"].unique(maintain_order=True)
    features = of_pieces(distinct, words, endings)
    numbers = pl.DataFrame({"piece": distinct, "number": np.arange(len(distinct), dtype=np.int32)})
    piece = table.select("piece").join(numbers, on="piece", how="left", maintain_order="left")["number"].to_numpy()
    shape = level(features, "shape")[piece]
    places = of_places(table["at"].to_numpy().astype(np.int32), shape, table["gap"].to_numpy(), _several(table, shape))
    candidate = candidates(features)[piece]
    return Context(table, piece, features, places, candidate | _numbers(shape, candidate))


def _numbers(shape: Integers, candidate: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Numbers beside candidates: of a house, a zip code."""
    beside = np.zeros(len(shape) + 4, dtype=bool)
    for offset in (0, 1, 3, 4):
        beside[offset : offset + len(shape)] |= candidate
    found: NDArray[np.bool_] = (shape == 4) & beside[2:-2]
    return found


def _several(table: pl.DataFrame, shape: Integers) -> Integers:
    """1 where a known place or organisation of two or three words begins, 2 where it goes on."""
    at, word = table["at"].to_numpy(), table["piece"].str.to_lowercase()
    letters = (shape >= 5) & (shape <= 9)
    marks = np.zeros(len(table), dtype=np.int32)
    for length in (2, 3):
        count = max(len(table) - length + 1, 0)
        starts = np.flatnonzero(letters[:count] & letters[length - 1 :] & (at[:count] == at[length - 1 :]))
        phrases = word.gather(starts)
        for step in range(1, length):
            phrases = phrases + " " + word.gather(starts + step)
        starts = starts[look_up(phrases, _phrases())["known"].to_numpy() > 0]
        for step in range(length):
            marks[starts + step] = np.maximum(marks[starts + step], 1 if step == 0 else 2)
    return marks


@cache
def _phrases() -> pl.DataFrame:
    known = (pl.col("place") >= 2) | ((pl.col("role") & ORGANIZATION) > 0)
    return lexicon().filter(pl.col("word").str.contains(" ") & known).select("word", known=pl.lit(1, dtype=pl.UInt8))
