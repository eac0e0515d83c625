"""Writes the lexicon of the names package: words and phrases with coarse counts as names, words and places.

PYTHONPATH=LISTS python training/names/build_lexicon.py OUT.parquet
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import polars as pl
import sources
import typed

Level = TypeVar("Level")

_BIRTHS = (500, 1500, 5000, 20_000, 80_000, 300_000, 1_000_000)
_SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3)
_LOCALES = (1, 1, 2, 4, 8)
_PEOPLE = (15_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
_WORDS = (1.0, 1e5, 1e6, 1e7, 1e8, 1e9)
_CITY, _STATE, _COUNTRY, _OTHER = 1, 2, 4, 8
_BOOKS_PER_BIRTH = 15.0  # words of the book counts for each birth: what the counts of clear names come to


def _level(value: float, steps: tuple[float, ...]) -> int:
    return sum(value >= step for step in steps)


def first_names() -> dict[str, int]:
    """0 to 7: how usual a word is as a first name; whole names of several words too."""
    census, _ = sources.census_names()
    levels: dict[str, int] = defaultdict(int)
    for name, births in sources.social_security_names().items():
        levels[name] = _level(births, _BIRTHS)
    for name, share in census.items():
        levels[name] = max(levels[name], _level(share, _SHARES) - 1, 1)
    for name in sources.nicknames():
        levels[name] = max(levels[name], 3)
    return _with_faker(levels, sources.faker_names()[0])


def last_names() -> dict[str, int]:
    """0 to 8: how usual a word is as a last name."""
    _, census = sources.census_names()
    levels: dict[str, int] = defaultdict(int, {name: _level(share, _SHARES) for name, share in census.items()})
    return _with_faker(levels, sources.faker_names()[1])


def _with_faker(levels: dict[str, int], listed: Counter[str]) -> dict[str, int]:
    locales: Counter[str] = Counter()
    for name, count in listed.items():
        whole = name.lower()
        for part in {whole, *sources.words_of(name)}:
            if len(part) > 1 and not part.isdigit():
                locales[part] = max(locales[part], count)
    for name, count in locales.items():
        levels[name] = max(levels[name], _level(count, _LOCALES))
    return _folded({name: level for name, level in levels.items() if level})


def places() -> dict[str, tuple[int, int]]:
    """Places with a level (1 to 6 by people; 5 and 6 for states and countries) and bits of their kinds."""
    cities, states, countries = sources.geonames()
    listed = sources.faker_places()
    found: dict[str, tuple[int, int]] = {}

    def add(names: Iterable[str], kind: int, level: int | dict[str, int]) -> None:
        for name in names:
            before, kinds = found.get(name.lower(), (0, 0))
            found[name.lower()] = (max(before, level if isinstance(level, int) else level[name]), kinds | kind)

    add(listed["city"], _CITY, 1)
    add(cities, _CITY, {name: _level(people, _PEOPLE) for name, people in cities.items()})
    add(states | listed["state"], _STATE, 5)
    add(countries | listed["country"] | sources.babel_territories()[0] | set(typed.phrases(typed.COUNTRIES)), _COUNTRY, 6)
    add(typed.phrases(typed.CONTINENTS), _OTHER, 6)
    # GeoNames says "New York City"; people leave the word out.
    add({name.removesuffix(" City") for name in cities if cities[name] >= 1_000_000}, _CITY, 5)
    return _folded({name: value for name, value in found.items() if len(name) > 1})


def _folded(levels: dict[str, Level]) -> dict[str, Level]:
    """With each accented Latin name as it is spelt without accents too."""
    plain: dict[str, Level] = {}
    for name, level in levels.items():
        bare = sources.without_accents(name)
        if bare != name:
            plain.setdefault(bare, level)
    return {**plain, **levels}


def common_words(names: dict[str, int], where: dict[str, tuple[int, int]]) -> dict[str, int]:
    """1 to 6: how usual a word is in lower case, after what names take of its count."""
    books = sources.word_counts()
    lower, upper = sources.case_counts()
    births = sources.social_security_names()
    levels: dict[str, int] = {}
    for word, count in books.items():
        seen = lower[word] + upper[word]
        if where.get(word, (0, 0))[1] & (_STATE | _COUNTRY) and lower[word] <= upper[word]:
            continue
        rest = count * lower[word] / seen if seen >= 5 else count - _BOOKS_PER_BIRTH * births[word]
        if rest >= 1 and not (word in names and rest < 0.05 * count):
            levels[word] = _level(rest, _WORDS)
    for word, count in lower.items():
        if count >= 3 and count > 3 * upper[word]:
            levels[word] = max(levels.get(word, 0), 2 + int(math.log10(count)))
    for word in typed.words(typed.SLANG):
        levels[word] = max(levels.get(word, 0), 4)
    return {word: min(level, 6) for word, level in levels.items()}


def build() -> pl.DataFrame:
    """One row a word or phrase (lower case)."""
    first, last, where = first_names(), last_names(), places()
    common = common_words({**first, **last}, where)
    organizations = {phrase.lower() for phrase in typed.phrases(typed.ORGANIZATIONS)}
    kinds = [
        ("people", set(typed.words(typed.PEOPLES)) | {name.lower() for name in sources.babel_territories()[1]}),
        ("title", set(typed.words(typed.TITLES))),
        ("company", set(typed.words(typed.COMPANY_WORDS))),
        ("street", set(typed.words(typed.STREET_WORDS))),
        ("organization", organizations),
    ]
    every = sorted({*first, *last, *where, *common, *(word for _, listed in kinds for word in listed)})
    return pl.DataFrame(
        {
            "word": every,
            "first": [first.get(word, 0) for word in every],
            "last": [last.get(word, 0) for word in every],
            "common": [common.get(word, 0) for word in every],
            "place": [where.get(word, (0, 0))[0] for word in every],
            "kind": [where.get(word, (0, 0))[1] for word in every],
            "role": [sum(1 << bit for bit, (_, listed) in enumerate(kinds) if word in listed) for word in every],
        },
        schema={"word": pl.String, **dict.fromkeys(("first", "last", "common", "place", "kind", "role"), pl.UInt8)},
    )


if __name__ == "__main__":
    out = Path(sys.argv[1])
    table = build()
    table.write_parquet(out, compression="zstd", compression_level=19, statistics=False)
    print(f"{table.height} words, {out.stat().st_size / 1e6:.2f} MB")
