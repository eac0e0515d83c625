"""Presidio as the reference: all recognizers, a blank spaCy pipeline (no model), no network."""

from __future__ import annotations

from functools import cache
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, predefined_recognizers
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from spacy.language import Language
from spacy.tokens import Doc


@Language.component("lemma_is_text")
def lemma_is_text(doc: Doc) -> Doc:
    """A blank pipeline leaves lemmas empty, and Presidio then finds no context word: the text stands in for the lemma."""
    for token in doc:
        token.lemma_ = token.text
    return doc


class Blank(SpacyNlpEngine):
    """Tokens only; with *lemmas* a token's text is its lemma, so that context words count."""

    def __init__(self, language: str = "en", *, lemmas: bool = True) -> None:
        super().__init__(
            models=[{"lang_code": language, "model_name": f"blank:{language}"}],
            ner_model_configuration=NerModelConfiguration(model_to_presidio_entity_mapping={"PERSON": "PERSON"}),
        )
        try:
            pipeline = spacy.blank(language)
        except ImportError:  # Korean and Thai need further packages to cut words
            pipeline = spacy.blank("xx")
        if lemmas:
            pipeline.add_pipe("lemma_is_text")
        self.nlp = {language: pipeline}


_OFFLINE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class OfflineEmail(predefined_recognizers.EmailRecognizer):
    """Presidio's own, with the public-suffix list that tldextract brings along instead of a download."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(_OFFLINE(pattern_text).fqdn)


@cache
def presidio(recognizers: tuple[EntityRecognizer, ...], language: str = "en", *, lemmas: bool = True) -> AnalyzerEngine:
    """An analyzer of just these recognizers."""
    registry = RecognizerRegistry(recognizers=list(recognizers), supported_languages=[language])
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(language, lemmas=lemmas), supported_languages=[language])


def spans(analyzer: AnalyzerEngine, text: str, language: str = "en", **options: Any) -> set[tuple[str, int, int, float]]:
    """Entity, start, end and score (nine decimals) of everything that Presidio finds."""
    found = analyzer.analyze(text, language, **options)
    return {(result.entity_type, result.start, result.end, round(result.score, 9)) for result in found}
