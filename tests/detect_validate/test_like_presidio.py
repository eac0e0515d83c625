"""Each validation against the method of Presidio's recognizer that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matched_texts import families, recognizer
from presidio_analyzer import PatternRecognizer, predefined_recognizers

from airflow_privacy.core.detect.validate.registry import INVALIDATORS, LEFT_TO_PRESIDIO, VALIDATORS

# A family is a few hundred texts: to make a failing one smaller takes minutes and says nothing more.
_EXAMPLES = settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def said(method: Callable[[str], Any], texts: list[str]) -> list[bool | None]:
    return [None if (answer := method(text)) is None else bool(answer) for text in texts]


def own_methods(method: str) -> set[str]:
    return {
        name
        for name in dir(predefined_recognizers)
        if isinstance(kind := getattr(predefined_recognizers, name), type)
        and issubclass(kind, PatternRecognizer)
        and getattr(kind, method) is not getattr(PatternRecognizer, method)
    }


def test_every_recognizer_that_validates_has_a_validation_or_a_reason() -> None:
    assert own_methods("validate_result") - set(LEFT_TO_PRESIDIO) == set(VALIDATORS)


def test_every_recognizer_that_invalidates_has_a_validation_or_a_reason() -> None:
    assert own_methods("invalidate_result") - set(LEFT_TO_PRESIDIO) == set(INVALIDATORS)


@pytest.mark.parametrize("name", sorted(VALIDATORS))
@_EXAMPLES
@given(data=st.data())
def test_validates_what_presidio_validates(name: str, data: st.DataObject) -> None:
    texts = data.draw(families(name))
    assert VALIDATORS[name](pl.Series(texts, dtype=pl.String)).to_list() == said(recognizer(name).validate_result, texts)


@pytest.mark.parametrize("name", sorted(INVALIDATORS))
@_EXAMPLES
@given(data=st.data())
def test_invalidates_what_presidio_invalidates(name: str, data: st.DataObject) -> None:
    texts = data.draw(families(name))
    assert INVALIDATORS[name](pl.Series(texts, dtype=pl.String)).to_list() == said(recognizer(name).invalidate_result, texts)
