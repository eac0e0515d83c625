"""How many different values there are: the smallest hashes of all values, each with how often it came.

A KMV sketch (Bar-Yossef et al., 2002): exact up to :data:`SKETCH` values; above, the density of the smallest hashes gives the
number within about 0.4 % (two standard errors). What is kept depends on the values alone, not on their order.
"""

from __future__ import annotations

import polars as pl

SKETCH = 1 << 18
_SEED = 20_889
_SHARE = float(2**64)
# Of 2,000 values drawn from 20,000 about 95 in a hundred differ: above that, grouping equal values costs more than it saves.
_DRAWN = 2_000
_ALL_DIFFERENT = 0.95


class Sketch:
    """The smallest hashes that were seen. What is added waits until it is worth sorting."""

    def __init__(self) -> None:
        self._held = pl.DataFrame(schema={"hash": pl.UInt64, "n": pl.Int64})
        self._waiting: list[pl.DataFrame] = []

    def add(self, hashes: pl.Series, n: pl.Series) -> None:
        """Count values by their hashes, in any order; a hash may come several times."""
        new = pl.DataFrame([hashes.alias("hash"), n.alias("n")])
        if self._held.height >= SKETCH:
            new = new.filter(pl.col("hash") <= self._held["hash"][-1])
        if new.height:
            self._waiting.append(new)
        if sum(waiting.height for waiting in self._waiting) > 2 * SKETCH:
            self._settle()

    @property
    def number(self) -> int:
        """Different values, exact or estimated."""
        held = self._settle()
        if held.height < SKETCH:
            return held.height
        return round((SKETCH - 1) / (int(held["hash"][-1]) / _SHARE))

    @property
    def ratio(self) -> float:
        """Different values by values, among those that are kept; 0 if there are none."""
        held = self._settle()
        total = int(held["n"].sum())
        return held.height / total if total else 0.0

    def _settle(self) -> pl.DataFrame:
        if self._waiting:
            # Sorting and adding up runs takes half the time of grouping.
            both = pl.concat([self._held, *self._waiting]).sort("hash")
            last = (both["hash"] != both["hash"].shift(-1)).fill_null(value=True)
            counted = both.with_columns(pl.col("n").cum_sum()).filter(last).head(SKETCH)
            self._held = counted.with_columns(pl.col("n").diff().fill_null(pl.col("n")))
            self._waiting = []
        return self._held


def hashes_of(values: pl.Series) -> pl.Series:
    """One hash a value, the same in every process."""
    return values.hash(_SEED)


def mostly_different(values: pl.Series) -> bool:
    """Whether looking at each of *values* costs less than finding the equal ones; judged by some of them."""
    drawn = values.gather_every(max(1, len(values) // _DRAWN))
    return drawn.n_unique() >= _ALL_DIFFERENT * len(drawn)


def grouped(values: pl.Series) -> pl.DataFrame:
    """*values* (no nulls) as ``value`` with their number ``n``: equal ones together if there are many, else row by row."""
    if not mostly_different(values):
        return values.alias("value").value_counts(name="n").with_columns(pl.col("n").cast(pl.Int64))
    return values.alias("value").to_frame().with_columns(pl.lit(1, dtype=pl.Int64).alias("n"))


def smallest(held: pl.DataFrame, new: pl.DataFrame, keep: int) -> pl.DataFrame:
    """The *keep* different values with the smallest hashes of both (``hash``, ``value``): a choice without regard to order."""
    if held.height >= keep:
        new = new.filter(pl.col("hash") < held["hash"][-1])
    elif new.height > 8 * keep:
        # Most of a first slab is out of the question: look at the lowest hashes until enough different ones are among them.
        low = new.bottom_k(4 * keep, by="hash")
        new = low if low["hash"].n_unique() >= keep else new
    if new.is_empty():
        return held
    return pl.concat([held, new]).unique("hash").sort("hash").head(keep)
