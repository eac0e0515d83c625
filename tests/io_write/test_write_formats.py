"""Masked rows written as CSV, JSON lines, Avro and hive folders: read back the same, the same bytes however they are cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.formats import write_partitioned as partitioned
from airflow_privacy.core.io.formats.write_avro import write_avro
from airflow_privacy.core.io.formats.write_csv import write_csv
from airflow_privacy.core.io.formats.write_jsonl import write_jsonl
from airflow_privacy.core.io.formats.write_partitioned import write_partitioned
from airflow_privacy.core.io.source import open_source

FRAME = pl.DataFrame(
    {
        "id": [1, 2, None, 2**62],
        "text": ['say "hi", you\nthere', "", None, "ünï"],
        "ratio": [0.1, None, 1e300, -2.5],
        "ok": [True, False, None, True],
        "day": [date(2024, 2, 29), None, date(1, 1, 1), date(1970, 1, 1)],
        "at": [datetime(2024, 1, 2, 3, 4, 5, 678900), None, datetime(1969, 12, 31), datetime(2024, 1, 1)],
        "zoned": [datetime(2024, 1, 2, 3, tzinfo=UTC), None, None, datetime(2024, 7, 1, tzinfo=UTC)],
        "clock": [time(1, 2, 3), None, time(0), time(23, 59, 59, 999999)],
        "price": [Decimal("1.50"), None, Decimal("-0.05"), Decimal("100.00")],
        "bytes": [b"\x00\xff", b"", None, b"a"],
    },
    schema_overrides={"price": pl.Decimal(10, 2), "zoned": pl.Datetime("us", "UTC")},
)
WRITERS: dict[str, Callable[..., object]] = {"csv": write_csv, "jsonl": write_jsonl, "avro": write_avro}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest) -> Callable[..., object]:
    return WRITERS[request.param]


def read(path: Path) -> pl.DataFrame:
    return pl.concat(open_source(str(path)).slabs())


def test_how_the_frames_are_cut_does_not_change_the_bytes(write: Callable[..., object], tmp_path: Path) -> None:
    write([FRAME], tmp_path / "whole")
    write([FRAME.slice(start, 1) for start in range(4)], tmp_path / "cut")
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "cut").read_bytes()


def test_an_empty_table_is_written_with_what_the_format_has_for_it(write: Callable[..., object], tmp_path: Path) -> None:
    write([FRAME.clear()], tmp_path / "empty")
    assert (tmp_path / "empty").exists()


def test_a_table_without_columns_is_refused(write: Callable[..., object], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-rows"):
        write([], tmp_path / "none")


def test_a_table_that_changes_its_columns_is_refused(write: Callable[..., object], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="schema-changed"):
        write([FRAME, FRAME.drop("id")], tmp_path / "changed")


def test_a_folder_that_is_not_there_is_a_failure_of_the_storage(write: Callable[..., object], tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="not-written"):
        write([FRAME], tmp_path / "gone" / "file")


def test_csv_tells_missing_from_empty_text(tmp_path: Path) -> None:
    write_csv([pl.DataFrame({"a": ["", None, "x"], "b": [1, 2, None]})], tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b'a,b\n"",1\n,2\nx,\n'


def test_csv_spells_every_type_in_one_way(tmp_path: Path) -> None:
    write_csv([FRAME.head(1)], tmp_path / "t.csv")
    header, line = (tmp_path / "t.csv").read_text().split("\n", 1)
    assert header == "id,text,ratio,ok,day,at,zoned,clock,price,bytes"
    assert line == (
        '1,"say ""hi"", you\nthere",0.1,true,2024-02-29,2024-01-02T03:04:05.678900,2024-01-02T03:00:00.000000Z,'
        "01:02:03.000000,1.50,00ff\n"
    )


def test_csv_reads_back(tmp_path: Path) -> None:
    kept = FRAME.select(pl.col("id") % 1000, "text", "ratio", "ok", "day", "at").filter(pl.col("text") != "")
    write_csv([kept], tmp_path / "t.csv")
    assert_frame_equal(read(tmp_path / "t.csv"), kept)


def test_csv_has_no_lists(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nested-column.*'l'"):
        write_csv([pl.DataFrame({"l": [[1]]})], tmp_path / "t.csv")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_defused_for_spreadsheets_only(start: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [f"{start}1+1"], f"{start}h": [-1]})
    write_csv([frame], tmp_path / "t.csv", for_spreadsheets=True)
    assert read_cells(tmp_path / "t.csv") == [["a", f"'{start}h"], [f"'{start}1+1", "-1"]]
    write_csv([frame], tmp_path / "plain.csv")
    assert read_cells(tmp_path / "plain.csv") == [["a", f"{start}h"], [f"{start}1+1", "-1"]]


def read_cells(path: Path) -> list[list[str]]:
    import csv

    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_json_lines_read_back(tmp_path: Path) -> None:
    kept = FRAME.select("id", "text", "ratio", "ok", "day", "at")
    write_jsonl([kept], tmp_path / "t.jsonl")
    objects = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [o["text"] for o in objects] == kept["text"].to_list()
    assert [o["id"] for o in objects] == kept["id"].to_list()
    assert list(objects[0]) == kept.columns
    assert objects[0]["at"] == "2024-01-02T03:04:05.678900"


def test_json_has_no_number_for_nan_and_infinity(tmp_path: Path) -> None:
    write_jsonl([pl.DataFrame({"a": [float("nan"), float("inf"), 1.5]})], tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_text() == '{"a":null}\n{"a":null}\n{"a":1.5}\n'


def test_avro_reads_back_in_its_types(tmp_path: Path) -> None:
    write_avro([FRAME], tmp_path / "t.avro")
    assert_frame_equal(read(tmp_path / "t.avro"), FRAME)


def test_avro_holds_lists_and_records(tmp_path: Path) -> None:
    frame = pl.DataFrame({"l": [[{"a": 1, "b": "x"}, None], []]})
    write_avro([frame], tmp_path / "t.avro")
    import fastavro

    with (tmp_path / "t.avro").open("rb") as file:
        assert list(fastavro.reader(file)) == frame.to_dicts()


def test_a_name_that_avro_forbids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"unusable-column-name.*'a\.b'"):
        write_avro([pl.DataFrame({"a.b": [1]})], tmp_path / "t.avro")


def test_a_value_that_does_not_fit_is_not_shown(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [2**64 - 12_345]}, schema={"n": pl.UInt64})
    with pytest.raises(BadInput, match="not-writable") as caught:
        write_avro([frame], tmp_path / "t.avro")
    assert str(2**64 - 12_345) not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


PEOPLE = pl.DataFrame(
    {
        "country": ["DE", "FR", None, "DE", "a/b=c", "..", ""],
        "year": [2024, 2024, 2023, 2023, 2024, None, 2020],
        "v": [0, 1, 2, 3, 4, 5, 6],
    }
)


def test_folders_are_named_by_value_and_read_back(tmp_path: Path) -> None:
    names = write_partitioned([PEOPLE], tmp_path, by=["country", "year"])
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.parquet")) == sorted(names)
    assert names[0] == "country=DE/year=2024/part-00000.parquet"
    assert "country=a%2Fb%3Dc/year=2024/part-00000.parquet" in names
    assert "country=%2E%2E/year=__HIVE_DEFAULT_PARTITION__/part-00000.parquet" in names
    back = read(tmp_path).select(PEOPLE.columns).sort("v")
    assert_frame_equal(back, PEOPLE.with_columns(country=pl.col("country").replace({"": None})))


def test_the_columns_parted_by_are_in_the_names_only(tmp_path: Path) -> None:
    for name in write_partitioned([PEOPLE], tmp_path, by=["country"]):
        assert pl.read_parquet(tmp_path / name, hive_partitioning=False).columns == ["year", "v"]


def test_folders_are_the_same_however_the_frames_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitioned, "_SLAB_ROWS", 4)
    contents = []
    for cut in (7, 3, 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        names = write_partitioned([PEOPLE.slice(start, cut) for start in range(0, 7, cut)], folder, by=["country"])
        contents.append({name: (folder / name).read_bytes() for name in names})
    assert contents[0] == contents[1] == contents[2]
    assert any(name.endswith("part-00001.parquet") for name in contents[0])


@pytest.mark.parametrize("by", [["nope"], [], ["country", "country"], ["country", "year", "v"]])
def test_columns_that_cannot_part_the_table_are_refused(by: list[str], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unusable-partition"):
        write_partitioned([PEOPLE], tmp_path, by=by)


def test_too_many_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitioned, "MOST_FOLDERS", 3)
    with pytest.raises(BadInput, match="too-many-partitions"):
        write_partitioned([PEOPLE], tmp_path, by=["country"])
