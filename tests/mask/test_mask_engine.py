from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import masking_builders
import polars as pl
import pyarrow.parquet as pq
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.parts import PartFiles, slabs_of
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import Bins, Drop, GeoPrefix, HmacToken, Keep, Null, Round

FRAME = pl.DataFrame(
    {
        "name": [f"person {n}" for n in range(1000)],
        "age": [n % 90 if n % 7 else None for n in range(1000)],
        "zip": [f"{10000 + n * 37 % 3000}" for n in range(1000)],
        "score": [n / 3 for n in range(1000)],
    }
)
PLAN = plan_of(
    decision("name", HmacToken(), role="direct-identifier"),
    decision("age", Bins(edges=(18, 40, 65)), role="quasi-identifier"),
    decision("zip", GeoPrefix(length=2), role="quasi-identifier"),
    decision("score", Round(to=10)),
)


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    monkeypatch.setattr(parts, "SLAB_ROWS", 300)
    for function in (parts.slabs_of, parts.source_slabs):
        monkeypatch.setattr(function, "__defaults__", (300,))


def run(tmp_path, *frames, plan=PLAN, name="stage"):
    stage = tmp_path / name
    stage.mkdir()
    result = mask_table(source=Frames(*frames), plan=plan, tools=TOOLS, stage=stage)
    return result, stage


def digests(stage: Path) -> list[tuple[str, str]]:
    return [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(stage.iterdir())]


def read_back(result, stage):
    return pl.concat(PartFiles([stage / name for name in result.parts]).slabs())


def test_rows_are_counted_and_written_in_order(tmp_path):
    result, stage = run(tmp_path, FRAME)
    assert (result.rows_read, result.rows_written, result.rows_suppressed) == (1000, 1000, 0)
    assert result.parts == ("part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "part-00003.parquet")
    assert result.part_rows == (300, 300, 300, 100)
    assert [(column.name, column.dtype) for column in result.columns] == [
        ("name", "string"),
        ("age", "string"),
        ("zip", "string"),
        ("score", "number"),
    ]
    assert read_back(result, stage)["zip"].to_list() == [code[:2] for code in FRAME["zip"]]


def test_nothing_but_the_parts_is_written(tmp_path):
    result, stage = run(tmp_path, FRAME)
    assert sorted(path.name for path in stage.iterdir()) == list(result.parts)


def test_masking_again_gives_the_same_bytes(tmp_path):
    _, first = run(tmp_path, FRAME, name="first")
    _, second = run(tmp_path, FRAME, name="second")
    assert digests(first) == digests(second)


def test_how_the_source_cuts_its_batches_does_not_change_the_bytes(tmp_path):
    _, whole = run(tmp_path, FRAME, name="whole")
    pieces = [FRAME.slice(start, 77) for start in range(0, 1000, 77)]
    _, cut = run(tmp_path, *pieces, name="cut")
    assert digests(whole) == digests(cut)


_SCRIPT = """
import hashlib, pathlib, sys
import polars as pl
sys.path[:0] = {here!r}
from masking_builders import TOOLS, Frames
from test_mask_engine import PLAN
from airflow_privacy.core.mask.run import mask_table
stage = pathlib.Path(sys.argv[1]); stage.mkdir()
n = 300_000
frame = pl.select(i=pl.int_range(n)).select(
    name=pl.format("person {{}}", "i"), age=pl.col("i") % 90,
    zip=pl.format("{{}}", pl.col("i") % 3000 + 10000), score=pl.col("i") / 3,
)
mask_table(source=Frames(frame), plan=PLAN, tools=TOOLS, stage=stage)
print(pl.thread_pool_size(), *(hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(stage.iterdir())))
"""


def test_the_number_of_threads_does_not_change_the_bytes(tmp_path):
    outs = []
    for threads in ("1", "2"):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                _SCRIPT.format(here=[str(Path(file).parent) for file in (__file__, masking_builders.__file__)]),
                str(tmp_path / threads),
            ],
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        outs.append(done.stdout.split())
    assert [out[0] for out in outs] == ["1", "2"]
    assert len(outs[0]) == 3
    assert outs[0][1:] == outs[1][1:]


def test_parts_hold_no_statistics_and_no_metadata_of_the_source(tmp_path):
    frame = pl.DataFrame({"e": pl.Series(["seen", "seen"], dtype=pl.Enum(["seen", "unseen-canary"])), "n": [1, 2]})
    result, stage = run(tmp_path, frame, plan=plan_of(decision("e", Keep()), decision("n", Null())))
    metadata = pq.read_metadata(stage / result.parts[0])
    assert set(metadata.metadata) == {b"ARROW:schema"}
    assert not any(metadata.row_group(0).column(index).is_stats_set for index in range(metadata.num_columns))
    assert b"canary" not in (stage / result.parts[0]).read_bytes()


def test_rows_of_small_classes_are_left_out(tmp_path):
    frame = pl.DataFrame({"q": ["a", "b", None, "a", None, "c"], "v": [0, 1, 2, 3, 4, 5]})
    plan = plan_of(decision("q", Keep(), role="quasi-identifier"), decision("v", Keep()), k=2, over=("q",), limit=0.5)
    result, stage = run(tmp_path, frame, plan=plan)
    assert (result.rows_read, result.rows_written, result.rows_suppressed) == (6, 4, 2)
    assert read_back(result, stage).rows() == [("a", 0), (None, 2), ("a", 3), (None, 4)]


def test_a_small_class_of_missing_values_is_left_out(tmp_path):
    frame = pl.DataFrame({"q": ["a", None, "a"], "p": [1, 1, 1]})
    plan = plan_of(decision("q", Keep()), decision("p", Keep()), k=2, over=("q", "p"), limit=0.5)
    result, stage = run(tmp_path, frame, plan=plan)
    assert read_back(result, stage)["q"].to_list() == ["a", "a"]


def test_classes_are_counted_over_all_slabs(tmp_path):
    frame = pl.DataFrame({"q": [n % 500 for n in range(1000)]})
    result, _ = run(tmp_path, frame, plan=plan_of(decision("q", Keep(), role="quasi-identifier"), k=2, over=("q",)))
    assert result.rows_suppressed == 0


def test_classes_are_those_of_the_masked_values(tmp_path):
    frame = pl.DataFrame({"q": list(range(100))})
    plan = plan_of(decision("q", Bins(edges=(50,)), role="quasi-identifier"), k=50, over=("q",))
    assert run(tmp_path, frame, plan=plan)[0].rows_suppressed == 0


def test_too_much_suppression_is_refused_without_naming_a_value(tmp_path):
    frame = pl.DataFrame({"q": ["canary", "b", "b", "b"]})
    plan = plan_of(decision("q", Keep(), role="quasi-identifier"), k=2, over=("q",), limit=0.2)
    with pytest.raises(CheckFailed, match=r"suppression-limit.*1 of 4 rows \(25.0%\).*over q.*20.0%") as caught:
        run(tmp_path, frame, plan=plan)
    assert "canary" not in str(caught.value)


def test_suppression_over_a_dropped_column_is_refused(tmp_path):
    plan = plan_of(decision("q", Drop()), decision("v", Keep()), k=2, over=("q",))
    with pytest.raises(CheckFailed, match="suppression-columns"):
        run(tmp_path, pl.DataFrame({"q": [1], "v": [1]}), plan=plan)


def test_suppression_over_no_column_leaves_nothing_out(tmp_path):
    assert run(tmp_path, pl.DataFrame({"v": [1]}), plan=plan_of(decision("v", Keep()), k=2))[0].rows_suppressed == 0


def test_a_table_without_rows_gives_one_empty_part(tmp_path):
    for index, frames in enumerate(([FRAME.clear()], [FRAME.clear(), FRAME.clear()])):
        result, stage = run(tmp_path, *frames, name=str(index))
        assert (result.rows_written, result.part_rows) == (0, (0,))
        assert read_back(result, stage).columns == FRAME.columns


def test_a_table_of_which_nothing_is_left_gives_one_empty_part(tmp_path):
    plan = plan_of(decision("q", Keep(), role="quasi-identifier"), k=2, over=("q",), limit=1.0)
    result, _ = run(tmp_path, pl.DataFrame({"q": [1, 2]}), plan=plan)
    assert (result.rows_suppressed, result.part_rows) == (2, (0,))


def test_a_source_in_another_column_order_than_the_plan_is_refused(tmp_path):
    with pytest.raises(CheckFailed, match="another order"):
        run(tmp_path, FRAME.select("age", "name", "zip", "score"))


def test_a_source_that_changes_its_types_on_the_way_is_refused(tmp_path):
    with pytest.raises(CheckFailed, match=r"schema-changed.*'age'"):
        run(tmp_path, FRAME, FRAME.with_columns(pl.col("age").cast(pl.String)))


def test_slabs_have_one_size_whatever_comes_in():
    frames = [pl.DataFrame({"a": range(size)}) for size in (1, 0, 5, 2, 7)]
    slabs = list(slabs_of(frames, 4))
    assert [slab.height for slab in slabs] == [4, 4, 4, 3]
    assert pl.concat(slabs).equals(pl.concat(frames))


def test_a_part_that_is_gone_is_named(tmp_path):
    with pytest.raises(BadInput, match="part-00007"):
        list(PartFiles([tmp_path / "part-00007.parquet"]).slabs())
