"""The Spark engine beside the local one: the same parts, byte for byte, and the same refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
from masking_builders import decision, plan_of
from spark_tables import TOKENS, every_type

from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import (
    HmacToken,
    Keep,
)
from airflow_privacy.core.pipeline.apply import tools_of
from airflow_privacy.core.spark.engine import spark_engine

SLAB = 300


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    for function in (parts.slabs_of, parts.source_slabs):
        monkeypatch.setattr(function, "__defaults__", (SLAB,))


TYPES = every_type()


def plan_for(frame: pl.DataFrame, techniques: dict, **suppression):
    return plan_of(*(decision(name, techniques.get(name, Keep())) for name in frame.columns), **suppression)


def both(spark, workspace, uri, plan, tmp_path):
    """The files that each engine leaves, with digests, and their results."""
    source = open_source(str(uri))
    tools, _ = tools_of(workspace.keyring, plan)
    found = []
    for name, engine in (("local", mask_table), ("spark", spark_engine(spark, workspace, slab_rows=SLAB))):
        stage = tmp_path / name
        stage.mkdir()
        result = engine(source=source, plan=plan, tools=tools, stage=stage)
        files = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(stage.iterdir())]
        found.append((result, files))
    return found


def written(frame: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, row_group_size=170)
    return path


@pytest.mark.parametrize("techniques", [{}, dict.fromkeys(TOKENS, HmacToken())], ids=["kept", "tokens"])
def test_every_type_gives_the_same_bytes_as_the_local_engine(spark, workspace, tmp_path, techniques):
    plan = plan_for(TYPES, techniques)
    local, on_spark = both(spark, workspace, written(TYPES, tmp_path / "raw.parquet"), plan, tmp_path)
    assert local == on_spark
    assert len(local[1]) == 4
