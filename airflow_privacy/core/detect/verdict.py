"""The verdict on a column, from what was counted, its name, its type and the contract.

Values outrank names; a name without fitting values is no evidence; a steward's pin outranks both. What is told apart by counts
alone is wrong now and then: a finding is evidence for a steward, not proof that a column is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_privacy.core.detect.bounds import upper_bound_95
from airflow_privacy.core.detect.column_names import hints, is_identifier, tokens
from airflow_privacy.core.detect.fit import fits
from airflow_privacy.core.detect.lexicon import Meaning
from airflow_privacy.core.detect.phones.spelling import count_phones
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.findings import ColumnFinding, Role, Signal

_RANK: dict[Role, int] = {"non-sensitive": 0, "sensitive": 1, "quasi-identifier": 1, "direct-identifier": 2}
_IDENTIFYING = ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "MAC_ADDRESS", "PHONE_NUMBER")
_HELD = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "MAC_ADDRESS")
_EPOCH_MS = (631_152_000_000.0, 4_102_444_800_000.0)  # 1990 to 2100
_PERSONAL_WORDS = frozenset({"pii", "personal", "personally-identifiable", "gdpr", "personenbezogen"})
_DIRECT_WORDS = frozenset({"direct-identifier", "direct_identifier", "identifier"})
_SENSITIVE_WORDS = frozenset(
    {"sensitive", "restricted", "confidential", "highly-confidential", "secret", "phi", "special-category", "special_category"}
)


@dataclass(frozen=True)
class _Verdict:
    entity: str | None
    role: Role
    confidence: float
    matched: int = 0
    free_text: bool = False
    embedded: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()

    def also(self, *signals: Signal) -> _Verdict:
        return replace(self, signals=(*self.signals, *signals))


def judge(tally: Tally, *, table: Table | None, scanned: int, total: int) -> ColumnFinding:
    """The finding for one column; *scanned* of *total* rows were counted."""
    column = table.column(tally.name) if table is not None else None
    verdict = _by_contract(_confirmed(_by_data(tally, column), tally), column)
    bound = 0.0 if scanned == total else round(upper_bound_95(min(verdict.matched, scanned), scanned), 6)
    return ColumnFinding(
        name=tally.name,
        dtype=tally.dtype,
        entity=verdict.entity,
        role=verdict.role,
        confidence=round(verdict.confidence, 4),
        matched=verdict.matched,
        non_missing=tally.count("non_missing"),
        distinct=tally.distinct,
        free_text=verdict.free_text,
        embedded=verdict.embedded,
        coverage_bound_95=bound,
        signals=verdict.signals,
    )


def _by_data(tally: Tally, column: Column | None) -> _Verdict:
    meanings = hints(tally.name)
    if tally.usable == 0:
        return _nothing_there(tally, meanings)
    for step in (_by_values, _by_text, _by_name, _by_key, _by_type):
        verdict = step(tally, meanings, column)
        if verdict is not None:
            return _with_strays(verdict, tally)
    raise AssertionError("the last step always decides")


def _nothing_there(tally: Tally, meanings: tuple[Meaning, ...]) -> _Verdict:
    if tally.count("undecoded"):
        return _Verdict(None, "sensitive", 0.3).also(
            Signal(source="type", detail="binary values that are no text were not looked into")
        )
    detail = f"only placeholders in {tally.count('non_missing')} values" if tally.count("placeholder") else "no values"
    verdict = _Verdict(None, "non-sensitive", 0.5).also(Signal(source="shape", detail=detail))
    return verdict.also(*(_name_signal(meaning) for meaning in meanings))


def _by_values(tally: Tally, meanings: tuple[Meaning, ...], _: Column | None) -> _Verdict | None:
    named = {meaning.entity for meaning in meanings}
    for entity in ("EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "IP_ADDRESS", "MAC_ADDRESS", "US_SSN"):
        rate = tally.rate(entity)
        if rate < (0.1 if entity in named else 0.5):
            continue
        if entity == "IP_ADDRESS" and _is_version(tally):
            continue
        if entity == "CREDIT_CARD" and tally.count(entity) < 0.3 * tally.count("shape:CREDIT_CARD"):
            continue  # Luhn passes one number in ten
        return _found(tally, entity, "direct-identifier", rate, entity in named, meanings)
    if tally.rate("DATE_TIME") >= 0.5:
        return (
            None if named & {"DATE_OF_BIRTH"} else _found(tally, "DATE_TIME", "non-sensitive", tally.rate("DATE_TIME"), False, ())
        )
    phone = _phone(tally, named)
    if phone is not None:
        return phone.also(*_named(meanings, "PHONE_NUMBER"))
    if tally.rate("UUID") >= 0.5:
        entity = "PERSON_ID" if "PERSON_ID" in named else "DEVICE_ID" if "DEVICE_ID" in named else "UUID"
        role: Role = "direct-identifier" if entity != "UUID" or tally.distinct_ratio >= 0.5 else "quasi-identifier"
        return _found(tally, "UUID", role, tally.rate("UUID"), entity != "UUID", meanings, called=entity)
    if tally.rate("URL") >= 0.5:
        role = (
            "direct-identifier"
            if named & {"USERNAME", "PERSON"}
            else "quasi-identifier"
            if tally.distinct_ratio > 0.5
            else "non-sensitive"
        )
        return _found(tally, "URL", role, tally.rate("URL"), False, ())
    if tally.rate("COORDINATES") >= 0.5:
        return _found(tally, "COORDINATES", "quasi-identifier", tally.rate("COORDINATES"), "COORDINATES" in named, meanings)
    return None


def _phone(tally: Tally, named: set[str]) -> _Verdict | None:
    marked, shaped = tally.rate("PHONE_NUMBER"), tally.rate("shape:PHONE_NUMBER")
    shaped = max(marked, shaped if "PHONE_NUMBER" in named else 0.0)
    if shaped < 0.3 or named & {"POSTAL_CODE", "DATE_OF_BIRTH", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "NATIONAL_ID"}:
        return None
    candidates = (tally.runs if tally.runs.height else tally.sample)["value"].to_list()
    valid = count_phones(candidates)
    share = valid / len(candidates) if candidates else 0.0
    if "PHONE_NUMBER" not in named and (shaped < 0.5 or share < 0.4):
        return None
    if "PHONE_NUMBER" in named and shaped < 0.5 and share < 0.2:
        return None
    matched = max(tally.count("PHONE_NUMBER"), tally.count("shape:PHONE_NUMBER") if "PHONE_NUMBER" in named else 0)
    confidence = min(0.99, 0.5 + 0.25 * shaped + 0.15 * share + (0.09 if "PHONE_NUMBER" in named else 0.0))
    return _Verdict("PHONE_NUMBER", "direct-identifier", confidence, matched).also(
        Signal(source="pattern", detail="PHONE_NUMBER shape", matched=matched, checked=tally.usable),
        Signal(source="checksum", detail="numbering plan (phonenumbers)", matched=valid, checked=len(candidates)),
    )


def _by_text(tally: Tally, meanings: tuple[Meaning, ...], _: Column | None) -> _Verdict | None:
    if tally.dtype == "nested":
        return _free_text(tally, "nested values, looked at as JSON text")
    wordy = tally.rate("wordy") >= 0.25 or tally.rate("long") >= 0.1
    placed = any(meaning.sure and meaning.fit in ("words", "name", "category") and fits(meaning, tally) for meaning in meanings)
    if not wordy or (placed and tally.rate("long") < 0.1):
        return None
    if tally.distinct <= 20 and tally.usable > 10 * tally.distinct and not tally.count("held"):
        return None  # long labels of a few categories
    return _free_text(tally, "long values with blanks")


def _free_text(tally: Tally, detail: str) -> _Verdict:
    signal = Signal(source="shape", detail=detail, matched=tally.count("wordy"), checked=tally.usable)
    return _Verdict("FREE_TEXT", "sensitive", 0.5, free_text=True).also(signal)


def _with_strays(verdict: _Verdict, tally: Tally) -> _Verdict:
    """Add what single values hold besides: the one mail address in a hundred thousand notes, or in a column of cities."""
    embedded, signals = [], []
    matched = 0
    # Texts of a column that is no free text: whole values count as strays too, if they are not what the column is.
    for entity in _HELD:
        held = tally.count(f"held:{entity}")
        whole = tally.count(entity) if verdict.entity != entity and entity in _IDENTIFYING else 0
        if entity == "CREDIT_CARD" and whole and whole < 0.3 * tally.count("shape:CREDIT_CARD"):
            whole = 0  # chance: one in ten of all long numbers passes Luhn
        if entity == "IP_ADDRESS" and _is_version(tally):
            continue
        if entity == "PHONE_NUMBER":
            held, whole = _phone_strays(verdict, tally, held, whole)
        if verdict.entity == entity or held + whole == 0:
            continue
        embedded.append(entity)
        matched += held + whole
        signals.append(Signal(source="pattern", detail=f"values that hold {entity}", matched=held + whole, checked=tally.usable))
    if not embedded:
        return verdict
    stronger = verdict.free_text or verdict.entity is None
    role: Role = "direct-identifier" if stronger else verdict.role
    confidence = max(verdict.confidence, 0.9) if stronger else verdict.confidence
    matched = min(matched, tally.usable) if verdict.matched == 0 else verdict.matched
    return replace(verdict, role=role, confidence=confidence, matched=matched, embedded=tuple(embedded)).also(*signals)


def _phone_strays(verdict: _Verdict, tally: Tally, held: int, whole: int) -> tuple[int, int]:
    if verdict.entity == "PHONE_NUMBER" or held + whole == 0:
        return 0, 0
    candidates = tally.runs["value"].to_list()
    share = count_phones(candidates) / len(candidates) if candidates else 0.0
    needed = 0.0 if verdict.free_text else 0.5
    return (held, whole) if share > needed else (0, 0)


def _by_name(tally: Tally, meanings: tuple[Meaning, ...], _: Column | None) -> _Verdict | None:
    for meaning in meanings:
        if not fits(meaning, tally):
            continue
        confidence = 0.8 if meaning.sure else 0.6
        matched = tally.usable
        verdict = _Verdict(meaning.entity, meaning.role, confidence, matched)
        return verdict.also(
            _name_signal(meaning),
            Signal(source="shape", detail=f"values fit {meaning.fit}", matched=matched, checked=tally.usable),
        )
    return None


def _by_key(tally: Tally, _: tuple[Meaning, ...], column: Column | None) -> _Verdict | None:
    key = column is not None and (column.primary_key or column.unique)
    unique = tally.distinct_ratio >= 0.95 and tally.usable >= 2
    if tally.dtype in ("integer", "string", "binary") and unique and (key or is_identifier(tally.name)):
        verdict = _Verdict("RECORD_ID", "direct-identifier", 0.8 if key else 0.7, tally.usable)
        return verdict.also(
            Signal(source="shape", detail="nearly every value occurs once", matched=tally.distinct, checked=tally.usable)
        )
    if tally.dtype in ("string", "binary") and tally.distinct_ratio >= 0.9 and not _is_epoch(tally) and tally.usable >= 20:
        verdict = _Verdict(None, "quasi-identifier", 0.4)
        return verdict.also(
            Signal(source="shape", detail="nearly every value occurs once", matched=tally.distinct, checked=tally.usable)
        )
    return None


def _by_type(tally: Tally, _: tuple[Meaning, ...], __: Column | None) -> _Verdict:
    if tally.dtype in ("date", "timestamp"):
        return _Verdict("DATE_TIME", "non-sensitive", 0.7, tally.usable).also(Signal(source="type", detail=tally.dtype))
    if _is_epoch(tally):
        signal = Signal(source="shape", detail="milliseconds since 1970", matched=tally.usable, checked=tally.usable)
        return _Verdict("DATE_TIME", "non-sensitive", 0.7, tally.usable).also(signal)
    confidence = {"boolean": 0.9, "integer": 0.7, "number": 0.7, "decimal": 0.7, "time": 0.6}.get(tally.dtype, 0.5)
    return _Verdict(None, "non-sensitive", confidence).also(Signal(source="type", detail=tally.dtype))


def _is_version(tally: Tally) -> bool:
    return bool({"version", "release", "build", "firmware"}.intersection(tokens(tally.name)))


def _is_epoch(tally: Tally) -> bool:
    if tally.dtype in ("string", "binary"):
        return tally.rate("shape:EPOCH") >= 0.95
    if tally.dtype != "integer" or tally.low is None or tally.high is None:
        return False
    return _EPOCH_MS[0] <= tally.low <= tally.high <= _EPOCH_MS[1]


def _found(
    tally: Tally, entity: str, role: Role, rate: float, named: bool, meanings: tuple[Meaning, ...], called: str | None = None
) -> _Verdict:
    confidence = min(0.99, 0.6 + 0.3 * rate + (0.09 if named else 0.0))
    matched = tally.count(entity)
    verdict = _Verdict(called or entity, role, confidence, matched)
    verdict = verdict.also(Signal(source="pattern", detail=entity, matched=matched, checked=tally.usable))
    if entity in ("CREDIT_CARD", "IBAN_CODE"):
        check = "Luhn and issuer" if entity == "CREDIT_CARD" else "ISO 7064 MOD 97-10"
        verdict = verdict.also(Signal(source="checksum", detail=check, matched=matched, checked=tally.count(f"shape:{entity}")))
    return verdict.also(*_named(meanings, called or entity))


def _named(meanings: tuple[Meaning, ...], entity: str) -> tuple[Signal, ...]:
    return tuple(_name_signal(meaning) for meaning in meanings if meaning.entity == entity)


def _name_signal(meaning: Meaning) -> Signal:
    return Signal(source="name", detail=f"the name says {meaning.entity}")


def _confirmed(verdict: _Verdict, tally: Tally) -> _Verdict:
    """Ask Presidio about a few values: to confirm an entity, or to find a national number that nothing else explains."""
    values = tally.sample["value"].to_list()
    if not values or tally.dtype not in ("string", "binary") or verdict.free_text:
        return verdict
    if _is_epoch(tally):
        return verdict
    unexplained = verdict.entity in (None, "RECORD_ID", "NATIONAL_ID") and tally.distinct_ratio > 0.3
    codes = tally.rate("digit") >= 0.9 and tally.rate("blank") < 0.5 and tally.count("chars") >= 8 * tally.usable
    known = verdict.entity in ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "MAC_ADDRESS")
    if not known and not (unexplained and codes):
        return verdict
    from airflow_privacy.core.detect import presidio_bridge  # a heavy import that most columns do not need

    if known and verdict.entity is not None:
        agreed = presidio_bridge.confirm(verdict.entity, values)
        if agreed is None:
            return verdict
        return verdict.also(Signal(source="presidio", detail=verdict.entity, matched=agreed, checked=len(values)))
    counts = presidio_bridge.national_ids(values)
    if not counts:
        return verdict
    entity, agreed = max(counts.items(), key=lambda entry: (entry[1], entry[0]))
    if agreed < 0.9 * len(values):
        return verdict
    share = agreed / len(values)
    found = replace(
        verdict, entity=entity, role="direct-identifier", confidence=0.6 + 0.3 * share, matched=round(share * tally.usable)
    )
    return found.also(Signal(source="presidio", detail=entity, matched=agreed, checked=len(values)))


def _by_contract(verdict: _Verdict, column: Column | None) -> _Verdict:
    if column is None:
        return verdict
    if column.entity is not None or column.role is not None:
        pinned = " and ".join(name for name, given in (("entity", column.entity), ("role", column.role)) if given is not None)
        return replace(verdict, entity=column.entity or verdict.entity, role=column.role or verdict.role, confidence=1.0).also(
            Signal(source="contract", detail=f"{pinned} pinned by the contract")
        )
    words = {word.strip().lower().replace(" ", "-") for word in (column.classification or "", *column.tags)}
    claims: list[Role] = []
    if words & _DIRECT_WORDS:
        claims.append("direct-identifier")
    if words & _PERSONAL_WORDS:
        claims.append("quasi-identifier")
    if words & _SENSITIVE_WORDS:
        claims.append("sensitive")
    if not claims:
        return verdict
    claim = claims[0]
    raised = claim if _RANK[claim] > _RANK[verdict.role] else verdict.role
    confidence = max(verdict.confidence, 0.9)
    return replace(verdict, role=raised, confidence=confidence).also(
        Signal(source="contract", detail="classified or tagged as personal or sensitive")
    )
