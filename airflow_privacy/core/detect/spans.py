"""Where in texts entities stand: what masking of free text asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from airflow_privacy.core.detect.found import Finder
from airflow_privacy.core.detect.text.union import default_finders, find_entities_in
from airflow_privacy.core.model.findings import Span


def find_spans(texts: Sequence[str]) -> list[list[Span]]:
    """The entities in each text, in order of their places, none over another: those of :func:`default_finders`.

    The same text has the same entities, whatever stands beside it.
    """
    return spans_by(default_finders())(texts)


def spans_by(finders: Sequence[Finder]) -> Callable[[Sequence[str]], list[list[Span]]]:
    """:func:`find_spans` with other finders."""

    def find(texts: Sequence[str]) -> list[list[Span]]:
        found = find_entities_in(pl.Series("text", texts, dtype=pl.String), finders=finders)
        spans: list[list[Span]] = [[] for _ in texts]
        for at, entity, start, end, score, _ in found.iter_rows():
            spans[at].append(Span(entity, start, end, score))
        return spans

    return find
