"""Presidio's recognizers as the installed version brings them along."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import regex
import tldextract
from presidio_analyzer import EntityRecognizer, PatternRecognizer, predefined_recognizers
from presidio_analyzer.input_validation import ConfigurationValidator
from presidio_analyzer.recognizer_registry.recognizers_loader_utils import RecognizerConfigurationLoader, RecognizerListLoader

from airflow_privacy.core.errors import BadInput

#: What Presidio compiles patterns with where nothing else is said.
FLAGS = int(regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)


def pattern_recognizers(
    language: str,
    names: Sequence[str] | Literal["all"] | None,
    countries: Sequence[str] | None,
    entities: Sequence[str] | None,
) -> tuple[PatternRecognizer, ...]:
    """Presidio's own pattern recognizers, by class name, each once.

    :param language: two letters; a recognizer that speaks several languages is taken in this one.
    :param names: class names; ``"all"`` for those of all languages; ``None`` for those that Presidio enables for *language*.
    :param countries: two-letter codes; recognizers of other countries are left out. ``None`` for all.
    :param entities: only recognizers of these entities.
    :raises BadInput: ``unknown-recognizer``, ``unknown-entity``.
    """
    made: list[Any] = _configured(language, only_enabled=names is None)
    if names is not None and names != "all":
        unknown = sorted(set(names) - {type(recognizer).__name__ for recognizer in made})
        if unknown:
            raise BadInput("unknown-recognizer", f"Presidio has no pattern recognizer {', '.join(unknown)}", where="recognizers")
        made = [recognizer for recognizer in made if type(recognizer).__name__ in set(names)]
    if countries is not None:
        made = list(RecognizerListLoader.filter_by_countries(made, list(countries)))
    if entities is not None:
        wanted = set(entities)
        made = [recognizer for recognizer in made if wanted.intersection(recognizer.supported_entities)]
    return tuple(made)


@cache
def languages() -> tuple[str, ...]:
    """The languages that Presidio's own list of recognizers names."""
    rows = RecognizerConfigurationLoader.get(registry_configuration={"supported_languages": ["en"]})["recognizers"]
    entries = [entry for row in rows if isinstance(row, dict) for entry in row.get("supported_languages") or ()]
    return tuple(sorted({entry if isinstance(entry, str) else str(entry["language"]) for entry in entries}))


def read_custom(path: Path, language: str) -> tuple[EntityRecognizer, ...]:
    """The recognizers of a file in Presidio's own YAML format.

    :raises BadInput: ``bad-recognizers``; what Presidio has to say is cut off, as it may print the file.
    """
    if not Path(path).is_file():  # Presidio would take its own file instead
        raise BadInput("bad-recognizers", "There is no such file of recognizers", where=str(path))
    reason = ""
    try:
        read = {"supported_languages": [language], "global_regex_flags": FLAGS}
        read.update(RecognizerConfigurationLoader.get(conf_file=str(path)))
        checked = ConfigurationValidator.validate_recognizer_registry_configuration(read)
        parts = ("recognizers", "supported_languages", "global_regex_flags", "supported_countries")
        return tuple(RecognizerListLoader.get(**{part: checked[part] for part in parts if part in checked}))
    except Exception as error:  # noqa: BLE001  Presidio raises what its parsers raise
        reason = type(error).__name__
    raise BadInput(
        "bad-recognizers",
        f"Presidio cannot read the recognizers ({reason})",
        where=str(path),
        do="See Presidio's documentation of recognizer registries in YAML.",
    )


def _configured(language: str, *, only_enabled: bool) -> list[Any]:
    configuration = RecognizerConfigurationLoader.get(registry_configuration={"supported_languages": [language]})
    if not only_enabled:
        rows = [_in_one_language(row, language) for row in configuration["recognizers"] if _class_of(row) is not None]
        languages = {language, *(str(row["supported_languages"][0]["language"]) for row in rows)}
        configuration = {**configuration, "recognizers": rows, "supported_languages": sorted(languages)}
    made = RecognizerListLoader.get(**configuration)
    return [recognizer for recognizer in made if isinstance(recognizer, PatternRecognizer)]


def _class_of(row: Any) -> type[PatternRecognizer] | None:
    name = row.get("class_name") or row["name"]
    found = getattr(predefined_recognizers, name, None)
    return found if inspect.isclass(found) and issubclass(found, PatternRecognizer) else None


def _in_one_language(row: dict[str, Any], language: str) -> dict[str, Any]:
    offered = row.get("supported_languages") or [language]
    plain = [{"language": entry} if isinstance(entry, str) else dict(entry) for entry in offered]
    chosen = next((entry for entry in plain if entry["language"] == language), plain[0])
    return {**row, "enabled": True, "supported_languages": [{"context": None, **chosen}]}


@cache
def classes() -> tuple[type[PatternRecognizer], ...]:
    """All pattern recognizers that the package exports, by name."""
    found = (getattr(predefined_recognizers, name) for name in sorted(dir(predefined_recognizers)))
    return tuple(cls for cls in found if inspect.isclass(cls) and issubclass(cls, PatternRecognizer))


@cache
def public_suffixes() -> tldextract.TLDExtract:
    """The public-suffix list that tldextract brings along: nothing is downloaded and nothing cached on disk."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def is_mail(text: str) -> bool:
    """Presidio's validation of a mail address, without its download."""
    return bool(public_suffixes()(text).fqdn)


def is_predefined(recognizer: EntityRecognizer) -> bool:
    """Whether *recognizer* is one of Presidio's own pattern recognizers, as it stands."""
    return type(recognizer) in classes()


def has_own(recognizer: PatternRecognizer, method: str) -> bool:
    """Whether the class has a *method* of its own in place of ``PatternRecognizer``'s."""
    return getattr(type(recognizer), method) is not getattr(PatternRecognizer, method)
