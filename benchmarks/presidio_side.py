"""Presidio's analyzer over every cell, without a model and without the network; and its answer as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import spacy
import tldextract
from detection_data import FIVE
from fresh import Clock
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, predefined_recognizers
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from spacy.language import Language
from spacy.tokens import Doc

SPANS = {"column": pl.String, "at": pl.UInt32, "entity": pl.String, "start": pl.UInt32, "end": pl.UInt32, "score": pl.Float64}
_OFFLINE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@Language.component("lemma_is_text")
def _lemma_is_text(doc: Doc) -> Doc:
    for token in doc:
        token.lemma_ = token.text  # a blank pipeline has no lemmas, and Presidio would find no context word
    return doc


class _Blank(SpacyNlpEngine):
    def __init__(self) -> None:
        super().__init__(
            models=[{"lang_code": "en", "model_name": "blank:en"}],
            ner_model_configuration=NerModelConfiguration(model_to_presidio_entity_mapping={"PERSON": "PERSON"}),
        )
        pipeline = spacy.blank("en")
        pipeline.add_pipe("lemma_is_text")
        self.nlp = {"en": pipeline}


class _OfflineEmail(predefined_recognizers.EmailRecognizer):
    def validate_result(self, pattern_text: str) -> bool:
        return bool(_OFFLINE(pattern_text).fqdn)


def five() -> list[EntityRecognizer]:
    """The recognizers of :data:`FIVE`."""
    return [_OfflineEmail() if name == "EmailRecognizer" else getattr(predefined_recognizers, name)() for name in FIVE]


def defaults(*, phones: bool = True) -> list[EntityRecognizer]:
    """What a new analyzer for English has, but for names and places, which need a model."""
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    unwanted = {"EmailRecognizer", "SpacyRecognizer"} | (set() if phones else {"PhoneRecognizer"})
    kept = [recognizer for recognizer in registry.recognizers if type(recognizer).__name__ not in unwanted]
    return [_OfflineEmail(), *kept]


def read_all(table: Path, out: Path, recognizers: list[EntityRecognizer]) -> tuple[float, float]:
    """Every cell of every column; the spans go to *out*. Seconds and processor seconds, without starting up."""
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=_Blank(), supported_languages=["en"])
    analyzer.analyze("nothing", "en")
    cells = pl.read_parquet(table).to_dict(as_series=False)
    rows: list[tuple[Any, ...]] = []
    clock = Clock()
    for column, texts in cells.items():
        for at, text in enumerate(texts):
            if text:
                found = analyzer.analyze(text, "en")
                rows.extend((column, at, one.entity_type, one.start, one.end, one.score) for one in found)
    spent = clock.read()
    pl.DataFrame(rows, schema=SPANS, orient="row").write_parquet(out)
    return spent
