"""Whether a column of bare digits is one of telephone numbers: does one region's plan take more of it than it takes of chance?

The plans are dense: of random ten-digit numbers the United States' takes six in ten, and thirteen regions together nine in ten. A
cell of bare digits proves nothing; a column does, when one plan takes nearly all cells and would not take them with other digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from airflow_privacy.core.detect.phones.numbering import keyed
from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS, plans_of, region_of

_MOST = 2_000
_WIDEST = 15


class PlanFit(NamedTuple):
    """How well the plan of one region fits a column: the shares of *checked* cells that it assigns, as they are and by chance."""

    region: str
    share: float
    chance: float
    checked: int

    @property
    def lift(self) -> float:
        """0: no better than chance; 1: all cells, where chance would have failed some."""
        return max(0.0, (self.share - self.chance) / (1 - self.chance)) if self.chance < 1 else 0.0


def best_plan(values: pl.Series, *, regions: Sequence[str] = DEFAULT_REGIONS) -> PlanFit | None:
    """The region whose plan fits best to the cells of *values* that are 7 to 15 digits and nothing else (a leading zero or one
    aside); ``None`` where there are none.

    Chance is the same cells with other digits (a zero in front stays), the same in every run. Numbers of one assigned range
    (order numbers from 9000000000 on, dates as digits) fit as well as telephone numbers do.
    """
    cells = values.drop_nulls().unique().to_frame("n").filter(pl.col("n").str.contains(r"^[0-9]{7,15}$"))
    cells = cells.bottom_k(_MOST, by=pl.col("n").hash(0))
    if cells.is_empty():
        return None
    fits = []
    others = cells.select(_shuffled().alias("n"))
    for region in filter(None, map(region_of, regions)):
        assigned = "|".join(plan.assigned for plan in plans_of(region.calling_code)[:1])
        trunk = "1" if region.calling_code == "1" else "0"
        taken = keyed(pl.col("n").str.strip_prefix(trunk)).str.contains(assigned) | keyed(pl.col("n")).str.contains(assigned)
        share, chance = (frame.select(taken.mean()).item() for frame in (cells, others))
        fits.append(PlanFit(region.name, share, chance, cells.height))
    return max(fits, key=lambda fit: (fit.lift, fit.share), default=None)


def _shuffled() -> pl.Expr:
    digits = [((pl.col("n").hash(place) % 10).cast(pl.String)) for place in range(1, _WIDEST)]
    zero = pl.col("n").str.starts_with("0")
    first = pl.when(zero).then(pl.lit("0")).otherwise((pl.col("n").hash(0) % 9 + 1).cast(pl.String))
    return pl.concat_str(first, *digits).str.head(pl.col("n").str.len_bytes())
