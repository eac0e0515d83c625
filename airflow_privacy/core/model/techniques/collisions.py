"""How likely it is that two values share a token: asked when a plan is made, before anything is masked."""

from __future__ import annotations

from airflow_privacy.core.model.techniques.pseudonymize import AesSiv, Card, Ff1, HmacToken

RADIX = {"hex": 16, "base32": 32, "base58": 58, "alphanumeric": 62, "digits": 10}
_BITS = 256


def longest_token(alphabet: str) -> int:
    """The longest ``hmac_token`` in an alphabet: 256 bits have no more characters of it (and 64 is the most of all)."""
    radix, length = RADIX[alphabet], 1
    while length < 64 and radix ** (length + 1) <= 1 << _BITS:
        length += 1
    return length


def bias_bound(technique: HmacToken) -> float:
    """By how much, relatively, a token can be likelier than an equal share: radix**length / 2**256; 0 where it divides."""
    space = RADIX[technique.alphabet] ** technique.length
    return 0.0 if (1 << _BITS) % space == 0 else space / (1 << _BITS)


def collision_bound(distinct: int, technique: HmacToken | AesSiv | Ff1 | Card) -> float:
    """An upper bound for the probability that any two of *distinct* different values get one token; at most 1.

    ``hmac_token``: the birthday bound n² / 2N over N tokens, times one plus :func:`bias_bound`. The others turn back, so that no
    two values share a token: 0. Values that normalisation makes equal count as one.

    :param distinct: different values, after normalisation, under one key.
    """
    if not isinstance(technique, HmacToken):
        return 0.0
    # In whole numbers first: a space of 64 characters is beyond what floats multiply exactly.
    space: int = RADIX[technique.alphabet] ** technique.length
    return min(1.0, distinct * distinct / (2 * space) * (1 + bias_bound(technique)))
