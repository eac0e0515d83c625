"""What the rows of one file are asked, and what is known of them afterwards: the same for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from airflow_privacy.core.errors import BadInput, VerificationError

EXPIRED = "expired"


@dataclass(frozen=True)
class Asked:
    """A rule for rows, at one file. A column that the file has not is taken from its folders, as text.

    :param partitions: of the file's folders.
    :param where: for messages; holds no partition value.
    """

    columns: tuple[str, ...]
    judge: Callable[[pl.DataFrame], pl.Series] = field(repr=False)
    partitions: Mapping[str, str | None] = field(repr=False)
    where: str

    def stored(self, names: list[str] | None) -> tuple[str, ...]:
        """Which of the columns are read from the file, by what it has; ``None``: it may have any.

        :raises BadInput: ``unknown-column``.
        """
        stored = tuple(name for name in self.columns if (name in names if names is not None else name not in self.partitions))
        missing = [name for name in self.columns if name not in stored and name not in self.partitions]
        if missing:
            raise unknown_column(missing, self.where)
        return stored

    def expired(self, rows: pl.DataFrame, counts: Counter[str] | None = None) -> pl.Series:
        """True for each row that goes.

        :param rows: the stored columns.
        :param counts: told how many rows have which disposition.
        """
        added = [pl.lit(self.partitions[name], dtype=pl.String).alias(name) for name in self.columns if name not in rows.columns]
        told = self.judge(rows.with_columns(added).select(self.columns)).cast(pl.String)
        if len(told) != rows.height or told.null_count():
            raise BadInput("bad-rule", "The rule does not say of each row what becomes of it", where=self.where)
        if counts is not None:
            counts.update(dict(told.value_counts().rows()))
        return told == EXPIRED


@dataclass(frozen=True)
class Counted:
    """Rows of a file before, and of them those that go."""

    rows: int
    expired: int


class RowFile(Protocol):
    """One file with rows, in one format."""

    def judged(self, asked: Asked) -> Iterator[pl.DataFrame]:
        """The stored columns that the rule reads, in slabs, in file order.

        :raises BadInput: the file cannot be read, or lacks a column.
        """
        ...

    def require_rewritable(self, asked: Asked) -> None:
        """:raises BadInput: the file cannot be written again as it is."""
        ...

    def rewrite(self, out: Path, asked: Asked) -> Counted:
        """Write the rows that stay to the new file *out*, and hold it against this one.

        :raises BadInput: as above. :raises VerificationError: what was written is not what stays.
        """
        ...


def count(file: RowFile, asked: Asked, counts: Counter[str]) -> Counted:
    """Judge every row of a file."""
    rows = expired = 0
    for slab in file.judged(asked):
        rows += slab.height
        expired += int(asked.expired(slab, counts).sum())
    return Counted(rows, expired)


def no_columns(rows: int) -> pl.DataFrame:
    """So many rows of which nothing is read: a frame needs a column to have a height."""
    return pl.DataFrame({"": pl.repeat(None, rows, dtype=pl.Null, eager=True)})


def unknown_column(missing: list[str], where: str) -> BadInput:
    """The rule asks for what no file has."""
    return BadInput(
        "unknown-column",
        f"The rule reads {', '.join(repr(name) for name in missing)}, which is no column",
        where=where,
        do="Name a column of the files, or a key of their folders.",
    )


def not_rewritable(what: str, where: str) -> BadInput:
    """A file whose rows cannot go without changing the rest."""
    return BadInput(
        "not-rewritable",
        f"{what}, and cannot be written again without some rows as it is",
        where=where,
        do="Convert it to plain Parquet, CSV or JSON lines, or let whole files go.",
    )


def wrongly_written(where: str) -> VerificationError:
    """What was written is not what stays; the file is as it was."""
    return VerificationError(
        "rewrite-differs",
        "A rewritten file does not hold exactly the rows that stay; the file was left as it was",
        where=where,
        do="Try again; if it happens again, the disk or the file is damaged.",
    )
