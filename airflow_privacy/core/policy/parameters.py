"""Parameters of techniques that their types let pass and that cannot be meant, or must not be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.techniques import (
    LEARNING,
    Age,
    Bins,
    Ff1,
    FreeText,
    Inside,
    Noise,
    Presidio,
    Technique,
    TopBottomCode,
    name_of,
)
from airflow_privacy.core.model.yaml_nodes import Place

_PATH = re.compile(r"\[\](?:\[\]|\.[^.\[\]]+)*")
_CLASS = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*:[A-Za-z_]\w*")
_ALPHABETS = frozenset({
    "digits", "hex", "letters", "lower", "upper", "alphanumeric", "base32", "base36", "base58", "base62",
})  # fmt: skip
_PRESIDIO = ("mask", "redact", "replace")
_REFUSED_PRESIDIO = {
    "hash": "A hash without a key can be undone by trying all values: use hmac_token.",
    "encrypt": "Its key would stand in the policy, and equal values would differ: use aes_siv, with a key of the keyring.",
    "decrypt": "It turns values back: that is an action of its own, which is approved and recorded.",
    "keep": "It leaves the value as it is: use the technique keep, which the policy can see.",
    "deanonymize_keep": "It leaves the value as it is: use the technique keep, which the policy can see.",
    "custom": "It takes a function, which a policy cannot hold: name a class as package.module:Class.",
    "surrogate_ahds": "It sends values to a service: use surrogate.",
}
_BY_CLASS = {"ahdssurrogate": "surrogate_ahds", **{name.replace("_", ""): name for name in _REFUSED_PRESIDIO}}
_SECRET = re.compile(r"(?:^|_)(?:key|salt|pepper|secret|password|passphrase|token|iv|nonce|credentials?)(?:$|_)", re.I)


def check_parameters(technique: Technique, where: Callable[[Place], str]) -> None:
    """Refuse parameters that cannot be meant, in the technique and in all that it is made of.

    :param where: the place of a parameter, for messages.
    :raises BadInput: ``bad-value``, ``bad-path``, ``unsafe-technique``, ``secret-in-policy``.
    """
    for place, part in _parts(technique, ("then",)):
        check = _CHECKS.get(type(part))
        if check is not None:
            check(part, _below(place, where))


def _below(place: Place, where: Callable[[Place], str]) -> Callable[[Place], str]:
    return lambda key: where((*place, *key))


def _parts(technique: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    yield place, technique
    if isinstance(technique, FreeText):
        yield (*place, "default"), technique.default
        yield from (((*place, "entities", entity), part) for entity, part in technique.entities.items())
    if isinstance(technique, Inside):
        for path, part in technique.fields.items():
            yield from _parts(part, (*place, "fields", path))


def _bins(technique: Bins, where: Callable[[Place], str]) -> None:
    if any(low >= high for low, high in pairwise(technique.edges)):
        raise BadInput("bad-value", "bins: the edges must rise", where=where(()))


def _top_bottom(technique: TopBottomCode, where: Callable[[Place], str]) -> None:
    if technique.lower is None and technique.upper is None:
        raise BadInput("bad-value", "top_bottom_code: give 'lower', 'upper' or both", where=where(()))
    _rising(technique, where)


def _rising(technique: TopBottomCode | Noise, where: Callable[[Place], str]) -> None:
    if technique.lower is not None and technique.upper is not None and technique.lower >= technique.upper:
        raise BadInput("bad-value", f"{name_of(technique)}: 'lower' must be below 'upper'", where=where(("lower",)))


def _age(technique: Age, where: Callable[[Place], str]) -> None:
    try:
        date.fromisoformat(technique.at)
        return
    except ValueError:
        pass
    raise BadInput("bad-value", "age: 'at' is no day of the calendar", where=where(("at",)))


def _ff1(technique: Ff1, where: Callable[[Place], str]) -> None:
    symbols = technique.alphabet
    if symbols not in _ALPHABETS and (len(symbols) < 2 or len(set(symbols)) < len(symbols)):
        do = f"Give at least two characters, each once, or one of {', '.join(sorted(_ALPHABETS))}."
        raise BadInput(
            "bad-value", "ff1: the alphabet repeats a character, or has fewer than two", where=where(("alphabet",)), do=do
        )


def _presidio(technique: Presidio, where: Callable[[Place], str]) -> None:
    operator = technique.operator
    module, _, kind = operator.partition(":")
    own = kind if module.split(".")[0] == "presidio_anonymizer" else operator
    refused = _BY_CLASS.get(own.replace("_", "").casefold())
    if refused:
        what = f"presidio: the operator {refused!r} must not be used"
        raise BadInput("unsafe-technique", what, where=where(("operator",)), do=_REFUSED_PRESIDIO[refused])
    if operator not in _PRESIDIO and not _CLASS.fullmatch(operator):
        do = f"Use {', '.join(_PRESIDIO)}, or your own class as package.module:Class."
        raise BadInput("bad-value", "presidio: the operator is unknown", where=where(("operator",)), do=do)
    secret = next((name for name in technique.parameters if _SECRET.search(name)), None)
    if secret is not None:
        do = "A policy is read by many: let the operator's class fetch it from the keyring or a connection."
        raise BadInput("secret-in-policy", "presidio: a parameter is called like a secret", where=where(("parameters",)), do=do)


def _free_text(technique: FreeText, where: Callable[[Place], str]) -> None:
    if technique.min_score > _HIGHEST_SCORE:
        what = f"free_text: 'min_score' is above {_HIGHEST_SCORE}, and names are seldom found with more"
        raise BadInput("unsafe-technique", what, where=where(("min_score",)), do="What scores less would be left in the text.")


def _inside(technique: Inside, where: Callable[[Place], str]) -> None:
    if not technique.fields:
        raise BadInput("bad-value", "inside: 'fields' names no field", where=where(("fields",)), do="Drop the column instead.")
    for path, part in technique.fields.items():
        place = where(("fields", path))
        if not _PATH.fullmatch(path):
            do = "A path starts with [] (each item) and goes on with .name or []: [], [].phone, [].lines[].amount."
            raise BadInput("bad-path", "inside: this is no path to a field", where=place, do=do)
        above = next((other for other in technique.fields if other != path and _is_below(path, other)), None)
        if above is not None:
            raise BadInput("bad-path", "inside: the field lies in another that has a technique already", where=place)
        if isinstance(part, LEARNING):
            what = f"inside: {name_of(part)} needs a pass over a whole column, and a field inside a list has none"
            raise BadInput("bad-value", what, where=place)


def _is_below(path: str, other: str) -> bool:
    return path.startswith(other) and path[len(other) :][:1] in (".", "[")


_HIGHEST_SCORE = 0.85
_CHECKS: dict[type, Callable[[Any, Callable[[Place], str]], None]] = {
    Age: _age,
    Bins: _bins,
    Ff1: _ff1,
    FreeText: _free_text,
    Inside: _inside,
    Noise: _rising,
    Presidio: _presidio,
    TopBottomCode: _top_bottom,
}
