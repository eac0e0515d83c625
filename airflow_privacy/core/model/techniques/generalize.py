"""Generalization (ISO/IEC 20889): a value becomes the larger set that it belongs to; what it says stays true."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from airflow_privacy.core.model.techniques.base import Positive, TechniqueBase


class Round(TechniqueBase, frozen=True, kw_only=True, tag="round"):
    """A number to the nearest multiple of ``to`` (half to even)."""

    to: Annotated[float, msgspec.Meta(gt=0)]


class Bins(TechniqueBase, frozen=True, kw_only=True, tag="bins"):
    """A number to the label of its half-open interval between rising ``edges``: ``<a``, ``[a,b)``, ``>=z``."""

    edges: Annotated[tuple[float, ...], msgspec.Meta(min_length=1)]


class QuantileBins(TechniqueBase, frozen=True, kw_only=True, tag="quantile_bins"):
    """As ``bins``, with edges at the ``count``-quantiles of the column: learned in a pass of its own."""

    count: Annotated[int, msgspec.Meta(ge=2, le=1000)]


class TopBottomCode(TechniqueBase, frozen=True, kw_only=True, tag="top_bottom_code"):
    """A number below ``lower`` becomes ``lower``, one above ``upper`` becomes ``upper``; at least one of them is given."""

    lower: float | None = None
    upper: float | None = None


class TruncateDate(TechniqueBase, frozen=True, kw_only=True, tag="truncate_date"):
    """A date or timestamp to the first day of its year, decade, quarter or month.

    ``format`` (strftime letters, ``%m/%d/%Y``) reads a text column as dates.
    """

    to: Literal["month", "quarter", "year", "decade"]
    format: str | None = None


class Age(TechniqueBase, frozen=True, kw_only=True, tag="age"):
    """A birth date to the age in whole years on the day ``at`` (ISO 8601); ages above ``top`` become ``top``.

    The day is fixed by the policy, not by the clock, so that a retry gives the same bytes. ``format`` as for ``truncate_date``.
    """

    at: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    top: Positive = 90
    format: str | None = None


class GeoPrefix(TechniqueBase, frozen=True, kw_only=True, tag="geo_prefix"):
    """The first ``length`` characters of a postal code or region code.

    With ``populations`` (a CSV file, ``prefix;inhabitants``), a prefix with ``min_population`` or fewer inhabitants, or one that
    the file does not have, becomes zeros (45 CFR 164.514(b)(2)(i)(B)). ``sha256`` pins the file when the policy is read.
    """

    length: Positive
    populations: str | None = None
    min_population: Positive = 20_000
    sha256: str = ""


class Hierarchy(TechniqueBase, frozen=True, kw_only=True, tag="hierarchy"):
    """A value to its ancestor, ``level`` steps up in a hierarchy file (ARX's format: ``value;level 1;level 2…``).

    ``file`` is a path; ``sha256`` is filled in when the policy is read and pins the file's bytes. A value that the file does not
    have becomes ``*``.
    """

    file: str
    level: Positive
    sha256: str = ""


class IpPrefix(TechniqueBase, frozen=True, kw_only=True, tag="ip_prefix"):
    """An IP address to its network of ``v4`` or ``v6`` bits: ``203.0.113.0/24``, ``2001:db8::/32``."""

    v4: Annotated[int, msgspec.Meta(ge=1, le=31)] = 24
    v6: Annotated[int, msgspec.Meta(ge=1, le=127)] = 48


class EmailDomain(TechniqueBase, frozen=True, kw_only=True, tag="email_domain"):
    """An e-mail address to its domain, in lower case; what is no address becomes missing."""
