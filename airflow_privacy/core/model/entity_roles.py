"""The role that an entity usually has (ISO/IEC 20889, NIST SP 800-188): for entities that somebody pinned without a role."""

from __future__ import annotations

from airflow_privacy.core.model.findings import Role

_QUASI_IDENTIFIERS = frozenset(
    {
        "AGE",
        "CITY",
        "COORDINATES",
        "COUNTRY",
        "DATE_OF_BIRTH",
        "DATE_TIME",
        "EDUCATION",
        "GENDER",
        "LOCATION",
        "MARITAL_STATUS",
        "OCCUPATION",
        "ORGANIZATION",
        "POSTAL_CODE",
        "REGION",
    }
)
_SENSITIVE = frozenset({"CVV", "HEALTH", "INCOME", "NRP", "SEXUALITY"})

_RANK: dict[Role, int] = {"non-sensitive": 0, "sensitive": 1, "quasi-identifier": 1, "direct-identifier": 2}


def usual_role(entity: str) -> Role:
    """Direct identifier, unless the entity is known to be less."""
    if entity in _QUASI_IDENTIFIERS:
        return "quasi-identifier"
    return "sensitive" if entity in _SENSITIVE else "direct-identifier"


def stricter(one: Role, other: Role) -> Role:
    """The role that protects more; of equal ones, *one*."""
    return other if _RANK[other] > _RANK[one] else one


def weakens(before: Role, after: Role) -> bool:
    """Whether a column is protected less with the role *after*. Sensitive attributes and quasi-identifiers count in different
    figures: from one to the other, something is no longer counted."""
    return before != after and _RANK[after] <= _RANK[before]
