"""Dates that lie in text columns, read by the technique's format."""

from __future__ import annotations

from datetime import date

import polars as pl

from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.expressions import expression
from airflow_privacy.core.mask.rules.of_column import MASKED, SOURCE, column_rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import TruncateDate

DECISION = Decision(
    column="born",
    dtype="string",
    entity="DATE_OF_BIRTH",
    role="quasi-identifier",
    technique=TruncateDate(to="decade", format="%m/%d/%Y"),
    rule="r",
    reason="because",
)


def test_text_is_read_by_the_format_and_truncated() -> None:
    frame = pl.DataFrame({"born": ["3/8/1971", "12/31/1989", None, ""]})
    built = expression(DECISION, {}, pl.String())
    assert built is not None
    assert frame.select(built)["born"].to_list() == [date(1970, 1, 1), date(1980, 1, 1), None, None]


def test_the_check_refuses_a_value_that_the_format_does_not_fit() -> None:
    rule = column_rule(DECISION, pl.String(), NO_TOOLS)
    frame = pl.DataFrame({SOURCE: ["3/8/1971", "8 March 1971"], MASKED: [date(1970, 1, 1), None]})
    assert frame.select(rule.beside.fill_null(False).alias("ok"))["ok"].to_list() == [True, False]
