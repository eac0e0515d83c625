"""What a purge asks of a store: find, remove, look again.

A target is bound to one place and one rule. It decides nothing: the rule comes from the caller, who knows periods, holds and
subjects. ``find`` changes nothing. ``remove`` deletes only what was listed and still is what was listed; it can be killed at any
moment and called again. ``look_again`` asks the store itself and believes nothing that ``remove`` has said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

import polars as pl

from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

Progress: TypeAlias = Callable[[int, int], None]
"""Told ``(done, of)`` now and then: counts, for the log."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A file, object or version, by what can be known without opening it.

    :param partitions: of a hive folder: column to value as the folder names it, decoded; ``None`` for the default partition.
    :param modified: when it was written, with a zone; of an object version: when this version was.
    """

    name: str = field(repr=False)
    partitions: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    modified: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Before:
    """A necessary condition for a row to go: ``column`` is earlier than ``moment`` (aware), give or take what its zone means. A
    database may read fewer rows by it; what goes is for the rule to say."""

    column: str
    moment: datetime


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """A necessary condition for a row to go: ``column`` has one of these values."""

    column: str
    values: pl.Series = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is to go at one place.

    :param columns: what :attr:`judge_rows` reads of a table; empty where whole things are judged.
    :param judge_rows: a frame with these columns to one disposition a row, as texts. It never raises with a value.
    :param judge_thing: likewise for a whole file, object or version.
    :param bound: what is true of every row that goes, for stores that can read fewer rows by it.
    """

    columns: tuple[str, ...] = ()
    judge_rows: Callable[[pl.DataFrame], pl.Series] | None = field(default=None, repr=False)
    judge_thing: Callable[[Thing], Disposition] | None = field(default=None, repr=False)
    bound: Before | OneOf | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast rows and objects may go: ``rows_per_second`` at most, and no lock held longer than ``lock_ms``."""

    rows_per_second: float | None = None
    lock_ms: int = 100


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is at a place: the step without the caller's words, and what goes one by one.

    :param step: ``dataset`` and ``reason`` are empty, ``listing`` too: the caller stores the listing and fills them in.
    :param things: how much there is in all, in the step's unit.
    """

    step: Step
    listing: Listing | None
    things: int
    kept: tuple[Kept, ...] = ()


class Target(Protocol):
    """One place of one store, with one rule."""

    @property
    def uri(self) -> str:
        """For messages and the plan; holds no credentials."""
        ...

    def find(self) -> Found:
        """Look, and change nothing.

        :raises BadInput: the place is not there, or cannot be judged by this rule (no such column, no point in time).
        """
        ...

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        """Delete what *step* planned: *items* where it has a listing, else whatever the rule says.

        What is gone already is no error; what became another thing since it was listed stays. Raises only what a later try may
        mend, or what nobody expected; an item that the store will not give up is left for :meth:`look_again` to report.
        """
        ...

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """Ask the store what of it is still there. The same for the same state, in whichever run things were removed."""
        ...
