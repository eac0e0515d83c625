"""Models that the user names: mapped to the common table, or refused in words."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import spacy

from airflow_privacy.core.detect.found import FOUND
from airflow_privacy.core.detect.names import configured
from airflow_privacy.core.detect.names.configured import spacy_names, transformers_names
from airflow_privacy.core.errors import BadInput, MissingExtra


@pytest.fixture(scope="module")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pipeline with entities by rule, saved as a model is."""
    pipeline = spacy.blank("en")
    patterns = [
        {"label": "PERSON", "pattern": "Ann Lee"},
        {"label": "GPE", "pattern": "Rome"},
        {"label": "MONEY", "pattern": "ten"},
    ]
    pipeline.add_pipe("entity_ruler").add_patterns(patterns)
    folder = tmp_path_factory.mktemp("model") / "rules"
    pipeline.to_disk(folder)
    return str(folder)


def test_labels_of_spacy_become_presidios_and_others_are_left_out(ruler: str) -> None:
    found = spacy_names(ruler)(pl.Series([None, "😀 Ann Lee paid ten in Rome", ""]))
    assert found.schema == FOUND
    assert found.select("at", "entity", "start", "end", "by").rows() == [
        (1, "PERSON", 2, 9, "spacy:rules"),
        (1, "LOCATION", 22, 26, "spacy:rules"),
    ]


def test_a_spacy_model_that_is_not_installed_is_refused() -> None:
    with pytest.raises(BadInput, match="model-not-installed"):
        spacy_names("en_core_web_nothing")


def test_a_spacy_model_of_another_language_is_refused(ruler: str) -> None:
    with pytest.raises(BadInput, match="model-of-another-language"):
        spacy_names(ruler, language="de")


def test_a_spacy_model_without_entities_is_refused(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(BadInput, match="model-names-nothing"):
        spacy_names(str(tmp_path / "blank"))


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="model-not-installed") as caught:
        spacy_names(str(tmp_path))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_missing_folder_of_transformers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="model-not-installed"):
        transformers_names(tmp_path / "nothing")


def test_missing_transformers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match="transformers"):
        transformers_names(tmp_path)


class _Loads:
    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem

    def from_pretrained(self, folder: Path, *, local_files_only: bool) -> object:
        assert local_files_only
        if self.problem:
            raise self.problem
        return object()


def _transformers(answers: list[list[dict[str, Any]]], problem: Exception | None = None) -> types.ModuleType:
    module: Any = types.ModuleType("transformers")
    module.AutoModelForTokenClassification = _Loads(problem)
    module.AutoTokenizer = _Loads()
    module.pipeline = lambda *_, **__: lambda texts: answers[: len(texts)]
    made: types.ModuleType = module
    return made


def test_answers_of_transformers_become_the_common_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        [{"entity_group": "PER", "start": 2, "end": 6, "score": 0.9}, {"entity_group": "MISC", "start": 0, "end": 1, "score": 1}]
    ]
    monkeypatch.setitem(sys.modules, "transformers", _transformers(answers))
    found = transformers_names(tmp_path)(pl.Series([None, "I,  Ann"]))
    assert found.select("at", "entity", "start", "end", "score").rows() == [(1, "PERSON", 4, 6, 0.9)]


@pytest.mark.parametrize(("problem", "error"), [(OSError("secret"), BadInput), (ImportError("torch"), MissingExtra)])
def test_what_transformers_cannot_load_is_refused_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, error: type[Exception]
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", _transformers([], problem))
    with pytest.raises(error) as caught:
        transformers_names(tmp_path)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_module_imports_neither_library() -> None:
    assert not {"spacy", "transformers"} & set(vars(configured))
