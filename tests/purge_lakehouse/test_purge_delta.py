"""Delta tables: rows go, and with them every file and log entry that holds them."""

from __future__ import annotations

import json
import shutil
import string
import struct
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lake_disk import before, files_of, holds, one_of, silent, values_on_disk
from lake_tables import read_rows

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.delta_vectors import hidden_rows
from airflow_privacy.core.io.purge.lakehouse import LakehouseTarget, lakehouse_target
from airflow_privacy.core.io.purge.target import Found, Pace, Rule
from airflow_privacy.core.model.purge import Looked

deltalake = pytest.importorskip("deltalake")
pyroaring = pytest.importorskip("pyroaring")  # comes with pyiceberg
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = pl.DataFrame(
    {
        "name": ["Ada", "Zacharias", "Bob", "Zoe", None, "Carl"],
        "city": ["Ulm", "Zwickau", "Ulm", "Aachen", "Bonn", "Bonn"],
        "seen": [date(2020, 1, 1), date(2010, 1, 1), date(2021, 1, 1), date(2010, 5, 5), date(2022, 1, 1), None],
    }
)


def target(root: Path, rule: Rule, **options: Any) -> LakehouseTarget:
    return lakehouse_target(f"delta+file://{root}", rule=rule, **{"now": lambda: NOW, **options})


def purge(root: Path, rule: Rule, **options: Any) -> tuple[Found, Looked]:
    opened = target(root, rule, **options)
    found = opened.find()
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    return found, opened.look_again(found.step, ())


def rows_of(root: Path, *sort: str) -> pl.DataFrame:
    frame = read_rows("delta", root)
    return frame.sort(*(sort or frame.columns))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    root = tmp_path / "people"
    for start in range(0, PEOPLE.height, 3):
        deltalake.write_deltalake(str(root), PEOPLE[start : start + 3].to_arrow(), mode="append")
    return root


@pytest.fixture
def copied(reference_data: Path, tmp_path: Path) -> Callable[[str], Path]:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(reference_data / "lakehouse" / "delta" / name, tmp_path / name))

    return copy


def test_rows_that_go_are_in_no_file_and_the_others_are_as_they_were(people: Path) -> None:
    found, looked = purge(people, before("seen", date(2015, 1, 1)))

    assert found.step.counts == {"young": 3, "expired": 2, "unknown": 1}
    assert found.things == 6
    assert (looked.left, looked.gone, looked.kept) == (0, 2, ())
    assert holds(people, "Zacharias", "Zwickau", "Zoe", "Aachen", "2010-") == []
    stays = PEOPLE.filter((pl.col("seen") >= date(2015, 1, 1)) | pl.col("seen").is_null())
    assert rows_of(people, "name").equals(stays.sort("name"))


def test_nothing_expired_writes_nothing(people: Path) -> None:
    before_ = files_of(people)
    found, looked = purge(people, before("seen", date(1999, 1, 1)))
    assert (found.step.counts.get("expired", 0), looked.left) == (0, 0)
    assert files_of(people) == before_


def test_a_second_run_changes_nothing(people: Path) -> None:
    rule = one_of("name", "Zoe")
    purge(people, rule)
    before_ = files_of(people)
    _, looked = purge(people, rule)
    assert looked.left == 0
    assert files_of(people) == before_


def test_an_older_version_cannot_be_read_afterwards(people: Path) -> None:
    purge(people, one_of("name", "Zoe"))
    with pytest.raises(Exception, match=r".*"):
        deltalake.DeltaTable(str(people), version=1).to_pyarrow_table()


def test_what_older_versions_and_nobody_named_goes_too(people: Path) -> None:
    deltalake.DeltaTable(str(people)).delete("name = 'Zoe'")
    PEOPLE.filter(pl.col("name") == "Zoe").write_parquet(people / "part-never-named.parquet")
    PEOPLE.filter(pl.col("name") == "Ada").write_parquet(people / "part-somebody-elses.parquet")
    (people / "part-torn.parquet").write_bytes(b"PAR1Zoe")

    found, looked = purge(people, one_of("name", "Zoe"))

    assert found.step.counts["expired"] == 2
    assert looked.left == 0
    assert holds(people, "Zoe", "Aachen") == []
    assert (people / "part-somebody-elses.parquet").exists()
    assert rows_of(people).height == 5


def test_old_files_wait_and_then_go(people: Path) -> None:
    rule, clock = one_of("name", "Zoe"), [datetime.now(UTC)]
    options: Any = {"wait": timedelta(days=7), "now": lambda: clock[0]}
    found, looked = purge(people, rule, **options)

    assert [kept.why for kept in found.kept] == ["not-yet"]
    assert (looked.left, looked.gone) == (0, 0)
    assert [(kept.why, kept.count) for kept in looked.kept] == [("not-yet", 1)]
    assert "Zoe" not in rows_of(people)["name"].to_list()
    assert holds(people, "Zoe") != []
    files = files_of(people)
    opened = target(people, rule, **options)
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    assert files_of(people) == files

    clock[0] = datetime.fromisoformat(looked.kept[0].until)
    assert opened.look_again(found.step, ()).left == 2
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    last = opened.look_again(found.step, ())
    assert (last.left, last.gone, last.kept) == (0, 1, ())
    assert holds(people, "Zoe", "Aachen") == []


def test_somebody_elses_young_file_waits_where_there_is_a_wait(people: Path) -> None:
    clock = [datetime.now(UTC) + timedelta(minutes=1)]
    options: Any = {"wait": timedelta(days=7), "now": lambda: clock[0]}
    PEOPLE.filter(pl.col("name") == "Zoe").write_parquet(people / "part-in-flight.parquet")
    (people / "part-torn.parquet").write_bytes(b"PAR1")
    found, looked = purge(people, one_of("name", "Zoe"), **options)
    assert (found.step.counts["expired"], looked.left, looked.kept[0].count) == (2, 0, 2)
    assert (people / "part-in-flight.parquet").exists()
    clock[0] = datetime.fromisoformat(looked.kept[0].until)
    _, looked = purge(people, one_of("name", "Zoe"), **options)
    assert (looked.left, looked.kept) == (0, ())
    assert holds(people, "Zoe") == []
    assert not (people / "part-torn.parquet").exists()


def test_rows_deleted_by_somebody_wait_from_then_on(people: Path) -> None:
    deltalake.DeltaTable(str(people)).delete("name = 'Zoe'")
    clock = [datetime.now(UTC) + timedelta(minutes=1)]
    options: Any = {"wait": timedelta(days=7), "now": lambda: clock[0]}
    found, looked = purge(people, one_of("name", "Zoe"), **options)
    assert (found.step.counts["expired"], looked.left, looked.kept[0].count) == (1, 0, 1)
    clock[0] = datetime.fromisoformat(looked.kept[0].until)
    _, looked = purge(people, one_of("name", "Zoe"), **options)
    assert (looked.left, looked.kept) == (0, ())
    assert holds(people, "Zoe", "Aachen") == []
    assert rows_of(people).height == 5


def test_partition_values_go_with_their_folders_and_log_entries(tmp_path: Path) -> None:
    root = tmp_path / "cities"
    frame = PEOPLE.with_columns(city=pl.Series(["Ulm", "A/B ä=%", "Ulm", "A/B ä=%", None, "Bonn"]))
    deltalake.write_deltalake(str(root), frame.to_arrow(), partition_by=["city"])
    _, looked = purge(root, one_of("city", "A/B ä=%"))
    assert looked.left == 0
    assert holds(root, "A/B", "A%2FB", "Zacharias") == []
    assert rows_of(root, "name").select(frame.columns).equals(frame.filter(pl.col("city").ne_missing("A/B ä=%")).sort("name"))


def test_one_row_of_an_odd_partition_goes_and_the_others_stay_there(tmp_path: Path) -> None:
    root = tmp_path / "cities"
    frame = PEOPLE.with_columns(city=pl.Series(["Ulm", "A/B ä=%", "Ulm", "A/B ä=%", None, None]))
    deltalake.write_deltalake(str(root), frame.to_arrow(), partition_by=["city"])
    purge(root, one_of("name", "Zoe", "Carl"))
    assert holds(root, "Zoe", "Carl") == []
    assert (
        rows_of(root, "name")
        .select(frame.columns)
        .equals(frame.filter(~pl.col("name").is_in(["Zoe", "Carl"]).fill_null(False)).sort("name"))
    )


def test_change_data_goes(tmp_path: Path) -> None:
    root = tmp_path / "feed"
    deltalake.write_deltalake(str(root), PEOPLE.to_arrow(), configuration={"delta.enableChangeDataFeed": "true"})
    deltalake.DeltaTable(str(root)).update(updates={"city": "'Hof'"}, predicate="name = 'Zoe'")
    deltalake.DeltaTable(str(root)).delete("name = 'Zoe'")
    assert list((root / "_change_data").rglob("*.parquet"))
    purge(root, one_of("name", "Zoe"))
    assert holds(root, "Zoe") == []
    assert rows_of(root).height == 5


def test_a_checkpoint_of_the_library_is_read_and_replaced(people: Path) -> None:
    deltalake.DeltaTable(str(people)).create_checkpoint()
    purge(people, one_of("name", "Zoe"))
    assert holds(people, "Zoe", "Aachen") == []
    deltalake.write_deltalake(str(people), PEOPLE[:1].to_arrow(), mode="append")
    deltalake.DeltaTable(str(people)).create_checkpoint()
    assert rows_of(people).height == 6
    purge(people, one_of("name", "Ada"))
    assert holds(people, "Ada") == []
    assert rows_of(people).height == 4


def test_somebody_elses_commit_is_not_lost(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = target(people, one_of("name", "Zoe"))
    found = opened.find()
    new = pl.DataFrame({"name": ["Zed"], "city": ["Hof"], "seen": [date(2024, 1, 1)]})

    def write_meanwhile(done: int, of: int) -> None:
        deltalake.write_deltalake(str(people), new.to_arrow(), mode="append")

    with pytest.raises(StorageUnavailable, match="table-busy"):
        opened.remove(found.step, (), pace=Pace(), progress=write_meanwhile)
    assert rows_of(people).height == 7
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    assert opened.look_again(found.step, ()).left == 0
    assert rows_of(people)["name"].sort().to_list() == [None, "Ada", "Bob", "Carl", "Zacharias", "Zed"]


def test_the_library_reads_writes_and_vacuums_the_table_afterwards(people: Path) -> None:
    purge(people, one_of("name", "Zoe"))
    table = deltalake.DeltaTable(str(people))
    table.optimize.compact()
    table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    deltalake.DeltaTable(str(people)).delete("name = 'Ada'")
    assert rows_of(people)["name"].drop_nulls().sort().to_list() == ["Bob", "Carl", "Zacharias"]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (pl.Datetime("us", "UTC"), datetime(2011, 2, 3, 4, 5, 6, 7, tzinfo=UTC)),
        (pl.Datetime("us"), datetime(2011, 2, 3, 4, 5, 6)),
        (pl.Date(), date(2011, 2, 3)),
        (pl.Decimal(9, 2), Decimal("1.50")),
        (pl.Int32(), -1),
        (pl.Float64(), 1.5),
        (pl.Boolean(), True),
        (pl.String(), "a b"),
    ],
    ids=str,
)
def test_partition_values_of_all_types_are_judged_as_the_column(tmp_path: Path, dtype: pl.DataType, value: object) -> None:
    root = tmp_path / "typed"
    frame = pl.DataFrame({"x": ["goes", "stays"], "part": pl.Series([value, None], dtype=dtype)})
    deltalake.write_deltalake(str(root), frame.to_arrow(), partition_by=["part"])
    found, _ = purge(root, one_of("part", *frame["part"].drop_nulls().to_list()))
    assert found.step.counts == {"expired": 1, "young": 1}
    assert rows_of(root)["x"].to_list() == ["stays"]


def hide(root: Path, rows: list[int], kind: str) -> None:
    """Delete rows of the table's one file by a deletion vector, as an engine with merge-on-read does."""
    log = root / "_delta_log"
    add = next(one["add"] for one in map(json.loads, (log / f"{0:020d}.json").read_text().splitlines()) if "add" in one)
    bitmap = pyroaring.BitMap64(rows)
    data = struct.pack("<I", 1681511377) + bitmap.serialize()
    vector: dict[str, Any] = {"storageType": kind, "sizeInBytes": len(data), "cardinality": len(bitmap)}
    if kind == "u":
        id_ = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
        vector |= {"pathOrInlineDv": "ab" + z85(id_.bytes), "offset": 1}
        path = root / "ab" / f"deletion_vector_{id_}.bin"
        path.parent.mkdir()
        path.write_bytes(b"\x01" + struct.pack(">I", len(data)) + data + struct.pack(">I", zlib.crc32(data)))
    else:
        vector["pathOrInlineDv"] = z85(data + bytes(-len(data) % 4))
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    actions = [
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}},
        {"remove": {"path": add["path"], "deletionTimestamp": 1, "dataChange": True}},
        {"add": {**add, "deletionVector": vector}},
    ]
    (log / f"{1:020d}.json").write_text("".join(json.dumps(one) + "\n" for one in actions))


def names_by_query(root: Path) -> list[str | None]:
    """By the library's own engine: its way through Arrow does not read deletion vectors."""
    rows = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(str(root))).execute("select name from t").read_all()
    frame = pl.DataFrame(pl.from_arrow(pa.table(rows)))
    return frame["name"].sort().to_list()


def z85(data: bytes) -> str:
    alphabet = string.digits + string.ascii_lowercase + string.ascii_uppercase + ".-:+=^!/*?&<>()[]{}@%$#"
    numbers = struct.unpack(f">{len(data) // 4}I", data)
    return "".join(alphabet[number // 85**power % 85] for number in numbers for power in (4, 3, 2, 1, 0))


@pytest.mark.parametrize("kind", ["u", "i"])
def test_rows_that_a_deletion_vector_hides_go_and_do_not_come_back(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "hidden"
    deltalake.write_deltalake(str(root), PEOPLE.to_arrow())
    hide(root, [1, 3], kind)
    found, looked = purge(root, one_of("name", "Zoe", "Bob"))
    assert found.step.counts == {"expired": 2, "young": 3}
    assert (looked.left, looked.gone) == (0, 2)
    assert holds(root, "Zoe", "Bob", "Zacharias") == []
    assert names_by_query(root) == [None, "Ada", "Carl"]
    assert not list(root.rglob("*.bin"))


def test_a_deletion_vector_of_a_file_that_stays_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "hidden"
    deltalake.write_deltalake(str(root), PEOPLE.to_arrow())
    hide(root, [1, 3], "u")
    more = PEOPLE[:1].with_columns(name=pl.lit("Yann"))
    name = "part-more.parquet"
    more.write_parquet(root / name)
    add = {"path": name, "partitionValues": {}, "size": 1, "modificationTime": 1, "dataChange": True}
    (root / "_delta_log" / f"{2:020d}.json").write_text(json.dumps({"add": add}) + "\n")
    purge(root, one_of("name", "Yann"))
    assert holds(root, "Yann") == []
    assert len(list(root.rglob("*.bin"))) == 1
    assert target(root, one_of("name", "none")).find().step.counts == {"young": 4}
    assert names_by_query(root) == [None, "Ada", "Bob", "Carl"]


@given(rows=st.sets(st.one_of(st.integers(0, 9), st.integers(0, 200_000), st.integers(2**32, 2**32 + 70_000)), max_size=200))
@example(rows=set(range(70_000)))
@example(rows=set(range(0, 70_000, 2)))
@settings(deadline=None, max_examples=30)
def test_deletion_vectors_are_read_as_the_reference_writes_them(rows: set[int]) -> None:
    bitmap = pyroaring.BitMap64(rows)
    for optimized in (False, True):
        if optimized:
            bitmap.run_optimize()
        data = struct.pack("<I", 1681511377) + bitmap.serialize()
        text = z85(data + bytes(-len(data) % 4))
        vector = {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(data), "cardinality": len(rows)}
        assert hidden_rows(Path(), vector).tolist() == sorted(rows)


def test_columns_are_found_by_their_physical_names(tmp_path: Path) -> None:
    root = tmp_path / "mapped"
    physical = {"name": "col-1", "city": "col-2", "seen": "col-3"}
    deltalake.write_deltalake(str(root), PEOPLE.rename(physical).to_arrow(), partition_by=["col-2"])
    first = root / "_delta_log" / f"{0:020d}.json"
    actions = [json.loads(line) for line in first.read_text().splitlines()]
    metadata = next(one["metaData"] for one in actions if "metaData" in one)
    schema = json.loads(metadata["schemaString"])
    logical = {value: key for key, value in physical.items()}
    for number, field in enumerate(schema["fields"], 1):
        field["metadata"] = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": field["name"]}
        field["name"] = logical[field["name"]]
    metadata |= {"schemaString": json.dumps(schema), "partitionColumns": ["city"]}
    metadata["configuration"] = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "3"}
    next(one for one in actions if "protocol" in one)["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
    first.write_text("".join(json.dumps(one) + "\n" for one in actions))
    _, looked = purge(root, one_of("name", "Zoe"))
    assert looked.left == 0
    assert holds(root, "Zoe", "Aachen") == []
    found, _ = purge(root, one_of("city", "Ulm"))
    assert found.step.counts == {"expired": 2, "young": 3}
    assert holds(root, "Ada", "Bob", "Ulm") == []


def test_an_unknown_feature_is_named(people: Path) -> None:
    features = {"readerFeatures": [], "writerFeatures": ["rowTracking", "domainMetadata"]}
    action = {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}}
    (people / "_delta_log" / f"{2:020d}.json").write_text(json.dumps(action))
    with pytest.raises(BadInput, match=r"unsupported-table.*rowTracking"):
        target(people, one_of("name", "Zoe")).find()


def test_old_timestamps_of_spark_are_judged_in_utc_and_kept_as_they_are(tmp_path: Path) -> None:
    root = tmp_path / "spark"
    moments = [datetime(2010, 1, 1), datetime(2020, 1, 1), None]
    frame = pl.DataFrame({"at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")), "x": ["a", "b", "c"]})
    deltalake.write_deltalake(str(root), frame.to_arrow())
    path = next(root.glob("*.parquet"))
    pq.write_table(pq.read_table(path), path, use_deprecated_int96_timestamps=True)
    purge(root, before("at", datetime(2015, 1, 1, tzinfo=UTC)))
    file = pq.ParquetFile(next(root.glob("*.parquet")))
    assert file.schema.column(0).physical_type == "INT96"
    assert file.read(columns=["x"])["x"].to_pylist() == ["b", "c"]
    assert file.read()["at"].to_pylist()[0].year == 2020


def test_a_table_that_may_only_be_appended_to_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "only"
    deltalake.write_deltalake(str(root), PEOPLE.to_arrow(), configuration={"delta.appendOnly": "true"})
    with pytest.raises(BadInput, match="append-only"):
        target(root, one_of("name", "Zoe")).find()


def test_a_missing_table_and_column_are_named(people: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="missing-table"):
        target(tmp_path / "none", one_of("name", "Zoe")).find()
    with pytest.raises(BadInput, match=r"unknown-column.*'nick'"):
        target(people, one_of("nick", "Zoe")).find()


def test_simple_table(copied: Callable[[str], Path]) -> None:
    root = copied("simple_table")
    assert 5 in values_on_disk(root, "id")
    rows = rows_of(root)["id"].to_list()
    found, looked = purge(root, one_of("id", 5, 1, 3))
    assert (looked.left, looked.gone) == (0, found.step.counts["expired"])
    assert values_on_disk(root, "id") == {7, 9} == set(rows) - {5}
    assert rows_of(root)["id"].to_list() == [7, 9]
    assert not list((root / "_delta_log" / ".tmp").glob("*"))


def test_dates(copied: Callable[[str], Path]) -> None:
    root = copied("delta-0.8.0-date")
    rows = rows_of(root)
    purge(root, before("date", date(2021, 1, 3)))
    assert min(values_on_disk(root, "date")) == date(2021, 1, 3)
    assert rows_of(root).equals(rows.filter(pl.col("date") >= date(2021, 1, 3)))
    assert not list(root.glob("*.crc"))


def test_partitioned(copied: Callable[[str], Path]) -> None:
    root = copied("delta-0.8.0-partitioned")
    rows = rows_of(root)
    _, looked = purge(root, one_of("year", "2020"))
    assert looked.left == 0
    assert holds(root, "year=2020") == []
    assert not (root / "year=2020").exists()
    assert rows_of(root).equals(rows.filter(pl.col("year") != "2020"))
