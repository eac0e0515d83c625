"""Findings as detection gives them, in one line."""

from __future__ import annotations

from typing import Any

from airflow_privacy.core.model.findings import ColumnFinding, Findings


def column(name: str, **changes: Any) -> ColumnFinding:
    """A column of text with nothing in it."""
    given: dict[str, Any] = {
        "dtype": "string",
        "entity": None,
        "role": "non-sensitive",
        "confidence": 0.5,
        "matched": 0,
        "non_missing": 600,
        "distinct": 10,
        "coverage_bound_95": 0.0,
        **changes,
    }
    return ColumnFinding(name=name, **given)


def findings(*columns: ColumnFinding, rows: int = 600, total: int | None = None, **changes: Any) -> Findings:
    """A scan of *rows* of *total* rows."""
    given: dict[str, Any] = {"contract": None, "source": "/data/t.parquet", "source_digest": "sha256:0", **changes}
    return Findings(rows_scanned=rows, rows_total=rows if total is None else total, columns=columns, **given)
