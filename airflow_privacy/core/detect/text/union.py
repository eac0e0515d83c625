"""All finders' entities of a column of texts as one table."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.detect.found import FOUND, Finder, in_order
from airflow_privacy.core.detect.text.addresses import find_addresses, find_postal_codes
from airflow_privacy.core.detect.text.dates import find_dates
from airflow_privacy.core.detect.text.overlaps import settle
from airflow_privacy.core.detect.text.persons import (
    find_affiliations,
    find_ages,
    find_handles,
    find_licences,
    find_titles,
)
from airflow_privacy.core.detect.text.strong import find_strong

LEAST_SCORE = 0.4
"""Findings below are no entities: Presidio's weak patterns (driver's licences, bank numbers, passports) score .01 to .3, and .4
with a context word."""

TEXT_FINDERS: tuple[Finder, ...] = (
    find_addresses, find_postal_codes, find_dates, find_ages, find_titles, find_affiliations, find_handles, find_licences,
)  # fmt: skip


def default_finders() -> tuple[Finder, ...]:
    """The finders of a plain installation, without a model, without the network."""
    return (find_strong, *TEXT_FINDERS)


def find_entities_in(texts: pl.Series, *, finders: Sequence[Finder], least_score: float = LEAST_SCORE) -> pl.DataFrame:
    """What any of *finders* finds in *texts* (``String``, nulls allowed) with *least_score*, overlaps settled; schema FOUND.

    Each distinct text is searched once; the result depends on the text alone.
    """
    distinct = texts.unique(maintain_order=True).drop_nulls()
    found = pl.concat([FOUND.to_frame(), *(finder(distinct) for finder in finders)])
    settled = settle(distinct, found.filter(pl.col("score") >= least_score))
    places = pl.DataFrame({"text": texts}).with_row_index("place")
    numbered = pl.DataFrame({"text": distinct}).with_row_index("at")
    rows = places.join(numbered, on="text").join(settled, on="at").with_columns(pl.col("place").alias("at"))
    return in_order(rows)
