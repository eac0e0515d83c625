"""The type of a column of text, decided over every value of it.

A column is boolean, integer, number, date or timestamp only if each value that is not missing parses; a leading zero or plus sign
keeps it text, and so does a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeAlias

import polars as pl

_TIMESTAMP = "%Y-%m-%d %H:%M:%S%.f"
_PARSES: dict[str, str] = {
    "boolean": r"^(?i:true|false)$",
    "integer": r"^-?(?:0|[1-9][0-9]{0,17})$",
    "number": r"^-?(?:0|[1-9][0-9]{0,14})?(?:\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?)?$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?$",
}

# A name that looks like this is a person's data in a place for names: it would travel as a column's name.
_LOOKS_LIKE_DATA = re.compile(
    r"\S+@\S+\.\w+|\+?[\d ()/.-]{7,}|\d{4}-\d\d-\d\d.*|\d\d?[./]\d\d?[./]\d{2,4}|[A-Z]{2}\d{2}[A-Z0-9 ]{11,30}"
    r"|(\d{1,3}\.){3}\d{1,3}"
)

Tally: TypeAlias = dict[str, int]


def looks_like_data(name: str) -> bool:
    """Whether a name is rather an address, a number or a date."""
    return _LOOKS_LIKE_DATA.fullmatch(name) is not None


def new_tally() -> Tally:
    """Nothing counted yet."""
    return dict.fromkeys(("values", *_PARSES), 0)


def count(values: pl.Series, tally: Tally) -> None:
    """Add a batch of texts to the tally."""
    present = values.drop_nulls()
    if present.is_empty():
        return
    earlier = tally["values"]
    tally["values"] += len(present)
    text = present.str.strip_chars()
    for kind, pattern in _PARSES.items():
        if tally[kind] < earlier:
            continue  # an earlier value did not parse
        fits = text.str.contains(pattern)
        if fits.all():
            fits = pl.select(_expression(pl.lit(text), kind)).to_series().is_not_null()
        tally[kind] += int(fits.sum())


def decide(tally: Tally, among: Collection[str] = tuple(_PARSES)) -> str:
    """The one type, of those *among*, that all values parse as; ``string`` if there is none, ``null`` without values."""
    if tally["values"] == 0:
        return "null"
    return next((kind for kind in _PARSES if kind in among and tally[kind] == tally["values"]), "string")


def typed(name: str, dtype: str) -> pl.Expr:
    """A column of text in the type that was decided."""
    column = pl.col(name)
    if dtype == "null":
        return pl.lit(None, dtype=pl.Null).alias(name)
    if dtype == "string":
        return column
    return _expression(column.str.strip_chars(), dtype).alias(name)


def _expression(text: pl.Expr, kind: str) -> pl.Expr:
    if kind == "boolean":
        return text.str.to_lowercase() == "true"
    if kind == "integer":
        return text.cast(pl.Int64, strict=False)
    if kind == "number":
        return text.cast(pl.Float64, strict=False)
    if kind == "date":
        return text.str.to_date("%Y-%m-%d", strict=False)
    with_seconds = pl.when(text.str.len_chars() == 16).then(text + ":00").otherwise(text)
    return with_seconds.str.replace("T", " ", literal=True).str.to_datetime(_TIMESTAMP, time_unit="us", strict=False)
