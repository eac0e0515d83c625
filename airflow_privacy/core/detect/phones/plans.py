"""The numbering plans of the world, read out of phonenumbers (Google's libphonenumber) as patterns that Rust's engine runs.

ITU-T E.164: a calling code of one to three digits, then the national number; which of these a country assigns is its plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import phonenumbers

#: Where a number without a country code is tried.
DEFAULT_REGIONS = ("US", "DE", "GB", "FR", "AT", "CH", "ES", "IT", "NL", "PT", "BR", "IN", "AU")

_TYPES = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line", "mobile",
)  # fmt: skip


_DIGIT = re.compile(r"(?:\\d|\[[0-9-]+\]|[0-9])(?:\{([0-9]+)(?:,([0-9]+))?\})?")
NOTHING = "^[a-z]$"  # no length stands as a small letter


@dataclass(frozen=True)
class Region:
    """The plan of one region. Patterns match whole national numbers that :func:`keyed` has put the length in front of."""

    name: str
    calling_code: str
    kinds: tuple[tuple[tuple[int, ...], str], ...]
    """Numbers of each type that the plan assigns: their lengths (none: all) and a pattern, without anchors."""
    assigned: str
    """Numbers of any type that the plan assigns."""
    general: str
    """The plan's outline, without lengths: decides whether a prefix is one."""
    leading: str | None
    """How national numbers begin in a region that shares its calling code."""
    lengths: tuple[int, ...]
    local_lengths: tuple[int, ...]
    international_prefix: str | None
    national_prefix: str | None
    prefix_groups: int
    transform: tuple[str, int, str] | None
    """What a national prefix is rewritten to: text, number of the group, text."""
    written: str
    """What digits look like that can be valid when dialled in the region, prefixes or not; lets too many through."""
    bare: tuple[str, ...] | None
    """Beginnings of numbers that are complete without a prefix; ``None`` for all. Germany's are not: a 0 stands before them."""


@cache
def calling_codes() -> dict[str, tuple[str, ...]]:
    """The regions of each calling code, the main one first."""
    return {str(code): tuple(names) for code, names in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}


@cache
def plans_of(code: str) -> tuple[Region, ...]:
    """The plans that share a calling code, the main one first."""
    return tuple(plan for name in calling_codes()[code] if (plan := region_of(name, code)) is not None)


@cache
def region_of(name: str, calling_code: str = "") -> Region | None:
    """The plan of a region (ISO 3166-1 alpha-2; ``001`` with a calling code of no country), ``None`` if there is none."""
    metadata = phonenumbers.PhoneMetadata
    if name == "001":
        found = metadata.metadata_for_nongeo_region(int(calling_code), None)
    else:
        found = metadata.metadata_for_region(name, None)
    return None if found is None else _read(name, found)


def _read(name: str, plan: Any) -> Region:
    prefix = plan.national_prefix_for_parsing
    groups = _groups(prefix) if prefix else 0
    return Region(
        name=name,
        calling_code=str(plan.country_code),
        kinds=(kinds := _kinds(plan)),
        assigned=f"^(?:{'|'.join(marked(kinds))})$" if kinds else NOTHING,
        general=f"^[A-Z](?:{_ascii(plan.general_desc.national_number_pattern or '')})$",
        leading=f"^[A-Z](?:{_ascii(plan.leading_digits)})" if plan.leading_digits else None,
        lengths=tuple(plan.general_desc.possible_length),
        local_lengths=tuple(plan.general_desc.possible_length_local_only),
        international_prefix=f"^(?:{_ascii(plan.international_prefix)})" if plan.international_prefix else None,
        national_prefix=f"^(?:{_ascii(prefix)})" if prefix else None,
        prefix_groups=groups,
        transform=_transform(plan.national_prefix_transform_rule, groups),
        written=_outline(plan),
        bare=_bare(plan),
    )


def length_mark(digits: int) -> str:
    """The capital that stands for a length up to 20 in front of a number, so that one pattern asks for both."""
    return chr(ord("A") + min(digits, 21))


def marked(kinds: Iterable[tuple[tuple[int, ...], str]], prefix: str = "") -> list[str]:
    """Patterns of numbers with *prefix* in front of them and the mark of their length in front of all."""
    found = []
    for lengths, pattern in kinds:
        marks = "".join(length_mark(length + len(prefix)) for length in lengths)
        found.append(f"{f'[{marks}]' if marks else '[A-Z]'}{prefix}(?:{pattern})")
    return found


def _kinds(plan: Any) -> tuple[tuple[tuple[int, ...], str], ...]:
    found = []
    for kind in _TYPES:
        desc = getattr(plan, kind)
        same = kind == "mobile" and plan.same_mobile_and_fixed_line_pattern
        if desc is not None and desc.national_number_pattern and not same:
            lengths = tuple(length for length in desc.possible_length if length > 0)
            found.append((lengths, _ascii(desc.national_number_pattern)))
    return tuple(found)


def _ascii(pattern: str) -> str:
    return pattern.replace(r"\d", "[0-9]")  # Rust's \d knows the digits of all scripts, which costs a hundredfold


def _groups(pattern: str) -> int:
    return sum(1 for at, char in enumerate(pattern) if char == "(" and pattern[at + 1 : at + 2] != "?")


def _transform(rule: str | None, groups: int) -> tuple[str, int, str] | None:
    if not rule:
        return None
    before, _, behind = rule.partition("\\")
    return before, min(int(behind[0]), groups), behind[1:]


def _bare(plan: Any) -> tuple[str, ...] | None:
    forms = [(form, _asks_prefix(form, plan.national_prefix)) for form in plan.number_format]
    if not any(asks for _, asks in forms):
        return None
    kinds = []
    for form, asks in forms:
        if not asks:
            shortest, longest = _widths(form.pattern)
            marks = f"{length_mark(shortest)}-{length_mark(longest)}"
            kinds.append(f"[{marks}](?:{_ascii(form.leading_digits_pattern[-1]) if form.leading_digits_pattern else ''})")
    return tuple(kinds)


def _outline(plan: Any) -> str:
    if plan.national_prefix_transform_rule:
        return "^[0-9]"  # what is rewritten can look like anything
    shared = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[plan.country_code]) > 1
    number = "[0-9]{3,}" if shared else "|".join(pattern for _, pattern in _kinds(plan))
    prefix = f"(?:{_ascii(plan.national_prefix_for_parsing)})?" if plan.national_prefix_for_parsing else ""
    forms = [f"(?:{plan.country_code}{prefix})?{prefix}(?:{number})"]
    if plan.international_prefix:
        forms.append(f"(?:{_ascii(plan.international_prefix)})[1-9][0-9]{{4,}}")
    return f"^(?:{'|'.join(forms)})$"


def _widths(pattern: str) -> tuple[int, int]:
    """How many digits a format such as ``([2-9]\\d)(\\d{3,4})`` has, at least and at most."""
    counts = _DIGIT.findall(pattern)
    return sum(int(least or 1) for least, _ in counts), sum(int(most or least or 1) for least, most in counts)


def _asks_prefix(form: Any, prefix: str | None) -> bool:
    rule = (form.national_prefix_formatting_rule or "").replace("\\1", "")
    return bool(prefix) and prefix in rule and not form.national_prefix_optional_when_formatting
