"""What values must look like after an operator of presidio-anonymizer."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule, Rule
from airflow_privacy.core.mask.within.presidio_operators import operator_of
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Presidio


def _presidio(technique: Presidio, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    """No value with letters or digits may stay as it was; some are given to a new operator again."""
    del tools
    masked, text = pl.col(MASKED), canonical_text(SOURCE, dtype)

    def again(rows: pl.DataFrame) -> list[object]:
        operate = operator_of(technique, decision.column)
        return [operate(value) for value in rows.select(text).to_series()]

    return ColumnRule(
        masked.is_not_null(), masked.is_not_null() & ((masked != text) | ~text.str.contains(r"[\p{L}\p{N}]")), again=again
    )


RULES: dict[type, Rule] = {Presidio: _presidio}
