"""How likely it is that two values share one token."""

from __future__ import annotations

from airflow_privacy.core.model.techniques.pseudonymize import HmacToken

_SYMBOLS = {"digits": 10, "hex": 16, "base32": 32, "base58": 58, "alphanumeric": 62}


def collision_bound(distinct: int, technique: HmacToken) -> float:
    """An upper bound of the probability that any two of *distinct* values get one token: ``n² / (2·A^L)``, at most 1."""
    tokens: int = _SYMBOLS[technique.alphabet] ** technique.length
    return min(1.0, distinct * distinct / (2 * tokens))
