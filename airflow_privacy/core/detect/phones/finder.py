"""Telephone numbers anywhere in texts.

Every step runs over whole columns of distinct values. A number is sure by its numbering plan; words such as "call" let numbers
pass that are only shaped like one (made-up numbers, regions that were not asked for). Not looked for: numbers spelt in words or
with letters (vanity numbers), short ones (emergency), bare digits of fewer than ten that no word explains.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.detect.found import FOUND, in_order
from airflow_privacy.core.detect.phones import others, runs
from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS
from airflow_privacy.core.detect.phones.reading import read
from airflow_privacy.core.detect.phones.words import sayings

ABROAD, DIALLED, HOME, GROUPED, SHAPED, BARE_ZERO, BARE = 0.95, 0.85, 0.7, 0.5, 0.4, 0.4, 0.3
"""Scores. Assigned by a plan: behind a plus sign, behind 00, in a national spelling with prefix or brackets, in groups of digits,
as digits alone with and without a leading zero. Not assigned by a plan that was asked for: the shape alone, ``SHAPED``."""
SAID = 0.2
"""What a word such as "call" adds."""

_FEWEST, _LONGEST = 7, 15  # digits; E.164 allows 15
_BETWEEN = r" *(?:/| {2}|\. | - ) *"
_FIRST, _LAST = r"^[0-9]{1,6}[.)]? +", r" +[0-9]{1,6}$"


def find_phones(texts: pl.Series, *, regions: Sequence[str] = DEFAULT_REGIONS) -> pl.DataFrame:
    """Telephone numbers in *texts*, as a table of schema :data:`~airflow_privacy.core.detect.found.FOUND`.

    :param texts: strings, nulls allowed.
    :param regions: where national spellings are read (ISO 3166-1 alpha-2).
    """
    distinct = texts.drop_nulls().unique()
    found = _scored(runs.find_runs(runs.folded(distinct)), regions)
    if found.is_empty():
        return FOUND.to_frame()
    found = found.with_columns(distinct.gather(found["at"]).alias("text")).drop("at")
    places = texts.to_frame("text").with_row_index("at")
    rows = places.join(found, on="text", how="inner", nulls_equal=False)
    return in_order(rows.select("at", "start", "end", "score", entity=pl.lit("PHONE_NUMBER"), by=pl.lit("phones")))


def _scored(found: pl.DataFrame, regions: Sequence[str]) -> pl.DataFrame:
    found = _plausible(found)
    if found.is_empty():
        return found
    found = sayings(found).with_columns(others.unlikely(pl.col("run"), pl.col("before")).alias("unlikely"))
    found = found.filter(_hopeful())
    if found.is_empty():
        return found
    found = _read(found, regions)
    settled = pl.col("complete") | (pl.col("said") & (pl.col("digits").str.len_bytes() <= _LONGEST))
    parts = _parts(found.filter(~settled))
    if parts.height:
        parts = _read(parts, regions).filter(pl.col("complete") | (pl.col("abroad") & pl.col("valid")))
        parts = parts.filter((pl.col("rank") == pl.col("rank").min()).over("at", "whole"))
        replaced = parts.select("at", start=pl.col("whole")).unique()
        found = pl.concat([found.join(replaced, on=["at", "start"], how="anti"), parts.select(found.columns)])
    found = found.with_columns(_score().alias("score")).filter(pl.col("score") > 0)
    return found.with_columns((pl.col("start") + pl.col("run").str.len_chars()).alias("end"))


def _hopeful() -> pl.Expr:
    """Runs whose score is not settled as 0 by what is said of them, before their digits are read."""
    abroad = pl.col("run").str.contains(r"^\(? ?(?:\+|00)")
    few_alone = pl.col("run").str.contains(r"^[0-9]{1,9}$") & ~(pl.col("weak") & (pl.col("run").str.len_bytes() == 9))
    return abroad | pl.col("said") | ~(pl.col("denied") | few_alone)


def _plausible(found: pl.DataFrame) -> pl.DataFrame:
    found = found.filter(~others.never(pl.col("run"), pl.col("before"), pl.col("behind")))
    return found.filter(~others.is_card(found["run"]))


def _read(found: pl.DataFrame, regions: Sequence[str]) -> pl.DataFrame:
    distinct = found["run"].unique()
    return found.join(read(distinct, regions).with_columns(distinct.alias("run")), on="run", how="left")


def _parts(found: pl.DataFrame) -> pl.DataFrame:
    """What else a run can hold that is no number as a whole: several numbers, or one with a stray group in front or behind."""
    found = found.select("at", "run", "before", "behind", "said", "denied", "weak", "unlikely", whole="start")
    kinds = []
    for rank, pattern in enumerate((_BETWEEN, _FIRST, _LAST)):
        split = found.filter(pl.col("run").str.contains(pattern))
        if split.height:
            cut = runs.pieces(split, "run", pattern).filter(~pl.col("matched"))
            cut = cut.filter(pl.col("piece").str.count_matches("[0-9]") >= _FEWEST)
            cut = cut.with_columns(start=pl.col("whole") + pl.col("start"), run="piece", rank=pl.lit(rank))
            kinds.append(cut.select(*found.columns, "start", "rank"))
    parts = pl.concat(kinds) if kinds else found.clear()
    return parts.filter(~others.never(pl.col("run"), pl.lit(""), pl.lit("")))


def _score() -> pl.Expr:
    """How sure, from what a run is and what is said of it; 0 for none."""
    length = pl.col("digits").str.len_bytes()
    said, denied, free = pl.col("said"), pl.col("denied"), ~pl.col("unlikely")
    marked, plus, prefixed, placed = (pl.col(name) for name in ("marked", "plus", "prefixed", "placed"))
    long = length.is_between(9, 15)
    solid = pl.when(prefixed).then(BARE_ZERO).otherwise(BARE)
    home = pl.when(placed | (marked & prefixed)).then(HOME).when(marked).then(GROUPED).otherwise(solid)
    enough = pl.when(marked).then(length >= _FEWEST).otherwise(length.is_between(10, 12))
    national = pl.col("complete") & ((free & ~denied & enough) | said)
    score = (
        pl.when(pl.col("valid") & plus)
        .then(ABROAD)
        .when(pl.col("valid") & pl.col("abroad") & (marked | ~denied))
        .then(DIALLED)
        .when(national & (length >= _FEWEST))
        .then(home)
        .when(said & length.is_between(_FEWEST - marked.cast(pl.Int64), _LONGEST))
        .then(SHAPED)
        .when(pl.col("weak") & free & long)
        .then(SHAPED)
        .when((placed | plus | (pl.col("abroad") & marked)) & free & ~denied & long)
        .then(SHAPED)
        .otherwise(0.0)
    )
    return pl.when(said & (score > 0)).then((score + SAID).clip(0, 1)).otherwise(score)
