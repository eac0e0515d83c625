"""The Spark engine beside the local one: the same parts, byte for byte, and the same refusals."""

from __future__ import annotations

import base64
import hashlib
import traceback
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from masking_builders import TOOLS, decision, plan_of
from msgspec import structs
from pyspark import cloudpickle
from spark_tables import TOKENS, every_type

from airflow_privacy.core.errors import BadInput, CheckFailed, KeyUnavailable
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import HmacToken, Keep, QuantileBins
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.spark.engine import spark_engine
from airflow_privacy.core.spark.executor import SlabWork, from_text, key_marks

SLAB = 300


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    for function in (parts.slabs_of, parts.source_slabs, parts.lazy_slabs):
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


def test_a_folder_of_parts_with_partitions_and_structs_gives_the_same_bytes(spark, workspace, tmp_path):
    raw = tmp_path / "raw"
    for number, (country, rows) in enumerate((("DE", 250), ("DE", 130), ("%C3%98K", 420))):
        start = 1000 * number
        frame = pl.select(id=pl.int_range(start, start + rows)).with_columns(who=pl.struct(name=pl.format("p{}", "id"), age="id"))
        written(frame, raw / f"country={country}" / f"part-{number}.parquet")
    columns = {"id": HmacToken(), "who.name": HmacToken(), "who.age": Keep(), "country": HmacToken()}
    plan = plan_of(*(decision(name, technique) for name, technique in columns.items()))
    local, on_spark = both(spark, workspace, raw.as_uri(), plan, tmp_path)
    assert local == on_spark
    assert local[0].rows_written == 800


def test_rows_of_small_classes_are_left_out_alike(spark, workspace, tmp_path):
    # One class has all of its rows in the second slab: nothing of it is left there.
    frame = pl.DataFrame({"q": [0] * 299 + [1] + [2 + n % 300 for n in range(300)] + [None] * 300, "v": range(900)})
    plan = plan_for(frame, {}, k=2, over=("q",), limit=0.5)
    local, on_spark = both(spark, workspace, written(frame, tmp_path / "raw.parquet"), plan, tmp_path)
    assert local == on_spark
    assert on_spark[0].rows_suppressed == 301
    assert len(on_spark[1]) == 2


def test_a_table_of_which_nothing_is_left_gives_one_empty_part(spark, workspace, tmp_path):
    frame = pl.DataFrame({"q": range(400)})
    plan = plan_for(frame, {}, k=2, over=("q",), limit=1.0)
    local, on_spark = both(spark, workspace, written(frame, tmp_path / "raw.parquet"), plan, tmp_path)
    assert local == on_spark
    assert on_spark[0].part_rows == (0,)


def test_parts_come_back_by_spark_where_executors_do_not_see_the_stage(spark, workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "touch", lambda _: None)  # the mark by which executors know the stage
    monkeypatch.setattr("airflow_privacy.core.spark.engine.slab_name", lambda number: f".here-{number}")  # and their name for it
    plan = plan_for(TYPES, dict.fromkeys(TOKENS, HmacToken()))
    local, on_spark = both(spark, workspace, written(TYPES, tmp_path / "raw.parquet"), plan, tmp_path)
    assert local == on_spark


def masked(spark, workspace, frame, plan, tmp_path, *, suffix="parquet", keys=True):
    path = tmp_path / f"raw.{suffix}"
    frame.write_csv(path) if suffix == "csv" else written(frame, path)
    source = open_source(str(path))
    stage = tmp_path / "stage"
    stage.mkdir()
    tools = tools_of(workspace.keyring, plan)[0] if keys else TOOLS
    return spark_engine(spark, workspace, slab_rows=SLAB)(source=source, plan=plan, tools=tools, stage=stage)


NAMES = pl.DataFrame({"name": ["canary-4711"] * 400})
NAMES_PLAN = plan_for(NAMES, {"name": HmacToken()})


def test_a_table_that_is_not_parquet_is_refused(spark, workspace, tmp_path):
    with pytest.raises(CheckFailed, match=r"engine-does-not-support.*Parquet"):
        masked(spark, workspace, NAMES, NAMES_PLAN, tmp_path, suffix="csv")


def test_a_technique_that_learned_nothing_is_refused(spark, workspace, tmp_path):
    frame = pl.DataFrame({"n": [1]})
    with pytest.raises(CheckFailed, match=r"engine-does-not-support.*quantile_bins.*column n"):
        masked(spark, workspace, frame, plan_for(frame, {"n": QuantileBins(count=2)}), tmp_path)


def test_rows_that_conditions_name_are_left_out_alike(spark, workspace, tmp_path):
    frame = pl.select(n=pl.int_range(1000) % 7, q=pl.int_range(1000) // 3, name=pl.format("{}", pl.int_range(1000)))
    rules = (RecordRule(name="zeros", column="n", equals=(0,)),)
    plan = structs.replace(plan_for(frame, {"name": HmacToken()}, k=2, over=("q",), limit=0.5), drop_records=rules)
    local, on_spark = both(spark, workspace, written(frame, tmp_path / "raw.parquet"), plan, tmp_path)
    assert local == on_spark
    assert on_spark[0].rows_left_out == 143
    for ours, theirs in zip(on_spark[0].kept, local[0].kept, strict=True):
        assert ours.equals(theirs)


def test_an_executor_with_other_keys_than_the_driver_stops(spark, workspace, tmp_path):
    with pytest.raises(KeyUnavailable, match="keys-differ"):
        masked(spark, workspace, NAMES, NAMES_PLAN, tmp_path, keys=False)


def test_an_executor_without_a_keyring_stops_and_leaves_no_part(spark, workspace, tmp_path):
    with pytest.raises(KeyUnavailable, match="keyring-missing"):
        masked(spark, replace(workspace, home=tmp_path / "nowhere"), NAMES, NAMES_PLAN, tmp_path, keys=False)
    assert not list((tmp_path / "stage").glob("part-*"))


def test_a_foreign_error_on_an_executor_shows_no_value_and_is_not_logged(spark, workspace, tmp_path, spark_log):
    def storages(uri):  # made here, so that it travels by value
        raise ValueError("canary-4711")

    with pytest.raises(CheckFailed, match="An executor failed: ValueError at test_spark_engine") as caught:
        masked(spark, replace(workspace, storages=storages), NAMES, NAMES_PLAN, tmp_path)
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert not spark_log.exists() or "canary" not in spark_log.read_text()


def test_a_file_that_is_another_one_for_the_executor_stops_it(workspace, tmp_path):
    path = written(NAMES, tmp_path / "raw.parquet")
    work = slab_work(workspace, open_source(str(path)))
    written(NAMES.head(300), path)
    with pytest.raises(BadInput, match="source-changed"):
        raise from_text(rows_of(work)[0]["error"])


def test_an_executor_of_another_version_stops(workspace, tmp_path):
    source = open_source(str(written(NAMES, tmp_path / "raw.parquet")))
    work = replace(slab_work(workspace, source), versions={"polars": "0.1"})
    with pytest.raises(CheckFailed, match=r"versions-differ.*polars .* instead of 0.1"):
        raise from_text(rows_of(work)[0]["error"])


def test_what_is_sent_to_executors_holds_no_key(workspace, tmp_path):
    source = open_source(str(written(NAMES, tmp_path / "raw.parquet")))
    sent = cloudpickle.dumps(slab_work(workspace, source))
    (key,) = tools_of(workspace.keyring, NAMES_PLAN)[0].keys.values()
    assert b"canary" not in sent
    for form in (key.encode(), bytes.fromhex(key), base64.b64encode(bytes.fromhex(key))):
        assert form not in sent


def slab_work(workspace, source):
    marks = key_marks(tools_of(workspace.keyring, NAMES_PLAN)[0])
    files = source.files()
    return SlabWork(
        workspace=workspace, uri=source.uri, files=files, columns=source.columns, plan=NAMES_PLAN, marks=marks, slab_rows=SLAB
    )


def rows_of(work):
    numbers = pa.RecordBatch.from_pydict({"id": [0]})
    return [row for batch in work(iter([numbers])) for row in batch.to_pylist()]
