"""The linear-time form of a pattern against the ``regex`` module: for Presidio's patterns, and for patterns made up at random."""

from __future__ import annotations

import random
import string

import numpy as np
import polars as pl
import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pattern_texts import Texts

from airflow_privacy.core.detect.recognize.catalog import pattern_recognizers
from airflow_privacy.core.detect.recognize.letters import BLANK, CASED, DIGIT, OTHER, WORD, category, fold
from airflow_privacy.core.detect.recognize.matching import CompiledPattern, prepared, searched
from airflow_privacy.core.detect.recognize.syntax import read, translate

ALPHABET = "aAbBsSkK10 -.\n\t_éÉ\u0663\u017f\u212a\u0130\x1c\x1f"


def spans(pattern: CompiledPattern, values: list[str]) -> list[set[tuple[int, int]]]:
    texts = prepared(pl.Series(values))
    found = pattern.find(texts, searched([pattern], texts)[pattern])
    result: list[set[tuple[int, int]]] = [set() for _ in values]
    for row, start, end in zip(found.row, found.start, found.end, strict=True):
        result[row].add((int(start), int(end)))
    return result


def expected(pattern: CompiledPattern, text: str) -> set[tuple[int, int]]:
    return {match.span() for match in regex.finditer(pattern.source, text, pattern.flags) if match.group()}


def test_every_predefined_pattern_can_be_read() -> None:
    for recognizer in pattern_recognizers("en", "all", None, None):
        for pattern in recognizer.patterns:
            assert translate(pattern.regex, int(recognizer.global_regex_flags)) is not None, (recognizer.name, pattern.name)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_no_text_that_a_predefined_pattern_matches_is_ruled_out(seed: int) -> None:
    rng = random.Random(seed)
    recognizer = rng.choice(pattern_recognizers_of_all())
    pattern = rng.choice(recognizer.patterns)
    known = CompiledPattern(pattern.regex, pattern.score, int(recognizer.global_regex_flags), 60.0, recognizer.name)
    drawing = Texts([recognizer])
    values = sorted({drawing.text(rng) for _ in range(60)} - {""})
    texts = prepared(pl.Series(values))
    passing = searched([known], texts)[known]
    kept = set(np.concatenate([texts.plain_rows[passing.plain], texts.other_rows[passing.other]]).tolist())
    matched = {row for row, value in enumerate(values) if expected(known, value)}
    assert matched <= kept


def pattern_recognizers_of_all() -> tuple[object, ...]:
    return pattern_recognizers("en", "all", None, None)


atoms = st.sampled_from(
    [
        "a",
        "B",
        "k",
        "s",
        "1",
        "-",
        r"\.",
        "é",
        "[ab1]",
        "[^a]",
        "[a-k]",
        "[^\\d-]",
        r"\d",
        r"\w",
        r"\s",
        r"\W",
        r"\D",
        r"\S",
        ".",
        "\u212a",
    ]
)
borders = st.sampled_from(
    [r"\b", r"\B", "^", "$", r"\A", r"\Z", r"(?<!\w)", r"(?!\d)", "(?<![a1])", "(?!ab)", "(?=a|1)", "(?<=b)", ""]
)
counts = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "??", "+?", "{1,2}?", "*+", "{0,150}"])


@st.composite
def pieces(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind <= 2:
        return draw(atoms) + draw(counts)
    inner = draw(pieces(depth - 1)) + draw(pieces(depth - 1))
    if kind == 3:
        return f"(?:{inner}|{draw(pieces(depth - 1))}){draw(counts)}"
    return f"({inner}){draw(st.sampled_from(['', '?', '{2}']))}" if kind == 4 else draw(borders) + inner


@st.composite
def sources(draw: st.DrawFn) -> str:
    body = "".join(draw(st.lists(pieces(), min_size=1, max_size=4)))
    back = r"\1" if "(" in body.replace("(?", "") and draw(st.booleans()) else ""
    return draw(borders) + body + back + draw(borders)


texts = st.lists(st.text(alphabet=ALPHABET, min_size=1, max_size=14), min_size=1, max_size=8, unique=True)


@given(source=sources(), values=texts, flags=st.sampled_from([0, regex.I, regex.I | regex.M | regex.S, regex.M | regex.S]))
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
def test_any_pattern_matches_what_the_regex_module_matches(source: str, values: list[str], flags: int) -> None:
    pattern = CompiledPattern(source, 0.5, int(flags), 60.0, "made up")
    assert spans(pattern, values) == [expected(pattern, value) for value in values]


@pytest.mark.parametrize(
    "source",
    [r"(?:abc){e<=1}", r"\p{Lu}+", r"[[a-z]--[b]]", r"(?i:abc)", r"(?P<x>a)(?P=x)", r"a\Kb", r"(?>a+)b(?R)?", r"[[:alpha:]]"],
)
def test_what_the_two_parsers_may_read_differently_gets_no_gate(source: str) -> None:
    assert read(source, int(regex.I)) is None


@pytest.mark.parametrize(
    ("source", "values"),
    [
        (r"(?<![a1])b\d(?!\d)", ["b1", "ab1", "b12", "-b1 ab2 b34 b5"]),  # at the edges
        (r"(?<![a1])b\d(?!\.\d)", ["a b1", "ab1 b2", "b1.5 b2", "b1. b2", "1b1 b2.x"]),  # beside matches inside a text
        (r"(?<!\bno )b\d", ["no b1", "also no b1", "piano b1 b2", "xno b1"]),  # with a border of its own
        (r"(?!11)\d{2,3}", ["110", "211", "11", "x110 211"]),  # ahead of everything
        (r"a(?!00)\d\d", ["a00", "a01", "a000 a10"]),  # inside
        (r"([-.])\d\1a", ["-1-a", ".1-a", ".1.a -2-a"]),  # a reference
        (r"(?<=x)a+(?=y)", ["xaay", "aay", "xaa xay"]),  # that something stands there
        (r"a(?:b|bc)(?!d)", ["abcd", "abc", "abd", "abcabcd"]),  # which decides between alternatives
    ],
)
def test_look_around_decides_as_in_the_regex_module(source: str, values: list[str]) -> None:
    pattern = CompiledPattern(source, 0.5, 0, 60.0, "made up")
    assert spans(pattern, values) == [expected(pattern, value) for value in values]


def test_a_run_longer_than_a_count_allows_is_not_taken_for_one_match() -> None:
    pattern = CompiledPattern(r"x[a-c]{1,120}", 0.5, 0, 60.0, "made up")
    assert spans(pattern, ["x" + "a" * 300, "x" + "a" * 119]) == [{(0, 121)}, {(0, 120)}]


def test_folding_keeps_every_place() -> None:
    values = ["é\u0663 \u3000😀\u212ax", "plain"]
    assert fold(pl.Series(values)).str.len_chars().to_list() == [len(value) for value in values]


def test_every_character_is_folded_to_the_mark_of_its_class() -> None:
    beyond = "".join(chr(code) for code in range(128, 0x110000) if not 0xD800 <= code <= 0xDFFF)
    marks = (("(?i)" + "|".join(string.ascii_letters), CASED), (r"\d", DIGIT), (r"\s", BLANK), (r"\w", WORD), ("(?s).", OTHER))
    expected = np.full(len(beyond), "")
    for pattern, mark in reversed(marks):
        expected[[match.start() for match in regex.finditer(pattern, beyond)]] = mark
    assert fold(pl.Series([beyond[:70_000], "", beyond[70_000:]])).to_list() == [
        "".join(expected[:70_000]),
        "",
        "".join(expected[70_000:]),
    ]


def test_what_several_patterns_match_is_what_each_alone_matches() -> None:
    sources = (r"\b\d{3}\b", r"a+", r"(?<!x)b1", r"é|\d", r"\d+-\d+")
    several = [CompiledPattern(source, 0.5, 0, 60.0, "made up") for source in sources]
    values = ["123 aa 456", "xb1 b1", "aé1", "1-2 33-4 aaa", "nothing"]
    texts = prepared(pl.Series(values))
    passing = searched(several, texts)
    for pattern in several:
        found = pattern.find(texts, passing[pattern])
        said = {(int(row), int(start), int(end)) for row, start, end in zip(found.row, found.start, found.end, strict=True)}
        assert said == {(row, *span) for row, value in enumerate(values) for span in expected(pattern, value)}


def test_classes_of_ascii_characters_are_the_regex_modules() -> None:
    for letter in "dws":
        assert [bool(category(letter).ascii >> code & 1) for code in range(128)] == [
            bool(regex.match(f"\\{letter}", chr(code))) for code in range(128)
        ]
