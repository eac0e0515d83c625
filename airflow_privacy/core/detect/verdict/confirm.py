"""Ask Presidio about a few values: to confirm an entity, or to find a national number that nothing else explains."""

from __future__ import annotations

from dataclasses import replace

from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.draft import Draft
from airflow_privacy.core.detect.verdict.values import is_epoch, is_thing_code
from airflow_privacy.core.model.findings import Signal

_KNOWN = frozenset({"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "MAC_ADDRESS"})
_AGREED = 0.95  # an ISBN-10 has the check digit of a British health number, but for the one in eleven that is an X


def confirmed(draft: Draft, tally: Tally) -> Draft:
    """The verdict with what Presidio says of a sample of the values."""
    values = tally.sample["value"].to_list()
    if not values or tally.dtype not in ("string", "binary") or draft.free_text or is_epoch(tally):
        return draft
    unexplained = draft.entity in (None, "RECORD_ID", "NATIONAL_ID") and tally.distinct_ratio > 0.3 and not is_thing_code(tally)
    codes = tally.rate("digit") >= 0.9 and tally.rate("blank") < 0.5 and tally.count("chars") >= 8 * tally.usable
    if draft.entity not in _KNOWN and not (unexplained and codes):
        return draft
    from airflow_privacy.core.detect import presidio_bridge  # a heavy import that most columns do not need

    if draft.entity in _KNOWN and draft.entity is not None:
        agreed = presidio_bridge.confirm(draft.entity, values)
        if agreed is None:
            return draft
        return draft.also(Signal(source="presidio", detail=draft.entity, matched=agreed, checked=len(values)))
    counts = presidio_bridge.national_ids(values)
    if not counts:
        return draft
    entity, agreed = max(counts.items(), key=lambda entry: (entry[1], entry[0]))
    if agreed < _AGREED * len(values):
        return draft
    share = agreed / len(values)
    certain = replace(
        draft, entity=entity, role="direct-identifier", confidence=0.6 + 0.3 * share, matched=round(share * tally.usable)
    )
    return certain.also(Signal(source="presidio", detail=entity, matched=agreed, checked=len(values)))
