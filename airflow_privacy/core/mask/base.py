"""What every technique's code gives, and what it is given.

A technique is one :class:`Spec`: how a column's expression is built, and which type comes out. Everything beside the column
(keys, learned statistics, other stages' functions) comes in :class:`Tools`, so that nothing is looked up behind its back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

import polars as pl

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.dtypes import plain
from airflow_privacy.core.model.findings import Span as Span

Learned = TypeVar("Learned")

Keys: TypeAlias = Mapping[str, str]
"""Technique name → key in 64 or more lower-case hexadecimal digits."""


FindSpans: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[Span]]]
"""Texts to the entities in each, as detection finds them; may overlap, in any order."""

ToE164: TypeAlias = Callable[[pl.Series, str | None], pl.Series]
"""Telephone numbers as written, and the region of national ones, to E.164; null where the text is no number."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What techniques may use beside the column.

    ``learned`` holds, by column, what a technique's own pass over the column found; ``first_row`` is the number of the frame's
    first row in the whole table, for techniques that draw by row; where rows were left out, ``rows`` holds the number of each
    that is there.
    """

    keys: Keys = field(default_factory=dict, repr=False)
    learned: Mapping[str, object] = field(default_factory=dict, repr=False)
    first_row: int = 0
    rows: pl.Series | None = field(default=None, repr=False)
    find_spans: FindSpans | None = None
    to_e164: ToE164 | None = None

    def row_number(self) -> pl.Expr:
        """Each row's number in the whole table as the source has it, from 0, as UInt64."""
        if self.rows is not None:
            return pl.lit(self.rows)
        return pl.int_range(pl.len(), dtype=pl.UInt64) + pl.lit(self.first_row, dtype=pl.UInt64)

    def key(self, technique: str, column: str) -> str:
        """The technique's key.

        :raises KeyUnavailable: there is none, or it is no key.
        """
        key = self.keys.get(technique, "")
        if len(key) < 64 or key.strip("0123456789abcdef"):
            raise KeyUnavailable(
                "no-token-key", f"There is no key of at least 64 lower-case hexadecimal digits for {technique}", where=column
            )
        return key

    def learned_of(self, technique: str, column: str, kind: type[Learned]) -> Learned:
        """What the technique's own pass found about the column.

        :raises CheckFailed: there was no such pass.
        """
        found = self.learned.get(column)
        if not isinstance(found, kind):
            raise CheckFailed(
                "nothing-learned",
                f"{technique} on column {column!r} needs a pass over the whole column before any of it can be masked",
                where=column,
            )
        return found


NO_TOOLS = Tools()

Builder: TypeAlias = Callable[[str, Any, pl.DataType, Tools], pl.Expr]
"""Column name, technique, the column's type and the tools → the expression over a frame that has all of the table's columns."""


class Spec(NamedTuple):
    """One technique. ``output`` is the type of its column: by technique and source type only, never by values."""

    build: Builder
    output: Callable[[Any, pl.DataType], pl.DataType]


def same_type(technique: object, dtype: pl.DataType) -> pl.DataType:
    """The column keeps its (plain) type."""
    del technique
    return plain(dtype)


def text_type(technique: object, dtype: pl.DataType) -> pl.DataType:
    """The column becomes text."""
    del technique, dtype
    return pl.String()


def once(value: pl.Expr, then: Callable[[pl.Expr], pl.Expr], dtype: pl.DataType) -> pl.Expr:
    """*then* of *value*, which is computed one time however often *then* names it.

    On a frame in memory the engine computes an expression again wherever it is named, a HMAC too.
    """
    return value.map_batches(
        lambda values: values.alias("v").to_frame().select(then(pl.col("v"))).to_series(), return_dtype=dtype
    )
