"""Names, streets and words by locale, as Faker's providers list them: the only module that knows Faker.

Only the lists are taken, never Faker's random drawing: it is not repeatable by value, and a thousand times slower. They are put
in order here, so that they are the same in every process; another version of Faker may have other lists, and then gives other
surrogates. Pin it where surrogates of different days must agree.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from airflow_privacy.core.errors import CheckFailed, MissingExtra

Lists: TypeAlias = dict[str, tuple[str, ...]]
"""Attribute name of the provider → its texts, each once (whatever its case), in code point order."""

FALLBACK = "en_US"


@cache
def lists_of(provider: str, locale: str) -> Lists:
    """All lists of texts that a provider (``person``, ``address``, ``company``, ``job``) has for *locale*.

    Empty where Faker has no such provider for the locale.

    :raises MissingExtra: Faker is not installed.
    """
    kind = _provider(provider, locale)
    if kind is None:
        return {}
    found = {}
    for name in dir(kind):
        value = getattr(kind, name)
        if name.startswith("_") or not isinstance(value, tuple | list | dict):
            continue
        texts = {text.strip() for text in value if isinstance(text, str) and text.strip()}
        if texts:
            found[name] = _ordered(texts) if "formats" not in name else tuple(sorted({t for t in value if isinstance(t, str)}))
    return found


def require_locale(locale: str, column: str) -> None:
    """Refuse a locale that Faker does not have.

    :raises CheckFailed: there is no such locale.
    :raises MissingExtra: Faker is not installed.
    """
    if locale not in _locales():
        raise CheckFailed(
            "technique-parameter",
            f"There are no surrogates for locale {locale!r}",
            where=column,
            do="Use a locale of Faker, such as en_US, de_DE or fr_FR.",
        )


def _ordered(texts: set[str]) -> tuple[str, ...]:
    once: dict[str, str] = {}
    for text in sorted(texts):
        once.setdefault(text.casefold(), text)
    return tuple(sorted(once.values()))


@cache
def _locales() -> frozenset[str]:
    return frozenset(_faker("faker.config").AVAILABLE_LOCALES)


def _provider(provider: str, locale: str) -> type | None:
    _faker("faker")
    try:
        module = import_module(f"faker.providers.{provider}.{locale}")
    except ModuleNotFoundError:
        return None
    found: type = module.Provider
    return found


def _faker(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        pass
    raise MissingExtra(
        "missing-extra", "Surrogates need Faker, which is not installed", do="Install airflow-privacy[surrogates]."
    )
