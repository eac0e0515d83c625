"""A verdict in the making, and the evidence that several steps write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_privacy.core.detect.lexicon import Meaning
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.model.findings import Held, Role, Signal


@dataclass(frozen=True)
class Draft:
    """What is thought of a column so far."""

    entity: str | None
    role: Role
    confidence: float
    matched: int = 0
    free_text: bool = False
    held: tuple[Held, ...] = ()
    signals: tuple[Signal, ...] = ()

    def also(self, *signals: Signal) -> Draft:
        return replace(self, signals=(*self.signals, *signals))

    def but(self, *, entity: str | None, role: Role, confidence: float, signal: Signal) -> Draft:
        """Another verdict on the same evidence, and what changed it."""
        return replace(self.also(signal), entity=entity, role=role, confidence=confidence)


def found(
    tally: Tally, entity: str, role: Role, rate: float, named: bool, meanings: tuple[Meaning, ...], called: str | None = None
) -> Draft:
    """Whole values match *entity* at *rate*; *called* is another name for it."""
    confidence = min(0.99, 0.6 + 0.3 * rate + (0.09 if named else 0.0))
    matched = tally.count(entity)
    draft = Draft(called or entity, role, confidence, matched)
    draft = draft.also(Signal(source="pattern", detail=entity, matched=matched, checked=tally.usable))
    if entity in ("CREDIT_CARD", "IBAN_CODE"):
        check = "Luhn and issuer" if entity == "CREDIT_CARD" else "ISO 7064 MOD 97-10"
        draft = draft.also(Signal(source="checksum", detail=check, matched=matched, checked=tally.count(f"shape:{entity}")))
    return draft.also(*named_signals(meanings, called or entity))


def named_signals(meanings: tuple[Meaning, ...], entity: str) -> tuple[Signal, ...]:
    """That the name says *entity*, if it does."""
    return tuple(name_signal(meaning.entity) for meaning in meanings if meaning.entity == entity)


def name_signal(entity: str) -> Signal:
    return Signal(source="name", detail=f"the name says {entity}")


def nearly_unique(tally: Tally) -> Signal:
    return Signal(source="shape", detail="nearly every value occurs once", matched=tally.distinct, checked=tally.usable)


def beside(detail: str) -> Signal:
    return Signal(source="neighbours", detail=detail)
