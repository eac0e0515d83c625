"""A plan on a Spark DataFrame: the local engine's values, and refusals where rows would matter."""

from __future__ import annotations

import shutil
import traceback
from dataclasses import replace

import polars as pl
import pytest
from masking_builders import decision, plan_of
from pyspark import cloudpickle
from spark_tables import TOKENS, every_type

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import HmacToken, Keep, Noise, QuantileBins
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.spark.executor import key_marks
from airflow_privacy.core.spark.frames import BatchWork, mask_dataframe
from airflow_privacy.core.spark.session import quiet

# Spark has no time of day, no unsigned integers and no nanoseconds.
FRAME = every_type(100).drop("uint64", "nanos", "time", "categorical", "nothing")


def masked_by_spark(spark, workspace, plan, tmp_path):
    FRAME.write_parquet(tmp_path / "frame.parquet")
    given = spark.read.parquet(str(tmp_path / "frame.parquet")).coalesce(1)
    with quiet():
        return pl.from_arrow(mask_dataframe(given, plan, workspace=workspace).toArrow())


@pytest.mark.parametrize("technique", [Keep(), HmacToken()], ids=["kept", "tokens"])
def test_values_are_those_of_the_local_engine(spark, workspace, tmp_path, technique):
    plan = plan_of(*(decision(name, technique if name in TOKENS else Keep()) for name in FRAME.columns))
    found = masked_by_spark(spark, workspace, plan, tmp_path)
    tools, _ = tools_of(workspace.keyring, plan)
    expected = mask_frame(FRAME, plan, tools)
    for name in expected.columns:
        same = expected[name]
        if isinstance(same.dtype, pl.Datetime):
            same = same.dt.convert_time_zone(found[name].dtype.time_zone)
        assert found[name].cast(same.dtype).equals(same, null_equal=True), name


@pytest.mark.parametrize(
    "technique", [Noise(distribution="laplace", scale=1.0), QuantileBins(count=4)], ids=["by-row", "learning"]
)
def test_a_technique_that_needs_the_table_is_refused(spark, workspace, technique):
    frame = spark.createDataFrame([(1,)], "age long")
    with pytest.raises(CheckFailed, match=r"engine-does-not-support.*column age"):
        mask_dataframe(frame, plan_of(decision("age", technique)), workspace=workspace)


def test_record_suppression_is_refused(spark, workspace):
    frame = spark.createDataFrame([(1,)], "age long")
    plan = plan_of(decision("age", Keep()), k=2, over=("age",))
    with pytest.raises(CheckFailed, match="engine-does-not-support"):
        mask_dataframe(frame, plan, workspace=workspace)


def test_an_error_on_an_executor_shows_no_value(spark, workspace, spark_log, tmp_path):
    plan = plan_of(decision("name", HmacToken()))
    gone = shutil.copytree(workspace.home, tmp_path / "privacy", copy_function=shutil.copy2)
    frame = spark.createDataFrame([("canary-4711",)], "name string")
    result = mask_dataframe(frame, plan, workspace=replace(workspace, home=gone))
    for key in (gone / "keyring" / "scopes").iterdir():
        key.unlink()
    with quiet(), pytest.raises(Exception, match="scope-key-missing") as caught:
        result.collect()
    assert "canary-4711" not in str(caught.value)
    assert "scope-key-missing" in spark_log.read_text()
    assert "canary-4711" not in spark_log.read_text()


def test_a_foreign_error_on_an_executor_loses_its_text(workspace):
    class Odd:
        def __getattr__(self, name):
            raise ValueError("canary-4711")

    work = BatchWork(workspace=workspace, plan=plan_of(decision("name", Keep())), marks={})
    with pytest.raises(CheckFailed, match="failed: ") as caught:
        list(work(iter([Odd()])))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_the_function_that_is_sent_holds_no_key(workspace):
    plan = plan_of(decision("name", HmacToken()))
    tools, _ = tools_of(workspace.keyring, plan)
    sent = cloudpickle.dumps(BatchWork(workspace=workspace, plan=plan, marks=key_marks(tools)))
    for key in tools.keys.values():
        assert key.encode() not in sent
        assert bytes.fromhex(key) not in sent
