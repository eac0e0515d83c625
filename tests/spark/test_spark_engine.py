"""The Spark engine beside the local one: the same parts, byte for byte, and the same refusals."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from masking_builders import decision, plan_of

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import (
    HmacToken,
    Keep,
)
from airflow_privacy.core.pipeline.apply import tools_of
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.spark.engine import spark_engine

SLAB = 300


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    for function in (parts.slabs_of, parts.source_slabs):
        monkeypatch.setattr(function, "__defaults__", (SLAB,))


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("spark") / "privacy"
    init_keys(folder, scopes=("training/churn/ml",))
    return folder


@pytest.fixture
def workspace(home) -> Workspace:
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))


def every_type(rows: int = 1000) -> pl.DataFrame:
    some = range(rows)
    text = [["Ærø", "李雷", "e\u0301 🙂", "", "  ", None, "plain"][n % 7] for n in some]
    moment = [datetime(2024, 1 + n % 12, 1 + n % 28, n % 24, tzinfo=UTC) if n % 9 else None for n in some]
    return pl.DataFrame(
        {
            "int8": pl.Series([n % 100 if n % 5 else None for n in some], dtype=pl.Int8),
            "int64": [n * 10**12 for n in some],
            "uint64": pl.Series([2**63 + n for n in some], dtype=pl.UInt64),
            "float": [n / 7 if n % 11 else float("nan") for n in some],
            "decimal": pl.Series([Decimal(n) / 100 for n in some], dtype=pl.Decimal(20, 2)),
            "text": text,
            "categorical": pl.Series([f"c{n % 13}" for n in some], dtype=pl.Categorical),
            "bool": [n % 3 == 0 if n % 4 else None for n in some],
            "date": [date(1950 + n % 60, 1 + n % 12, 1 + n % 28) for n in some],
            "zoned": pl.Series(moment).dt.convert_time_zone("Europe/Oslo"),
            "nanos": pl.Series(moment).dt.replace_time_zone(None).cast(pl.Datetime("ns")),
            "time": [time(n % 24, n % 60, n % 60, n) for n in some],
            "binary": [bytes([n % 256] * (n % 4)) for n in some],
            "list": [[n, None] if n % 3 else None for n in some],
            "nothing": pl.Series([None] * rows, dtype=pl.Null),
        }
    )


TYPES = every_type()
TOKENS = [name for name in TYPES.columns if name not in ("float", "list")]


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
