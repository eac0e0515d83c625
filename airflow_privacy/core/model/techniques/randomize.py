"""Randomization (ISO/IEC 20889): values are changed by chance, drawn from a key so that a retry draws the same."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from airflow_privacy.core.model.techniques.base import NonNegative, Positive, TechniqueBase


class Noise(TechniqueBase, frozen=True, kw_only=True, tag="noise"):
    """A number plus bounded noise. This is *not* differential privacy: no epsilon can be stated for it.

    ``scale`` is Laplace's b or Gauss's standard deviation, in the column's unit. ``most`` bounds the change to either side
    (default: five scales); ``lower`` and ``upper`` bound the result; ``decimals`` are its places. With ``subject``, rows of one
    subject get one and the same change, so that averaging them tells nothing more.
    """

    distribution: Literal["laplace", "gaussian"]
    scale: Annotated[float, msgspec.Meta(gt=0)]
    most: Annotated[float, msgspec.Meta(gt=0)] | None = None
    lower: float | None = None
    upper: float | None = None
    decimals: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    subject: str | None = None


class DateShift(TechniqueBase, frozen=True, kw_only=True, tag="date_shift"):
    """A date or timestamp moved by 1 to ``days`` days to either side: all of one ``subject`` alike, so that intervals stay."""

    days: Positive
    subject: str
    format: str | None = None


class Permute(TechniqueBase, frozen=True, kw_only=True, tag="permute"):
    """The column's values change places over the whole table: learned in a pass of its own."""


class Microaggregate(TechniqueBase, frozen=True, kw_only=True, tag="microaggregate"):
    """A number to the mean or median of its group: neighbouring values, at least ``k`` rows: learned in a pass of its own."""

    k: Annotated[int, msgspec.Meta(ge=2)]
    to: Literal["mean", "median"] = "mean"
    decimals: NonNegative = 2
