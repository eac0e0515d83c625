"""From a plan's decision to a Polars expression: one registry, from technique type to the function that builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import generalize, hierarchy, pseudonymize, suppress
from airflow_privacy.core.mask.dtypes import Family, family, of_logical, plain, require_plain_name
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import (
    Bins,
    Drop,
    GeoPrefix,
    Hierarchy,
    HmacToken,
    Keep,
    Null,
    PartialMask,
    Redact,
    Round,
    TruncateDate,
    name_of,
)

Builder: TypeAlias = Callable[[str, Any, pl.DataType, Mapping[str, str]], pl.Expr]

BUILDERS: dict[type, Builder] = {
    Keep: suppress.keep,
    Null: suppress.null,
    Redact: suppress.redact,
    PartialMask: suppress.partial_mask,
    HmacToken: pseudonymize.hmac_token,
    Round: generalize.rounded,
    Bins: generalize.bins,
    TruncateDate: generalize.truncate_date,
    GeoPrefix: generalize.geo_prefix,
    Hierarchy: hierarchy.ancestor,
}

_ANY: frozenset[Family] = frozenset(
    {"string", "integer", "number", "boolean", "date", "timestamp", "time", "decimal", "binary", "nested", "null"}
)
_NUMBERS: frozenset[Family] = frozenset({"integer", "number", "decimal", "null"})
_FITS: dict[type, frozenset[Family]] = {
    Keep: _ANY,
    Null: _ANY,
    Redact: _ANY,
    PartialMask: frozenset({"string", "integer", "null"}),
    HmacToken: frozenset({"string", "integer", "decimal", "boolean", "date", "timestamp", "time", "binary", "null"}),
    Round: _NUMBERS,
    Bins: _NUMBERS,
    TruncateDate: frozenset({"date", "timestamp", "null"}),
    GeoPrefix: frozenset({"string", "null"}),
    Hierarchy: frozenset({"string", "integer", "boolean", "date", "null"}),
}
_WHY_NOT: dict[tuple[type, Family], str] = {
    (HmacToken, "number"): "A float has no one text that all engines agree on: make it an integer or decimal at the source.",
    (GeoPrefix, "integer"): "A number has lost its leading zeros: read the column as text.",
    (TruncateDate, "string"): "Give the rule the format of its dates, such as %m/%d/%Y.",
}
_TEXT = (Redact, PartialMask, HmacToken, Bins, GeoPrefix, Hierarchy)


def expression(decision: Decision, keys: Mapping[str, str], dtype: pl.DataType | None = None) -> pl.Expr | None:
    """The expression that does what *decision* says, named as its column; ``None`` where the column is dropped.

    :param keys: technique name → key in hexadecimal digits, derived by the caller.
    :param dtype: the column's Polars type; without it, one for the decision's logical type.
    :raises CheckFailed: the technique does not fit the type, or its parameters do not hold.
    :raises KeyUnavailable: a key that the technique needs is not given.
    """
    technique = decision.technique
    if isinstance(technique, Drop):
        return None
    require_plain_name(decision.column)
    given = of_logical(decision.column, decision.dtype) if dtype is None else dtype
    target = output_dtype(decision, given)
    if family(given) == "null":
        return pl.lit(None, dtype=target).alias(decision.column)
    built = BUILDERS[type(technique)](decision.column, technique, given, keys)
    return built.cast(target).alias(decision.column)


def output_dtype(decision: Decision, dtype: pl.DataType) -> pl.DataType:
    """The type of a masked column: it depends on technique and source type only, never on values.

    :raises CheckFailed: the technique does not fit the type.
    """
    technique = decision.technique
    kind = family(dtype)
    if isinstance(technique, TruncateDate) and technique.format is not None and kind == "string":
        return pl.Date()
    if kind is None or kind not in _FITS.get(type(technique), frozenset()) or (isinstance(technique, Round) and _is_wide(dtype)):
        raise CheckFailed(
            "technique-does-not-fit",
            f"{name_of(technique)} does not fit column {decision.column!r} of type {kind or dtype.base_type().__name__}",
            where=f"rule {decision.rule}",
            do=_WHY_NOT.get((type(technique), kind or "null"), "Choose another technique for this column."),
        )
    if isinstance(technique, _TEXT):
        return pl.String()
    if isinstance(technique, Round) and kind == "decimal":
        return pl.Float64()
    return plain(dtype)


def _is_wide(dtype: pl.DataType) -> bool:
    return dtype in (pl.Int128, pl.UInt128)
