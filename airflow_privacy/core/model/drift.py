"""What changed in a table since it was promised or last looked at, and what is to be done about it."""

from __future__ import annotations

from typing import Literal

from airflow_privacy.core.model.codec import Value

DriftKind = Literal["new-column", "missing-column", "type", "entity", "role", "rate"]
DriftAction = Literal["fail", "quarantine", "warn"]
STRICTNESS: tuple[DriftAction, ...] = ("warn", "quarantine", "fail")


class DriftRules(Value, frozen=True, kw_only=True):
    """What each kind of drift leads to; ``None`` says nothing about it.

    ``fail`` stops the run, ``quarantine`` lets it go on without the column, ``warn`` records it only. A missing column cannot be
    left out: there, ``quarantine`` does what ``warn`` does.
    """

    new_column: DriftAction | None = None
    missing_column: DriftAction | None = None
    type: DriftAction | None = None
    entity: DriftAction | None = None
    role: DriftAction | None = None
    rate: DriftAction | None = None

    def action(self, kind: DriftKind) -> DriftAction | None:
        """What is said about one kind."""
        said: DriftAction | None = getattr(self, kind.replace("-", "_"))
        return said


class Drift(Value, frozen=True, kw_only=True):
    """One difference of one column. ``before`` and ``after`` are types, entities, roles or counts, never values."""

    kind: DriftKind
    column: str
    against: Literal["contract", "findings"]
    action: DriftAction
    before: str = ""
    after: str = ""

    def sentence(self) -> str:
        """In words, without what is done about it."""
        past = "the contract" if self.against == "contract" else "the last findings"
        match self.kind:
            case "new-column":
                return f"Column {self.column!r} is not in {past}"
            case "missing-column":
                return f"Column {self.column!r} of {past} is not in the data"
            case "rate":
                return f"Column {self.column!r} matches in {self.after} values, and in {self.before} of {past}"
        return f"Column {self.column!r} has the {self.kind} {self.after or 'none'}, and {self.before or 'none'} in {past}"


def stricter(one: DriftAction, other: DriftAction | None) -> DriftAction:
    """The one that lets less through."""
    return one if other is None else max(one, other, key=STRICTNESS.index)
