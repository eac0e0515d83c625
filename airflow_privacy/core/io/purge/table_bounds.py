"""Which rows a database has to read at all: a necessary condition, as SQL where it can be said without leaving a row out.

Literals are written into the statement, since PostgreSQL's COPY takes no parameters; they are quoted here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import polars as pl

from airflow_privacy.core.io.purge.target import Before, OneOf

# A time without zone can mean any of 26 hours, and a date the end of its day.
_MARGIN = timedelta(days=2)
_VALUES = 20_000
_UUID = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
_NUMBER = r"^-?[0-9]{1,38}(\.[0-9]{1,38})?$"


@dataclass(frozen=True, kw_only=True)
class Among:
    """The columns together have one of these rows' values."""

    columns: tuple[str, ...]
    values: pl.DataFrame = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """At least one of the parts holds."""

    parts: tuple[Among, ...]


Bound: TypeAlias = Before | OneOf | AnyOf | None


def among_of(bound: Bound) -> tuple[Among, ...] | None:
    """The bound as lists of values; ``None`` where it is another."""
    if isinstance(bound, AnyOf):
        return bound.parts
    if isinstance(bound, OneOf):
        return (Among(columns=(bound.column,), values=bound.values.alias(bound.column).to_frame()),)
    return None


def chunks(parts: Sequence[Among]) -> list[tuple[Among, ...]]:
    """The parts so that no row meets two of what is given, and a statement does not grow without end where there is one part."""
    if len(parts) != 1:
        return [tuple(parts)]
    (part,) = parts
    values = part.values.drop_nulls().unique(maintain_order=True)
    return [(Among(columns=part.columns, values=piece),) for piece in values.iter_slices(_VALUES)]


def before_literal(bound: Before, kind: str) -> str | None:
    """The moment, with its margin, as a literal of the column's type; ``None`` where the column is no point in time."""
    if kind not in ("date", "timestamp", "timestamptz"):
        return None
    try:
        moment = bound.moment.astimezone(UTC) + _MARGIN
    except OverflowError:
        return None
    return f"{quoted(moment.isoformat())}::{kind}" if kind == "timestamptz" else f"{quoted(_naive(moment))}::{kind}"


def typed_values(kind: str, values: pl.Series) -> tuple[str, pl.Series] | None:
    """Values as texts that PostgreSQL reads as a type which compares with the column; null where no cell can be like it.

    ``None`` where values of this kind cannot be compared in the database as they are compared here: then nothing is left out.
    """
    integer, number = values.dtype.is_integer(), values.dtype.is_numeric() and not values.dtype.is_float()
    if values.dtype not in (pl.String, pl.Date) and not number:
        return None
    texts = values.cast(pl.String)
    if kind in ("int2", "int4", "int8"):
        whole = values.cast(pl.Int64, strict=False) if integer else texts.str.strip_chars().cast(pl.Int64, strict=False)
        return "bigint", whole.cast(pl.String)
    if kind == "numeric":
        return "numeric", _only(texts, _NUMBER)
    if kind == "uuid":
        return "uuid", _only(texts, _UUID)
    if kind == "date":
        return "date", values.cast(pl.Date, strict=False).cast(pl.String) if not number else _only(texts, "^$")
    if kind in ("text", "varchar", "bpchar"):
        return kind, texts
    return None


def array_literal(texts: pl.Series, sql_type: str) -> str:
    """Texts as an array of a type."""
    escaped = texts.str.replace_many(["\\", '"'], ["\\\\", '\\"'])
    inner = pl.select(pl.concat_str([pl.lit('"'), escaped, pl.lit('"')]).str.join(",")).item() if texts.len() else ""
    return f"{quoted('{' + (inner or '') + '}')}::{sql_type}[]"


def _only(texts: pl.Series, pattern: str) -> pl.Series:
    return texts.set(~texts.str.contains(pattern).fill_null(False), None)


def _naive(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def quoted(text: str) -> str:
    """A text as a literal, which needs ``standard_conforming_strings``. No cell has a NUL: what has one becomes like no cell."""
    return "'" + text.replace("'", "''").replace("\0", "�") + "'"
