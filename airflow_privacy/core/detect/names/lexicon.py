"""The shipped lexicon: words and phrases in lower case with coarse counts as names, words and places.

``training/names/build_lexicon.py`` makes it from facts of openly licensed lists: United States Census 1990 and Social Security
Administration (public domain), GeoNames (CC BY 4.0), word counts of Google Books Ngrams (CC BY 3.0), Unicode CLDR, Faker (MIT).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

#: Bits of the column ``role``.
PEOPLE, TITLE, COMPANY_WORD, STREET_WORD, ORGANIZATION = 1, 2, 4, 8, 16

#: Bits of the column ``kind``.
CITY, STATE, COUNTRY, OTHER_PLACE = 1, 2, 4, 8


@cache
def lexicon() -> pl.DataFrame:
    """``word``; levels ``first``, ``last``, ``common``, ``place``; bits ``kind`` of place and ``role``. Read once in a process.

    Levels are 0 where the word is not listed; first goes to 7, last to 8, the others to 6. A step is about a factor of three in
    the source's counts; for words and cities a factor of ten and three.
    """
    source = files("airflow_privacy.core.detect.names").joinpath("data/lexicon.parquet")
    with source.open("rb") as file:
        return pl.read_parquet(file)


def look_up(words: pl.Series, table: pl.DataFrame | None = None) -> pl.DataFrame:
    """The columns of the lexicon (or of rows of it, in its order) for each word of *words*; 0 where it is not listed.

    The lexicon is sorted: a search costs less than the hash table that a join makes anew each time.
    """
    listed = lexicon() if table is None else table
    place = listed["word"].search_sorted(words).clip(0, listed.height - 1)
    rows = listed[place]
    return rows.select(
        pl.when(pl.col("word") == words).then(pl.col(name)).otherwise(0).alias(name) for name in listed.columns if name != "word"
    )
