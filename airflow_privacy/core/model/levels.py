"""Privacy levels: kinds with parameters, and the predicates by which a consumer says what it needs.

The kinds are not a line: a pseudonymized table is no "lower" form of an aggregate. A predicate therefore names each kind that
is accepted: ``"k_anonymous(k>=5) or pseudonymized"``. *Anonymized* is a word for what passed a risk model, and for no other.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from airflow_privacy.core.errors import BadInput


class _Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="level"):
    pass


class Raw(_Level, frozen=True, kw_only=True, tag="raw"):
    """A direct identifier is there as it was, or so little changed that it tells who it is."""


class Pseudonymized(_Level, frozen=True, kw_only=True, tag="pseudonymized"):
    """No direct identifier in clear; linkable tokens or parts of identifiers remain. Still personal data."""


class Deidentified(_Level, frozen=True, kw_only=True, tag="deidentified"):
    """No direct identifier and no record-unique token; residual risk is measured, not bounded."""


class KAnonymous(_Level, frozen=True, kw_only=True, tag="k_anonymous"):
    """The model holds over all released quasi-identifiers, tokens counted among them. ``l`` is distinct l-diversity."""

    k: int
    l: int | None = None  # noqa: E741 - the model's own name
    t: float | None = None


PrivacyLevel: TypeAlias = Raw | Pseudonymized | Deidentified | KAnonymous

_PARAMETERS: dict[str, frozenset[str]] = {
    "raw": frozenset(),
    "pseudonymized": frozenset(),
    "deidentified": frozenset(),
    "k_anonymous": frozenset({"k", "l", "t"}),
}
_TERM = re.compile(r"(?P<kind>[a-z_]+)\s*(?:\((?P<conditions>[^()]*)\))?")
_CONDITION = re.compile(r"(?P<name>[a-z]+)\s*(?P<compare>>=|<=)\s*(?P<bound>\d+(?:\.\d+)?)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le}

Predicate: TypeAlias = tuple[tuple[str, tuple[tuple[str, str, float], ...]], ...]


def kind_of(level: PrivacyLevel) -> str:
    """The level's name as predicates write it."""
    return str(level.__struct_config__.tag)


def describe(level: PrivacyLevel) -> str:
    """The level in one word with its parameters: ``K_ANONYMOUS(k=5, l=2)``."""
    given = [f"{name}={value}" for name, value in msgspec.structs.asdict(level).items() if value is not None]
    return kind_of(level).upper() + (f"({', '.join(given)})" if given else "")


def parse_predicate(text: str) -> Predicate:
    """Read ``kind(name>=bound, …) or kind …``.

    :raises BadInput: an unknown kind or parameter, or text that is not a predicate.
    """
    return tuple(_parse_term(term.strip(), text) for term in re.split(r"\s+or\s+", text.strip()))


def satisfies(level: PrivacyLevel, predicate: str) -> bool:
    """Whether *level* is one of the kinds that *predicate* accepts. A parameter that was not measured satisfies no bound."""
    values = msgspec.structs.asdict(level)

    def holds(conditions: tuple[tuple[str, str, float], ...]) -> bool:
        return all(values.get(name) is not None and _COMPARE[sign](values[name], bound) for name, sign, bound in conditions)

    return any(kind == kind_of(level) and holds(conditions) for kind, conditions in parse_predicate(predicate))


def level_of(
    *,
    direct_in_clear: bool,
    partial_identifiers: bool,
    tokens: bool,
    k: int,
    k_with_tokens: int,
    l: int | None,  # noqa: E741 - the model's own name
) -> PrivacyLevel:
    """The one place that decides a level, from what a plan leaves in the output and what the risk figures say.

    :param direct_in_clear: a direct identifier is released as it was, or nearly so.
    :param partial_identifiers: a part of a direct identifier is released (partial masking), or may be, in a text or a list that
        the figures cannot count.
    :param tokens: a pseudonym is released.
    :param k: size of the smallest equivalence class over the quasi-identifiers.
    :param k_with_tokens: the same with pseudonyms counted among them.
    """
    if direct_in_clear:
        return Raw()
    if partial_identifiers or (tokens and k_with_tokens < 2):
        return Pseudonymized()
    if min(k, k_with_tokens) >= 2:
        return KAnonymous(k=min(k, k_with_tokens), l=l)
    return Deidentified()


def _parse_term(term: str, whole: str) -> tuple[str, tuple[tuple[str, str, float], ...]]:
    match = _TERM.fullmatch(term)
    if match is None or match["kind"] not in _PARAMETERS:
        raise BadInput(
            "unknown-level",
            f"{whole!r} is no predicate over privacy levels",
            do=f"Use {', '.join(sorted(_PARAMETERS))}, joined by 'or', with bounds such as k_anonymous(k>=5).",
        )
    conditions = []
    for part in filter(None, (part.strip() for part in (match["conditions"] or "").split(","))):
        condition = _CONDITION.fullmatch(part)
        if condition is None or condition["name"] not in _PARAMETERS[match["kind"]]:
            raise BadInput("unknown-level", f"{part!r} is no bound of {match['kind']}", where=whole)
        conditions.append((condition["name"], condition["compare"], float(condition["bound"])))
    return match["kind"], tuple(conditions)
