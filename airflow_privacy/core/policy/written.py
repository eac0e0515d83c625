"""A policy as it is written: its short forms, the names of its techniques, and the keys that it may have.

Techniques stand in rules (``then``), and inside other techniques: in ``free_text`` for entities, in ``inside`` for fields.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.techniques import Plain, Technique
from airflow_privacy.core.model.techniques.compound import InText
from airflow_privacy.core.model.yaml_nodes import Document, Place, Shape, hint, shown

_HASH = re.compile(
    r"(?:(?:salted|plain|keyless)[-_ ]?)?(?:hash(?:ed)?|md\d|sha[-_ ]?\d.*|blake.*|crc\d*|murmur.*|xxhash.*)", re.I
)


def written_out(data: dict[str, Any]) -> dict[str, Any]:
    """The short forms in full: ``then: drop`` for a technique without parameters, one word where a list is taken."""
    whole = dict(data)
    if isinstance(data.get("rules"), list):
        whole["rules"] = [_rule(rule) for rule in data["rules"]]
    if isinstance(data.get("drop_records"), list):
        whole["drop_records"] = [_record_rule(rule) for rule in data["drop_records"]]
    if isinstance(data.get("scope_by"), str):
        whole["scope_by"] = [data["scope_by"]]
    return whole


def rules_of(document: Document) -> list[dict[str, Any]]:
    """The rules; what is no mapping counts as an empty one."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    return [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list) else []


def in_rule(document: Document, index: int, inside: Place = ()) -> str:
    """File, line and name of a rule, for messages."""
    rules = rules_of(document)
    name = rules[index].get("name") if index < len(rules) else None
    named = f"rule {shown(name)}" if isinstance(name, str) else f"rule {index + 1}"
    return f"{document.at(('rules', index, *inside))}, {named}"


def check_unique(what: str, names: list[str], document: Document, key: str) -> None:
    """:raises BadInput: two things of one kind have one name."""
    for index, name in enumerate(names):
        if name in names[:index]:
            where = in_rule(document, index) if key == "rules" else document.at((key, index))
            raise BadInput("duplicate-name", f"There are two {what}s of the name {name!r}", where=where)


def check_techniques(document: Document) -> None:
    """Every technique, those inside others too, is known, may stand where it stands, and has what it cannot do without.

    :raises BadInput: ``unknown-technique``, ``missing-parameter``.
    """
    for index, rule in enumerate(rules_of(document)):
        for place, technique, allowed in _nested(rule.get("then"), ("then",), _TECHNIQUES):
            _check_one(technique, allowed, in_rule(document, index, place), place)


def _check_one(written: object, allowed: dict[str, Any], where: str, place: Place) -> None:
    technique = written.get("technique") if isinstance(written, dict) else None
    if isinstance(written, dict) and technique == "date_shift" and not written.get("subject"):
        raise BadInput(
            "missing-parameter",
            "date_shift needs 'subject': the column that says whose dates they are",
            where=where,
            do="All dates of one person must move alike: moved one by one, their intervals are lost and their average stays.",
        )
    if isinstance(technique, str) and technique in allowed:
        return
    word = technique if isinstance(technique, str) else ""
    if not word:
        at = ".".join(str(step) if str(step).isidentifier() else "(not shown)" for step in place)
        raise BadInput("unknown-technique", f"{at!r} names no technique", where=where, do=_known(allowed))
    if _HASH.fullmatch(word):
        do = "A plain hash, salted or not, can be undone by trying all values: use hmac_token, which needs a key."
        raise BadInput("unknown-technique", f"The technique {shown(word)} is not offered", where=where, do=do)
    if word in _TECHNIQUES:
        inside = "an entity in a text" if allowed is _IN_TEXT else "a field of an item"
        raise BadInput("unknown-technique", f"{word} cannot be used for {inside}", where=where, do=_known(allowed))
    do = f"{hint(word, allowed)} {_known(allowed)}".strip()
    raise BadInput("unknown-technique", f"The technique {shown(word)} is unknown", where=where, do=do)


def _known(allowed: dict[str, Any]) -> str:
    return f"Known are {', '.join(sorted(allowed))}."


def _nested(written: object, place: Place, allowed: dict[str, Any]) -> Iterator[tuple[Place, object, dict[str, Any]]]:
    yield place, written, allowed
    if not isinstance(written, dict):
        return
    technique = written.get("technique")
    if technique == "free_text" and "default" in written:
        yield from _nested(written["default"], (*place, "default"), _IN_TEXT)
    for key, kinds in (("entities", _IN_TEXT),) if technique == "free_text" else (("fields", _PLAIN),):
        inner = written.get(key)
        if technique in ("free_text", "inside") and isinstance(inner, dict):
            for name, value in inner.items():
                yield from _nested(value, (*place, key, name), kinds)


def _rule(rule: object) -> object:
    if not isinstance(rule, dict):
        return rule
    when = rule.get("when")
    if isinstance(when, dict):
        when = {key: [value] if isinstance(value, str) else value for key, value in when.items()}
    return {**rule, "when": when, "then": _technique(rule.get("then"))}


def _record_rule(rule: object) -> object:
    if not isinstance(rule, dict) or "equals" not in rule or isinstance(rule["equals"], list | dict):
        return rule
    return {**rule, "equals": [rule["equals"]]}


def _technique(written: object) -> object:
    if isinstance(written, str):
        return {"technique": written}
    if not isinstance(written, dict):
        return written
    whole = dict(written)
    if written.get("technique") == "free_text" and "default" in written:
        whole["default"] = _technique(written["default"])
    for key in ("entities", "fields"):
        inner = written.get(key)
        if isinstance(inner, dict):
            whole[key] = {name: _technique(value) for name, value in inner.items()}
    for key in ("beside", "known", "normalize"):
        if isinstance(written.get(key), str):
            whole[key] = [written[key]]
    return whole


def _kinds(union: Any) -> dict[str, Any]:
    return {str(kind.__struct_config__.tag): kind for kind in typing.get_args(union)}


def _shape_of(kind: Any) -> Shape:
    """The keys of a struct and of the structs in it, as their types say."""
    fields = {name: _shape_of_type(annotation) for name, annotation in typing.get_type_hints(kind).items()}
    allowed = {name: fields[name] for name in kind.__struct_fields__}
    tag = kind.__struct_config__.tag_field
    return Shape(fields={**allowed, tag: Shape()} if tag else allowed)


def _shape_of_type(annotation: Any) -> Shape:
    if isinstance(annotation, types.UnionType) and annotation in (Technique, Plain, InText):
        return Shape(variants={name: _shape_of(kind) for name, kind in _kinds(annotation).items()}, tag="technique")
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple:
        return Shape(items=_shape_of_type(arguments[0]))
    if typing.get_origin(annotation) is dict:
        return Shape(values=_shape_of_type(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _shape_of(annotation)
    return Shape()


_TECHNIQUES, _PLAIN, _IN_TEXT = _kinds(Technique), _kinds(Plain), _kinds(InText)
SHAPE = _shape_of(Policy)
