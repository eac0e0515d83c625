"""What masked free text must look like: its source with some parts replaced, and nothing of those parts left."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import FindSpans, Span, Tools
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule, other
from airflow_privacy.core.mask.within.free_text import entity_spans
from airflow_privacy.core.mask.within.text_entities import folded_word
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import FreeText, IpPrefix

_SHORTEST = 3  # characters of an entity that are looked for in the masked text


def _free_text(technique: FreeText, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    """Detection runs again, over source and masked text; how overlaps were settled and what was put in is not asked.

    What is not seen: an entity that detection does not find, and one of fewer than three characters that stands elsewhere too.
    """
    del dtype
    find = tools.find_spans
    if find is None:
        raise CheckFailed("no-text-detection", "Masked free text can only be checked with a detection", where=decision.column)
    columns = (SOURCE, MASKED, *(other(one) for one in technique.known))

    def holds(rows: pl.Series) -> pl.Series:
        return _hold(rows.struct.unnest(), technique, find, decision.column)

    texts = pl.struct(pl.col(one).cast(pl.String) for one in columns)
    return ColumnRule(TRUE, by_batches(texts, holds, pl.Boolean(), decision.column), needs=technique.known)


def _hold(rows: pl.DataFrame, technique: FreeText, find: FindSpans, column: str) -> pl.Series:
    there = rows.filter(pl.col(SOURCE).str.strip_chars() != "")
    distinct = there.filter(pl.col(MASKED).is_not_null()).unique(maintain_order=True)
    texts, masked = distinct[SOURCE].to_list(), distinct[MASKED].to_list()
    known = distinct.drop(SOURCE, MASKED).rows() or [()] * distinct.height
    found = entity_spans(texts, known, technique, find, column)
    # Not by the known words: a surrogate may be called as somebody in the row by chance.
    left = entity_spans(masked, [()] * len(masked), technique, find, column)
    networks = {entity for entity, inner in technique.entities.items() if isinstance(inner, IpPrefix)}
    left = [[span for span in spans if span.entity not in networks] for spans in left]
    good = [_is_masked(*row) for row in zip(texts, masked, found, left, strict=True)]
    verdicts = distinct.with_columns(pl.Series("good", good, dtype=pl.Boolean))
    return rows.join(verdicts, on=rows.columns, how="left", nulls_equal=True, maintain_order="left")["good"]


def _is_masked(text: str, masked: str, found: Sequence[Span], left: Sequence[Span]) -> bool:
    if not found:
        return text == masked
    gone = {folded_word(text[span.start : span.end]) for span in found}
    if any(folded_word(masked[span.start : span.end]) in gone for span in left if span.end - span.start >= _SHORTEST):
        return False
    kept, gaps = _parts(text, found)
    instead = _between(masked, kept)
    return instead is not None and all(folded_word(new) != folded_word(old) for new, old in zip(instead, gaps, strict=True))


def _parts(text: str, spans: Sequence[Span]) -> tuple[list[str], list[str]]:
    """What lies outside of all entities and what inside: one more outer part than inner ones."""
    kept: list[str] = []
    gaps: list[str] = []
    at = end = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if span.start > end or not kept:
            if kept:
                gaps.append(text[at:end])
            kept.append(text[end : span.start])
            at, end = span.start, span.end
        end = max(end, span.end)
    if spans:
        gaps.append(text[at:end])
    return [*kept, text[end:]], gaps


def _between(masked: str, kept: Sequence[str]) -> list[str] | None:
    """What *masked* has between the kept parts, which must stand in it in their order, the first and last at its ends."""
    first, *inner, last = kept
    at, end = len(first), len(masked) - len(last)
    if end < at or not (masked.startswith(first) and masked.endswith(last)):
        return None
    instead = []
    for part in inner:
        found = masked.find(part, at, end)
        if found < 0:
            return None
        instead.append(masked[at:found])
        at = found + len(part)
    return [*instead, masked[at:end]]


RULES: dict[type, Rule] = {FreeText: _free_text}
