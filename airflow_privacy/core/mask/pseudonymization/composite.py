"""Composite keys: the texts of several columns as one, so that no two different rows of values give the same.

Each part is its length in bytes, ``:``, its canonical text and ``,``; a missing part is ``-,``: ``3:Ann,-,10:1980-02-29,``. The
order is the column itself, then those beside it as the plan names them. Where all parts are missing there is no text.
Normalisation: all steps for the column itself; those beside it, where they are text, take trim, nfkc and casefold only, since
the others read one kind of value.
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.batches import mapped
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.pseudonymization.normalize import CHARACTER_STEPS, normalize
from airflow_privacy.core.model.techniques import HmacToken
from airflow_privacy.core.model.techniques.fits import fits


def joined(column: str, technique: HmacToken, tools: Tools) -> pl.Expr:
    """The composite text of *column* and the columns beside it.

    :raises CheckFailed: a column is named twice; when computed: one of them has no canonical text.
    """
    names = (column, *technique.beside)
    if len(set(names)) < len(names):
        raise CheckFailed(
            "technique-parameter", f"hmac_token for column {column!r} names a column twice", where=column, do="Name each once."
        )

    def join(rows: pl.Series) -> pl.Series:
        frame = rows.struct.unnest()
        parts = [_part(frame, name, technique, tools, own=name == column) for name in names]
        return joined_texts(pl.DataFrame(parts))

    return mapped(pl.struct(names), join, column)


def joined_texts(parts: pl.DataFrame) -> pl.Series:
    """The columns of *parts* (texts) as one."""
    written = [
        pl.when(pl.col(name).is_null())
        .then(pl.lit("-,"))
        .otherwise(pl.format("{}:{},", pl.col(name).str.len_bytes(), pl.col(name)))
        for name in parts.columns
    ]
    some = pl.any_horizontal(pl.col(name).is_not_null() for name in parts.columns)
    return parts.select(pl.when(some).then(pl.concat_str(written))).to_series()


def _part(frame: pl.DataFrame, name: str, technique: HmacToken, tools: Tools, *, own: bool) -> pl.Series:
    dtype = frame.schema[name]
    kind = family(dtype)
    if kind is None or not fits(technique, kind):
        raise CheckFailed(
            "technique-does-not-fit",
            f"Column {name!r} of type {kind or dtype.base_type().__name__} cannot be part of a composite token",
            where=name,
            do="Leave it out of beside, or change its type at the source.",
        )
    if kind == "null":
        return pl.Series(name, [None] * frame.height, dtype=pl.String)
    texts = frame.select(canonical_text(name, dtype).alias(name)).to_series()
    steps = technique.normalize if own else tuple(step for step in technique.normalize if step in CHARACTER_STEPS)
    if not steps or (not own and kind != "string"):
        return texts
    return normalize(texts, steps, technique.region, tools.to_e164).alias(name)
