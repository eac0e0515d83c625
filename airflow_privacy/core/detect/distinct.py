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

EMPTY = pl.DataFrame(schema={"hash": pl.UInt64, "n": pl.Int64})


def hashes_of(values: pl.Series) -> pl.Series:
    """One hash a value, the same in every process."""
    return values.hash(_SEED)


def grouped(values: pl.Series) -> pl.DataFrame:
    """*values* (no nulls) as ``value`` with their number ``n``: equal ones together if there are many, else row by row."""
    drawn = values.gather_every(max(1, len(values) // _DRAWN))
    if drawn.n_unique() < _ALL_DIFFERENT * len(drawn):
        return values.alias("value").value_counts(name="n").with_columns(pl.col("n").cast(pl.Int64))
    return values.alias("value").to_frame().with_columns(pl.lit(1, dtype=pl.Int64).alias("n"))


def merged(held: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The smallest hashes of both (``hash``, ``n``), in order; those of *new* may come several times."""
    if held.height >= SKETCH:
        new = new.filter(pl.col("hash") <= held["hash"][-1])
    if new.is_empty():
        return held
    # Sorting, merging and adding up runs takes a third of the time of grouping.
    both = held.merge_sorted(new.sort("hash"), key="hash")
    last = (both["hash"] != both["hash"].shift(-1)).fill_null(value=True)
    counted = both.with_columns(pl.col("n").cum_sum()).filter(last).head(SKETCH)
    return counted.with_columns(pl.col("n").diff().fill_null(pl.col("n")))


def number(sketch: pl.DataFrame) -> int:
    """Different values, exact or estimated."""
    if sketch.height < SKETCH:
        return sketch.height
    return round((SKETCH - 1) / (int(sketch["hash"][-1]) / _SHARE))


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
