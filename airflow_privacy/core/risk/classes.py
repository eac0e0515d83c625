"""Equivalence classes, streamed: rows that agree on all quasi-identifiers ("equivalence class" in ISO/IEC 20889).

Missing is a value of its own, and so is NaN. Memory grows with the number of classes, not of rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from airflow_privacy.core.errors import BadInput

ROWS = "__rows__"
_EVERYBODY = "__class__"
_HELD = 1_000_000


class Tally:
    """Counts distinct combinations of some columns, frame by frame."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns or (_EVERYBODY,)
        self._counted: list[pl.DataFrame] = []
        self._held = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count the rows of *frame*."""
        self._counted.append(frame.group_by(self.columns).agg(pl.len().cast(pl.UInt64).alias(ROWS)))
        self._held += self._counted[-1].height
        if self._held > 2 * max(_HELD, self._counted[0].height):
            self.table()

    def table(self) -> pl.DataFrame:
        """One row a combination, with its number of rows in ``__rows__``."""
        if len(self._counted) > 1:
            self._counted = [pl.concat(self._counted).group_by(self.columns).agg(pl.col(ROWS).sum())]
        self._held = self._counted[0].height
        return self._counted[0]


def tally(
    slabs: Iterable[pl.DataFrame], quasi_identifiers: tuple[str, ...], sensitive: tuple[str, ...]
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """The classes with their rows; and for each sensitive attribute the number of its distinct values in each class (column
    ``distinct``).

    A missing sensitive value does not count as one more value: it must not make a class look diverse.

    :raises BadInput: a column is missing, changes its type, or there are no rows.
    """
    keys = quasi_identifiers or (_EVERYBODY,)
    classes, values = Tally(quasi_identifiers), {name: Tally((*keys, _value(name))) for name in sensitive}
    rows = 0
    problem = ""
    try:
        for slab in slabs:
            if not slab.height:
                continue
            rows += slab.height
            frame = _keyed(slab, quasi_identifiers, sensitive)
            classes.add(frame)
            for counts in values.values():
                counts.add(frame)
        if rows:
            return classes.table(), {name: _distinct(counts.table(), keys, _value(name)) for name, counts in values.items()}
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        problem = type(error).__name__
    if problem:
        raise BadInput("risk-not-measurable", f"Equivalence classes could not be counted: {problem}")
    raise BadInput("no-rows", "Risk cannot be measured: there are no rows", do="Check the source, and the limit of suppression.")


def _keyed(slab: pl.DataFrame, quasi_identifiers: tuple[str, ...], sensitive: tuple[str, ...]) -> pl.DataFrame:
    missing = [name for name in (*quasi_identifiers, *sensitive) if name not in slab.columns]
    if missing:
        raise BadInput("unknown-column", f"Risk cannot be measured over {', '.join(map(repr, missing))}: no such column")
    keys = [_plain(slab[name]) for name in quasi_identifiers] or [pl.repeat(1, slab.height, eager=True).alias(_EVERYBODY)]
    return pl.DataFrame([*keys, *(_plain(slab[name]).alias(_value(name)) for name in sensitive)])


def _distinct(counts: pl.DataFrame, keys: tuple[str, ...], value: str) -> pl.DataFrame:
    return counts.group_by(keys).agg(pl.col(value).drop_nulls().len().alias("distinct"))


def _value(name: str) -> str:
    return f"__value__{name}"


def _plain(column: pl.Series) -> pl.Series:
    return column.cast(pl.String) if isinstance(column.dtype, pl.Categorical | pl.Enum) else column
