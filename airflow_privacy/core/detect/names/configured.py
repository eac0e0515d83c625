"""Names by a language model that the user has installed and names: spaCy's, or a token classifier of transformers.

Nothing is downloaded: a model that is not on this machine is an error. The libraries are imported when a finder is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from airflow_privacy.core.detect.found import FOUND, Finder, in_order
from airflow_privacy.core.errors import BadInput, MissingExtra, PrivacyError

#: What the labels of usual models (OntoNotes, CoNLL, WikiNER, and their short forms) are in Presidio's names.
LABELS = {
    "PERSON": "PERSON", "PER": "PERSON", "PERS": "PERSON",
    "GPE": "LOCATION", "LOC": "LOCATION", "LOCATION": "LOCATION", "FAC": "LOCATION",
    "ORG": "ORGANIZATION", "ORGANIZATION": "ORGANIZATION", "ORGANISATION": "ORGANIZATION",
    "NORP": "NRP", "NRP": "NRP",
    "DATE": "DATE_TIME", "TIME": "DATE_TIME", "DATE_TIME": "DATE_TIME",
}  # fmt: skip

_SCORE = 0.85  # spaCy gives none; Presidio's own default for it


def spacy_names(model: str, *, language: str = "en") -> Finder:
    """A finder that asks an installed spaCy model (name or folder). Scores are 0.85: spaCy gives none.

    :raises BadInput: no such model is installed, it is of another language, or it names no entities.
    :raises MissingExtra: spaCy is not installed.
    """
    spacy = _library("spacy", "a spaCy model", "Install spacy and the model's package.")
    pipeline = None
    if Path(model).is_dir() or spacy.util.is_package(model):
        try:
            pipeline = spacy.load(model)
        except (OSError, ValueError, ImportError):
            pipeline = None
    if pipeline is None:
        raise BadInput(
            "model-not-installed", f"The spaCy model {model!r} cannot be loaded", do="Install its package or give its folder."
        )
    if pipeline.lang not in (language, "xx"):
        raise BadInput("model-of-another-language", f"The spaCy model {model!r} is for {pipeline.lang!r}, not {language!r}")
    if not {"ner", "entity_ruler", "span_ruler"} & set(pipeline.pipe_names):
        raise BadInput("model-names-nothing", f"The spaCy model {model!r} finds no entities", do="Give a model with NER.")
    by = f"spacy:{Path(model).name}"

    def find(texts: pl.Series) -> pl.DataFrame:
        kept = [(at, text) for at, text in enumerate(texts) if text]
        documents = pipeline.pipe((text for _, text in kept), batch_size=256)
        rows = (
            (at, LABELS[entity.label_], entity.start_char, entity.end_char, _SCORE, by)
            for (at, _), document in zip(kept, documents, strict=True)
            for entity in document.ents
            if entity.label_ in LABELS
        )
        return _table(rows)

    return find


def transformers_names(model_path: str | os.PathLike[str]) -> Finder:
    """A finder that asks a token classifier of Hugging Face transformers in a local folder; scores are the model's.

    Texts longer than the model reads are cut by its tokenizer: what stands behind is not seen.

    :raises BadInput: no such folder, or it holds no token classifier.
    :raises MissingExtra: transformers (with torch) is not installed.
    """
    folder = Path(model_path)
    if not folder.is_dir():
        raise BadInput("model-not-installed", f"There is no model folder {folder.name!r}", do="Give the folder of a saved model.")
    transformers = _library("transformers", "a transformers model", "Install transformers and torch.")
    classify, refused = None, PrivacyError("", "")
    try:
        model = transformers.AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        classify = transformers.pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    except ImportError:
        refused = MissingExtra("missing-extra", "A transformers model needs torch, which is not installed", do="Install torch.")
    except (OSError, ValueError):
        refused = BadInput("model-not-installed", f"The folder {folder.name!r} holds no token classifier")
    if classify is None:
        raise refused
    return _transformers_finder(classify, f"transformers:{folder.name}")


def _transformers_finder(classify: Any, by: str) -> Finder:
    def find(texts: pl.Series) -> pl.DataFrame:
        kept = [(at, text) for at, text in enumerate(texts) if text]
        answers: Iterable[list[dict[str, Any]]] = classify([text for _, text in kept]) if kept else []

        def rows() -> Iterator[tuple[object, ...]]:
            for (at, text), entities in zip(kept, answers, strict=True):
                for entity in entities:
                    label = LABELS.get(str(entity["entity_group"]).upper())
                    start, end = int(entity["start"]), int(entity["end"])
                    while start < end and text[start].isspace():  # some tokenizers put the blank before a word into it
                        start += 1
                    if label and start < end:
                        yield at, label, start, end, float(entity["score"]), by

        return _table(rows())

    return find


def _table(rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    return in_order(pl.DataFrame(list(rows), schema=FOUND, orient="row"))


def _library(name: str, what: str, do: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        pass
    raise MissingExtra("missing-extra", f"Finding names with {what} needs {name}, which is not installed", do=do)
