"""All finders' entities of a column of texts as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, partial

import polars as pl

from airflow_privacy.core.detect.found import FOUND, Finder, in_order
from airflow_privacy.core.detect.names.find import find_names
from airflow_privacy.core.detect.phones.finder import find_phones
from airflow_privacy.core.detect.recognize.engine import Engine, build_engine
from airflow_privacy.core.detect.text.addresses import find_addresses, find_postal_codes
from airflow_privacy.core.detect.text.dates import find_dates
from airflow_privacy.core.detect.text.occupations import find_occupations
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
"""Findings below are no entities. Presidio's weak patterns (driver's licences, bank numbers, passports) score .01 to .3 and,
with a context word, at least .4. On the labelled sentences of the reference data .4 is also the best threshold for names: from
.4 to .6 recall of persons falls by four points, precision rises by five, and F2 falls."""
_ANNOUNCES = (
    r"(?i)^(?:SSN|IBAN|BIC|SWIFT|MAC|IPv?[46]?|ID|DL|PIN|PAN|VAT|DOB|URL|UUID|CVV|TEL|FAX|ZIP|PLZ|NHS|NPI|IMEI|call|dial|phone|mobile|"
    r"e-?mail|mail|contact|address|account|card|name)s?[.:]?$"
)
_PLACEHOLDER = r"^(?:\[[A-Z_]+\]|<[A-Z_]+>)$"
_FEWEST_DIGITS = 7  # of a telephone number that stands alone
_ROUNDS = 4

TEXT_FINDERS: tuple[Finder, ...] = (
    find_addresses, find_postal_codes, find_dates, find_ages, find_titles, find_occupations, find_affiliations,
    find_handles, find_licences,
)  # fmt: skip


#: What these, :func:`find_strong`, :func:`find_phone_numbers` and :func:`find_names` can find.
ENTITIES = frozenset(
    (
        "AGE", "CREDIT_CARD", "DATE_TIME", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "LOCATION", "MAC_ADDRESS", "NRP",
        "OCCUPATION", "ORGANIZATION", "PERSON", "PHONE_NUMBER", "POSTAL_CODE", "STREET_ADDRESS", "TITLE", "USERNAME",
        "US_DRIVER_LICENSE", "US_SSN",
    )
)  # fmt: skip


def default_finders(language: str = "en") -> tuple[Finder, ...]:
    """The finders of a plain installation, without the network: Presidio's pattern recognizers for *language*, telephone numbers,
    names by the shipped lexicon, and what this folder finds. Presidio is imported (seconds) when the first text is searched.
    """
    return (partial(_find_patterns, language=language), find_strong, find_phone_numbers, find_names, *TEXT_FINDERS)


def known_entities(language: str = "en") -> frozenset[str]:
    """What :func:`default_finders` can find."""
    return ENTITIES | _presidio(language).entities


def find_entities_in(texts: pl.Series, *, finders: Sequence[Finder], least_score: float = LEAST_SCORE) -> pl.DataFrame:
    """What any of *finders* finds in *texts* (``String``, nulls allowed) with *least_score*, overlaps settled; schema FOUND.

    Each distinct text is searched once; the result depends on the text alone. Where an entity touches further letters or digits
    ("a@b.com10.0.0.1"), the text is searched again as if the entity were not there: whoever replaces it would lay them bare.
    """
    distinct = texts.unique(maintain_order=True).drop_nulls()
    found = settle(distinct, _all(distinct, finders, least_score))
    for _ in range(_ROUNDS):
        touching = _touching(distinct, found)
        if touching.is_empty():
            break
        places = found.filter(pl.col("at").is_in(touching.implode())).group_by("at").agg("start", "end").sort("at")
        blanked = pl.Series(
            [_without(distinct[at], zip(*spans, strict=True)) for at, *spans in places.iter_rows()], dtype=pl.String
        )
        more = _all(blanked, finders, least_score)
        more = more.with_columns(pl.Series("at", touching.gather(more["at"]), dtype=pl.UInt32))
        joined = settle(distinct, pl.concat([found, more]))
        if joined.height == found.height:
            break
        found = joined
    places = pl.DataFrame({"text": texts}).with_row_index("place")
    numbered = pl.DataFrame({"text": distinct}).with_row_index("at")
    rows = places.join(numbered, on="text").join(found, on="at").with_columns(pl.col("place").alias("at"))
    return in_order(rows)


def _all(texts: pl.Series, finders: Sequence[Finder], least_score: float) -> pl.DataFrame:
    found = pl.concat([FOUND.to_frame(), *(finder(texts) for finder in finders)])
    found = found.filter(pl.col("score") >= least_score)
    length = pl.col("end") - pl.col("start")
    around = pl.col("text").str.slice(pl.col("start").cast(pl.Int64) - 1, length + 2)
    # What redaction puts in ("[PERSON]", "<PERSON>") is no entity, the word that announces a number is no name.
    placeholder = (pl.col("start") > 0) & around.str.contains(_PLACEHOLDER)
    announcing = pl.col("by").eq("names") & pl.col("text").str.slice(pl.col("start"), length).str.contains(_ANNOUNCES)
    return found.with_columns(text=texts.gather(found["at"])).filter(~placeholder & ~announcing).drop("text")


def _touching(texts: pl.Series, found: pl.DataFrame) -> pl.Series:
    """Texts where something else stands right before or behind an entity: a letter or digit, or two characters of any kind."""
    rows = found.with_columns(text=texts.gather(found["at"]))
    start = pl.col("start").cast(pl.Int64)
    before = pl.col("text").str.slice((start - 2).clip(0), start.clip(0, 2))
    behind = pl.col("text").str.slice(pl.col("end"), 2)
    bare = before.str.contains(r"[\pL\pN+(@]$|^\S\S$") | behind.str.contains(r"^[\pL\pN+(@]|^\S\S$")
    return rows.filter(bare)["at"].unique().sort()


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    letters = list(text)
    for start, end in spans:
        letters[start:end] = " " * (end - start)
    return "".join(letters)


def find_phone_numbers(texts: pl.Series) -> pl.DataFrame:
    """Telephone numbers, none of which goes on behind the end of a sentence; schema FOUND."""
    found = find_phones(texts)
    length = pl.col("end") - pl.col("start")
    run = pl.col("text").str.slice(pl.col("start"), length)
    before = run.str.extract(r"^(.*?[0-9])\.\s", 1)
    ends = before.str.count_matches("[0-9]") >= _FEWEST_DIGITS
    cut = pl.when(ends).then(pl.col("start") + before.str.len_chars()).otherwise(pl.col("end"))
    return found.with_columns(text=texts.gather(found["at"])).with_columns(end=cut).select(FOUND.names())


@cache
def _presidio(language: str) -> Engine:
    return build_engine(language=language)


def _find_patterns(texts: pl.Series, *, language: str) -> pl.DataFrame:
    return _presidio(language).find(texts)
