"""What a user's own recognizers say of a column."""

from __future__ import annotations

from dataclasses import replace

from airflow_privacy.core.detect.own import HELD, WHOLE
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.draft import Draft
from airflow_privacy.core.model.findings import Held, Role, Signal

_MOST = 0.5


def by_own(tally: Tally) -> Draft | None:
    """The user's entity that most values are as a whole; of several, the one that more are."""
    best = max(_entities(tally), key=lambda entity: tally.count(f"{WHOLE}{entity}"), default=None)
    if best is None or tally.rate(f"{WHOLE}{best}") < _MOST:
        return None
    matched = tally.count(f"{WHOLE}{best}")
    confidence = min(0.99, 0.6 + 0.3 * tally.rate(f"{WHOLE}{best}"))
    signal = Signal(source="presidio", detail=best, matched=matched, checked=tally.usable)
    return Draft(best, "direct-identifier", confidence, matched).also(signal)


def with_own_strays(draft: Draft, tally: Tally) -> Draft:
    """Add the cells that hold the user's entities, in part or as a whole, where the column is none of them.

    Cells in which a built-in pattern finds the same entity are not counted twice: the larger count stays.
    """
    held = {entry.entity: entry.cells for entry in draft.held}
    signals: list[Signal] = []
    for entity in _entities(tally):
        if entity == draft.entity:
            continue
        cells = tally.count(f"{WHOLE}{entity}") + tally.count(f"{HELD}{entity}")
        held[entity] = max(cells, held.get(entity, 0))
        detail = f"values that hold {entity}"
        signals.append(Signal(source="presidio", detail=detail, matched=cells, checked=tally.usable))
    if not signals:
        return draft
    stronger = draft.free_text or draft.entity is None
    role: Role = "direct-identifier" if stronger else draft.role
    confidence = max(draft.confidence, 0.9) if stronger else draft.confidence
    by_strays = draft.matched == min(sum(entry.cells for entry in draft.held), tally.usable)
    matched = min(sum(held.values()), tally.usable) if by_strays else draft.matched
    entries = tuple(Held(entity=entity, cells=cells) for entity, cells in held.items())
    return replace(draft, role=role, confidence=confidence, matched=matched, held=entries).also(*signals)


def _entities(tally: Tally) -> list[str]:
    names = {name.partition(":")[2] for name in tally.counts if name.startswith((WHOLE, HELD))}
    return sorted(names)
