"""Texts that a recognizer's own patterns match, in families of which every check digit has a member."""

from __future__ import annotations

import random
import re
import string
from functools import cache

import regex
from hypothesis import strategies as st
from presidio_analyzer import PatternRecognizer, predefined_recognizers
from presidio_reference import OfflineEmail
from valid_texts import VALID

_LOOK_AROUND = re.compile(r"\(\?(?:<?[!=])(?:\\.|\[[^]]*\]|\((?:[^()]|\([^()]*\))*\)|[^()])*\)")
_OTHERS = (string.digits, string.ascii_uppercase, string.ascii_lowercase)
_MEMBERS = 40


@cache
def recognizer(name: str) -> PatternRecognizer:
    return OfflineEmail() if name == "EmailRecognizer" else getattr(predefined_recognizers, name)()


def families(name: str) -> st.SearchStrategy[list[str]]:
    """Lists of texts that patterns of *name* match: one drawn text, variants of some of its characters, and each last digit."""
    kind = recognizer(name)
    drawn = st.one_of([_written(pattern.regex, kind.global_regex_flags) for pattern in kind.patterns])
    more: st.SearchStrategy[list[str]] = st.just([])
    if name in VALID:
        drawn = st.one_of(drawn, VALID[name], VALID[name])
        more = st.lists(VALID[name], min_size=10, max_size=15)
    chance = st.randoms(use_true_random=False)
    # Compiled here and not while drawing: the regex module makes room in its cache by chance, which Hypothesis takes for ours.
    compiled = [_compiled(pattern.regex, kind.global_regex_flags) for pattern in kind.patterns]
    return st.tuples(drawn, chance, more).map(lambda parts: _matched(kind, compiled, _family(*parts[:2]) + parts[2]))


def _written(pattern: str, flags: int) -> st.SearchStrategy[str]:
    bare = _LOOK_AROUND.sub("", pattern).replace(r"\b", "").replace("(?i)", "")
    lower = re.IGNORECASE if flags & regex.IGNORECASE or "(?i)" in pattern else 0
    return st.from_regex(re.compile(bare, lower | re.ASCII), fullmatch=True, alphabet=st.characters(codec="ascii"))


def _family(text: str, chance: random.Random) -> list[str]:
    members = [text]
    for _ in range(3):
        places = [place for place, letter in enumerate(members[-1]) if letter.isalnum()]
        other = list(members[-1])
        for place in chance.sample(places, min(len(places), 4)):
            other[place] = chance.choice(next(kind for kind in _OTHERS if other[place] in kind))
        members.append("".join(other))
    for member in list(members):
        for place in range(-min(3, len(member)), 0):
            kind = next((kind for kind in _OTHERS if member[place] in kind), "")
            members += [member[: len(member) + place] + other + member[len(member) + place + 1 :] for other in kind]
    return members if len(members) <= 4 * _MEMBERS else chance.sample(members, 4 * _MEMBERS)


def _matched(kind: PatternRecognizer, patterns: list[regex.Pattern[str]], texts: list[str]) -> list[str]:
    """What the patterns match in *texts*: for IBANs also what remains without the last groups of the pattern."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for text in texts:
            for match in pattern.finditer(text):
                found[match.group()] = None
                if type(kind).__name__ == "IbanRecognizer":
                    found.update({text[match.start() : match.end(group)]: None for group in (1, 2, 3) if match.end(group) > 0})
    return [text for text in found if text and text.isascii()]


@cache
def _compiled(pattern: str, flags: int) -> regex.Pattern[str]:
    return regex.compile(pattern, flags)
