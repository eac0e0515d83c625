"""Pools of made-up values: a text for each integer.

A pool is a sum of products. A pattern is a row of parts, a part a list of texts or one fixed text; the pattern's size is the
product of its parts' sizes, the pool's the sum over its patterns. So a street pool of millions takes the memory of its lists.
An integer chooses its pattern first, by its remainder, so that small patterns come as often as large ones, and then each part.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from math import prod
from typing import Literal, TypeAlias

import polars as pl

from airflow_privacy.core.mask.surrogate import faker_pools

Part: TypeAlias = tuple[str, ...]
Pattern: TypeAlias = tuple[Part, ...]
Sex: TypeAlias = Literal["female", "male"]

_SYMBOLS = {
    "#": tuple(string.digits),
    "%": tuple(string.digits[1:]),
    "@": tuple(string.digits[1:]),
    "!": tuple(string.digits),
    "?": tuple(string.ascii_uppercase),
}


@dataclass(frozen=True)
class Pool:
    """Texts by integer. Neighbouring integers have different texts."""

    patterns: tuple[Pattern, ...]
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(prod(len(part) for part in pattern) for pattern in self.patterns))

    def take(self, numbers: pl.Series) -> pl.Series:
        """The text of each number (``UInt64``, no nulls)."""
        count = len(self.patterns)
        if count == 1:
            return _texts(self.patterns[0], numbers)
        rows = pl.DataFrame({"number": numbers}).with_row_index("row")
        found = []
        for at, pattern in enumerate(self.patterns):
            mine = rows.filter(pl.col("number") % count == at)
            found.append(mine.select("row", _texts(pattern, mine["number"] // count).alias("text")))
        return pl.concat(found).sort("row")["text"]


def _texts(pattern: Pattern, rest: pl.Series) -> pl.Series:
    parts = []
    for part in pattern:
        if len(part) == 1:
            parts.append(pl.repeat(part[0], len(rest), dtype=pl.String, eager=True))
            continue
        parts.append(pl.Series(part, dtype=pl.String).gather((rest % len(part)).cast(pl.UInt32)))
        rest = rest // len(part)
    return pl.select(pl.concat_str(parts)).to_series() if len(parts) > 1 else parts[0]


@dataclass(frozen=True)
class Pools:
    """All that one locale's surrogates are made of."""

    first: Mapping[Sex, Pool]
    last: Mapping[Sex, Pool]
    ascii_first: Mapping[Sex, Pool]
    ascii_last: Mapping[Sex, Pool]
    company: Pool
    street: Pool
    number: Pool
    city: Pool
    postal_code: Pool
    job: Pool
    last_name_first: bool
    between_names: str
    number_first: bool


@cache
def pools_of(locale: str) -> Pools:
    """The pools of a locale that Faker has. What the locale lacks is taken from ``en_US``, as Faker does.

    :raises MissingExtra: Faker is not installed.
    """
    person = faker_pools.lists_of("person", locale)
    first = {sex: _rich(person, f"first_names_{sex}", "first_names") for sex in _SEXES}
    last = {sex: _rich(person, f"last_names_{sex}", f"{sex}_last_names", "unisex_last_names", "last_names") for sex in _SEXES}
    words = {"first_names": _merged(first.values()), "last_names": _merged(last.values())}
    place = faker_pools.lists_of("address", locale)
    company = faker_pools.lists_of("company", locale)
    language = locale.partition("_")[0]
    number = _number_pool(place)
    return Pools(
        first={sex: Pool(((texts,),)) for sex, texts in first.items()},
        last={sex: Pool(((texts,),)) for sex, texts in last.items()},
        ascii_first=_ascii_pools(first, "ascii_first"),
        ascii_last=_ascii_pools(last, "ascii_last"),
        company=_of_formats(company, words, "formats") or pools_of(faker_pools.FALLBACK).company,
        street=_of_formats(place, words, "street_name_formats") or pools_of(faker_pools.FALLBACK).street,
        number=number if number.size > 1 else coded("%", "%#", "1##"),
        city=_of_formats(place, words, "city_formats") or pools_of(faker_pools.FALLBACK).city,
        postal_code=coded(*_POSTAL_CODES.get(locale, place.get("postcode_formats", ("#####",)))),
        job=_jobs(locale),
        last_name_first=language in ("ja", "zh", "ko", "hu", "vi"),
        between_names="" if language in ("zh", "ko") else " ",
        number_first=language in ("en", "fr") or locale == "th_TH",
    )


_SEXES: tuple[Sex, ...] = ("female", "male")
# Where Faker builds codes by methods of its own.
_POSTAL_CODES = {
    "en_US": ("#####",),
    "en_GB": ("?# #??", "?## #??", "??# #??", "??## #??"),
    "en_CA": ("?#? #?#",),
    "fr_CA": ("?#? #?#",),
    "ja_JP": ("###-####",),
}
_REAL = re.compile("large_compan")  # names of companies that exist
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_RICH = 8  # a list of fewer texts is a placeholder of Faker's base class


def _rich(lists: faker_pools.Lists, *names: str) -> Part:
    """The first of the lists that is more than a placeholder."""
    spare = faker_pools.lists_of("person", faker_pools.FALLBACK)
    return next(from_[name] for from_ in (lists, spare) for name in names if len(from_.get(name, ())) >= _RICH)


def _merged(parts: Iterable[Part]) -> Part:
    return tuple(sorted({text for part in parts for text in part}))


def _of_formats(lists: faker_pools.Lists, words: faker_pools.Lists, formats: str) -> Pool | None:
    """The product of what Faker's formats name; formats that call for more than lists are left out."""
    patterns = set()
    for form in _better(lists, formats):
        pattern = _pattern(form, {**lists, **words})
        if pattern is not None and prod(len(part) for part in pattern) > 1:
            patterns.add(pattern)
    pool = Pool(tuple(sorted(patterns)))
    return pool if pool.size >= _RICH else None


def _number_pool(lists: faker_pools.Lists) -> Pool:
    # House numbers do not begin with a zero.
    forms = (re.sub(r"#", "%", form, count=1) for form in lists.get("building_number_formats", ()))
    return coded(*(form for form in forms if "{" not in form and any(symbol in form for symbol in "%@")))


def _jobs(locale: str) -> Pool:
    jobs = faker_pools.lists_of("job", locale).get("jobs", ())
    return Pool(((jobs,),)) if len(jobs) >= _RICH else Pool(((faker_pools.lists_of("job", faker_pools.FALLBACK)["jobs"],),))


def coded(*forms: str) -> Pool:
    """A pool from forms in Faker's spelling: ``#`` a digit, ``%`` one that is not zero, ``?`` a capital letter.

    Forms without any are together one list.
    """
    patterns = {_symbols(form) for form in forms}
    fixed = sorted(pattern[0][0] for pattern in patterns if len(pattern) == 1 and len(pattern[0]) == 1)
    varied = sorted(pattern for pattern in patterns if not (len(pattern) == 1 and len(pattern[0]) == 1))
    return Pool((*varied, (tuple(fixed),)) if fixed else tuple(varied))


def _symbols(form: str) -> Pattern:
    parts: list[Part] = []
    for symbol, run in groupby(form, lambda char: char if char in _SYMBOLS else ""):
        text = "".join(run)
        if not symbol:
            parts.append((text,))
        elif symbol == "#" and len(text) > 1:
            parts.extend(
                tuple(f"{at:0{len(some)}d}" for at in range(10 ** len(some)))
                for some in (text[start : start + 4] for start in range(0, len(text), 4))
            )
        else:
            parts.extend(_SYMBOLS[symbol] for _ in text)
    return tuple(parts)


def _ascii_pools(parts: Mapping[Sex, Part], spare: str) -> dict[Sex, Pool]:
    """The same texts in the letters a to z, for e-mail addresses; other scripts get the names of ``en_US``."""
    pools: dict[Sex, Pool] = {}
    for sex, texts in parts.items():
        plain = tuple(sorted({text for text in map(to_ascii, texts) if len(text) > 1}))
        if len(plain) < max(_RICH, len(texts) // 2):
            return dict(getattr(pools_of(faker_pools.FALLBACK), spare))
        pools[sex] = Pool(((plain,),))
    return pools


def to_ascii(text: str) -> str:
    """Latin letters without their marks, in lower case, and nothing else: ``Jürgen`` → ``juergen``; other scripts vanish."""
    spelt = text.lower().translate(_SPELT)
    return "".join(char for char in unicodedata.normalize("NFKD", spelt) if char in string.ascii_lowercase)


_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ł": "l",
                        "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})  # fmt: skip


def _better(lists: faker_pools.Lists, formats: str) -> tuple[str, ...]:
    """The formats, or a list that Faker's methods use instead of the base class's ``{{first_name}} Ville``."""
    inherited = {
        "city_formats": ("Ville", "city_suffix", "city"),
        "street_name_formats": ("Street", "street_suffix", "street_name"),
    }
    if formats not in inherited:
        return lists.get(formats, ())
    placeholder, suffix, name = inherited[formats]
    used = any("{{" + suffix + "}}" in form for form in lists.get(formats, ()))
    if used and (placeholder,) in lists.values():
        return ("{{" + name + "}}",) if any(len(lists.get(one, ())) >= _RICH for one in _plurals(name)) else ()
    return lists.get(formats, ())


def _pattern(form: str, lists: faker_pools.Lists) -> Pattern | None:
    if _REAL.search(form) or any(symbol in form for symbol in "#%?@!"):
        return None
    parts: list[Part] = []
    for at, piece in enumerate(_PLACEHOLDER.split(form)):
        if at % 2 == 0:
            if piece:
                parts.append((piece,))
            continue
        named = next((lists[name] for name in _plurals(piece) if name in lists), None)
        if named is None or any("{{" in text for text in named):
            return None
        parts.append(named)
    return tuple(parts) if "{" not in "".join(part[0] for part in parts) else None


def _plurals(word: str) -> Iterable[str]:
    """``street_suffix_long`` → ``street_suffixes_long`` and the like."""
    if word in ("city", "city_name"):
        yield from ("city_names", "cities")
    if word == "state_name":
        yield "states"
    if word == "street_name":
        yield from ("street_names", "streets", "towns")
    pieces = word.split("_")
    for at in reversed(range(len(pieces))):
        for ending in _ENDINGS:
            yield "_".join((*pieces[:at], ending(pieces[at]), *pieces[at + 1 :]))


_ENDINGS: tuple[Callable[[str], str], ...] = (lambda w: f"{w}s", lambda w: f"{w}es", lambda w: f"{w[:-1]}ies")
