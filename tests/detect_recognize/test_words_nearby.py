"""The words around a match: the same from the neighbourhood alone as from the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_privacy.core.detect.recognize import context
from airflow_privacy.core.detect.recognize.context import Words

_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pl", "sv", "fi", "tr", "xx")
_ODD = """the a be Be BE is Card card: ssn: (card) card's don't o:the the:o 10:30 https://shop.example/a?b=c :) :D (o: 8-) a.m.
    U.S. e.g. z.B. l'IBAN d'une IBAN, bank; 4111-1111 2001:db8::1 me@example.org -PRON- 'tis % ... … « » ¿qué? I'm can't"""
_PARTS = st.one_of(
    st.sampled_from(_ODD.split()),
    st.text(alphabet="abIB:.,-'()1 \t\n", min_size=1, max_size=6),
    st.text(min_size=1, max_size=4),
)
_TEXTS = st.lists(_PARTS, min_size=1, max_size=70).map(" ".join)


@pytest.mark.parametrize("language", _LANGUAGES)
@settings(max_examples=120)
@given(text=_TEXTS, share=st.floats(0, 1))
def test_the_neighbourhood_gives_the_words_that_the_whole_text_gives(language: str, text: str, share: float) -> None:
    start = min(int(share * len(text)), len(text.rstrip()) - 1)
    if start < 0 or text[start].isspace():
        return
    words = Words(language)
    assert words.around(text, start) == context._chosen(*words._cut(text), start)[0]


_PLAIN = st.sampled_from(["number", "customer", "shop", "the", "of", "is", "to", "be", "cannot", "gonna", "ok"])


@pytest.mark.parametrize("language", _LANGUAGES)
@settings(max_examples=200)
@given(before=st.lists(_PLAIN, max_size=12), after=st.lists(st.sampled_from(["the:o", "o:of", ":is", "x"]), max_size=3))
def test_what_is_near_without_cutting_is_near(language: str, before: list[str], after: list[str]) -> None:
    text = " ".join(["Card", *before, "4111-1111", *after])
    start = text.index("4111")
    words = Words(language)
    if words.surely_near(text, start, ["card"]):
        assert "card" in context._chosen(*words._cut(text), start)[0]


def test_a_word_some_plain_words_before_is_near_without_cutting(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words("en")
    monkeypatch.setattr(Words, "_cut", None)
    assert words.surely_near("At 10:30 the card of the customer is 4111", 37, ["card"])
    assert not words.surely_near("The card, of the customer, is 4111", 30, ["card"])


def test_words_that_a_colon_elsewhere_gives_weight_stand_between() -> None:
    text = "Card the the the the the the 4111-1111 the:9"
    assert not Words("en").surely_near(text, text.index("4111"), ["card"])
    assert Words("en").surely_near(text.removesuffix(" the:9"), text.index("4111"), ["card"])


def test_a_long_text_is_not_cut_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    words, cut = Words("en"), []
    monkeypatch.setattr(Words, "_cut", lambda self, text, whole=Words._cut: (cut.append(len(text)), whole(self, text))[1])
    text = "We write about many things. " * 200 + "The card number 4111111111111111 is old. " + "And so on and on. " * 200
    assert "card" in words.around(text, text.index("4111"))
    assert max(cut) < 400


def test_a_word_that_only_a_far_colon_gives_weight_is_seen() -> None:
    far = "Smith:the " + "many words stand here and there today " * 4
    text = far + "the 123-45-6789 " + "and further words " * 5
    words = Words("xx")
    assert words.around(text, text.index("123")) == context._chosen(*words._cut(text), text.index("123"))[0]
