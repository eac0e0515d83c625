"""The masking techniques as typed parameters, by their ISO/IEC 20889 class.

A policy rule and a plan's decision name one of these; ``core/mask`` turns them into expressions. Nothing here computes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
NonNegative = Annotated[int, msgspec.Meta(ge=0)]


class _Technique(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="technique"):
    pass


class Keep(_Technique, frozen=True, kw_only=True, tag="keep"):
    """The value stays as it is. Only a rule can say so: nothing is kept by default."""


class Drop(_Technique, frozen=True, kw_only=True, tag="drop"):
    """Suppression of the attribute: the column is not in the output."""


class Null(_Technique, frozen=True, kw_only=True, tag="null"):
    """Suppression of every value: the column stays, empty."""


class Redact(_Technique, frozen=True, kw_only=True, tag="redact"):
    """Suppression: every non-missing value becomes the same text."""

    text: str = "[REDACTED]"


class PartialMask(_Technique, frozen=True, kw_only=True, tag="partial_mask"):
    """Suppression of characters: all letters and digits but the first and last few become ``char``; separators stay."""

    keep_first: NonNegative = 0
    keep_last: NonNegative = 0
    char: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = "*"


class HmacToken(_Technique, frozen=True, kw_only=True, tag="hmac_token"):
    """Pseudonymization: HMAC-SHA-256 (RFC 2104) with the scope's key, as ``length`` hexadecimal digits."""

    length: Annotated[int, msgspec.Meta(ge=16, le=64)] = 32


class Round(_Technique, frozen=True, kw_only=True, tag="round"):
    """Generalization: a number to the nearest multiple of ``to`` (half to even)."""

    to: Annotated[float, msgspec.Meta(gt=0)]


class Bins(_Technique, frozen=True, kw_only=True, tag="bins"):
    """Generalization: a number to the label of its half-open interval between rising ``edges``: ``<a``, ``[a,b)``, ``>=z``."""

    edges: Annotated[tuple[float, ...], msgspec.Meta(min_length=1)]


class TruncateDate(_Technique, frozen=True, kw_only=True, tag="truncate_date"):
    """Generalization: a date or timestamp to the first day of its year, decade, quarter or month.

    ``format`` (strftime letters, ``%m/%d/%Y``) reads a text column as dates.
    """

    to: Literal["month", "quarter", "year", "decade"]
    format: str | None = None


class GeoPrefix(_Technique, frozen=True, kw_only=True, tag="geo_prefix"):
    """Generalization: the first ``length`` characters of a postal code or region code."""

    length: Positive


class Hierarchy(_Technique, frozen=True, kw_only=True, tag="hierarchy"):
    """Generalization: a value to its ancestor, ``level`` steps up in a hierarchy file (ARX's format: ``value;level 1;level 2…``).

    ``file`` is a path; ``sha256`` is filled in when the policy is read and pins the file's bytes. A value that the file does not
    have becomes ``*``.
    """

    file: str
    level: Positive
    sha256: str = ""


Technique = Keep | Drop | Null | Redact | PartialMask | HmacToken | Round | Bins | TruncateDate | GeoPrefix | Hierarchy

SUPPRESSING = (Drop, Null, Redact)
GENERALIZING = (Round, Bins, TruncateDate, GeoPrefix, Hierarchy)
PSEUDONYMIZING = (HmacToken,)


def name_of(technique: Technique) -> str:
    """The technique's name as a policy writes it."""
    return str(technique.__struct_config__.tag)
