"""Reading a policy file, and the mistakes that its shape alone does not show.

Keys are those of :mod:`airflow_privacy.core.model.policy`. Two things may be shorter: ``then: drop`` for a technique without
parameters, and one word where ``when`` takes a list. ``${NAME}`` in ``base_uris`` becomes the environment variable's value, and
the policy's digest covers the value: a policy that means another place is another policy. So
with a hierarchy: its file is looked for beside the policy's, and the digest covers what it says.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import Value, canonical, sha256
from airflow_privacy.core.model.levels import parse_predicate
from airflow_privacy.core.model.policy import Policy, When
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import Bins, Hierarchy, Keep, Technique
from airflow_privacy.core.model.yaml_nodes import (
    Document,
    Place,
    Shape,
    check_keys,
    expand,
    read_file,
    read_yaml,
    shown,
    suggest,
)
from airflow_privacy.core.policy.environments import Location, covers, normalise

# Conditions on the column itself; purpose and destination say nothing about the data.
_ABOUT_DATA = ("entity", "role", "classification", "tag", "column")
_PATH = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_FOUND = re.compile(r"(?<=value )'.*'", re.DOTALL)


class LoadedPolicy(Value, frozen=True, kw_only=True):
    """A policy and the bytes that it was read from."""

    policy: Policy
    file: FileStamp


def load_policy(path: Path | str, *, variables: Mapping[str, str] | None = None, root: Path | str | None = None) -> LoadedPolicy:
    """Read and check one policy.

    :param path: a local YAML file.
    :param variables: what ``${NAME}`` stands for; default: the process environment.
    :param root: what relative ``base_uris`` are below; default: the working directory.
    :raises BadInput: with file and line, and the rule's name where it is about one: not YAML, an unknown key or technique, a
        wrong type, two rules or environments of one name, a boundary to an unknown environment, base URIs that overlap, a level
        that is no predicate, bins that do not rise, a rule that can never match, a rule that keeps whatever comes.
    """
    data, name = read_file(path)
    document = read_yaml(data, name)
    if not isinstance(document.data, dict):
        raise BadInput("malformed-policy", "Expected a mapping of policy keys", where=document.at(()))
    plain = _written_out(document.data)
    written = document._replace(data=plain)
    _check_techniques(written)
    check_keys(written, _SHAPE)
    policy = _expanded(_converted(written), written, variables)
    _check_environments(policy, written, root)
    _check_rules(policy, written)
    return LoadedPolicy(policy=policy, file=FileStamp(uri=name, sha256=sha256(data)))


def _written_out(data: dict[str, Any]) -> dict[str, Any]:
    """The short forms in full."""
    rules = data.get("rules")
    if not isinstance(rules, list):
        return data

    def full(rule: object) -> object:
        if not isinstance(rule, dict):
            return rule
        when, then = rule.get("when"), rule.get("then")
        if isinstance(when, dict):
            when = {key: [value] if isinstance(value, str) else value for key, value in when.items()}
        return {**rule, "when": when, "then": {"technique": then} if isinstance(then, str) else then}

    return {**data, "rules": [full(rule) for rule in rules]}


def _check_techniques(document: Document) -> None:
    for index, rule in enumerate(_rules(document)):
        then = rule.get("then")
        technique = then.get("technique") if isinstance(then, dict) else None
        if not isinstance(technique, str) or technique not in _TECHNIQUES:
            word = technique if isinstance(technique, str) else ""
            hint = suggest(word, _TECHNIQUES).capitalize()
            do = f"{hint} Known are {', '.join(sorted(_TECHNIQUES))}.".strip()
            what = f"The technique {shown(word)} is unknown" if word else "'then' names no technique"
            raise BadInput("unknown-technique", what, where=_in_rule(document, index, ("then",)), do=do)


def _rules(document: Document) -> list[dict[str, Any]]:
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    return [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list) else []


def _in_rule(document: Document, index: int, inside: Place = ()) -> str:
    rules = _rules(document)
    name = rules[index].get("name") if index < len(rules) else None
    named = f"rule {shown(name)}" if isinstance(name, str) else f"rule {index + 1}"
    return f"{document.at(('rules', index, *inside))}, {named}"


def _converted(document: Document) -> Policy:
    try:
        policy = msgspec.convert(document.data, type=Policy, strict=True)
        canonical(policy)  # numbers beyond JSON's range have no digest
        return policy
    except msgspec.MsgspecError as error:
        message = str(error)
        path = _PATH.search(message)
        place: Place = tuple(int(i) if i else key for key, i in _STEP.findall(path["path"])) if path else ()
    except ValueError:
        message = "A number is beyond the range of JSON"
        place = next(_beyond_json(document.data, ()), ())
    problem = _FOUND.sub("(not shown)", _PATH.sub("", message))
    index = place[1] if place[:1] == ("rules",) and len(place) > 1 else None
    where = _in_rule(document, index, place[2:]) if isinstance(index, int) else document.at(place)
    below = f"{'.'.join(map(str, place))}: " if place else ""
    raise BadInput("malformed-policy", f"Not a readable policy: {below}{problem}", where=where)


def _beyond_json(data: object, place: Place) -> Iterator[Place]:
    if isinstance(data, int) and abs(data) >= 2**53:
        yield place
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _beyond_json(value, (*place, key))


def _expanded(policy: Policy, document: Document, variables: Mapping[str, str] | None) -> Policy:
    environments = tuple(
        msgspec.structs.replace(
            environment,
            base_uris=tuple(
                expand(uri, variables=variables, where=document.at(("environments", index, "base_uris", number)))
                for number, uri in enumerate(environment.base_uris)
            ),
        )
        for index, environment in enumerate(policy.environments)
    )
    rules = tuple(
        msgspec.structs.replace(rule, then=_pinned(rule.then, document, index, variables))
        if isinstance(rule.then, Hierarchy)
        else rule
        for index, rule in enumerate(policy.rules)
    )
    return msgspec.structs.replace(policy, environments=environments, rules=rules)


def _pinned(technique: Hierarchy, document: Document, index: int, variables: Mapping[str, str] | None) -> Hierarchy:
    """The hierarchy's file by its absolute path, and its digest: what it says is part of the policy."""
    where = _in_rule(document, index, ("then", "file"))
    path = Path(document.source).parent / expand(technique.file, variables=variables, where=where)
    try:
        digest = sha256(path.read_bytes())
    except OSError:
        digest = ""
    if not digest or technique.sha256 not in ("", digest):
        what = "is not the one that the rule names by its digest" if digest else "cannot be read"
        raise BadInput("bad-hierarchy", f"The hierarchy file {what}", where=where, do=f"It is looked for at {path}.")
    return msgspec.structs.replace(technique, file=str(path.resolve()), sha256=digest)


def _check_environments(policy: Policy, document: Document, root: Path | str | None) -> None:
    _check_unique("environment", [environment.name for environment in policy.environments], document, "environments")
    bases = [
        _base(environment.name, uri, document.at(("environments", index, "base_uris", number)), root)
        for index, environment in enumerate(policy.environments)
        for number, uri in enumerate(environment.base_uris)
    ]
    for (name, base, _), (other, below, where) in combinations(bases, 2):
        if name != other and (covers(base, below) or covers(below, base)):
            what = f"The environments {name!r} and {other!r} overlap: a place must belong to one"
            raise BadInput("overlapping-environments", what, where=where, do="Part their base_uris.")
    known = [environment.name for environment in policy.environments]
    crossings: set[tuple[str, str]] = set()
    for index, boundary in enumerate(policy.boundaries):
        place: Place = ("boundaries", index)
        for side in ("source", "destination"):
            _check_environment(getattr(boundary, side), known, document.at((*place, side)))
        crossing = (boundary.source, boundary.destination)
        if boundary.source == boundary.destination:
            raise BadInput("bad-boundary", f"A boundary leads from {crossing[0]!r} to itself", where=document.at(place))
        if crossing in crossings:
            what = f"There are two boundaries from {crossing[0]!r} to {crossing[1]!r}"
            raise BadInput("duplicate-name", what, where=document.at(place))
        crossings.add(crossing)
        try:
            parse_predicate(boundary.level)
        except BadInput as error:
            what, do = "level: expected a predicate over privacy levels", error.do
            raise BadInput("unknown-level", what, where=document.at((*place, "level")), do=do) from None


def _base(name: str, uri: str, where: str, root: Path | str | None) -> tuple[str, Location, str]:
    try:
        return name, normalise(uri, root=root), where
    except BadInput as error:
        raise BadInput(error.reason, f"The environment {name!r}: {error.what}", where=where, do=error.do) from None


def _check_environment(name: str, known: list[str], where: str) -> None:
    if name not in known:
        do = suggest(name, known).capitalize() or f"Known are {', '.join(known)}."
        raise BadInput("unknown-environment", f"The environment {name!r} is not declared", where=where, do=do)


def _check_rules(policy: Policy, document: Document) -> None:
    _check_unique("rule", [rule.name for rule in policy.rules], document, "rules")
    known = [environment.name for environment in policy.environments]
    for index, rule in enumerate(policy.rules):
        where = _in_rule(document, index)
        given = (_rules(document)[index].get("when") or {}).items()
        for key in [key for key, values in given if not values]:
            do = "Leave the condition out, or list what it is about."
            raise BadInput("empty-condition", f"'when.{key}' is empty and would match everything", where=where, do=do)
        for name in rule.when.destination:
            _check_environment(name, known, _in_rule(document, index, ("when", "destination")))
        if isinstance(rule.then, Bins) and any(low >= high for low, high in pairwise(rule.then.edges)):
            raise BadInput("bad-value", "bins: the edges must rise", where=_in_rule(document, index, ("then",)))
        if isinstance(rule.then, Keep) and not any(getattr(rule.when, key) for key in _ABOUT_DATA):
            do = f"Say what may be kept: a condition on {', '.join(_ABOUT_DATA)}."
            raise BadInput("default-allow", "The rule keeps whatever comes", where=where, do=do)
        for earlier in policy.rules[:index]:
            if _swallows(earlier.when, rule.when):
                what = f"The rule {rule.name!r} can never match: {earlier.name!r} before it takes all that it is about"
                raise BadInput("unreachable-rule", what, where=where, do="Put it first, or remove it.")


def _swallows(earlier: When, later: When) -> bool:
    """Whether whatever *later* matches is matched by *earlier* too."""
    for key in When.__struct_fields__:
        wanted, narrower = getattr(earlier, key), getattr(later, key)
        if wanted and not (narrower and set(narrower) <= set(wanted)):
            return False
    return True


def _check_unique(what: str, names: list[str], document: Document, key: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            where = _in_rule(document, index) if key == "rules" else document.at((key, index))
            raise BadInput("duplicate-name", f"There are two {what}s of the name {name!r}", where=where)


def _shape_of(kind: Any) -> Shape:
    """The keys of a struct and of the structs in it, as their types say."""
    fields = {name: _shape_of_type(annotation) for name, annotation in typing.get_type_hints(kind).items()}
    allowed = {name: fields[name] for name in kind.__struct_fields__}
    tag = kind.__struct_config__.tag_field
    return Shape(fields={**allowed, tag: Shape()} if tag else allowed)


def _shape_of_type(annotation: Any) -> Shape:
    if annotation == Technique:
        return Shape(variants={name: _shape_of(kind) for name, kind in _TECHNIQUES.items()}, tag="technique")
    if typing.get_origin(annotation) is tuple:
        return Shape(items=_shape_of_type(typing.get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _shape_of(annotation)
    return Shape()


def _techniques() -> Iterator[tuple[str, Any]]:
    union: types.UnionType = Technique
    for kind in typing.get_args(union):
        yield str(kind.__struct_config__.tag), kind


_TECHNIQUES = dict(_techniques())
_SHAPE = _shape_of(Policy)
