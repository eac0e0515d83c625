"""Why a column got its verdict, in words: one sentence a signal, with what was counted for it."""

from __future__ import annotations

from airflow_privacy.core.model.findings import ColumnFinding, Signal

_SAID = {
    "pattern": "values match: {}",
    "checksum": "a check holds: {}",
    "name": "{}",
    "type": "by its type: {}",
    "shape": "{}",
    "presidio": "Presidio agrees: {}",
    "dictionary": "words are known: {}",
    "contract": "{}",
}


def reasons(finding: ColumnFinding) -> tuple[str, ...]:
    """The signals of a verdict, in the order that they were found; rates and names, never a value."""
    told = tuple(_say(signal) for signal in finding.signals)
    return told or ("nothing was found that speaks for an entity",)


def _say(signal: Signal) -> str:
    said = _SAID.get(signal.source, signal.source + ": {}").format(signal.detail)
    return f"{said} ({signal.matched:,} of {signal.checked:,})" if signal.checked else said
