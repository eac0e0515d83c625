from __future__ import annotations

import polars as pl
import pytest
from masking_builders import TOOLS, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import expressions
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import Bins, Drop, Keep, Null, Redact

FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def test_dropped_columns_go_and_the_others_keep_their_order():
    frame = FRAME.with_columns(c=pl.lit(0))
    plan = plan_of(decision("a", Keep()), decision("b", Drop()), decision("c", Keep()))
    assert mask_frame(frame, plan, TOOLS).columns == ["a", "c"]


def test_a_plan_of_constants_keeps_the_number_of_rows():
    assert mask_frame(FRAME, plan_of(decision("a", Null()), decision("b", Drop())), TOOLS).height == 2


def test_a_column_that_the_plan_lacks_is_refused():
    with pytest.raises(CheckFailed, match=r"columns-differ.*no decision on 'b'"):
        mask_frame(FRAME, plan_of(decision("a", Keep())), TOOLS)


def test_a_column_that_the_frame_lacks_is_refused():
    plan = plan_of(decision("a", Keep()), decision("b", Keep()), decision("z", Drop()))
    with pytest.raises(CheckFailed, match=r"columns-differ.*'z', which the source lacks"):
        mask_frame(FRAME, plan, TOOLS)


def test_two_decisions_on_one_column_are_refused():
    plan = plan_of(decision("a", Keep()), decision("b", Keep()), decision("b", Drop()))
    with pytest.raises(CheckFailed, match="more than once on 'b'"):
        mask_frame(FRAME, plan, TOOLS)


@pytest.mark.parametrize("name", ["*", "^.*$"])
def test_a_column_name_that_is_a_pattern_is_refused(name):
    with pytest.raises(CheckFailed, match="unusable-column-name"):
        mask_frame(pl.DataFrame({name: [1]}), plan_of(decision(name, Redact())), TOOLS)


def test_a_plan_that_releases_nothing_is_refused():
    with pytest.raises(CheckFailed, match="nothing-released"):
        mask_frame(FRAME, plan_of(decision("a", Drop()), decision("b", Drop())), TOOLS)


def test_an_error_of_the_engine_shows_no_value(monkeypatch):
    def broken(column, technique, dtype, tools):
        return pl.col(column).cast(pl.Int64)

    monkeypatch.setitem(expressions.SPECS, Redact, expressions.SPECS[Redact]._replace(build=broken))
    frame = pl.DataFrame({"c": ["canary-value"]})
    with pytest.raises(CheckFailed, match="masking-failed") as caught:
        mask_frame(frame, plan_of(decision("c", Redact())), TOOLS)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_input_is_not_changed():
    frame = pl.DataFrame({"a": [1, 20], "b": ["x", "y"]})
    copy = frame.clone()
    mask_frame(frame, plan_of(decision("a", Bins(edges=(10,))), decision("b", Redact())), TOOLS)
    assert frame.equals(copy)
