"""Pieces of texts as the model takes them: distinct pieces with their features, places with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from airflow_privacy.core.detect.names.features import Integers, candidates, level, of_pieces, of_places
from airflow_privacy.core.detect.names.lexicon import ORGANIZATION, lexicon
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
    return (shape == 4) & beside[2:-2]


def _several(table: pl.DataFrame, shape: Integers) -> Integers:
    """1 where a known place or organisation of two or three words begins, 2 where it goes on."""
    word = pl.col("piece").str.to_lowercase()
    same = [pl.lit(True), pl.col("at") == pl.col("at").shift(-1), pl.col("at") == pl.col("at").shift(-2)]
    frame = table.select(
        "at",
        two=pl.when(same[1]).then(word + " " + word.shift(-1)),
        three=pl.when(same[2]).then(word + " " + word.shift(-1) + " " + word.shift(-2)),
    )
    marks = np.zeros(len(table) + 2, dtype=np.int32)
    letters = (shape >= 5) & (shape <= 9)
    for length, name in ((2, "two"), (3, "three")):
        kinds = frame.select(pl.col(name).alias("phrase")).join(_phrases(), on="phrase", how="left", maintain_order="left")
        kind = kinds["phrase_kind"].fill_null(0).to_numpy()
        starts = np.flatnonzero((kind > 0) & letters)
        for step in range(length):
            marks[starts + step] = np.maximum(marks[starts + step], 1 if step == 0 else 2)
    return marks[: len(table)]


@cache
def _phrases() -> pl.DataFrame:
    return (
        lexicon()
        .filter(pl.col("word").str.contains(" ") & ((pl.col("place") >= 2) | ((pl.col("role") & ORGANIZATION) > 0)))
        .select(phrase="word", phrase_kind=pl.when((pl.col("role") & ORGANIZATION) > 0).then(2).otherwise(1))
    )
