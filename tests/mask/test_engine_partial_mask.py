"""Partial masking against the same rule written out character by character."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from masking_builders import TOOLS, decision

from airflow_privacy.core.mask.expressions import expression
from airflow_privacy.core.model.techniques import PartialMask

TEXTS = st.text(st.sampled_from("aZ09 -+()$.*#\x00\x1f\x7f\tß\u00e9\u0301ü日🙂«\u00a0\u2028"), max_size=12) | st.text(
    st.characters(max_codepoint=0x2FFF), max_size=8
)


def stays(character: str) -> bool:
    """White space, punctuation, and ASCII's symbols."""
    kind = unicodedata.category(character)
    return kind[0] in "PZ" or character in "\t\n\v\f\r\x85" or (character.isascii() and kind[0] == "S")


def by_hand(text: str | None, first: int, last: int, char: str) -> str | None:
    if text is None or not text.strip(" \t\n\v\f\r\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + SPACES):
        return None
    letters = [place for place, character in enumerate(text) if not stays(character)]
    keep = set(letters[:first] + letters[len(letters) - last :]) if len(letters) > first + last else set()
    return "".join(c if stays(c) or place in keep else char for place, c in enumerate(text))


SPACES = "".join(chr(code) for code in range(0x2000, 0x200B))


@given(
    texts=st.lists(st.none() | TEXTS, min_size=1, max_size=20),
    first=st.integers(0, 4),
    last=st.integers(0, 4),
    char=st.sampled_from(["*", "x", "$", "•", "0", " "]),
)
def test_every_character_is_as_the_rule_says(texts: list[str | None], first: int, last: int, char: str) -> None:
    technique = PartialMask(keep_first=first, keep_last=last, char=char)
    masked = expression(decision("c", technique), TOOLS, pl.String())
    assert masked is not None
    frame = pl.DataFrame({"c": texts}, schema={"c": pl.String})
    expected = [by_hand(text, first, last, char) for text in texts]
    assert frame.select(masked)["c"].to_list() == expected
    assert frame.lazy().select(masked).collect(engine="streaming")["c"].to_list() == expected


@pytest.mark.parametrize("number", [0, -12345, 9_007_199_254_740_993])
def test_integers_are_masked_in_their_digits(number: int) -> None:
    masked = expression(decision("c", PartialMask(keep_last=1)), TOOLS, pl.Int64())
    assert masked is not None
    assert pl.DataFrame({"c": [number]}).select(masked)["c"].to_list() == [by_hand(str(number), 0, 1, "*")]
