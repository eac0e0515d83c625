"""The columns that came against the columns that were promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.contract import Table
from airflow_privacy.core.model.refs import ColumnType

OnDrift = Literal["fail", "warn", "ignore"]


def check_drift(columns: Sequence[ColumnType], table: Table, on_drift: OnDrift) -> tuple[str, ...]:
    """Sentences about columns that only one side knows, in column order; none with ``ignore``.

    :raises CheckFailed: ``schema-drift``, with ``fail``, naming all of them.
    """
    if on_drift not in ("fail", "warn", "ignore"):
        raise BadInput("bad-argument", "on_drift is fail, warn or ignore", where="on_drift")
    if on_drift == "ignore":
        return ()
    promised = [column.name for column in table.columns]
    came = [column.name for column in columns]
    unknown = [name for name in came if name not in promised]
    missing = [name for name in promised if name not in came]
    sentences = tuple(
        [f"Column {name!r} is not in the contract" for name in unknown]
        + [f"Column {name!r} of the contract is not in the data" for name in missing]
    )
    if sentences and on_drift == "fail":
        raise CheckFailed(
            "schema-drift",
            "; ".join(sentences),
            where=table.name,
            do="Add the columns to the contract with their classification, or repair the source.",
        )
    return sentences
