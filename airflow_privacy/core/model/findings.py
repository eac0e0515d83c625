"""What detection saw, column by column. Names, counts and rates; no value."""

from __future__ import annotations

from typing import Literal, NamedTuple

from airflow_privacy.core.model.codec import Artifact, Value
from airflow_privacy.core.model.drift import Drift

Role = Literal["direct-identifier", "quasi-identifier", "sensitive", "non-sensitive"]


class Span(NamedTuple):
    """One entity in a text: Unicode code points ``start`` up to ``end``; ``score`` is 0 to 1."""

    entity: str
    start: int
    end: int
    score: float


class Signal(Value, frozen=True, kw_only=True):
    """One piece of evidence.

    ``source`` says what kind: ``pattern`` (a recognizer over all values), ``checksum``, ``name`` (a word of the column's name),
    ``type``, ``shape`` (lengths, distinct ratio), ``presidio``, ``dictionary``, ``contract``, ``neighbours`` (other columns of
    the table). ``matched`` of ``checked`` values agreed; both are 0 where nothing was counted.
    """

    source: Literal["pattern", "checksum", "name", "type", "shape", "presidio", "dictionary", "contract", "neighbours"]
    detail: str
    matched: int = 0
    checked: int = 0


class Held(Value, frozen=True, kw_only=True):
    """How many cells of a column hold an entity that is not the column's own: whole, or somewhere in a longer text."""

    entity: str
    cells: int


class Detected(Value, frozen=True, kw_only=True):
    """What detection itself said of a column that a steward pinned."""

    entity: str | None
    role: Role
    confidence: float


class Pin(Value, frozen=True, kw_only=True):
    """What a steward pinned in the contract, with the reason and the name that the contract gives."""

    entity: str | None = None
    role: Role | None = None
    because: str | None = None
    by: str | None = None


class ColumnFinding(Value, frozen=True, kw_only=True):
    """The verdict on one column.

    ``entity`` is the main entity (Presidio's names, ``EMAIL_ADDRESS``), ``embedded`` what free text holds besides.
    ``confidence`` is 0 to 1. ``coverage_bound_95`` is the highest share of unseen matches at 95 % confidence: 0 when every
    row was read. ``held`` counts the cells of each embedded entity. Where the contract pins entity or role, ``pin`` is what it
    says, ``detected`` what detection said before, and ``entity``, ``role`` are what holds.

    ``undecoded`` values are no text, ``timed_out`` ones took a user's pattern too long: neither was looked into. A
    ``quarantined`` column drifted, and no plan releases it.
    """

    name: str
    dtype: str
    entity: str | None
    role: Role
    confidence: float
    matched: int
    non_missing: int
    distinct: int
    free_text: bool = False
    embedded: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    coverage_bound_95: float
    signals: tuple[Signal, ...] = ()
    detected: Detected | None = None
    pin: Pin | None = None
    undecoded: int = 0
    timed_out: int = 0
    quarantined: bool = False


class Findings(Artifact, frozen=True, kw_only=True, tag="findings"):
    """All columns of one source. Parents: the contract (if any) and the dataset that was scanned."""

    schema: int = 2  # 1 had neither held cells nor overrulings
    contract: str | None
    source: str
    source_digest: str
    rows_scanned: int
    rows_total: int
    columns: tuple[ColumnFinding, ...]
    drift: tuple[Drift, ...] = ()

    def column(self, name: str) -> ColumnFinding | None:
        """The finding for a column, if it was scanned."""
        return next((column for column in self.columns if column.name == name), None)
