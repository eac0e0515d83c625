"""Texts taken apart into bytes and put together again."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.buffers import bytes_of, texts_of

texts = st.lists(st.text(max_size=5), max_size=8)


@given(texts, texts, st.integers(0, 3))
def test_texts_taken_apart_are_put_together_again(first: list[str], second: list[str], begin: int) -> None:
    column = pl.concat([pl.Series(first, dtype=pl.String), pl.Series(second, dtype=pl.String)])[begin:]
    assert texts_of(*bytes_of(column)).to_list() == (first + second)[begin:]
