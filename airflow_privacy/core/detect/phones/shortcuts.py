"""One pattern that settles most digits for several regions at once, and one that tells which need the long way.

Where a prefix is a plain 0 or 1 that no number begins with, "prefix, then an assigned number" is all that the steps of
:mod:`numbering` come to, and several regions fit into one pattern. The rest (international prefixes, the region's own calling
code without a plus, regions in the shadow of another, prefixes that are rewritten) is in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import regex

from airflow_privacy.core.detect.phones.plans import NOTHING, Region, marked, plans_of, region_of


class Shortcut(NamedTuple):
    """Patterns over keyed digits: ``sure`` and not ``unsure`` are complete numbers in one of the regions; no other is, unless
    ``doubtful``."""

    sure: str
    unsure: str
    doubtful: str
    regions: tuple[tuple[str, str], ...]
    """Each region with what is doubtful in it."""


@cache
def shortcut(regions: Sequence[str]) -> Shortcut:
    """The patterns for *regions* (a tuple)."""
    sure, unsure, doubts = [], [], []
    for region in filter(None, map(region_of, regions)):
        quick, doubt = _patterns(region)
        sure.extend(quick)
        bare = [f"{beginning}[0-9]*" for beginning in region.bare or ()] if quick else []
        if quick and (hidden := _hidden(region)):
            unsure.append(hidden)
            doubt.append(hidden)
        doubts.append((region.name, f"^(?:[A-Z](?:{'|'.join(doubt)})|{'|'.join((*bare, NOTHING[1:-1]))})$"))
    return Shortcut(
        f"^(?:{'|'.join(dict.fromkeys(sure))})$" if sure else NOTHING,
        f"^[A-Z](?:{'|'.join(unsure)})$" if unsure else NOTHING,
        "|".join(pattern for _, pattern in doubts) or NOTHING,
        tuple(doubts),
    )


def _patterns(region: Region) -> tuple[list[str], list[str]]:
    prefix = region.national_prefix[4:-1] if region.national_prefix else ""
    literal, rest = _literal(prefix)
    if prefix and (not literal or region.transform is not None):
        return [], _all(region, prefix)
    own = [kind for plan in plans_of(region.calling_code) if _heard_first(plan) for kind in plan.kinds]
    others = [plan for plan in plans_of(region.calling_code) if not _heard_first(plan)]
    any_prefix = f"(?:{prefix})?" if prefix else ""
    sure, doubt = [], _abroad(region, any_prefix)
    risky = _heads(region.international_prefix[1:] if region.international_prefix else "")
    for front in dict.fromkeys((literal, "") if region.bare is None else (literal,)):
        # In front of a number that its outline takes with the prefix, the prefix is none.
        astray = risky + (_heads(region.general[6:-1], literal) if front else [literal] if literal else [])
        for kind in own:
            whole = f"{front}(?:{kind[1]})"
            if any(_can_begin(whole, head) for head in astray) or (not front and rest):
                doubt.append(whole)
            else:
                sure.extend(marked([kind], front))
    doubt.extend(f"(?:{other})[0-9]+" for other in rest)
    doubt.extend(f"{any_prefix}(?:{plan.leading[9:-1]})[0-9]+" if plan.leading else _of(plan, any_prefix) for plan in others)
    return sure, doubt


def _literal(prefix: str) -> tuple[str, list[str]]:
    """The alternative of a national prefix that is plain digits, if no other begins like it, and the others."""
    depth, parts = 0, [""]
    for char in prefix:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    plain = [part for part in parts if part.isdigit() and len(part) == 1]
    others = [part for part in parts if part not in plain]
    if len(plain) != 1 or any(_can_begin(other, plain[0]) for other in others):
        return "", []
    return plain[0], others


def _hidden(region: Region) -> str:
    """What begins with the region's calling code, where the outline of the plan has forms of its own for it (Germany, Austria):
    not every assigned number is in the outline there."""
    forms = regex.search(rf"(?:^|[(|]){region.calling_code}\(", region.general)
    prefix = region.national_prefix[4:-1] if region.national_prefix else ""
    return f"(?:{prefix})?{region.calling_code}[0-9]+" if forms else ""


def _heard_first(plan: Region) -> bool:
    """Whether no other region with the calling code can claim the plan's numbers before it does."""
    plans = plans_of(plan.calling_code)
    if plan.leading is not None:
        return False
    earlier = [other.leading[9:-1] for other in plans[: plans.index(plan)] if other.leading is not None]
    return all(leading.isdigit() and not any(_can_begin(pattern, leading) for _, pattern in plan.kinds) for leading in earlier)


def _abroad(region: Region, any_prefix: str) -> list[str]:
    plans = plans_of(region.calling_code)
    number = _of(region, "")
    if len(plans) > 1:
        usual = plans[0].lengths
        odd = (pattern for plan in plans for lengths, pattern in plan.kinds if not set(lengths or plan.lengths) <= set(usual))
        number = "|".join([*(f"[0-9]{{{length}}}" for length in usual), *odd])
    found = [f"{region.calling_code}(?:{any_prefix}){{0,2}}(?:{number})"]
    if region.international_prefix is not None:
        found.append(f"(?:{region.international_prefix[4:-1]})[1-9][0-9]{{4,}}")
    return found


def _all(region: Region, prefix: str) -> list[str]:
    if regex.fullmatch(prefix, "") is not None or region.bare is None or len(plans_of(region.calling_code)) > 1:
        return ["[0-9]+"]
    return [*_abroad(region, f"(?:{prefix})?"), f"(?:{prefix})[0-9]*", _of(region, "")]


def _of(plan: Region, prefix: str) -> str:
    return f"{prefix}(?:{'|'.join(pattern for _, pattern in plan.kinds)})"


def _can_begin(pattern: str, digits: str) -> bool:
    return regex.fullmatch(pattern, digits, partial=True) is not None


def _heads(pattern: str, front: str = "") -> list[str]:
    """The beginnings of two digits, *front* first, that something which matches the pattern can have."""
    return [
        head for number in range(100) if (head := f"{number:02d}").startswith(front) and pattern and _can_begin(pattern, head)
    ]
