"""What the contract says: words of classification and tags raise a role, a steward's pin outranks everything and is recorded."""

from __future__ import annotations

from dataclasses import replace

from airflow_privacy.core.detect.verdict.draft import Draft
from airflow_privacy.core.model.contract import Column
from airflow_privacy.core.model.entity_roles import stricter, usual_role
from airflow_privacy.core.model.findings import Detected, Pin, Role, Signal

_PERSONAL_WORDS = frozenset({"pii", "personal", "personally-identifiable", "gdpr", "personenbezogen"})
_DIRECT_WORDS = frozenset({"direct-identifier", "direct_identifier", "identifier"})
_SENSITIVE_WORDS = frozenset(
    {"sensitive", "restricted", "confidential", "highly-confidential", "secret", "phi", "special-category", "special_category"}
)


def claimed(draft: Draft, column: Column | None) -> Draft:
    """The verdict, raised where classification or tags call the column personal or sensitive; never lowered."""
    if column is None:
        return draft
    words = {word.strip().lower().replace(" ", "-") for word in (column.classification or "", *column.tags)}
    claims: list[Role] = []
    if words & _DIRECT_WORDS:
        claims.append("direct-identifier")
    if words & _PERSONAL_WORDS:
        claims.append("quasi-identifier")
    if words & _SENSITIVE_WORDS:
        claims.append("sensitive")
    if not claims:
        return draft
    return replace(draft, role=stricter(draft.role, claims[0]), confidence=max(draft.confidence, 0.9)).also(
        Signal(source="contract", detail="classified or tagged as personal or sensitive")
    )


def pinned(draft: Draft, column: Column | None) -> tuple[Draft, Detected | None, Pin | None]:
    """The verdict that holds, what detection said, and the pin; the last two are ``None`` where nothing is pinned.

    An entity that is pinned without a role has its usual one, or detection's where that is a direct identifier.
    """
    if column is None or (column.entity is None and column.role is None):
        return draft, None, None
    role = column.role or draft.role
    if column.role is None and column.entity is not None and draft.role != "direct-identifier":
        role = usual_role(column.entity)
    names = " and ".join(name for name, given in (("entity", column.entity), ("role", column.role)) if given is not None)
    signal = Signal(source="contract", detail=f"{names} pinned by the contract")
    holds = draft.but(entity=column.entity or draft.entity, role=role, confidence=1.0, signal=signal)
    said = Detected(entity=draft.entity, role=draft.role, confidence=round(draft.confidence, 4))
    return holds, said, Pin(entity=column.entity, role=column.role, because=column.because, by=column.by)
