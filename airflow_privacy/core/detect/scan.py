"""All columns of a source, counted in one pass over all rows and then judged."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import polars as pl

from airflow_privacy.core.detect.found import Look
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.judge import judge_columns
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Table
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.refs import ColumnType

#: Distinct values of a column that the slow validators (numbering plans, Presidio) see.
CANDIDATES = 500

# Columns of a slab counted at the same time; each takes memory of its own.
_AT_ONCE = 4

Progress = Callable[[int, int], None]


class Source(Protocol):
    """What detection needs of a table."""

    @property
    def uri(self) -> str: ...

    @property
    def columns(self) -> tuple[ColumnType, ...]: ...

    @property
    def rows(self) -> int: ...

    @property
    def digest(self) -> str: ...

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = 250_000) -> Iterator[pl.DataFrame]: ...


def detect_columns(
    source: Source,
    *,
    table: Table | None,
    contract_digest: str | None,
    sample_rows: int | None = None,
    progress: Progress | None = None,
    candidates: int = CANDIDATES,
    slab_rows: int = 250_000,
    custom: Look | None = None,
) -> Findings:
    """Judge every column of *source*.

    :param table: the contract's promises; what a steward pinned wins.
    :param sample_rows: count a random sample of that many rows (drawn with the source's digest as seed) instead of all rows.
    :param progress: called with rows read and rows in all, after every slab.
    :param candidates: distinct values of a column that are shown to Presidio and phonenumbers.
    :param custom: a user's own recognizers; they see every value of text, and every integer as text.
    :raises BadInput: ``nothing-scanned`` if the source gave no row; ``bad-argument``.
    """
    if sample_rows is not None and sample_rows < 1:
        raise BadInput("bad-argument", "A sample has at least one row", where="sample_rows", do="Leave it out to read all rows.")
    chosen = _sample(source, sample_rows)
    tallies = [Tally(name=column.name, dtype=column.dtype, keep=candidates, custom=custom) for column in source.columns]
    seen = scanned = 0
    # Columns count for themselves, so that the order in which they are done changes nothing. Polars lets other threads run.
    with ThreadPoolExecutor(max_workers=max(1, min(pl.thread_pool_size(), _AT_ONCE)), thread_name_prefix="detect") as workers:
        for slab in source.slabs(rows=slab_rows):
            frame = slab if chosen is None else _take(slab, chosen, seen)
            for _ in workers.map(lambda tally, frame=frame: tally.add(frame.get_column(tally.name)), tallies):
                pass
            seen += slab.height
            scanned += frame.height
            if progress is not None:
                progress(seen, source.rows)
    if scanned == 0 or not tallies:
        raise BadInput("nothing-scanned", "The source gave no row to look at", where=source.uri, do="Check the source.")
    return Findings(
        contract=contract_digest,
        source=source.uri,
        source_digest=source.digest,
        rows_scanned=scanned,
        rows_total=seen,
        columns=judge_columns(tallies, table=table, scanned=scanned, total=seen),
    )


def _sample(source: Source, rows: int | None) -> pl.Series | None:
    if rows is None or rows >= source.rows:
        return None
    chosen = random.Random(source.digest).sample(range(source.rows), rows)  # noqa: S311 - not a secret; must repeat
    return pl.Series("row", sorted(chosen), dtype=pl.Int64)


def _take(slab: pl.DataFrame, chosen: pl.Series, offset: int) -> pl.DataFrame:
    here = chosen.filter(chosen.is_between(offset, offset + slab.height, closed="left"))
    return slab[(here - offset).to_list()]
