"""Several columns in one go."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from airflow_privacy.core.detect.recognize.engine import Engine, build_engine

MAIL = pl.Series("mail", ["a@example.com", None, "x", "write to b@example.org"])
ADDRESS = pl.Series("address", ["10.0.0.1"])
NOTHING = pl.Series("nothing", [None, None], dtype=pl.String)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(recognizers=("EmailRecognizer", "IpRecognizer"))


@pytest.mark.parametrize("columns", [[MAIL, NOTHING, ADDRESS], [ADDRESS, MAIL, MAIL], [NOTHING], []])
def test_each_column_has_what_it_has_alone(engine: Engine, columns: list[pl.Series]) -> None:
    together = engine.find_in(columns)
    assert len(together) == len(columns)
    for column, found in zip(columns, together, strict=True):
        assert_frame_equal(found, engine.find(column))
