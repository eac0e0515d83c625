"""Where in texts entities stand: what masking of free text asks."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.detect.text.union import default_finders, find_entities_in
from airflow_privacy.core.model.findings import Span


def find_spans(texts: Sequence[str]) -> list[list[Span]]:
    """The entities in each text, in order of their places, none over another: those of :func:`default_finders`.

    The same text has the same entities, whatever stands beside it.
    """
    found = find_entities_in(pl.Series("text", texts, dtype=pl.String), finders=default_finders())
    spans: list[list[Span]] = [[] for _ in texts]
    for at, entity, start, end, score, _ in found.iter_rows():
        spans[at].append(Span(entity, start, end, score))
    return spans
