"""Where entities stand in a column of texts, as one table: what every finder of entities returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import polars as pl

#: One row an entity. ``at`` is the position of the text in the column that was asked; ``start`` up to ``end`` are Unicode code
#: points of it; ``score`` is 0 to 1; ``by`` names the recognizer. Sorted by at, start, end, entity; a null text has no row.
FOUND = pl.Schema(
    {"at": pl.UInt32, "entity": pl.String, "start": pl.UInt32, "end": pl.UInt32, "score": pl.Float64, "by": pl.String}
)

#: Finds entities in a column of texts (``String``, nulls allowed); gives back a table of schema :data:`FOUND`.
Finder: TypeAlias = Callable[[pl.Series], pl.DataFrame]


class Looked(NamedTuple):
    """What was found (schema :data:`FOUND`), and the positions (``UInt32``) of texts in which the search was given up."""

    found: pl.DataFrame
    late: pl.Series


#: A :data:`Finder` that may give texts up. The series' name is that of the column, whose words are context.
Look: TypeAlias = Callable[[pl.Series], Looked]


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """*rows* with the schema and the order of :data:`FOUND`."""
    sorted_ = rows.select(pl.col(name).cast(dtype) for name, dtype in FOUND.items()).sort("at")
    at = sorted_["at"].to_numpy()
    # Most texts hold one thing, and then their places are the whole order.
    return sorted_ if (at[1:] != at[:-1]).all() else sorted_.sort("at", "start", "end", "entity", "by")
