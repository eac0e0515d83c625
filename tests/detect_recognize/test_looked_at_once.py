"""Texts are looked at once where a column repeats itself, and what is found is at every place that has the text."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.recognize.once import Once, once

texts = st.lists(st.sampled_from(["a", "b", "c", "ä", "", None]) | st.text(max_size=3), max_size=12)


def columns_of(lists: list[list[str | None]]) -> list[pl.Series]:
    return [pl.Series("column", values, pl.String) for values in lists]


def meant(asked: Once) -> list[tuple[int, str]]:
    which, at = asked.placed(np.arange(len(asked.texts)))
    return sorted(zip(at.tolist(), asked.texts.gather(which).to_list(), strict=True))


@given(st.lists(texts, min_size=1, max_size=4))
def test_every_place_with_a_text_is_meant_once(lists: list[list[str | None]]) -> None:
    asked = once(columns_of(lists))
    everywhere = [text for values in lists for text in values]
    assert meant(asked) == [(at, text) for at, text in enumerate(everywhere) if text]


def test_a_text_of_columns_that_repeat_themselves_is_looked_at_once() -> None:
    asked = once(columns_of([["a", "b"] * 50, ["b", "c"] * 50]))
    assert sorted(asked.texts.to_list()) == ["a", "b", "c"]


def test_two_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = once(columns_of([["a", "b", "a", "b"]]))
    monkeypatch.setattr(pl.Series, "hash", lambda self: pl.Series([7] * len(self), dtype=pl.UInt64))
    assert meant(asked) == [(0, "a"), (1, "b"), (2, "a"), (3, "b")]
