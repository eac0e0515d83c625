"""From a plan's decision to a Polars expression: one registry, from technique type to its specification."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import suppress
from airflow_privacy.core.mask.base import NO_TOOLS, Spec, Tools
from airflow_privacy.core.mask.dtypes import family, of_logical, require_plain_name
from airflow_privacy.core.mask.generalization import coarsen, generalize, hierarchy
from airflow_privacy.core.mask.pseudonymization import ciphers, pseudonymize
from airflow_privacy.core.mask.randomization import randomize
from airflow_privacy.core.mask.surrogate import surrogates
from airflow_privacy.core.mask.within import free_text, nested, presidio_operators
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Constant, Drop, Round, Technique, name_of
from airflow_privacy.core.model.techniques.fits import fits, why_not

SPECS: dict[type, Spec] = {
    **suppress.SPECS,
    **generalize.SPECS,
    **coarsen.SPECS,
    **hierarchy.SPECS,
    **pseudonymize.SPECS,
    **ciphers.SPECS,
    **surrogates.SPECS,
    **randomize.SPECS,
    **presidio_operators.SPECS,
}


def _inner(column: str, technique: Technique, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """What a technique that is made of others builds for one of them."""
    if family(dtype) == "null" and not isinstance(technique, Constant):
        return pl.lit(None, dtype=_inner_dtype(column, technique, dtype))
    return _spec(technique).build(column, technique, dtype, tools)


def _inner_dtype(column: str, technique: Technique, dtype: pl.DataType) -> pl.DataType:
    """What a technique that is made of others makes of a field's type."""
    require_fit(column, technique, dtype)
    return _spec(technique).output(technique, dtype)


SPECS |= free_text.specs(_inner)
SPECS |= nested.specs(_inner, _inner_dtype)


def expression(decision: Decision, tools: Tools = NO_TOOLS, dtype: pl.DataType | None = None) -> pl.Expr | None:
    """The expression that does what *decision* says, named as its column; ``None`` where the column is dropped.

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
    return _inner(decision.column, technique, given, tools).cast(target).alias(decision.column)


def output_dtype(decision: Decision, dtype: pl.DataType) -> pl.DataType:
    """The type of a masked column: it depends on technique and source type only, never on values.

    :raises CheckFailed: the technique does not fit the type.
    """
    require_fit(decision.column, decision.technique, dtype, rule=decision.rule)
    return _spec(decision.technique).output(decision.technique, dtype)


def require_fit(column: str, technique: Technique, dtype: pl.DataType, *, rule: str = "") -> None:
    """Refuse a technique that does not take a type.

    :raises CheckFailed: it does not.
    """
    kind = family(dtype)
    if kind is None or not fits(technique, kind) or (isinstance(technique, Round) and dtype in (pl.Int128, pl.UInt128)):
        raise CheckFailed(
            "technique-does-not-fit",
            f"{name_of(technique)} does not fit column {column!r} of type {kind or dtype.base_type().__name__}",
            where=f"rule {rule}" if rule else "",
            do=why_not(technique, kind or "null"),
        )


def _spec(technique: Technique) -> Spec:
    try:
        return SPECS[type(technique)]
    except KeyError:
        pass
    raise CheckFailed("technique-not-available", f"{name_of(technique)} is not available in this engine")
