"""What a technique leaves of a direct identifier: the one table that the policy's refusals and the privacy level rest on.

``nothing``   suppressed: no character of it is left
``token``     a stand-in that needs a key to be linked to the value
``part``      a part of it, or the larger set that it belongs to: narrows down who it is
``value``     the value itself, or one so close to it, or so often equal to it, that it tells who it is
"""

from __future__ import annotations

from typing import Literal

from airflow_privacy.core.model.techniques import (
    RANDOMIZING,
    SUPPRESSING,
    AesSiv,
    Card,
    Ff1,
    GeoPrefix,
    HmacToken,
    Inside,
    IpPrefix,
    Keep,
    PartialMask,
    Permute,
    QuantileBins,
    Round,
    Surrogate,
    Technique,
    TopBottomCode,
)

Left = Literal["nothing", "token", "part", "value"]
_RISING: tuple[Left, ...] = ("nothing", "token", "part", "value")

# No address, number or name is told by so few characters; a longer prefix may hold a short identifier whole.
SHORT_PREFIX = 5
# PCI SSC, FAQ 1091: of a card number the issuer's first eight and any other four may be shown.
_MOST_SHOWN = {"CREDIT_CARD": 12}
_MOST_SHOWN_OF_OTHERS = 8
# Households often have a network of their own with these bits (RFC 6177); /24 is the longest prefix that BGP carries.
_LONGEST_V4, _LONGEST_V6 = 24, 48
# Made of letters: encryption of their digits leaves them readable.
_WORDS = frozenset({"EMAIL_ADDRESS", "PERSON", "STREET_ADDRESS", "URL", "USERNAME", "PASSWORD", "CITY", "LOCATION", "FREE_TEXT"})


def leaves(technique: Technique, entity: str | None = None) -> Left:
    """What *technique* leaves of a direct identifier of the kind *entity*."""
    if isinstance(technique, SUPPRESSING):
        return "nothing"
    if isinstance(technique, Inside):
        return max((_left_inside(path, part) for path, part in technique.fields.items()), key=_RISING.index, default="nothing")
    if isinstance(technique, (Keep, Round, TopBottomCode, QuantileBins, *RANDOMIZING)) or _leaves_most(technique, entity):
        return "value"
    if isinstance(technique, HmacToken | AesSiv | Surrogate) or (isinstance(technique, Card) and not technique.keep_issuer):
        return "token"
    return "part"


def is_verbatim(technique: Technique) -> bool:
    """Whether values, or most of each, are in the output as they were, be it in other rows."""
    return isinstance(technique, Keep | Permute) or (isinstance(technique, GeoPrefix) and technique.length > SHORT_PREFIX)


def _left_inside(path: str, part: Technique) -> Left:
    """A field that a rule names is the steward's choice; of items without a name nothing is known but what detection saw."""
    left = leaves(part)
    return "part" if left == "value" and not path.endswith("[]") else left


def _leaves_most(technique: Technique, entity: str | None) -> bool:
    if isinstance(technique, GeoPrefix):
        return technique.length > SHORT_PREFIX
    if isinstance(technique, PartialMask):
        return technique.keep_first + technique.keep_last > _MOST_SHOWN.get(entity or "", _MOST_SHOWN_OF_OTHERS)
    if isinstance(technique, IpPrefix):
        return technique.v4 > _LONGEST_V4 or technique.v6 > _LONGEST_V6
    if isinstance(technique, Ff1):
        return technique.alphabet == "digits" and entity in _WORDS
    return isinstance(technique, Card) and entity in _WORDS
