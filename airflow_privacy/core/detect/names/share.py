"""How much of a column is names, as whole cells."""

from __future__ import annotations

from functools import cache

import polars as pl

from airflow_privacy.core.detect.names.lexicon import CITY, COMPANY_WORD, COUNTRY, ORGANIZATION, STATE, TITLE, lexicon

#: What :func:`share_of_names` gives a share for.
CLASSES = ("FIRST_NAME", "LAST_NAME", "FULL_NAME", "CITY", "STATE", "COUNTRY", "ORGANIZATION")

_LONGEST = 60  # characters; a longer cell is text, not a name
_WORDS = r"[\p{L}\p{M}]+(?:['\u2019\-][\p{L}\p{M}]+)*"


def share_of_names(values: pl.Series) -> dict[str, float]:
    """Which share (0 to 1) of the distinct values is in the lexicon, for each of :data:`CLASSES`; all 0 for no value.

    Case and outer blanks do not count; nulls and blank cells are no values. A word that is far more usual as a word than as a
    name ("open", "data") counts as no name; "Brown" and "Paris" count for several classes. FULL_NAME is two to five words of
    which one is a first name and one a last name, in any order, with titles and initials; ORGANIZATION is a known one, or ends
    in a word such as "Inc". Lists are best for the United States and for Faker's locales.
    """
    cells = (
        values.cast(pl.String)
        .str.strip_chars()
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        .unique()
        .drop_nulls()
        .to_frame("cell")
    )
    cells = cells.filter(pl.col("cell") != "")
    if cells.is_empty():
        return dict.fromkeys(CLASSES, 0.0)
    short = cells.filter(pl.col("cell").str.len_chars() <= _LONGEST)
    whole = (
        short.join(_listed(), left_on="cell", right_on="word", how="left")
        .with_columns(pl.col("kind", "role").fill_null(0), pl.col("is_first", "is_last").fill_null(False))
        .select(
            "cell",
            FIRST_NAME="is_first",
            LAST_NAME="is_last",
            CITY=(pl.col("kind") & CITY) > 0,
            STATE=(pl.col("kind") & STATE) > 0,
            COUNTRY=(pl.col("kind") & COUNTRY) > 0,
            ORGANIZATION=(pl.col("role") & ORGANIZATION) > 0,
        )
    )
    found = whole.join(_by_words(short), on="cell", how="left", maintain_order="left")
    either = [pl.col(name) | pl.col(f"{name}_words").fill_null(False) for name in ("FIRST_NAME", "LAST_NAME", "ORGANIZATION")]
    sums = found.with_columns(*either, pl.col("FULL_NAME").fill_null(False)).select(pl.col(*CLASSES).sum()).row(0, named=True)
    return {name: sums[name] / cells.height for name in CLASSES}


def _by_words(cells: pl.DataFrame) -> pl.DataFrame:
    """What the words of cells of several words say."""
    words = (
        cells.lazy()
        .filter(pl.col("cell").str.contains(r"[\s\-.,'\u2019]"))
        .with_columns(word=pl.col("cell").str.extract_all(_WORDS))
        .with_columns(parts=pl.col("word").list.len())
        .filter(pl.col("parts").is_between(1, 5) & ~pl.col("cell").str.contains(r"\d"))
        .explode("word")
        .with_columns(pl.col("word").str.replace_all(r"['\u2019]", ""))
        .join(_listed().lazy(), on="word", how="left", maintain_order="left")
        .with_columns(pl.col("is_first", "is_last").fill_null(False), pl.col("role", "common").fill_null(0))
        .with_columns(small=(pl.col("word").str.len_chars() == 1) | ((pl.col("role") & TITLE) > 0))
    )
    named = (pl.col("is_first") | pl.col("is_last")) & ~pl.col("small")
    odd = ~named & ~pl.col("small")
    solid = ~pl.col("cell").first().str.contains(" ")
    several = pl.col("parts").first() >= 2
    return (
        words.group_by("cell")
        .agg(
            FIRST_NAME_words=solid & pl.col("is_first").all(),
            LAST_NAME_words=solid & pl.col("is_last").any() & (odd & (pl.col("word").str.len_chars() > 2)).sum().eq(0),
            # One word may be no name that is listed, beside two that are.
            FULL_NAME=~solid
            & (named.sum() >= 2)
            & pl.col("is_first").any()
            & pl.col("is_last").any()
            & (odd.sum() <= 1)
            & ~(odd & (pl.col("common") >= 5)).any(),
            ORGANIZATION_words=several & ((pl.col("role").last() & COMPANY_WORD) > 0),
        )
        .collect()
    )


@cache
def _listed() -> pl.DataFrame:
    common = pl.col("common").cast(pl.Int8)
    return lexicon().select(
        "word",
        "kind",
        "role",
        "common",
        is_first=(pl.col("first") > 0) & (pl.col("first").cast(pl.Int8) >= common - 1),
        is_last=(pl.col("last") > 0) & (pl.col("last").cast(pl.Int8) >= common - 1),
    )
