"""The Spark engine's time over the local engine's, on one machine: the same table, plan and bytes.

``python benchmarks/masking_spark.py [rows]``; prints JSON. Spark has as many tasks as the machine has cores, the local engine as
many threads. The ratio is what Spark costs where one machine would do; it pays where one machine would not.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import polars as pl
from plans import SCOPE, plan_for

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import Bins, GeoPrefix, HmacToken, Keep, Technique, TruncateDate
from airflow_privacy.core.pipeline.apply import MaskTable
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.spark.engine import spark_engine
from airflow_privacy.core.spark.session import spark_session

TECHNIQUES: dict[str, Technique] = {
    "id": HmacToken(),
    "email": HmacToken(),
    "phone": HmacToken(),
    "zip": GeoPrefix(length=3),
    "born": TruncateDate(to="year"),
    "income": Bins(edges=(20_000, 40_000, 80_000)),
    **{f"kept_{number}": Keep() for number in range(10)},
}


def spark_ratio(rows: int = 1_000_000, *, repeats: int = 3) -> dict[str, object]:
    """Seconds of both engines (the best of *repeats*) and their ratio, without the session's start and with it.

    :raises AssertionError: the bytes differ.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "privacy"
        init_keys(home, scopes=(SCOPE,))
        path = Path(folder) / "table.parquet"
        _table(rows).write_parquet(path)
        workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))
        local, expected = min((_run(mask_table, path, workspace) for _ in range(repeats)), key=lambda done: done[0])
        before = time.perf_counter()
        with spark_session() as session:
            started = time.perf_counter() - before
            engine = spark_engine(session, workspace)
            first, found = _run(engine, path, workspace)
            warm = min(_run(engine, path, workspace)[0] for _ in range(repeats))
    assert found == expected, "the engines' bytes differ"
    return {
        "rows": rows,
        "columns": len(TECHNIQUES),
        "local_seconds": round(local, 2),
        "spark_seconds": round(warm, 2),
        "spark_first_run_seconds": round(first, 2),
        "session_start_seconds": round(started, 2),
        "ratio": round(warm / local, 2),
        "ratio_with_start": round((started + first) / local, 2),
        "bytes_identical": True,
    }


def _run(engine: MaskTable, path: Path, workspace: Workspace) -> tuple[float, list[str]]:
    plan = plan_for(TECHNIQUES, TECHNIQUES)
    tools, _ = tools_of(workspace.keyring, plan)
    source = open_source(str(path))
    with tempfile.TemporaryDirectory() as stage:
        before = time.perf_counter()
        result = engine(source=source, plan=plan, tools=tools, stage=Path(stage))
        seconds = time.perf_counter() - before
        return seconds, [hashlib.sha256((Path(stage) / part).read_bytes()).hexdigest() for part in result.parts]


def _table(rows: int) -> pl.DataFrame:
    number = pl.int_range(rows)
    return pl.select(
        id=number,
        email=pl.format("person{}@mail.example", number),
        phone=pl.format("+4930{}", number + 1_000_000),
        zip=pl.format("{}", number * 37 % 90_000 + 10_000),
        born=pl.lit(date(1950, 1, 1)) + pl.duration(days=number * 7919 % 20_000),
        income=(number * 104_729 % 120_000).cast(pl.Float64),
        **{f"kept_{one}": (number * (one + 3) % 1000).cast(pl.Int64) for one in range(10)},
    )


if __name__ == "__main__":
    print(json.dumps(spark_ratio(*map(int, sys.argv[1:])), indent=1))
