"""What the readers of all formats share: a file to read, pieces of one size, and refusals that read alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import BadInput


@dataclass(frozen=True)
class Part:
    """One file of a table: where it can be read, and what it is called in messages."""

    path: Path
    where: str


def resized(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of *rows*, the last one smaller."""
    waiting: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        waiting.append(frame)
        height += frame.height
        while height >= rows:
            whole = pl.concat(waiting)
            yield whole.head(rows)
            waiting = [whole.slice(rows)]
            height -= rows
    if height:
        yield pl.concat(waiting)


def refuse_duplicates(names: Sequence[str], where: str) -> None:
    """:raises BadInput: ``duplicate-columns``."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            "duplicate-columns",
            f"{len(twice)} column names occur more than once: {', '.join(twice)}",
            where=where,
            do="Give every column its own name.",
        )


def no_rows(where: str) -> BadInput:
    """A table that holds nothing."""
    return BadInput("no-rows", "The table has columns and no rows", where=where, do="Name a file that holds data.")


def other_schema(where: str) -> BadInput:
    """A part file that does not belong to the others."""
    return BadInput(
        "schema-mismatch",
        "The part files of one table have different columns",
        where=where,
        do="Give all part files the same column names and types, in the same order, or read them one by one.",
    )
