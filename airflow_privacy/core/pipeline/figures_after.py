"""The figures of a masked table that a release is decided on, once without its tokens and once with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.risk import RiskFigures
from airflow_privacy.core.risk.figures import measure


def figures_after(slabs: Callable[[], Iterable[pl.DataFrame]], plan: MaskingPlan, *, min_k: int) -> tuple[RiskFigures, int]:
    """Figures over the released quasi-identifiers, and k with the tokens counted among them. *slabs* is called once or twice.

    :raises BadInput: there are no rows, or a column is missing.
    """
    quasi = plan.quasi_identifiers()
    after = measure(slabs(), quasi_identifiers=quasi, sensitive=plan.sensitive(), min_k=min_k)
    if not plan.tokens():
        return after, after.k
    return after, measure(slabs(), quasi_identifiers=(*quasi, *plan.tokens()), sensitive=(), min_k=min_k).k
