"""Rules that search texts: a gate over the whole column, then a pattern over the few texts that pass it.

A gate is a regular expression of Polars' linear-time engine and must match every text that the pattern can match in; it makes
nothing but speed. A pattern is our own, without nested repetitions: no text takes it long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import regex

from airflow_privacy.core.detect.found import FOUND
from airflow_privacy.core.detect.text.overlaps import settle


class Rule(NamedTuple):
    """What to look for. The entity stands where the pattern's group ``it`` does, or its whole match if it has none."""

    entity: str
    by: str
    score: float
    gate: str
    pattern: regex.Pattern[str]


def rule(entity: str, by: str, score: float, *, gate: str, pattern: str) -> Rule:
    """A rule of uncompiled expressions; *pattern* in regex's verbose form."""
    return Rule(entity, by, score, gate, regex.compile(pattern, regex.VERBOSE | regex.VERSION1))


def search(texts: pl.Series, rules: Sequence[Rule]) -> pl.DataFrame:
    """The matches of all *rules*, the longer of two that overlap; schema FOUND."""
    frame = pl.DataFrame({"text": texts}).with_row_index("at").filter(pl.col("text").is_not_null())
    rows: list[tuple[int, str, int, int, float, str]] = []
    passed: dict[str, pl.DataFrame] = {}
    for one in rules:
        if one.gate not in passed:
            passed[one.gate] = frame.filter(pl.col("text").str.contains(one.gate))
        group = "it" if "it" in one.pattern.groupindex else 0
        for at, text in passed[one.gate].iter_rows():
            for match in one.pattern.finditer(text):
                start, end = match.span(group)
                if start < end:
                    rows.append((at, one.entity, start, end, one.score, one.by))
    return settle(texts, pl.DataFrame(rows, schema=FOUND, orient="row").unique())
