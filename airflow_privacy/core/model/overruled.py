"""Where a steward's pin and detection differ: what was overruled, by whom, and whether it protects less."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.entity_roles import weakens
from airflow_privacy.core.model.findings import Detected, Findings, Role


class Overruled(Value, frozen=True, kw_only=True):
    """One column whose pin differs from what detection said. ``weakening``: the role protects the people in the data less."""

    column: str
    detected: Detected
    entity: str | None
    role: Role
    weakening: bool
    because: str | None = None
    by: str | None = None


def overruled(findings: Findings) -> tuple[Overruled, ...]:
    """The columns whose pins overrule detection, weakening ones first, else in the order of the table."""
    found = []
    for column in findings.columns:
        said = column.detected
        if said is None or (said.entity, said.role) == (column.entity, column.role):
            continue
        found.append(
            Overruled(
                column=column.name,
                detected=said,
                entity=column.entity,
                role=column.role,
                weakening=weakens(said.role, column.role),
                because=column.pin.because if column.pin else None,
                by=column.pin.by if column.pin else None,
            )
        )
    return tuple(sorted(found, key=lambda entry: not entry.weakening))


def weakened(findings: Findings) -> int:
    """How many columns the contract protects less than detection would."""
    return sum(1 for entry in overruled(findings) if entry.weakening)
