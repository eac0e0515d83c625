"""The engines beside each other at the size of real slabs."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from masking_builders import decision, plan_of

from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import GeoPrefix, HmacToken, Keep
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.spark.engine import spark_engine


@pytest.mark.long
def test_a_million_rows_give_the_same_bytes_as_the_local_engine(spark, workspace, tmp_path):
    number = pl.int_range(1_000_000)
    frame = pl.select(id=number, zip=pl.format("{}", number * 37 % 90_000 + 10_000), amount=number / 7)
    frame.write_parquet(tmp_path / "raw.parquet")
    plan = plan_of(decision("id", HmacToken()), decision("zip", GeoPrefix(length=3)), decision("amount", Keep()))
    tools, _ = tools_of(workspace.keyring, plan)
    source = open_source(str(tmp_path / "raw.parquet"))
    found = []
    for name, engine in (("local", mask_table), ("spark", spark_engine(spark, workspace))):
        stage = tmp_path / name
        stage.mkdir()
        engine(source=source, plan=plan, tools=tools, stage=stage)
        found.append([(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(stage.iterdir())])
    assert found[0] == found[1]
    assert len(found[0]) == 4
