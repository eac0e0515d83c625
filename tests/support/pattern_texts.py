"""Texts that recognizers' patterns match or nearly match, drawn from the patterns themselves."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any

from airflow_privacy.core.detect.recognize.syntax import read

DIGITS = "0123456789\u0660\u0661\u0662\u0969\u096d\uff18\U0001d7d7"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäßéÑжИ漢\u017f\u212a\u0131\u0130"
BLANKS = " \t\n\u00a0\u3000\r"
SIGNS = ".,:;-_/\\@#()[]{}<>'\"!?%&+*=~^|$`€😀\u0301\u200d"
JOINTS = (
    "",
    "",
    " ",
    " ",
    " ",
    ", ",
    "\n",
    "-",
    ".",
    ":",
    "/",
    "_",
    "é",
    "😀",
    "0",
    "x",
    "'",
    '"',
    "\t",
    "\u00a0",
    "\x00",
    "\x01",
)
FILLERS = ("the", "order", "no.", "is", "Müller", "zwölf", "id:", "be", "2024", "number", "7", "::", "->", "www.", "ΟΔΟΣ", "İd")


def drawn(tree: Any, rng: random.Random, odd: float = 0.02) -> str:
    """A text that the parse *tree* describes; with chance *odd* per character, one that it may not."""
    groups: dict[int, str] = {}
    return "".join(_item(op, av, rng, odd, groups) for op, av in tree)


def _item(op: Any, av: Any, rng: random.Random, odd: float, groups: dict[int, str]) -> str:
    if op is sre.LITERAL:
        return _cased(chr(av), rng, odd)
    if op in (sre.NOT_LITERAL, sre.ANY):
        return rng.choice("ab1 -.")
    if op is sre.CATEGORY:
        return _category(av, rng, odd)
    if op is sre.IN:
        return _member(av, rng, odd)
    if op is sre.SUBPATTERN:
        text = "".join(_item(*inner, rng, odd, groups) for inner in av[3])
        if av[0] is not None:
            groups[av[0]] = text
        return text
    if op is sre.BRANCH:
        return "".join(_item(*inner, rng, odd, groups) for inner in rng.choice(av[1]))
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        low, high = int(av[0]), min(int(av[1]), int(av[0]) + 4)
        return "".join(_item(*inner, rng, odd, groups) for _ in range(rng.randint(low, high)) for inner in av[2])
    if op is sre.GROUPREF:
        return groups.get(av, "")
    if op is sre.ASSERT and av[0] < 0:
        return "".join(_item(*inner, rng, odd, groups) for inner in av[1])
    return ""


def _member(items: Any, rng: random.Random, odd: float) -> str:
    if items[0][0] is sre.NEGATE:
        return rng.choice("abz059_.+-")
    kind, value = rng.choice(items)
    if kind is sre.RANGE:
        return _cased(chr(rng.randint(*value)), rng, odd)
    return _cased(chr(value), rng, odd) if kind is sre.LITERAL else _category(value, rng, odd)


def _category(value: Any, rng: random.Random, odd: float) -> str:
    name = str(value)
    pool = DIGITS if name.endswith("DIGIT") else BLANKS if name.endswith("SPACE") else LETTERS
    return rng.choice(pool) if rng.random() < odd else rng.choice(pool[:10] if pool is not BLANKS else " ")


def _cased(letter: str, rng: random.Random, odd: float) -> str:
    if rng.random() < odd:
        return rng.choice(DIGITS + LETTERS + SIGNS)
    return letter.swapcase() if len(letter.swapcase()) == 1 and rng.random() < 0.2 else letter


def repaired(text: str, ask: Callable[[str], Any], rng: random.Random, tries: int = 120) -> str:
    """*text* with digits changed until *ask* holds, if that comes about."""
    places = [place for place, letter in enumerate(text) if letter in "0123456789"]
    for _ in range(tries if places else 0):
        try:
            if ask(text):
                break
        except Exception:  # noqa: BLE001, S112  some recognizers stumble over what they did not match
            continue
        finally:
            place = rng.choice(places)
        text = f"{text[:place]}{rng.randint(0, 9)}{text[place + 1 :]}"
    return text


class Texts:
    """Draws texts for *recognizers*: one or several entities, context words, borders, other scripts."""

    def __init__(self, recognizers: Sequence[Any], known: Sequence[str] = ()) -> None:
        self.sources = [(recognizer, pattern) for recognizer in recognizers for pattern in recognizer.patterns]
        self.trees = {id(pattern): read(pattern.regex, int(owner.global_regex_flags)) for owner, pattern in self.sources}
        self.known = tuple(known)

    def entity(self, rng: random.Random) -> tuple[Any, str]:
        owner, pattern = rng.choice(self.sources)
        text = drawn(self.trees[id(pattern)], rng, rng.choice((0.0, 0.0, 0.02, 0.2)))
        if rng.random() < 0.6:
            text = repaired(text, owner.validate_result, rng)
        if self.known and rng.random() < 0.1:
            text = rng.choice(self.known)
        return owner, text

    def text(self, rng: random.Random) -> str:
        kind = rng.random()
        owner, entity = self.entity(rng)
        if kind < 0.3:
            return entity
        if kind < 0.4:
            return rng.choice(JOINTS) + entity + rng.choice(JOINTS)
        if kind < 0.5:
            return entity[rng.randint(0, 2) : len(entity) - rng.randint(0, 2)]
        if kind < 0.55:
            return "".join(rng.choice(DIGITS + LETTERS + BLANKS + SIGNS) for _ in range(rng.randint(0, 30)))
        pieces = []
        for _ in range(rng.randint(1, 8)):
            choice = rng.random()
            if choice < 0.3:
                pieces.append(rng.choice(FILLERS))
            elif choice < 0.6 and owner.context:
                pieces.append(rng.choice(owner.context) if rng.random() < 0.8 else rng.choice(owner.context).upper())
            else:
                owner, entity = self.entity(rng)
                pieces.append(entity)
            pieces.append(rng.choice(JOINTS))
        return "".join(pieces)
