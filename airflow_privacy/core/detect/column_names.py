"""What a column's name hints at: by whole tokens, never by substrings (``cid`` is not in ``acid``)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from airflow_privacy.core.detect.lexicon import ABOUT, MEANINGS, Meaning
from airflow_privacy.core.detect.lexicon_more import MORE
from airflow_privacy.core.detect.nouns import KEY_TAILS, Noun, all_nouns, noun_in

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[\W_]+|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "\u0131": "i", "đ": "d"})

#: Tokens that make a column an identifier of something.
_ID_WORDS = "id ids key uuid guid nr no number num ref reference code identifier token pk sk"
ID_WORDS = frozenset(_ID_WORDS.split())

# Last parts of compounds that are taken apart, longest first.
_TAILS = ("number", "name", "code", "date", "abbr", "uuid", "guid", "num", "key", "ids", "id", "nr", "no")
_SHORTEST_HEAD = 3


def tokens(name: str) -> tuple[str, ...]:
    """Lower-case words of a column's name without accents: ``customerEMail_2`` → ``customer, e, mail, 2``."""
    parts = _SPLIT.split(_plain(_CAMEL.sub(" ", name)))
    return tuple(part for part in parts if part)


def words(name: str) -> tuple[str, ...]:
    """The tokens, with compounds of two known words taken apart: ``n_nationkey`` → ``n, nation, key``. ``acid`` stays whole."""
    return tuple(part for token in tokens(name) for part in _apart(token))


def noun_of(name: str) -> Noun | None:
    """What the column is about, by the last noun of its name: ``SupportRepId`` → rep, a person."""
    return noun_in(words(name))


def is_key(name: str) -> bool:
    """Whether the name is that of a key, ``AlbumId``, ``n_nationkey``. Codes and numbers are none."""
    return words(name)[-1:] != () and (words(name)[-1] in KEY_TAILS or words(name)[0] == "id")


def hints(name: str) -> tuple[Meaning, ...]:
    """The meanings of the longest phrases in *name*, surest first; none where the name only speaks *about* the thing."""
    spoken = words(name)
    candidates = {spoken, tokens(name), tokens(name.replace("_", " ").title()), tokens(name.lower())}
    found: list[tuple[int, int, Meaning]] = []
    for form in sorted(candidates):
        found.extend(_phrases_in(form))
    if not found or _only_about(spoken, max(length for length, _, _ in found)):
        return ()
    longest = max(length for length, _, _ in found)
    # The longest phrase wins; of equal ones the last, as names put the head noun at the end.
    chosen = sorted((entry for entry in found if entry[0] == longest), key=lambda entry: (not entry[2].sure, -entry[1]))
    return tuple(dict.fromkeys(meaning for _, _, meaning in chosen if _fits_neighbours(spoken, meaning)))


def is_identifier(name: str) -> bool:
    """Whether the name's last or first word says that the column identifies a record: ``order_id``, ``id_pedido``."""
    spoken = words(name)
    return bool(spoken) and (spoken[-1] in ID_WORDS or spoken[0] in {"id", "uuid", "guid", "pk"})


def _phrases_in(words: tuple[str, ...]) -> list[tuple[int, int, Meaning]]:
    table = _phrases()
    found = []
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + 4) + 1):
            meaning = table.get(" ".join(words[start:end]))
            if meaning is not None:
                found.append((end - start, start, meaning))
    return found


def _only_about(words: tuple[str, ...], longest: int) -> bool:
    rest = ABOUT.intersection(words)
    if not rest:
        return False
    # "marital status", "credit score" and "serial number" are phrases of their own.
    whole = any(
        " ".join(words[at : at + longest]) in _phrases() and rest & set(words[at : at + longest]) for at in range(len(words))
    )
    return not whole


def _fits_neighbours(words: tuple[str, ...], meaning: Meaning) -> bool:
    if meaning.entity != "PERSON" or meaning.sure:
        return True
    noun = noun_in([word for word in words if word not in _phrases()])
    return noun is None or noun.kind == "person"


@cache
def _apart(token: str) -> tuple[str, ...]:
    if token in _phrases():
        return (token,)
    for tail in _TAILS:
        head = token.removesuffix(tail)
        if head != token and len(head) >= _SHORTEST_HEAD and (head in _phrases() or head in all_nouns()):
            return head, tail
    return (token,)


@cache
def _phrases() -> dict[str, Meaning]:
    table: dict[str, Meaning] = {}
    for meaning in MEANINGS:
        for phrase in meaning.phrases.split(","):
            table.setdefault(_plain(phrase.strip()), meaning)
    sure = {meaning.entity: meaning for meaning in reversed(MEANINGS) if meaning.sure}
    for entity, phrases in MORE.items():
        for phrase in phrases.split(","):
            table.setdefault(_plain(phrase.strip()), sure[entity])
    return table


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.lower().translate(_SPECIAL))
    return "".join(letter for letter in text if not unicodedata.combining(letter))
