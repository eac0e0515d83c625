"""What a pattern of the ``regex`` module says in terms of Rust's linear-time engine.

A pattern is read with Python's own parser and written again over exact sets of characters. What Rust has no word for
(look-around, atomic groups, references to groups) is widened, and noted, so that whoever uses the result knows how far it holds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import regex

from airflow_privacy.core.detect.recognize.letters import ANY, ASCII, NOTHING, Letters, between, category, in_rust
from airflow_privacy.core.detect.searching import anywhere

_READ = regex.IGNORECASE | regex.MULTILINE | regex.DOTALL | regex.VERBOSE | regex.UNICODE | regex.VERSION0
_LONG = 100  # from here on a count is written as "any number" and long runs are looked for beforehand

# Where the ``regex`` module may read more into a pattern than Python's parser does, once escapes and sets are out of the way:
# fuzzy matching, kinds of groups, verbs; escapes of letters that only one of the two knows; sets of sets.
_BEYOND = regex.compile(r"\{(?!\d*,?\d*\})|\(\?(?!:|=|!|<=|<!|P<|i\))|\(\*")
_ESCAPES = regex.compile(r"\\[^AbBdDsSwWZnrtfvxuUa\d\W]")
_SETS = regex.compile(r"\[\^?\]?[^\]]*\]")
_ESCAPED = regex.compile(r"\\.", regex.DOTALL)
_INLINE_CASE = regex.compile(r"\(\?i\)")
# What in a Rust pattern asks for its surroundings: it would say something else of a part of the text.
_PLACES = regex.compile(r"\\[bBAz]|\(\?[^:]")


@dataclass(frozen=True)
class Translation:
    """A pattern in Rust's syntax.

    ``rust`` matches wherever the pattern matches, and just there with the same spans if the notes below allow:

    - ``opaque``: something was widened in a way that nothing makes good; a gate only.
    - ``inner``: Rust patterns; where none of them matches anywhere in a text, the negative look-around inside holds.
    - ``ahead``, ``before``, ``after``: the same for negative look-around at the ends: where none of them matches from the start
      of a match on, right before a match, or right after it.
    - ``runs``: texts in which one of these matches are too long for the counts that were left out.
    - ``needs``: sets of characters of each of which a match holds at least one; ``length``, ``digits``: the least numbers of
      characters, and of those of ``0-9``.
    """

    rust: str
    opaque: bool
    inner: tuple[str, ...]
    ahead: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    runs: tuple[str, ...]
    needs: tuple[int, ...]
    length: int
    digits: int

    @property
    def gate(self) -> str:
        """``rust``, for asking whether it matches at all."""
        return anywhere(self.rust)


@dataclass
class _Part:
    rust: str
    length: int = 0
    digits: int = 0
    needs: tuple[int, ...] = ()


@dataclass
class _Notes:
    fold: bool
    ignore_case: bool
    dot_all: bool
    lines: bool
    opaque: bool = False
    inner: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    groups: dict[int, str] = field(default_factory=dict)


@cache
def translate(pattern: str, flags: int, *, fold: bool = False) -> Translation | None:
    """*pattern* for ASCII texts, or with *fold* a gate for folded texts; ``None`` where it cannot be read with certainty."""
    tree = read(pattern, flags)
    if tree is None:
        return None
    ignore_case = bool(flags & regex.IGNORECASE) or bool(_INLINE_CASE.search(pattern))
    notes = _Notes(fold, ignore_case, dot_all=bool(flags & regex.DOTALL), lines=bool(flags & regex.MULTILINE))
    part = _sequence(_unwrapped(tree), notes, top=True)
    if part.length == 0:
        notes.opaque = True
    return Translation(
        part.rust,
        notes.opaque,
        tuple(dict.fromkeys(notes.inner)),
        tuple(dict.fromkeys(notes.ahead)),
        tuple(dict.fromkeys(notes.before)),
        tuple(dict.fromkeys(notes.after)),
        tuple(dict.fromkeys(notes.runs)),
        _fewest(part.needs),
        part.length,
        part.digits,
    )


@cache
def read(pattern: str, flags: int) -> Any:
    """The parse tree, or ``None`` where the two modules may read the pattern differently."""
    bare = _ESCAPED.sub("x", pattern)
    if flags & ~_READ or _ESCAPES.search(pattern) or any("[" in found[1:] for found in _SETS.findall(bare)):
        return None
    if _BEYOND.search(_SETS.sub("x", bare)):
        return None
    plain = _INLINE_CASE.sub("", pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return parser.parse(plain, flags & (regex.VERBOSE | regex.MULTILINE | regex.DOTALL | regex.IGNORECASE))
    except (ValueError, Warning, RecursionError, OverflowError, parser.error):
        return None


def _unwrapped(tree: Any) -> list[Any]:
    """The items of a sequence; a group around the whole is opened, so that its edges are the pattern's."""
    items = list(tree)
    while len(items) == 1 and items[0][0] is sre.SUBPATTERN and not _refers(items):
        items = list(items[0][1][3])
    return items


def _refers(items: Any) -> bool:
    return "GROUPREF" in repr(list(items))


def _sequence(items: Any, notes: _Notes, *, top: bool = False) -> _Part:
    items = list(items)
    whole = _Part("")
    if (found := _referred(items)) is not None and not notes.fold:
        return _spelled_out(items, *found, notes, top=top)
    for place, (op, av) in enumerate(items):
        first = top and all(_zero_width(item) for item in items[:place])
        last = top and place == len(items) - 1
        part = _item(op, av, notes, first=first, last=last, alone=top and place == 0)
        whole = _Part(whole.rust + part.rust, whole.length + part.length, whole.digits + part.digits, (*whole.needs, *part.needs))
    return whole


def _zero_width(item: tuple[Any, Any]) -> bool:
    return item[0] in (sre.AT, sre.ASSERT, sre.ASSERT_NOT)


def _item(op: Any, av: Any, notes: _Notes, *, first: bool, last: bool, alone: bool) -> _Part:
    if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.CATEGORY):
        return _one(_letters(op, av, notes), notes)
    if op is sre.SUBPATTERN:
        group, add, remove, inner = av
        if add or remove:
            notes.opaque = True
        part = _sequence(inner, notes)
        if group is not None:
            notes.groups[group] = part.rust
        return _Part(f"(?:{part.rust})", part.length, part.digits, part.needs)
    if op is sre.BRANCH:
        return _branch([_sequence(branch, notes) for branch in av[1]])
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        low, high, inner = av
        return _repeat(op, low, high, inner, notes)
    if op is sre.ATOMIC_GROUP:
        notes.opaque = True
        part = _sequence(av, notes)
        return _Part(f"(?:{part.rust})", part.length, part.digits, part.needs)
    if op is sre.GROUPREF:
        notes.opaque = True
        return _Part(f"(?:{notes.groups.get(av, '')})?")
    if op is sre.AT:
        return _Part(_place(av, notes))
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        direction, inner = av
        return _look_around(op, direction, inner, notes, first=first, last=last, alone=alone)
    notes.opaque = True
    return _Part(r"[\s\S]*")  # whatever it is, it matches some text


def _one(letters: Letters, notes: _Notes) -> _Part:
    bits = letters.ascii | (letters.may if notes.fold else 0)
    digits = int(bool(bits) and bits & ~((0x3FF << 48) | (2 if notes.fold else 0)) == 0)
    return _Part(in_rust(bits), 1, digits, (bits,))


def _letters(op: Any, av: Any, notes: _Notes) -> Letters:
    if op is sre.LITERAL:
        return between(av, av, notes.ignore_case)
    if op is sre.NOT_LITERAL:
        return between(av, av, notes.ignore_case).negated()
    if op is sre.ANY:
        return ANY if notes.dot_all else between(10, 10, False).negated()
    if op is sre.CATEGORY:
        name = str(av).removeprefix("CATEGORY_")
        short = {"DIGIT": "d", "WORD": "w", "SPACE": "s"}[name.removeprefix("NOT_")]
        return category(short).negated() if name.startswith("NOT_") else category(short)
    found, negate = NOTHING, False
    for kind, value in av:
        if kind is sre.NEGATE:
            negate = True
        elif kind is sre.RANGE:
            low, high = value
            found = found.union(between(low, high, notes.ignore_case))
        else:
            found = found.union(_letters(kind, value, notes))
    return found.negated() if negate else found


def _branch(parts: list[_Part]) -> _Part:
    needs: tuple[int, ...] = ()
    if all(part.needs for part in parts):
        joined = 0
        for part in parts:
            joined |= min(part.needs, key=weight)
        needs = (joined,)
        shared = set(parts[0].needs).intersection(*(part.needs for part in parts[1:]))
        needs = (*needs, *sorted(shared))
    rust = "|".join(part.rust for part in parts)
    return _Part(f"(?:{rust})", min(p.length for p in parts), min(p.digits for p in parts), needs)


def _repeat(op: Any, low: int, high: int, inner: Any, notes: _Notes) -> _Part:
    part = _sequence(inner, notes)
    low, unlimited = int(low), high is sre.MAXREPEAT
    if op is sre.POSSESSIVE_REPEAT:
        notes.opaque = True
    if part.length == 0 and high != 1:
        notes.opaque = True  # what a repeated empty match means differs between engines
    if low > 1000:
        notes.opaque, low = True, 1000
    body = f"(?:{part.rust})"
    if not unlimited and int(high) >= _LONG:
        if part.length == 1 and len(list(inner)) == 1:
            notes.runs.append(f"{body}{{{int(high) + 1}}}")
        else:
            notes.opaque = True
        unlimited = True
    count = f"{{{low},}}" if unlimited else f"{{{low},{int(high)}}}" if high != low else f"{{{low}}}"
    count = {"{0,}": "*", "{1,}": "+", "{0,1}": "?", "{1}": ""}.get(count, count)
    lazy = "?" if op is sre.MIN_REPEAT and count else ""
    needs = part.needs if low else ()
    return _Part(f"{body}{count}{lazy}" if count else body, part.length * low, part.digits * low, needs)


def _place(where: Any, notes: _Notes) -> str:
    name = str(where).removeprefix("AT_")
    if notes.fold:
        return ""  # wider; a border between folded marks is not one between the characters
    known = {
        "BOUNDARY": r"(?-u:\b)",
        "NON_BOUNDARY": r"(?-u:\B)",
        "BEGINNING_STRING": r"\A",
        "END_STRING": r"\z",
    }
    if name == "BEGINNING":
        return "(?m:^)" if notes.lines else r"\A"
    if name == "END" and notes.lines:
        return "(?m:$)"
    if name not in known:
        notes.opaque = True
        return ""
    return known[name]


def _look_around(op: Any, direction: int, inner: Any, notes: _Notes, *, first: bool, last: bool, alone: bool) -> _Part:
    content = replace(notes, opaque=False, inner=[], ahead=[], before=[], after=[], runs=[])
    part = _sequence(inner, content)
    if op is sre.ASSERT:
        notes.opaque = True
        # Text that must stand right before the match: a gate may ask for both in a row.
        return part if direction < 0 and alone else _Part("")
    half = _half_border(inner, direction, notes)
    if half is not None:
        return _Part(half)
    bare = not _PLACES.search(part.rust)
    if part.length == 0:
        notes.opaque = True
    elif bare and direction < 0 and first and alone:
        notes.before.append(part.rust)
    elif bare and direction > 0 and (first or last):
        (notes.ahead if first else notes.after).append(part.rust)
    else:
        notes.inner.append(part.rust)
    notes.inner.extend((*content.runs,))
    return _Part("")


def _half_border(inner: Any, direction: int, notes: _Notes) -> str | None:
    r"""``(?<!\w)`` and ``(?!\w)`` have a word of their own in Rust."""
    items = list(inner)
    if notes.fold or len(items) != 1 or items[0][0] not in (sre.IN, sre.CATEGORY):
        return None
    op, av = items[0]
    if _letters(op, av, notes).ascii != category("w").ascii:
        return None
    return r"(?-u:\b{start-half})" if direction < 0 else r"(?-u:\b{end-half})"


def _referred(items: list[Any]) -> tuple[int, list[int]] | None:
    """A group of this sequence that holds one character of few, and is referred to later: its number and those characters."""
    for op, av in items:
        if op is not sre.SUBPATTERN or av[0] is None or f"(GROUPREF, {av[0]})" not in repr(items):
            continue
        inner = list(av[3])
        if len(inner) == 1 and inner[0][0] is sre.IN and all(kind is sre.LITERAL for kind, _ in inner[0][1]):
            codes = [code for _, code in inner[0][1]]
            if all(code < 128 and not chr(code).isalpha() for code in codes):
                return av[0], codes
    return None


def _spelled_out(items: list[Any], group: int, codes: list[int], notes: _Notes, *, top: bool) -> _Part:
    """One alternative for each character that the group may hold: exact, as no two of them match at one place."""
    parts = []
    for code in codes:
        fixed = [_replaced(item, group, code) for item in items]
        parts.append(_sequence(fixed, notes, top=top))
    return _branch(parts)


def _replaced(item: Any, group: int, code: int) -> Any:
    op, av = item
    if op is sre.GROUPREF and av == group:
        return sre.LITERAL, code
    if op is sre.SUBPATTERN:
        if av[0] == group:
            return sre.LITERAL, code
        return op, (*av[:3], [_replaced(inner, group, code) for inner in av[3]])
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return op, (av[0], av[1], [_replaced(inner, group, code) for inner in av[2]])
    return item


def weight(bits: int) -> int:
    """How many characters a set has, the smaller the more it tells."""
    return (bits & ASCII).bit_count()


def _fewest(needs: tuple[int, ...]) -> tuple[int, ...]:
    """Without the sets that hold another one, and those that hold nearly everything."""
    kept: list[int] = []
    for bits in sorted(set(needs), key=lambda bits: (weight(bits), bits)):
        if weight(bits) <= 64 and not any(other & bits == other for other in kept):
            kept.append(bits)
    return tuple(kept)
