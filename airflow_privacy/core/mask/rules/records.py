"""Which records the plan leaves out by what they hold, for the check afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.model.plan import RecordRule


def left_out(rules: Sequence[RecordRule], frame: pl.DataFrame) -> pl.Series:
    """For each row whether any rule leaves it out; value by value in Python, where the masking uses expressions."""
    out = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    for rule in rules:
        values = frame[rule.column]
        gone = frame.select(is_missing(rule.column, values.dtype)).to_series()
        distinct = values.unique()
        verdicts = pl.DataFrame({"value": distinct, "met": [_meets(rule, value) for value in distinct]})
        met = pl.DataFrame({"value": values}).join(verdicts, on="value", how="left", nulls_equal=True, maintain_order="left")[
            "met"
        ]
        if rule.missing is True:
            met = gone if not (rule.equals or rule.below is not None or rule.above is not None) else gone & False
        else:
            met = met & ~gone
        out = out | met
    return out


def _meets(rule: RecordRule, value: object) -> bool:
    if value is None:
        return False
    if rule.equals and not any(_same(value, wanted) for wanted in rule.equals):
        return False
    return (rule.below is None or _before(value, rule.below)) and (rule.above is None or _before(rule.above, value))


def _same(value: object, wanted: object) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    return bool(value == wanted)


def _before(low: object, high: object) -> bool:
    first, second = _comparable(low), _comparable(high)
    return bool(first < second)  # type: ignore[operator]


def _comparable(value: object) -> object:
    """Numbers as they are; dates, timestamps and ISO 8601 text as their ISO text to the day."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
