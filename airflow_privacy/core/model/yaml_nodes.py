"""YAML as people write it, with a line for every place: contracts and policies are read through here.

A duplicate key, an unknown key or a foreign tag is refused with file and line. Messages name keys and lines, never values: a
key that does not look like a name is not shown either. Dates stay text, as the contract standard wants them.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import yaml

from airflow_privacy.core.errors import BadInput

Place = tuple[str | int, ...]

_MAX_NODES = 500_000
_MAX_DEPTH = 60
_TAG = "tag:yaml.org,2002:"
_NAME = re.compile(r"[A-Za-z_][\w.$-]{0,63}")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# libyaml's own words that hold nothing of the file.
_HARMLESS = frozenset(
    {
        "mapping values are not allowed in this context",
        "did not find expected key",
        "did not find expected '-' indicator",
        "did not find expected ',' or ']'",
        "did not find expected ',' or '}'",
        "could not find expected ':'",
        "found character that cannot start any token",
        "found a tab character that violates indentation",
        "found unexpected end of stream",
        "found undefined alias",
        "but found another document",
    }
)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.constructor.SafeConstructor()


class Document(NamedTuple):
    """Plain data (dict, list, str, int, float, bool, None) and the line, from 1, of every place in it."""

    source: str
    data: object
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of *place*, or of the nearest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def at(self, place: Place) -> str:
        """``file:line`` of *place*."""
        return f"{self.source}:{self.line(place)}"


class Shape(NamedTuple):
    """Which keys a mapping may have. A shape with none of the four lets everything pass.

    ``fields``: the keys; ``items``: the shape of a list's items; ``variants``: by the value of the key ``tag``; ``values``: the
    shape of a mapping's values, whatever its keys. A list and a mapping may both be allowed. ``fields`` is filled after it was
    made where a shape contains itself.
    """

    fields: Mapping[str, Shape] = MappingProxyType({})
    items: Shape | None = None
    variants: Mapping[str, Shape] = MappingProxyType({})
    tag: str = ""
    values: Shape | None = None


def read_file(path: Path | str) -> tuple[bytes, str]:
    """A file's bytes and its name for messages.

    :raises BadInput: no such file, a folder, or not readable.
    """
    name = Path(path).as_posix()
    try:
        return Path(path).read_bytes(), name
    except FileNotFoundError:
        problem = "there is no such file"
    except IsADirectoryError:
        problem = "this is a folder"
    except OSError:
        problem = "the file cannot be read"
    raise BadInput("unreadable-file", f"Not readable: {problem}", where=name)


def read_yaml(data: bytes, source: str) -> Document:
    """Read one YAML document.

    :raises BadInput: not UTF-8, empty, not YAML, several documents, a duplicate key, a foreign tag, too deep or too large
        (an alias counts as often as it is used).
    """
    root = _compose(data, source)
    if root is None:
        raise BadInput("empty-document", "The file is empty", where=source)
    lines: dict[Place, int] = {}
    return Document(source, _Reader(source, lines).plain(root, ()), lines)


def check_keys(document: Document, shape: Shape) -> None:
    """Refuse keys that *shape* does not know, all at once, each with its line and the nearest known key.

    :raises BadInput: ``unknown-key``.
    """
    problems = list(_unknown(document, document.data, shape, ()))
    if problems:
        place, _ = problems[0]
        words = "; ".join(text for _, text in problems[:10])
        more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise BadInput(
            "unknown-key",
            f"Unknown keys: {words}{more}",
            where=document.at(place),
            do="A misspelt key would be left out without a word: correct or remove it.",
        )


def suggest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the known word that is nearest, or nothing."""
    import difflib  # only where something is wrong: DAG parsing reads through this module too

    folded = {name.casefold().replace("_", ""): name for name in known}
    near = difflib.get_close_matches(word.casefold().replace("_", ""), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[near[0]]!r}?" if near else ""


def hint(word: str, known: Iterable[str]) -> str:
    """:func:`suggest` as a sentence of its own."""
    said = suggest(word, known)
    return said[:1].upper() + said[1:]


def shown(word: str) -> str:
    """The word quoted, if it looks like a name; a data value in a key's place is not repeated."""
    return repr(word) if _NAME.fullmatch(word) else "(not shown)"


def expand(text: str, *, variables: Mapping[str, str] | None = None, where: str) -> str:
    """Replace each ``${NAME}`` by the environment variable (or by the entry of *variables*).

    :raises BadInput: a variable is not set or empty.
    """
    known = os.environ if variables is None else variables
    for name in _VARIABLE.findall(text):
        if not known.get(name):
            raise BadInput("variable-unset", f"The environment variable {name} is not set", where=where, do=f"Set {name}.")
    return _VARIABLE.sub(lambda match: known[match[1]], text)


def _compose(data: bytes, source: str) -> yaml.Node | None:
    where, problem = source, ""
    try:
        text = data.decode("utf-8-sig")
        _check_depth(text, source)
        node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
        return node
    except UnicodeDecodeError:
        raise BadInput("not-utf-8", "The file is not UTF-8 text", where=source, do="Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        problem = f": {error.problem}" if error.problem in _HARMLESS else ""
    except yaml.YAMLError:
        problem = ": it holds characters that YAML does not allow"
    raise BadInput("malformed-yaml", f"The file is not YAML{problem}", where=where)


def _check_depth(text: str, source: str) -> None:
    # libyaml composes by recursion in C: a file of brackets would end the process instead of raising.
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise BadInput("too-large", "The file is nested too deeply", where=source)


class _Reader:
    """One pass over the nodes: plain data out, lines noted."""

    def __init__(self, source: str, lines: dict[Place, int]) -> None:
        self._source = source
        self._lines = lines
        self._nodes = 0

    def plain(self, node: yaml.Node, place: Place) -> object:
        self._nodes += 1
        self._lines.setdefault(place, node.start_mark.line + 1)
        if self._nodes > _MAX_NODES or len(place) > _MAX_DEPTH:
            self._refuse("too-large", "The file is too large or nested too deeply", node)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.plain(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, place)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        return self._refuse("foreign-tag", "The file uses a YAML tag that is not allowed here", node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: list[yaml.Node] = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse("bad-key", "A key must be a single word", key)
            if key.tag == f"{_TAG}merge":
                merged.extend(value.value if isinstance(value, yaml.SequenceNode) else [value])
                continue
            if key.value in found:
                first = self._lines[(*place, key.value)]
                self._refuse("duplicate-key", f"The key {shown(key.value)} stands here again, first in line {first}", key)
            self._lines[(*place, key.value)] = key.start_mark.line + 1
            found[key.value] = self.plain(value, (*place, key.value))
        for other in merged:
            if not isinstance(other, yaml.MappingNode):
                self._refuse("bad-key", "Only a mapping can be merged with <<", other)
            for key, value in self._mapping(other, (*place, "<<")).items():
                found.setdefault(key, value)
        return found

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind = node.tag.removeprefix(_TAG)
        text = str(node.value)
        if kind in ("str", "timestamp", "value") or (kind in ("int", "float") and ":" in text):
            return text
        if kind not in ("null", "bool", "int", "float"):
            self._refuse("foreign-tag", "The file uses a YAML tag that is not allowed here", node)
        try:
            value: object = getattr(_SCALARS, f"construct_yaml_{kind}")(node)
        except (ValueError, KeyError):
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse("bad-number", "A number must be finite and well formed", node)
        return value

    def _refuse(self, reason: str, what: str, node: yaml.Node) -> NoReturn:
        raise BadInput(reason, what, where=f"{self._source}:{node.start_mark.line + 1}")


def _unknown(document: Document, data: object, shape: Shape, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(data, list) and shape.items is not None:
        for index, item in enumerate(data):
            yield from _unknown(document, item, shape.items, (*place, index))
    if not isinstance(data, dict):
        return
    if shape.values is not None:
        for key, value in data.items():
            yield from _unknown(document, value, shape.values, (*place, key))
    tag = data.get(shape.tag)
    fields = shape.variants[tag].fields if isinstance(tag, str) and tag in shape.variants else shape.fields
    if not fields:
        return
    for key, value in data.items():
        inside = (*place, key)
        if key in fields:
            yield from _unknown(document, value, fields[key], inside)
        else:
            hint = suggest(key, fields)
            yield inside, f"{shown(key)} in line {document.line(inside)}{f' ({hint})' if hint else ''}"
