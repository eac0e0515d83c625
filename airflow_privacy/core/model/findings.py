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
    ``type``, ``shape`` (lengths, distinct ratio), ``presidio``, ``dictionary``, ``contract``. ``matched`` of ``checked``
    values agreed; both are 0 where nothing was counted.
    """

    source: Literal["pattern", "checksum", "name", "type", "shape", "presidio", "dictionary", "contract"]
    detail: str
    matched: int = 0
    checked: int = 0


class ColumnFinding(Value, frozen=True, kw_only=True):
    """The verdict on one column.

    ``entity`` is the main entity (Presidio's names, ``EMAIL_ADDRESS``), ``embedded`` what free text holds besides.
    ``confidence`` is 0 to 1. ``coverage_bound_95`` is the highest share of unseen matches at 95 % confidence: 0 when every
    row was read.

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
    coverage_bound_95: float
    signals: tuple[Signal, ...] = ()
    undecoded: int = 0
    timed_out: int = 0
    quarantined: bool = False


class Findings(Artifact, frozen=True, kw_only=True, tag="findings"):
    """All columns of one source. Parents: the contract (if any) and the dataset that was scanned."""

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
