"""What the model sees of a word and of its place, as numbers of features. Training and finding share it.

A distinct piece has a fixed number of features (:func:`of_pieces`), a place in a text has some more (:func:`of_places`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from airflow_privacy.core.detect.names.lexicon import look_up

Integers: TypeAlias = NDArray[np.int32]

#: Features of a piece that are no word of the vocabulary and no ending.
_SIZES = (
    ("shape", 14), ("first", 8), ("last", 9), ("common", 7), ("place", 7), ("role", 32), ("kind", 16), ("length", 8),
    ("first_common", 56), ("last_common", 63), ("place_common", 49), ("name_shape", 126), ("first_last", 72),
)  # fmt: skip
OPEN = sum(size for _, size in _SIZES)

#: Features of a place.
PLACES = 30

_SHAPES = (
    (r"^\n$", 0),
    (r"^@", 1),
    (r"^#", 2),
    (r"^(?:https?:|www\.)|@", 3),
    (r"^\p{N}", 4),
    (r"^\p{Lu}$", 5),
    (r"^\p{Lu}[\p{Ll}\p{M}]+$", 6),
    (r"^\p{Lu}{2,}$", 7),
    (r"^\p{Lu}", 8),
    (r"^[\p{Ll}\p{M}]+$", 9),
    (r"^\p{L}", 10),
    (r"^[.!?]", 11),
    (r"^[,;:'\x22\x{2019}\-&/()]", 12),
)
_OTHER_SHAPE = 13
TITLE_CASE, _CAPITALS = 6, 7


def of_pieces(pieces: pl.Series, words: Sequence[str], endings: Sequence[str]) -> Integers:
    """One row of feature numbers a piece: those of :data:`_SIZES` in order, then its word and its ending.

    Number 0 of the words, and of the endings, is for what is not in the list.
    """
    shape = pl.lit(_OTHER_SHAPE)
    for pattern, number in reversed(_SHAPES):
        shape = pl.when(pl.col("piece").str.contains(pattern)).then(number).otherwise(shape)
    word_numbers = pl.DataFrame({"word": list(words), "word_number": range(1, len(words) + 1)})
    ending_numbers = pl.DataFrame({"ending": list(endings), "ending_number": range(1, len(endings) + 1)})
    distinct = (
        pl.DataFrame({"piece": pieces})
        .with_columns(shape=shape, word=pl.col("piece").str.to_lowercase())
        .with_columns(
            ending=pl.when(pl.col("word").str.contains(r"^\p{L}{4,}")).then(pl.col("word").str.tail(3)),
            length=pl.col("word").str.len_chars().clip(0, 15) // 2,
        )
    )
    table = (
        pl.concat([distinct, look_up(distinct["word"])], how="horizontal")
        .join(word_numbers, on="word", how="left", maintain_order="left")
        .join(ending_numbers, on="ending", how="left", maintain_order="left")
        .with_columns(pl.selectors.numeric().fill_null(0).cast(pl.Int32))
        .with_columns(
            first_common=pl.col("first") * 7 + pl.col("common"),
            last_common=pl.col("last") * 7 + pl.col("common"),
            place_common=pl.col("place") * 7 + pl.col("common"),
            name_shape=pl.max_horizontal("first", "last") * 14 + pl.col("shape"),
            first_last=pl.col("first") * 9 + pl.col("last"),
        )
    )
    columns, offset = [], 0
    for name, size in _SIZES:
        columns.append(table[name].to_numpy() + offset)
        offset += size
    columns.append(table["word_number"].to_numpy() + offset)
    columns.append(table["ending_number"].to_numpy() + offset + len(words) + 1)
    return np.stack(columns, axis=1).astype(np.int32)


def level(features: Integers, name: str) -> Integers:
    """One of :data:`_SIZES` of each piece, from 0."""
    names = [listed for listed, _ in _SIZES]
    at = names.index(name)
    return features[:, at] - sum(size for _, size in _SIZES[:at])


def size(words: Sequence[str], endings: Sequence[str]) -> int:
    """How many features a piece can have."""
    return OPEN + len(words) + 1 + len(endings) + 1


def candidates(features: Integers) -> NDArray[np.bool_]:
    """Pieces that can be part of a name: with a capital, or in lower case and far more usual as a name than as a word."""
    shape, common = level(features, "shape"), level(features, "common")
    capital = (shape >= 5) & (shape <= 8)
    known = np.maximum(np.maximum(level(features, "first"), level(features, "last") - 1), level(features, "place") - 1)
    lower = (shape == 9) | (shape == 10)
    found: NDArray[np.bool_] = capital | (lower & (known >= 3) & (common <= known)) | (lower & (level(features, "role") > 0))
    return found


def of_places(at: Integers, shape: Integers, gap: NDArray[np.bool_], known: Integers) -> Integers:
    """Four feature numbers a place: how the sentence begins, how its text is spelt, what it joins, how long its text is.

    *known* is 1 where the piece begins and 2 where it goes on with a place or organisation of several words.
    """
    count = len(at)
    start = np.ones(count, dtype=bool)
    start[1:] = (at[1:] != at[:-1]) | (shape[:-1] == 11) | (shape[:-1] == 0)
    text = np.cumsum(np.r_[True, at[1:] != at[:-1]]) - 1 if count else at
    texts = int(text[-1]) + 1 if count else 0
    title = np.bincount(text, (shape == TITLE_CASE) | (shape == 5), texts)
    upper = np.bincount(text, shape == _CAPITALS, texts)
    lower = np.bincount(text, (shape == 9) | (shape == 10), texts)
    letters = title + upper + lower + 1e-9
    spelt = np.select(
        [upper / letters > 0.6, title / letters > 0.7, title / letters > 0.4, title / letters > 0.15, title > 0],
        [0, 1, 2, 3, 4],
        5,
    )
    length = np.digitize(np.bincount(text, minlength=texts), (2, 4, 8, 16, 32))
    joined = np.where(gap, 0, 1)
    return np.stack(
        [start * 1, 2 + spelt[text] + 6 * start, 14 + length[text], 20 + joined * 3 + np.minimum(known, 2)], axis=1
    ).astype(np.int32)
