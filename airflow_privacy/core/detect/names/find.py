"""Persons, places, organisations and peoples in texts, offline."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from airflow_privacy.core.detect.found import FOUND, in_order
from airflow_privacy.core.detect.names.context import Context, look
from airflow_privacy.core.detect.names.features import TITLE_CASE, level
from airflow_privacy.core.detect.names.model import LABELS, scores, shipped

#: The least probability of a label. A person that is missed costs more than one too many (F2): hence the low limit.
LIMITS = {"PERSON": 0.25, "LOCATION": 0.25, "ORGANIZATION": 0.25, "NRP": 0.25}

_BY = "names"
_USUAL = 5  # words from here on join no address: "to", "and"
_PERSON, _LOCATION = LABELS.index("PERSON"), LABELS.index("LOCATION")
_SLAB = 50_000  # texts at a time

# What may stand between two words of one name, by kind.
_INSIDE = r"^(?:[-'\x{2019}\x{00b4}]|de|del|della|di|da|dos|van|von|der|den|ten|la|le|el|al|bin|ibn|ben|y|zu|st)$"


def find_names(texts: pl.Series) -> pl.DataFrame:
    """PERSON, LOCATION, ORGANIZATION and NRP (nationality, religion, political group) in *texts*, as a table of schema FOUND.

    *texts* is a ``String`` column, nulls allowed. Scores are the model's probability for the surest word of the span, learnt from
    generated sentences, not from yours. English, names of many countries in Latin letters; names in other scripts only
    where the lexicon lists them. Not found: names inside handles, hashtags and addresses of the web and of mail, and lower-case
    names that are far more usual as words. Names and words mix ("Rose", "Will"): expect both kinds of mistakes.
    """
    parts = [_found(texts.slice(start, _SLAB), start) for start in range(0, len(texts), _SLAB)]
    return in_order(pl.concat(parts)) if parts else pl.DataFrame(schema=FOUND)


def _found(texts: pl.Series, first: int) -> pl.DataFrame:
    model = shipped()
    context = look(texts, model.words, model.endings)
    chances = scores(model, context)
    limits = np.array([np.inf, *(LIMITS[label] for label in LABELS[1:])], dtype=np.float32)
    above = chances / limits
    label = np.where(above.max(axis=1, initial=0) >= 1, above.argmax(axis=1), 0).astype(np.int8)
    chance = np.where(label > 0, chances[np.arange(len(label)), label], 0)
    table = context.table.with_columns(label=_joined(label, context), chance=pl.Series(chance, dtype=pl.Float64))
    same = (pl.col("at") == pl.col("at").shift(1)) & (pl.col("label") == pl.col("label").shift(1))
    return (
        table.lazy()
        .with_columns(run=(~same.fill_null(False)).cum_sum())
        .filter(pl.col("label") > 0)
        .group_by("run")
        .agg(pl.col("at", "label", "start").first(), pl.col("end").last(), score=pl.col("chance").max())
        .with_columns(
            at=pl.col("at") + first,
            entity=pl.col("label").replace_strict(dict(enumerate(LABELS)), return_dtype=pl.String),
            by=pl.lit(_BY),
        )
        .select(FOUND.names())
        .collect()
    )


def _joined(label: NDArray[np.int8], context: Context) -> NDArray[np.int8]:
    """Labels with what stands between two words of one name: hyphens, initials' dots, particles; in addresses more."""
    count = len(label)
    piece, at = context.table["piece"], context.table["at"].to_numpy()
    particle = piece.str.to_lowercase().str.contains(_INSIDE).to_numpy()
    mark = piece.str.contains(r"^[.,#\n/-]$").to_numpy()
    rare = piece.str.contains(r"^\p{Ll}+$").to_numpy() & (level(context.pieces, "common")[context.piece] < _USUAL)
    initial = (piece.str.len_chars() == 1).to_numpy() & (label > 0)
    number = piece.str.contains(r"^\p{N}").to_numpy() & (label == _LOCATION)
    address = np.convolve(number, np.ones(9), "same")[:count] > 0 if count else number
    dot = (piece == ".").to_numpy()
    label = _hyphened(label, context)
    found = label.copy()
    for length in range(1, min(4, count - 1)):
        left, right = slice(0, count - length - 1), slice(length + 1, count)
        fills = (label[left] > 0) & (label[left] == label[right]) & (at[left] == at[right])
        inner = [slice(step, count - length - 1 + step) for step in range(1, length + 1)]
        for one in inner:
            in_address = (mark[one] | rare[one]) & address[one] & (label[left] == _LOCATION)
            fills &= (label[one] == 0) & (particle[one] | (dot[one] & initial[left]) | in_address)
        for one in inner:
            found[one][fills] = label[left][fills]
    return found


def _hyphened(label: NDArray[np.int8], context: Context) -> NDArray[np.int8]:
    """Labels with the other half of a person's double name: a capital word that a hyphen alone joins to it."""
    if len(label) < 3:
        return label
    tight = ~context.table["gap"].to_numpy()
    shape = level(context.pieces, "shape")[context.piece]
    hyphen = (context.table["piece"] == "-").to_numpy()[1:-1] & tight[1:-1] & tight[2:]
    found = label.copy()
    for here, there in ((slice(None, -2), slice(2, None)), (slice(2, None), slice(None, -2))):
        joins = hyphen & (label[here] == 0) & (shape[here] == TITLE_CASE) & (label[there] == _PERSON)
        found[here][joins] = _PERSON
    return found
