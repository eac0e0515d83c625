"""The engine against Presidio's analyzer with a blank pipeline: the same spans, entities and scores on whatever is drawn."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pattern_texts import Texts
from presidio_reference import OfflineEmail, presidio, spans

from airflow_privacy.core.detect.recognize.catalog import pattern_recognizers
from airflow_privacy.core.detect.recognize.engine import Engine, build_engine

# Published example numbers: valid as they stand.
KNOWN = (
    "DE89370400440532013000", "gb82 west 1234 5698 7654 32", "FR14 2004 1010 0505 0001 3M02 606",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "ann.bee+x@mail.example.com", "http://example.org/a?b=c",
    "fe80::1%eth0/64",
    "::ffff:10.0.0.1", "2001:db8::8:800:200c:417a", "4111 1111 1111 1111", "1234567890123", "078-05-1121", "9434765919",
    "user@münchen.de", "x@localhost", "'https://a.co.uk/x'",
)  # fmt: skip

LANGUAGES = ("en", "de", "es", "it", "fi", "ko", "pl", "sv", "th", "tr")


@cache
def recognizers(language: str) -> tuple[Any, ...]:
    """All pattern recognizers of one language, the mail recognizer without its download."""
    every = pattern_recognizers(language, "all", None, None)
    mine = [recognizer for recognizer in every if recognizer.supported_language == language]
    return tuple(_offline(recognizer) for recognizer in mine)


def _offline(recognizer: Any) -> Any:
    if type(recognizer).__name__ != "EmailRecognizer":
        return recognizer
    made = OfflineEmail(context=recognizer.context, supported_language=recognizer.supported_language)
    made.global_regex_flags = recognizer.global_regex_flags
    return made


@cache
def engine(language: str, lemmas: bool) -> Engine:
    names = [type(recognizer).__name__.replace("OfflineEmail", "EmailRecognizer") for recognizer in recognizers(language)]
    return build_engine(language=language, recognizers=names, lemmas=lemmas)


@cache
def texts(language: str) -> Texts:
    return Texts(recognizers(language), KNOWN)


def expected(language: str, values: list[str | None], *, lemmas: bool, **options: Any) -> list[set[tuple[str, int, int, float]]]:
    analyzer = presidio(recognizers(language), language, lemmas=lemmas)
    return [set() if value is None else spans(analyzer, value, language, **options) for value in values]


def got(found: pl.DataFrame, count: int) -> list[set[tuple[str, int, int, float]]]:
    result: list[set[tuple[str, int, int, float]]] = [set() for _ in range(count)]
    for at, entity, start, end, score, _ in found.iter_rows():
        result[at].add((entity, start, end, round(score, 9)))
    return result


def assert_same(language: str, values: list[str | None], *, lemmas: bool = True) -> None:
    ours = got(engine(language, lemmas).find(pl.Series(values, dtype=pl.String)), len(values))
    for value, mine, theirs in zip(values, ours, expected(language, values, lemmas=lemmas), strict=True):
        assert mine == theirs, (value, "only here", mine - theirs, "only Presidio", theirs - mine)


@pytest.mark.parametrize("lemmas", [True, False])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
def test_english_texts_give_what_presidio_gives(lemmas: bool, seed: int) -> None:
    rng = random.Random(seed)
    assert_same("en", [texts("en").text(rng) for _ in range(25)], lemmas=lemmas)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
def test_texts_in_other_languages_give_what_presidio_gives(language: str, seed: int) -> None:
    rng = random.Random(seed)
    assert_same(language, [texts(language).text(rng) for _ in range(25)])


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
def test_many_texts_give_what_presidio_gives(language: str, seed: int) -> None:
    rng = random.Random(seed)
    assert_same(language, [texts(language).text(rng) for _ in range(25)])


def test_a_very_long_cell_gives_what_presidio_gives() -> None:
    rng = random.Random(7)
    parts = [texts("en").text(rng) for _ in range(60)]
    longest = " ".join(["a" * 300 + ".com", "x.y" * 100 + ".org", "ann@" + "b" * 260 + ".example.com", *parts])
    assert_same("en", [longest, longest.encode("ascii", "ignore").decode(), "1" * 5000, "a." * 2000])


def test_nulls_empty_texts_and_repetitions_give_what_presidio_gives() -> None:
    assert_same("en", [None, "", "10.0.0.1", "10.0.0.1", " ", None, "ssn 219-09-9998", "\x00 10.0.0.1 \x00"])
