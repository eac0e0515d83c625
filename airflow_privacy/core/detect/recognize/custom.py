"""Recognizers that a user brings along and that are more than patterns: Presidio's analyzer asks them, text by text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine

from airflow_privacy.core.detect.recognize.context import tokenizer
from airflow_privacy.core.errors import BadInput, CheckFailed

T = TypeVar("T")

Span = tuple[str, int, int, float]


def is_plain(recognizer: EntityRecognizer) -> bool:
    """Whether patterns, validation and context words are all there is to *recognizer*."""
    cls = type(recognizer)
    return (
        isinstance(recognizer, PatternRecognizer)
        and cls.analyze is PatternRecognizer.analyze
        and cls.enhance_using_context is EntityRecognizer.enhance_using_context
    )


def analyzed_by_presidio(
    recognizers: Sequence[Any], language: str, *, context: Sequence[str], threshold: float, lemmas: bool
) -> Callable[[str], list[Span]]:
    """Presidio's analyzer with just *recognizers* and a blank pipeline: a text's entities.

    :raises CheckFailed: ``pattern-timeout`` where Presidio skips a pattern that takes too long.
    :raises BadInput: ``recognizer-failed`` where a recognizer raises.
    """
    registry = RecognizerRegistry(recognizers=list(recognizers), supported_languages=[language])
    names = ", ".join(sorted(recognizer.name for recognizer in recognizers))
    with _nothing_logged():
        engine = AnalyzerEngine(registry=registry, nlp_engine=_Blank(language, lemmas=lemmas), supported_languages=[language])

    def analyze(text: str) -> list[Span]:
        found = asked(
            names, lambda: engine.analyze(text, language, context=list(context) or None, score_threshold=threshold or None)
        )
        return [(result.entity_type, result.start, result.end, float(result.score)) for result in found]

    return analyze


def asked(name: str, ask: Callable[[], T]) -> T:
    """What *ask*, code of a recognizer, returns. Presidio logs values when something is odd, and exceptions may hold them."""
    failed = ""
    try:
        with _nothing_logged() as late:
            answer = ask()
        if not late:
            return answer
    except Exception as error:  # noqa: BLE001  a user's code raises what it likes
        failed = type(error).__name__
    if failed:
        raise BadInput("recognizer-failed", f"A recognizer raised {failed} for a value", where=name)
    raise CheckFailed(
        "pattern-timeout",
        "A pattern took longer than Presidio allows for one value, so the scan is not complete",
        where=name,
        do="Rewrite the pattern without nested repetition.",
    )


@contextmanager
def _nothing_logged() -> Iterator[list[str]]:
    """Keep Presidio's log to ourselves: it holds values. What is given fills when Presidio gives a pattern up."""
    late: list[str] = []
    logger = logging.getLogger("presidio-analyzer")

    def unheard(record: logging.LogRecord) -> bool:
        if "timed out" in str(record.msg):
            late.append(record.name)
        return False

    logger.addFilter(unheard)
    try:
        yield late
    finally:
        logger.removeFilter(unheard)


class _Blank(SpacyNlpEngine):
    """Tokens only; with *lemmas* a token's text stands in for its lemma."""

    def __init__(self, language: str, *, lemmas: bool) -> None:
        super().__init__(
            models=[{"lang_code": language, "model_name": f"blank:{language}"}],
            ner_model_configuration=NerModelConfiguration(model_to_presidio_entity_mapping={"PERSON": "PERSON"}),
        )
        self.nlp: Any = {language: tokenizer(language)}
        self._lemmas = lemmas

    def process_text(self, text: str, language: str) -> Any:
        tokens = self.nlp[language].make_doc(text)
        return NlpArtifacts(
            entities=[],
            tokens=tokens,
            tokens_indices=[token.idx for token in tokens],
            lemmas=[token.text if self._lemmas else "" for token in tokens],
            nlp_engine=self,
            language=language,
        )
