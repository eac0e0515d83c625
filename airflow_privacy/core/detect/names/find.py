"""Persons in texts by the lexicon."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.found import in_order
from airflow_privacy.core.detect.names.lexicon import lexicon
from airflow_privacy.core.detect.names.words import cut


def find_names(texts: pl.Series) -> pl.DataFrame:
    """Persons and places in *texts* (schema FOUND)."""
    words = cut(texts)
    table = words.with_columns(word=pl.col("piece").str.to_lowercase()).join(
        lexicon(), on="word", how="left", maintain_order="left"
    )
    capital = pl.col("piece").str.contains(r"^\p{Lu}")
    person = capital & (pl.max_horizontal("first", "last").cast(pl.Int16) > pl.col("common").cast(pl.Int16))
    place = capital & (pl.col("place") >= 3) & (pl.col("common") < 3)
    rows = table.with_columns(
        entity=pl.when(place & (pl.col("first") < pl.col("place"))).then(pl.lit("LOCATION")).when(person).then(pl.lit("PERSON"))
    ).drop_nulls("entity")
    run = (
        (
            (rows["at"] != rows["at"].shift(1))
            | (rows["entity"] != rows["entity"].shift(1))
            | (rows["start"] > rows["end"].shift(1) + 1)
        )
        .fill_null(True)
        .cum_sum()
    )
    spans = (
        rows.with_columns(run=run)
        .group_by("run")
        .agg(pl.col("at", "entity", "start").first(), pl.col("end").last(), score=pl.lit(0.6), by=pl.lit("names"))
    )
    return in_order(spans)
