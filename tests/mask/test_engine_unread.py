"""Slabs that go from a Parquet file to a part without being held: the same bytes as from frames, and the same errors."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.mask import expressions, parts, run
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import Bins, GeoPrefix, HmacToken, Keep, Null, PartialMask, Redact

ROWS = 1_000
FRAME = pl.DataFrame(
    {
        "name": [f"person {n}" for n in range(ROWS)],
        "age": [n % 90 if n % 7 else None for n in range(ROWS)],
        "zip": [f"{chr(97 + n % 26)}{10_000 + n * 37 % 3_000}" for n in range(ROWS)],
        "note": [None if n % 3 else f"note {n}" for n in range(ROWS)],
        "city": [("Bonn", "Lyon", "Jena")[n % 3] for n in range(ROWS)],
    }
)
PLAN = plan_of(
    decision("name", HmacToken()),
    decision("age", Bins(edges=(18, 40, 65))),
    decision("zip", GeoPrefix(length=2)),
    decision("note", Null()),
    decision("city", Keep()),
)


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SLAB_ROWS", 300)
    for function in (parts.slabs_of, parts.source_slabs, parts.lazy_slabs):
        monkeypatch.setattr(function, "__defaults__", (300,))


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were written from frames in memory."""
    names: list[str] = []

    def noted(frame: pl.DataFrame, path: Path) -> None:
        names.append(path.name)
        parts.write_part(frame, path)

    monkeypatch.setattr(run, "write_part", noted)
    return names


def masked(source, stage: Path, plan=PLAN) -> list[str]:
    stage.mkdir()
    result = mask_table(source=source, plan=plan, tools=TOOLS, stage=stage)
    assert result.rows_read == result.rows_written == sum(result.part_rows)
    assert sorted(path.name for path in stage.iterdir()) == list(result.parts)
    return [hashlib.sha256((stage / name).read_bytes()).hexdigest() for name in result.parts]


@pytest.fixture
def expected(tmp_path: Path) -> list[str]:
    """The digests of the parts of the same rows in memory."""
    return masked(Frames(FRAME), tmp_path / "expected")


@pytest.mark.parametrize("row_group", [17, 300, 450, 10_000])
def test_a_file_gives_the_bytes_of_its_rows_whatever_its_row_groups(row_group, tmp_path, expected, held):
    FRAME.write_parquet(tmp_path / "t.parquet", row_group_size=row_group)
    assert masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out") == expected
    assert held == []


def test_slabs_across_files_give_the_same_bytes(tmp_path, expected, held):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, (start, length) in enumerate(((0, 1), (1, 420), (421, 279), (700, 300))):
        FRAME.slice(start, length).write_parquet(folder / f"{number}.parquet")
    assert masked(open_source(str(folder)), tmp_path / "out") == expected
    assert held == []


def test_columns_of_folder_names_are_masked_like_others(tmp_path, held):
    frame = FRAME.sort("city", maintain_order=True)
    for city in ("Bonn", "Jena", "Lyon"):
        folder = tmp_path / "hive" / f"city={city}"
        folder.mkdir(parents=True)
        frame.filter(pl.col("city") == city).drop("city").write_parquet(folder / "part.parquet")
    plan = plan_of(*PLAN.decisions[:4], decision("city", HmacToken()))
    out = masked(open_source(str(tmp_path / "hive")), tmp_path / "out", plan)
    assert out == masked(Frames(frame), tmp_path / "frames", plan)
    assert held == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "part-00003.parquet"]  # the frames'


def test_categories_and_records_give_the_bytes_of_plain_columns(tmp_path, expected, held):
    frame = FRAME.with_columns(pl.col("city").cast(pl.Categorical), pl.struct(inner="zip").alias("zip"))
    frame.select("name", "age", "zip", "note", "city").write_parquet(tmp_path / "t.parquet")
    plan = plan_of(*PLAN.decisions[:2], decision("zip.inner", GeoPrefix(length=2)), *PLAN.decisions[3:])
    plain = Frames(FRAME.rename({"zip": "zip.inner"}))
    out = masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out", plan)
    assert held == []
    assert out == masked(plain, tmp_path / "plain", plan)


def test_text_files_are_read_into_frames_and_give_the_same_bytes(tmp_path, expected, held):
    FRAME.write_csv(tmp_path / "t.csv")
    assert masked(open_source(str(tmp_path / "t.csv")), tmp_path / "out") == expected
    assert held == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "part-00003.parquet"]


def test_a_source_whose_columns_are_in_another_order_than_the_plan_is_refused(tmp_path):
    FRAME.select("age", "name", "zip", "note", "city").write_parquet(tmp_path / "t.parquet")
    with pytest.raises(CheckFailed, match="another order"):
        masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out")


def test_a_technique_that_counts_rows_sees_the_whole_slab(tmp_path, monkeypatch, held):
    def numbered(column, technique, dtype, tools):
        return pl.format("{} of {}", pl.int_range(pl.len()) + tools.first_row, pl.len())

    monkeypatch.setitem(expressions.SPECS, Redact, expressions.SPECS[Redact]._replace(build=numbered))
    FRAME.write_parquet(tmp_path / "t.parquet", row_group_size=70)
    plan = plan_of(decision("name", Redact()), *PLAN.decisions[1:])
    assert masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out", plan)
    names = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "out").iterdir())])["name"]
    assert held == []
    assert names[0] == "0 of 300"
    assert names[-1] == "999 of 100"
    assert names[650] == "650 of 300"


def test_a_damaged_page_is_the_sources_fault(tmp_path):
    frame = pl.DataFrame({"c": [f"canary-value-{n * 7919}" for n in range(5_000)]})
    path = tmp_path / "t.parquet"
    frame.write_parquet(path, compression="zstd", row_group_size=500)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = os.urandom(200)
    path.write_bytes(data)
    source = open_source(str(path))
    with pytest.raises(BadInput, match="unreadable-parquet") as caught:
        masked(source, tmp_path / "out", plan_of(decision("c", Redact())))
    assert "canary" not in str(caught.value)


def test_an_error_of_the_engine_shows_no_value(tmp_path, monkeypatch):
    def broken(column, technique, dtype, tools):
        return pl.col(column).cast(pl.Int64)

    monkeypatch.setitem(expressions.SPECS, Redact, expressions.SPECS[Redact]._replace(build=broken))
    pl.DataFrame({"c": ["canary-value"]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(CheckFailed, match="masking-failed") as caught:
        masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out", plan_of(decision("c", Redact())))
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_file_that_changes_on_the_way_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    FRAME.write_parquet(path)
    source = open_source(str(path))
    sink = parts.sink_part

    def changing(frame, rows, part):
        os.utime(path, ns=(1, 1))
        return sink(frame, rows, part)

    monkeypatch.setattr(run, "sink_part", changing)
    with pytest.raises(BadInput, match="source-changed"):
        masked(source, tmp_path / "out")


def test_a_part_that_got_other_rows_than_the_slab_has_is_written_again(tmp_path, monkeypatch, expected, held):
    FRAME.write_parquet(tmp_path / "t.parquet")
    sink = parts.sink_part
    monkeypatch.setattr(run, "sink_part", lambda frame, rows, part: sink(frame.head(rows - 1), rows, part))
    assert masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out") == expected
    assert len(held) == 4


def test_partial_masking_leaves_the_same_characters_straight_from_the_file(tmp_path, held):
    frame = pl.DataFrame({"c": ["+49 (171) 842-3977", "äöü 12", "", None, "日本語テキスト", "12"] * 200})
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=100)
    masked(open_source(str(tmp_path / "t.parquet")), tmp_path / "out", plan_of(decision("c", PartialMask(keep_last=2))))
    out = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "out").iterdir())])["c"].to_list()
    assert out == ["+** (***) ***-**77", "*** 12", None, None, "*****スト", "**"] * 200
