"""Which logical column types a technique takes: asked when the plan is made, and again when it is carried out."""

from __future__ import annotations

from airflow_privacy.core.model.techniques import Age, DateShift, Round, Technique, TruncateDate, name_of

_NUMBERS = frozenset({"integer", "number", "decimal", "null"})
_DATES = frozenset({"date", "timestamp", "null"})
_TEXT = frozenset({"string", "null"})
_WRITTEN = frozenset({"string", "integer", "decimal", "boolean", "date", "timestamp", "time", "binary", "null"})
_ANY = _WRITTEN | {"number", "nested"}

_TYPES: dict[str, frozenset[str]] = {
    "keep": _ANY,
    "drop": _ANY,
    "null": _ANY,
    "redact": _ANY,
    "constant": _ANY,
    "permute": _ANY - {"nested"},
    "inside": frozenset({"nested", "null"}),
    "partial_mask": frozenset({"string", "integer", "null"}),
    "hmac_token": _WRITTEN,
    "aes_siv": _WRITTEN,
    "surrogate": _WRITTEN,
    "presidio": frozenset({"string", "integer", "null"}),
    "ff1": frozenset({"string", "integer", "null"}),
    "card": frozenset({"string", "integer", "null"}),
    "round": _NUMBERS,
    "bins": _NUMBERS,
    "quantile_bins": _NUMBERS,
    "top_bottom_code": _NUMBERS,
    "noise": _NUMBERS,
    "microaggregate": _NUMBERS,
    "truncate_date": _DATES,
    "age": _DATES,
    "date_shift": _DATES,
    "geo_prefix": _TEXT,
    "ip_prefix": _TEXT,
    "email_domain": _TEXT,
    "free_text": _TEXT,
    "hierarchy": frozenset({"string", "integer", "boolean", "date", "null"}),
}
_WHY_NOT: dict[tuple[str, str], str] = {
    ("hmac_token", "number"): "A float has no one text that all engines agree on: make it an integer or decimal at the source.",
    ("aes_siv", "number"): "A float has no one text that all engines agree on: make it an integer or decimal at the source.",
    ("geo_prefix", "integer"): "A number has lost its leading zeros: read the column as text.",
    ("truncate_date", "string"): "Give the rule the format of its dates, such as %m/%d/%Y.",
    ("age", "string"): "Give the rule the format of its dates, such as %m/%d/%Y.",
    ("date_shift", "string"): "Give the rule the format of its dates, such as %m/%d/%Y.",
}


def fitting(technique: Technique) -> frozenset[str]:
    """The logical types (the words of ``ColumnType.dtype``) that a technique takes."""
    kinds = _TYPES[name_of(technique)]
    if isinstance(technique, TruncateDate | Age | DateShift) and technique.format is not None:
        return kinds | {"string"}
    return kinds


def fits(technique: Technique, dtype: str) -> bool:
    """Whether a technique takes columns of a logical type."""
    if isinstance(technique, Round) and dtype == "integer" and technique.to != int(technique.to):
        return False
    return dtype in fitting(technique)


def why_not(technique: Technique, dtype: str) -> str:
    """What to do where a technique does not fit."""
    if isinstance(technique, Round) and dtype == "integer":
        return "Use a whole number."
    return _WHY_NOT.get(
        (name_of(technique), dtype), "Choose another technique for this column, or change its type at the source."
    )
