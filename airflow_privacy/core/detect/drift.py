"""What changed: the columns that came against those promised, and the findings against the last ones.

A match rate has changed when Newcombe's interval for the difference of two proportions (Statistics in Medicine 17, 1998, method
10) at 99.9 % leaves out zero, and the rate moved by five points, or doubled or halved. The first keeps the noise of sampling out,
the second what is too small to matter in a large table. Rows are taken as drawn independently: a table in which one person has
many rows drifts by chance a little more often than one time in a thousand.

Not seen: values that change while entity, role and rate stay, and what happens to a column that a steward pinned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.drift import Drift, DriftAction, DriftKind, DriftRules
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.refs import ColumnType

OnDrift = Literal["fail", "quarantine", "warn", "ignore"]
ON_DRIFT: tuple[OnDrift, ...] = ("fail", "quarantine", "warn", "ignore")

_Z = 3.2905  # 99.9 %, two-sided
_POINTS, _TIMES = 0.05, 2.0
_Named: TypeAlias = tuple[DriftKind, str, str, str]  # kind, column, before, after


def rules_with(rules: DriftRules, on_drift: OnDrift | None) -> DriftRules | None:
    """The rules with an override for all kinds; ``None`` with ``ignore``.

    :raises BadInput: ``bad-argument``.
    """
    if on_drift is None:
        return rules
    if on_drift not in ON_DRIFT:
        raise BadInput("bad-argument", f"on_drift is one of {', '.join(ON_DRIFT)}", where="on_drift")
    return None if on_drift == "ignore" else DriftRules(**dict.fromkeys(DriftRules.__struct_fields__, on_drift))


def against_contract(columns: Sequence[ColumnType], table: Table, rules: DriftRules) -> tuple[Drift, ...]:
    """Columns that only one side knows, in column order; they fail where *rules* say nothing else."""
    came = {column.name for column in columns}
    promised = {column.name for column in table.columns}

    def drift(kind: DriftKind, name: str) -> Drift:
        return Drift(kind=kind, column=name, against="contract", action=rules.action(kind) or "fail")

    return (
        *(drift("new-column", column.name) for column in columns if column.name not in promised),
        *(drift("missing-column", column.name) for column in table.columns if column.name not in came),
    )


def against_findings(now: Findings, before: Findings, table: Table | None, rules: DriftRules) -> tuple[Drift, ...]:
    """What is not as it was when the table was looked at last, in column order; a warning where *rules* say nothing else.

    :param table: the contract's promises: columns that only one side has are drift against it, not told a second time; what a
        steward pinned changes when the steward changes it.
    """
    told: list[_Named] = []
    for column in now.columns:
        promise = table.column(column.name) if table else None
        earlier = before.column(column.name)
        if earlier is not None:
            told += _changes(column, earlier, promise)
        elif table is None or promise is not None:
            told.append(("new-column", column.name, "", ""))
    for column in before.columns:
        if now.column(column.name) is None and (table is None or table.column(column.name) is None):
            told.append(("missing-column", column.name, "", ""))
    return tuple(
        Drift(kind=kind, column=name, against="findings", action=rules.action(kind) or "warn", before=old, after=new)
        for kind, name, old, new in told
    )


def _changes(now: ColumnFinding, before: ColumnFinding, promise: Column | None) -> Iterator[_Named]:
    name = now.name
    if now.dtype != before.dtype:
        yield "type", name, before.dtype, now.dtype
    pinned = promise is not None and promise.entity is not None
    added = [entity for entity in now.embedded if entity not in (*before.embedded, before.entity)]
    if (now.entity != before.entity and not pinned) or added:
        yield "entity", name, _entities(before), _entities(now)
    if now.role != before.role and not (promise is not None and promise.role is not None):
        yield "role", name, before.role, now.role
    counts = (now.matched, now.non_missing), (before.matched, before.non_missing)
    if now.entity == before.entity and now.entity is not None and rate_changed(*counts[1], *counts[0]):
        (matched, values), (matched_before, values_before) = counts
        yield "rate", name, f"{matched_before:,} of {values_before:,}", f"{matched:,} of {values:,}"


def _entities(finding: ColumnFinding) -> str:
    return ", ".join((*((finding.entity,) if finding.entity else ()), *finding.embedded))


def rate_changed(matched_before: int, values_before: int, matched: int, values: int) -> bool:
    """Whether a rate is another one by the rule above. No values on a side: it cannot be said, so no."""
    if not values_before or not values:
        return False
    old, new = min(1.0, matched_before / values_before), min(1.0, matched / values)
    low, high = _difference(old, values_before, new, values)
    low_rate, high_rate = sorted((old, new))
    matters = high_rate - low_rate >= _POINTS or high_rate >= _TIMES * low_rate
    return matters and (low > 0 or high < 0)


def _difference(old: float, old_n: int, new: float, new_n: int) -> tuple[float, float]:
    """Newcombe's interval for new - old."""
    old_low, old_high = _wilson(old, old_n)
    new_low, new_high = _wilson(new, new_n)
    step = new - old
    return step - math.hypot(new - new_low, old_high - old), step + math.hypot(new_high - new, old - old_low)


def _wilson(rate: float, n: int) -> tuple[float, float]:
    middle = rate + _Z**2 / (2 * n)
    spread = _Z * math.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n * n))
    whole = 1 + _Z**2 / n
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def with_drift(findings: Findings, drift: Sequence[Drift]) -> Findings:
    """The findings with their drift, and the columns marked that are quarantined by it."""
    kept_out = {one.column for one in drift if one.action == "quarantine"}
    columns = tuple(
        msgspec.structs.replace(column, quarantined=True) if column.name in kept_out else column for column in findings.columns
    )
    return msgspec.structs.replace(findings, columns=columns, drift=tuple(drift))


def require_no_failure(drift: Sequence[Drift], *, where: str) -> None:
    """:raises CheckFailed: ``schema-drift`` or ``findings-drift``, naming all that fails."""
    failing = [one for one in drift if one.action == "fail"]
    if not failing:
        return
    schema = any(one.against == "contract" for one in failing)
    do: dict[bool, str] = {
        True: "Add the columns to the contract with their classification, or repair the source.",
        False: "Look at the findings; pin in the contract what is right, or repair the source. on_drift='warn' accepts it once.",
    }
    raise CheckFailed(
        "schema-drift" if schema else "findings-drift",
        "; ".join(one.sentence() for one in failing),
        where=where,
        do=do[schema],
    )


def summary(drift: Sequence[Drift]) -> str:
    """Kinds and columns by what is done about them, for the ledger: ``quarantine: new-column surprise; warn: rate email``."""
    told: dict[DriftAction, list[str]] = {}
    for one in drift:
        told.setdefault(one.action, []).append(f"{one.kind} {one.column}")
    return "; ".join(f"{action}: {', '.join(columns)}" for action, columns in told.items())
