"""What suppressed values must look like."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import plain
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule
from airflow_privacy.core.mask.suppress import SEPARATOR, head_of, tail_of
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Constant, Keep, Null, PartialMask, Redact

_source, _masked = pl.col(SOURCE), pl.col(MASKED)


def _keep(technique: Keep, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del technique, decision, tools
    return ColumnRule(TRUE, _source.cast(plain(dtype)).eq_missing(_masked), fills=True)


def _null(technique: Null, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del technique, decision, dtype, tools
    return ColumnRule(_masked.is_null(), TRUE, fills=True)


def _redact(technique: Redact, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, dtype, tools
    return ColumnRule(_masked == technique.text, _masked.is_not_null())


def _constant(technique: Constant, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, dtype, tools
    return ColumnRule(_masked == technique.value, TRUE, fills=True)


def _partial_mask(technique: PartialMask, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, tools
    kept, letter = technique.keep_first + technique.keep_last, f"[^{SEPARATOR}]"
    clear = _masked.str.replace_all(technique.char, "", literal=True).str.count_matches(letter)
    value = canonical_text(SOURCE, dtype)
    long = value.str.count_matches(letter) > kept
    shape = value.str.replace_all(letter, technique.char.replace("$", "$$")) == _masked.str.replace_all(
        letter, technique.char.replace("$", "$$")
    )
    ends = pl.lit(True)
    if technique.keep_first:
        head = head_of(value, technique.keep_first)
        ends = ends & _masked.str.starts_with(head)
    if technique.keep_last:
        ends = ends & _masked.str.ends_with(tail_of(value, technique.keep_last))
    return ColumnRule(clear <= kept, shape & pl.when(long).then(ends).otherwise(clear == 0))


RULES: dict[type, Rule] = {Keep: _keep, Null: _null, Redact: _redact, Constant: _constant, PartialMask: _partial_mask}
