"""Cutting texts: every character counts, addresses stay whole."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.detect.names.words import cut


@given(st.text(max_size=60))
def test_pieces_stand_where_they_say(text: str) -> None:
    for piece, start, end in cut(pl.Series([text])).select("piece", "start", "end").iter_rows():
        assert text[start:end] == piece or ("\n" in text[start:end] and piece == "\n")


@given(st.text(max_size=60))
def test_only_blanks_are_left_out(text: str) -> None:
    covered = [False] * len(text)
    for start, end in cut(pl.Series([text])).select("start", "end").iter_rows():
        covered[start:end] = [True] * (end - start)
    # Rust's white space and Python's differ in the separators U+001C to U+001F.
    assert all(seen or char.isspace() for seen, char in zip(covered, text, strict=True))


def test_addresses_handles_and_tags_stay_whole() -> None:
    pieces = cut(pl.Series(["see https://t.co/AbC, a.b@c.org @Anna_S #Paris2024 now"]))["piece"].to_list()
    assert pieces == ["see", "https://t.co/AbC,", "a.b@c.org", "@Anna_S", "#Paris2024", "now"]


def test_hyphens_and_apostrophes_part_words_without_a_gap() -> None:
    table = cut(pl.Series(["Anna-Lena O'Neil"]))
    assert table["piece"].to_list() == ["Anna", "-", "Lena", "O", "'", "Neil"]
    assert table["gap"].to_list() == [True, False, False, True, False, False]
