"""A verdict's reasons as sentences that a steward reads. Names, counts and rates; no value."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_privacy.core.model.entity_roles import weakens
from airflow_privacy.core.model.findings import ColumnFinding, Signal

_ROLES = {
    "direct-identifier": "a direct identifier",
    "quasi-identifier": "a quasi-identifier",
    "sensitive": "a sensitive attribute",
    "non-sensitive": "not sensitive",
}
_CHECKS = {
    "Luhn and issuer": "have a card issuer's prefix and pass the Luhn check",
    "ISO 7064 MOD 97-10": "pass the check digits of ISO 7064 MOD 97-10",
    "numbering plan (phonenumbers)": "are numbers that a numbering plan assigns",
}


def reasons(finding: ColumnFinding) -> tuple[str, ...]:
    """The verdict, then what spoke for it in the order in which it was looked at, then what a steward made of it."""
    return tuple(_all(finding))


def _all(finding: ColumnFinding) -> Iterator[str]:
    said = finding.detected or finding
    yield f"{_verdict(said.entity, said.role)} ({said.confidence:.0%} sure)."
    for signal in finding.signals:
        if signal.source != "contract" or finding.pin is None:
            yield _sentence(signal)
    for held in finding.held:
        cells = "1 cell holds" if held.cells == 1 else f"{held.cells:,} cells hold"
        yield f"{cells} {held.entity}: treat the column cell by cell."
    if finding.pin is not None:
        yield from _pinned(finding)


def _verdict(entity: str | None, role: str) -> str:
    return f"{entity or 'Nothing personal'}, {_ROLES[role]}" if entity or role == "non-sensitive" else _ROLES[role].capitalize()


def _pinned(finding: ColumnFinding) -> Iterator[str]:
    pin, said = finding.pin, finding.detected
    if pin is None or said is None:
        return
    who = f"{pin.by}, in the contract, pins" if pin.by else "The contract pins"
    yield f"{who} {_verdict(finding.entity, finding.role)}."
    if weakens(said.role, finding.role):
        yield f"This protects less than detection would: {_ROLES[finding.role]} instead of {_ROLES[said.role]}."
    yield f"Reason given: {pin.because}" if pin.because else "No reason is given."


def _sentence(signal: Signal) -> str:
    share = (
        f"{signal.matched:,} of {signal.checked:,} values ({_percent(signal.matched, signal.checked)})" if signal.checked else ""
    )
    match signal.source:
        case "pattern" if signal.detail.startswith("values that hold "):
            return f"{share} hold {signal.detail.removeprefix('values that hold ')} in part or as a whole."
        case "pattern":
            return f"{share} look like {signal.detail.removesuffix(' shape')}."
        case "checksum":
            return f"{share} {_CHECKS.get(signal.detail, 'pass ' + signal.detail)}."
        case "presidio":
            return f"Presidio, asked about {signal.checked:,} of the values, takes {signal.matched:,} for {signal.detail}."
        case "dictionary":
            return f"{share} stand in the list {signal.detail}."
        case "type":
            return f"The type: {signal.detail}."
    text = f"{signal.detail[:1].upper()}{signal.detail[1:]}"
    return f"{text}: {share}." if share else f"{text}."


def _percent(matched: int, checked: int) -> str:
    if matched in (0, checked):
        return f"{100 * matched // checked} %"
    share = 100 * matched / checked
    return "under 0.1 %" if share < 0.1 else "over 99.9 %" if share > 99.9 else f"{share:.1f} %"
