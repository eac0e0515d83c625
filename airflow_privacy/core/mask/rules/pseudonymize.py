"""What irreversible tokens must look like."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule, Rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import HmacToken, name_of

_masked = pl.col(MASKED)


def _hmac_token(technique: HmacToken, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key = tools.keys.get(name_of(technique))

    def again(rows: pl.DataFrame) -> list[object]:
        assert key is not None  # noqa: S101 - narrows the type
        texts = rows.select(canonical_text(SOURCE, dtype)).to_series()
        return [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[: technique.length] for text in texts]

    del decision
    return ColumnRule(
        _masked.str.contains(token_form(technique)),
        _masked != canonical_text(SOURCE, dtype),
        one_to_one=True,
        again=None if key is None else again,
    )


def token_form(technique: HmacToken) -> str:
    """The pattern of a token."""
    return f"^[0-9a-f]{{{technique.length}}}$"


RULES: dict[type, Rule] = {HmacToken: _hmac_token}
