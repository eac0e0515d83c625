"""What a scan did and did not look at, in words. A scan never says that there is nothing: it says how much it saw."""

from __future__ import annotations

import math

from airflow_privacy.core.detect.bounds import upper_bound_95
from airflow_privacy.core.model.findings import ColumnFinding, Findings


def coverage(finding: ColumnFinding, findings: Findings) -> str:
    """One column's coverage.

    All rows: ``all 100,000 rows read, 12 values match``. A sample: ``0 of 3,000 seen: below 0.1 %`` is the highest share of all
    rows that the sample leaves possible, at 95 % confidence one-sided (:func:`upper_bound_95`), rounded up. Values that were not
    looked into are counted behind it; the bound says nothing about them.
    """
    scanned, total = findings.rows_scanned, findings.rows_total
    if scanned >= total:
        told = f"all {total:,} rows read, {_counted(finding.matched, 'match')}"
    else:
        matched = min(finding.matched, scanned)
        bound = upper_bound_95(matched, scanned)
        told = f"{matched:,} of {scanned:,} seen: " + (f"below {_percent(bound)}" if bound < 1 else "possibly all")
    return "; ".join((told, *gaps(finding)))


def gaps(finding: ColumnFinding) -> tuple[str, ...]:
    """Values of a column that were not looked into, and why."""
    reasons = (
        (finding.undecoded, "could not be read as text"),
        (finding.timed_out, "took a pattern of yours too long"),
    )
    return tuple(f"{count:,} values {why} and were not looked into" for count, why in reasons if count)


def extent(findings: Findings) -> str:
    """How many rows of the table were read."""
    if findings.rows_scanned >= findings.rows_total:
        return f"all {findings.rows_total:,} rows read"
    return f"{findings.rows_scanned:,} of {findings.rows_total:,} rows read, drawn at random"


def is_cut_short(findings: Findings) -> bool:
    """Whether a part of the scan was given up."""
    return any(column.timed_out for column in findings.columns)


def _counted(count: int, verb: str) -> str:
    return f"1 value {verb}es" if count == 1 else f"{count:,} values {verb}"


def _percent(share: float) -> str:
    """Two digits that count, never less than *share*."""
    percent = share * 100
    step = 10.0 ** (math.floor(math.log10(percent)) - 1)
    up = math.ceil(percent / step - 1e-9) * step
    return f"{up:.12f}".rstrip("0").rstrip(".") + " %"
