"""Batches of rows: what every dialect gives, how large a batch may be, and how fast batches may follow one another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, TypeAlias

import polars as pl

from airflow_privacy.core.io.purge.target import Pace

_FIRST_ROWS = 500
_MOST_ROWS = 20_000
# Of the time that a lock may be held, the part that a batch aims at: machines stall.
_AIM = 0.4
_BEHIND_SECONDS = 0.5

Ids: TypeAlias = Any
"""What a dialect names rows by; has ``height``, ``filter(mask)`` and ``slice(offset, length)``, as a frame has."""


class Read(NamedTuple):
    """Rows that were read, and what names them."""

    ids: Ids
    values: pl.DataFrame


class Taken(NamedTuple):
    """What became of a batch: rows deleted, rows kept since others refer to them, and how long its locks were held at most."""

    deleted: int
    referred: int
    seconds: float


class Rows(Protocol):
    """A table's rows, as one dialect reads and deletes them. Each call is transactions of its own, all of them short."""

    def count(self, connection: Any) -> int:
        """All rows."""
        ...

    def scan(self, connection: Any, *, bounded: bool) -> Iterator[Read]:
        """All rows, or those that meet the bound, each once; never with a lock."""
        ...

    def referred(self, connection: Any, ids: Ids) -> pl.Series:
        """True for each of these rows that rows refer to which are none of them."""
        ...

    def take(self, connection: Any, ids: Ids, lock_ms: int) -> Taken:
        """Delete those of these rows that are still what was read, and that nobody else holds; commit."""
        ...


class BatchSize:
    """How many rows a batch has, so that its locks are held for less than the time that they may be."""

    def __init__(self, pace: Pace) -> None:
        self._seconds = pace.lock_ms / 1000 * _AIM
        self._most = _MOST_ROWS
        if pace.rows_per_second is not None:
            self._most = max(1, min(_MOST_ROWS, int(pace.rows_per_second / 20)))
        self.rows = min(_FIRST_ROWS, self._most)

    def after(self, rows: int, seconds: float) -> None:
        """Learn from a batch of so many rows that held its locks for so long."""
        if rows < self.rows and seconds <= self._seconds:
            return  # what was left of a range says little: most of its time went into asking
        if rows and seconds > 0:
            fitting = rows * self._seconds / seconds
            self.rows = int(max(1, min(fitting, self.rows * 2, self._most)))


class Throttle:
    """Waits so that not more rows go in a second than may. Time that was lost is made up for only in part: nothing bursts."""

    def __init__(
        self, rate: float | None, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._due = clock()

    def after(self, rows: int) -> None:
        """Wait until so many more rows may have gone."""
        if self._rate is None:
            return
        self._due = max(self._due + rows / self._rate, self._clock() - _BEHIND_SECONDS)
        if (wait := self._due - self._clock()) > 0:
            self._sleep(wait)
