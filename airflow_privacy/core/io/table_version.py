"""What a table without version folders says about itself: in a database beside it, in a lakehouse with its last commit."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Value


class TableVersion(Value, frozen=True, kw_only=True):
    """Which version a table is. ``passport`` is the signed envelope, empty as long as it is not published."""

    version: str
    rows_digest: str
    plan: str
    rows: int
    passport: str = ""
