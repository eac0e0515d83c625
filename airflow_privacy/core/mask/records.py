"""Record suppression by k (ISO/IEC 20889): rows in small equivalence classes over the masked quasi-identifiers go.

Two passes: the first counts the classes, the second leaves rows out. Missing is a value of its own. Memory grows with the number
of classes, not of rows. Protects against singling out by the listed columns; not by others, and not against learning what a
whole class shares.
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.dtypes import plainly
from airflow_privacy.core.model.plan import MaskingPlan, RecordSuppression

COUNT = "__rows__"
_HELD = 1_000_000


class ClassCounts:
    """Counts the equivalence classes over some columns, frame by frame."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self._counted: list[pl.DataFrame] = []
        self._held = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count the rows of *frame*."""
        keys = plainly(frame.select(self.columns))
        self._counted.append(keys.group_by(self.columns).agg(pl.len().cast(pl.UInt64).alias(COUNT)))
        self._held += self._counted[-1].height
        if self._held > 2 * max(_HELD, self._counted[0].height):
            self.table()

    def table(self) -> pl.DataFrame:
        """The classes so far, one row each, with their sizes (column ``__rows__``); without any frame no row."""
        if not self._counted:
            return pl.DataFrame(schema={COUNT: pl.UInt64})
        if len(self._counted) > 1:
            self._counted = [pl.concat(self._counted).group_by(self.columns).agg(pl.col(COUNT).sum())]
        self._held = self._counted[0].height
        return self._counted[0]


def small_classes(classes: pl.DataFrame, suppression: RecordSuppression) -> pl.DataFrame:
    """The classes whose rows must go.

    :raises CheckFailed: more rows than the plan's limit would go.
    """
    small = classes.filter(pl.col(COUNT) < suppression.k)
    rows, lost = int(classes[COUNT].sum()), int(small[COUNT].sum())
    if lost > suppression.limit * rows:
        raise CheckFailed(
            "suppression-limit",
            f"{lost} of {rows} rows ({lost / rows:.1%}) are in equivalence classes smaller than {suppression.k} over "
            f"{', '.join(suppression.quasi_identifiers)}; the limit is {suppression.limit:.1%}",
            do="Generalize these columns further, or raise suppression_limit in the policy.",
        )
    return small


def outside(frame: pl.DataFrame, small: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series | None:
    """Which rows of *frame* are in none of the *small* classes; ``None`` where all are."""
    if not small.height:
        return None
    kept = (
        frame.select(columns).join(small, on=list(columns), how="left", nulls_equal=True, maintain_order="left")[COUNT].is_null()
    )
    return None if kept.all() else kept


def require_k(classes: pl.DataFrame, suppression: RecordSuppression) -> None:
    """After suppression every class that is left has at least k rows.

    :raises CheckFailed: one has not.
    """
    short = classes.filter(pl.col(COUNT) < suppression.k)
    if short.height:
        raise CheckFailed(
            "k-does-not-hold",
            f"{short.height} equivalence classes over {', '.join(suppression.quasi_identifiers)} are smaller than "
            f"{suppression.k} after record suppression",
        )


def suppression_of(plan: MaskingPlan) -> RecordSuppression | None:
    """The plan's record suppression; ``None`` where it has none, or no quasi-identifier is left to count over.

    :raises CheckFailed: it counts over a column that the output does not have.
    """
    if plan.suppression is None or not plan.suppression.quasi_identifiers:
        return None
    released = {decision.column for decision in plan.released()}
    gone = [name for name in plan.suppression.quasi_identifiers if name not in released]
    if gone:
        raise CheckFailed(
            "suppression-columns",
            f"Record suppression cannot count over {', '.join(map(repr, gone))}",
            do="Plan again with quasi-identifiers that are released.",
        )
    return plan.suppression
