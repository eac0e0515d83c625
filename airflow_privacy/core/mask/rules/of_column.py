"""The rule for a released column: one registry, from technique type to its rule."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.rules import (
    ciphers,
    coarsen,
    free_text,
    generalize,
    nested,
    presidio_operators,
    pseudonymize,
    randomize,
    suppress,
    surrogates,
)
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Constant, Inside

RULES: dict[type, Rule] = {
    **suppress.RULES,
    **generalize.RULES,
    **coarsen.RULES,
    **pseudonymize.RULES,
    **ciphers.RULES,
    **surrogates.RULES,
    **randomize.RULES,
    **free_text.RULES,
    **presidio_operators.RULES,
}
_masked = pl.col(MASKED)


def column_rule(decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    """The rule for a released column whose source type is *dtype*. What the source lacks must be missing, nothing else."""
    if family(dtype) == "null" and not isinstance(decision.technique, Constant):
        return ColumnRule(_masked.is_null(), TRUE)
    if isinstance(decision.technique, Inside):
        rule = nested.inside(decision.technique, decision, dtype, tools, column_rule)
    else:
        rule = RULES[type(decision.technique)](decision.technique, decision, dtype, tools)
    if rule.fills:
        return rule
    missing = is_missing(SOURCE, dtype)
    return rule._replace(
        alone=_masked.is_null() | rule.alone,
        beside=pl.when(missing).then(_masked.is_null()).otherwise(rule.beside),
    )
