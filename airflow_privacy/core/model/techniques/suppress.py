"""Suppression (ISO/IEC 20889): values, characters or columns are taken away. Also the null case, keeping a value."""

from __future__ import annotations

from typing import Annotated

import msgspec

from airflow_privacy.core.model.techniques.base import NonNegative, TechniqueBase


class Keep(TechniqueBase, frozen=True, kw_only=True, tag="keep"):
    """The value stays as it is. Only a rule can say so: nothing is kept by default."""


class Drop(TechniqueBase, frozen=True, kw_only=True, tag="drop"):
    """Suppression of the attribute: the column is not in the output."""


class Null(TechniqueBase, frozen=True, kw_only=True, tag="null"):
    """Suppression of every value: the column stays, empty."""


class Redact(TechniqueBase, frozen=True, kw_only=True, tag="redact"):
    """Suppression: every non-missing value becomes the same text."""

    text: str = "[REDACTED]"


class Constant(TechniqueBase, frozen=True, kw_only=True, tag="constant"):
    """Suppression: every value, missing ones too, becomes ``value``, in the type that it is written in."""

    value: str | int | float | bool


class PartialMask(TechniqueBase, frozen=True, kw_only=True, tag="partial_mask"):
    """Suppression of characters: all letters and digits but the first and last few become ``char``; separators stay."""

    keep_first: NonNegative = 0
    keep_last: NonNegative = 0
    char: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = "*"
