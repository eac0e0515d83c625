"""Re-identification figures over equivalence classes.

k-anonymity: Samarati & Sweeney 1998; distinct l-diversity: Machanavajjhala et al. 2007; prosecutor, journalist and marketer risk:
El Emam, *Guide to the De-Identification of Personal Health Information* (2013); the models' names are those of ISO/IEC 20889.
Marketer risk is ARX's "average re-identification risk": classes divided by rows. (pycanon uses that name for the mean over
classes of 1 / size, which is another figure.)

What they say holds for an attacker who knows the quasi-identifiers that were named, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from airflow_privacy.core.model.risk import RiskFigures, SensitiveFigures
from airflow_privacy.core.risk.classes import ROWS, tally


def measure(
    slabs: Iterable[pl.DataFrame], *, quasi_identifiers: Sequence[str], sensitive: Sequence[str], min_k: int
) -> RiskFigures:
    """Figures of a table that is given in pieces. Without quasi-identifiers all rows are one class.

    :param min_k: the boundary's k; rows in smaller classes are counted in ``below_min_k``.
    :raises BadInput: there are no rows, or a column is missing.
    """
    classes, values = tally(slabs, tuple(dict.fromkeys(quasi_identifiers)), tuple(dict.fromkeys(sensitive)))
    sizes = classes[ROWS]
    rows, count, k = int(sizes.sum()), classes.height, _smallest(sizes)
    attributes = tuple(
        SensitiveFigures(column=name, distinct_l=max(1, _smallest(table["distinct"]))) for name, table in values.items()
    )
    return RiskFigures(
        rows=rows,
        classes=count,
        k=k,
        l=min((one.distinct_l for one in attributes), default=None),
        sample_uniqueness=int((sizes == 1).sum()) / rows,
        prosecutor=1 / k,
        journalist=1 / k,
        marketer=count / rows,
        average_class_size=rows / count,
        below_min_k=int(sizes.filter(sizes < min_k).sum()),
        attributes=attributes,
    )


def _smallest(numbers: pl.Series) -> int:
    return int(numbers.to_frame().min().item())
