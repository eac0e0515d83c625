"""What irreversible tokens must look like."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization.alphabets import TOKEN
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule, Rule
from airflow_privacy.core.mask.rules.chance import unchanged
from airflow_privacy.core.mask.rules.normalized import one_for_one, stands_for
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import HmacToken, name_of

_masked = pl.col(MASKED)


def _hmac_token(technique: HmacToken, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key = tools.keys.get(name_of(technique))
    value = canonical_text(SOURCE, dtype)
    form = f"^[{TOKEN[technique.alphabet]}]{{{technique.length}}}$"

    def again(rows: pl.DataFrame) -> list[object]:
        return [None if text is None else _token(technique, key or "", text) for text in stands_for(rows, technique, tools)]

    def one_by_one(texts: list[str]) -> list[str]:
        return [_token(technique, key or "", text) for text in texts]

    def chance(values: pl.Series) -> pl.Series:
        # A value of another form than a token cannot be its own.
        return values.str.contains(form).cast(pl.Float64) / float(token_space(technique))

    del decision
    plainly = not technique.normalize and not technique.beside
    changed = unchanged(value, _masked, chance, one_by_one if key is not None and plainly else None)
    return ColumnRule(
        _masked.is_null() | _masked.str.contains(form),
        _masked.is_not_null() & changed if plainly else changed & one_for_one(technique, tools),
        one_to_one=plainly,
        fills=bool(technique.beside),
        needs=technique.beside,
        again=None if key is None else again,
    )


def token_space(technique: HmacToken) -> int:
    """How many tokens there are."""
    space: int = len(TOKEN[technique.alphabet]) ** technique.length
    return space


def _token(technique: HmacToken, key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    letters = TOKEN[technique.alphabet]
    number, made = int.from_bytes(digest, "big") * token_space(technique) >> 256, ""
    for _ in range(technique.length):
        number, at = divmod(number, len(letters))
        made = letters[at] + made
    return made


RULES: dict[type, Rule] = {HmacToken: _hmac_token}
