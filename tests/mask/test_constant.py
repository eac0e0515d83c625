"""One value in every row, in the type that the policy writes it in."""

from __future__ import annotations

import polars as pl
import pytest
from masking_builders import TOOLS, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.model.techniques import Constant


def masked(series, value):
    return mask_frame(series.alias("c").to_frame(), plan_of(decision("c", Constant(value=value))), TOOLS)["c"]


@pytest.mark.parametrize(
    ("value", "dtype"), [("x", pl.String), (7, pl.Int64), (7.0, pl.Float64), (True, pl.Boolean), ("", pl.String)]
)
@pytest.mark.parametrize("source", [pl.Series(["a", None]), pl.Series([None, None]), pl.Series([[1], None])], ids=str)
def test_every_row_holds_the_value_in_its_own_type(source, value, dtype):
    out = masked(source, value)
    assert (out.dtype, out.to_list()) == (dtype, [value, value])
    assert type(out[0]) is type(value)


def test_an_empty_table_stays_empty():
    assert masked(pl.Series([], dtype=pl.String), 1).len() == 0


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, float("inf"), float("nan")])
def test_a_number_that_64_bits_cannot_hold_is_refused(value):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked(pl.Series(["a"]), value)


@pytest.mark.parametrize(("left", "right"), [("y", False), (None, False), ("x", True)])
def test_the_rule_sees_any_other_value(left, right):
    rule = column_rule(decision("c", Constant(value="x")), pl.String(), TOOLS)
    row = pl.DataFrame({SOURCE: ["a"], MASKED: pl.Series([left], dtype=pl.String)})
    assert row.select((rule.alone & rule.beside).fill_null(False)).item() is right
