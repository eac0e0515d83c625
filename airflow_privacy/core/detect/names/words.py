"""Texts cut into words with their places, as one table."""

from __future__ import annotations

import polars as pl

# Addresses of the web and of mail, handles and hashtags stay whole: what is inside them is no prose.
_PIECES = (
    r"(?:https?://|www\.)\S+|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+|[@#][\p{L}\p{N}_]+"
    r"|[\p{L}\p{M}]+|\p{N}+|\s+|[^\p{L}\p{M}\p{N}\s]"
)


def cut(texts: pl.Series) -> pl.DataFrame:
    """Each piece of each text: ``at`` (position of the text), ``piece``, ``start`` and ``end`` in code points, ``gap``.

    Blanks are left out, line breaks stay as the piece ``"\\n"``; ``gap`` says that blanks stand before the piece.
    """
    table = (
        pl.LazyFrame({"piece": texts.cast(pl.String)})
        .with_row_index("at")
        .with_columns(pl.col("piece").str.extract_all(_PIECES))
        .explode("piece")
        .drop_nulls("piece")
        .with_columns(size=pl.col("piece").str.len_chars())
        .with_columns(end=pl.col("size").cum_sum().over("at"))
        .with_columns(start=pl.col("end") - pl.col("size"))
        .with_columns(blank=pl.col("piece").str.contains(r"^\s"), line=pl.col("piece").str.contains(r"\n"))
        .with_columns(gap=pl.col("blank").shift(1, fill_value=True) | (pl.col("start") == 0))
        .filter(~pl.col("blank") | pl.col("line"))
        .with_columns(piece=pl.when("line").then(pl.lit("\n")).otherwise("piece"))
    )
    return table.select("at", "piece", pl.col("start", "end").cast(pl.UInt32), "gap").collect()
