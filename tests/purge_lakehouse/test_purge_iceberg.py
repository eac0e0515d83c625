"""Iceberg tables: rows go, and with them every file, manifest and snapshot that holds them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lake_disk import before, holds, one_of, values_on_disk

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.lakehouse import LakehouseTarget, lakehouse_target
from airflow_privacy.core.io.purge.target import Found, Pace, Rule
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.model.purge import Looked

pytest.importorskip("pyiceberg")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = pl.DataFrame(
    {
        "name": ["Ada", "Zacharias", "Bob", "Zoe", None, "Carl"],
        "city": ["Ulm", "Zwickau", "Ulm", "Aachen", "Bonn", "Bonn"],
        "seen": [date(2020, 1, 1), date(2010, 1, 1), date(2021, 1, 1), date(2010, 5, 5), date(2022, 1, 1), None],
    }
)


def silent(done: int, of: int) -> None: ...


def target(root: Path, rule: Rule, **given: Any) -> LakehouseTarget:
    return lakehouse_target(f"iceberg+file://{root}", rule=rule, **{"now": lambda: NOW, **given})


def purge(root: Path, rule: Rule, **given: Any) -> tuple[Found, Looked]:
    opened = target(root, rule, **given)
    found = opened.find()
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    return found, opened.look_again(found.step, ())


def opened(root: Path) -> Any:
    from airflow_privacy.core.io import iceberg

    return iceberg._open(root, "test")


def append(root: Path, frame: pl.DataFrame, *, partition_by: tuple[str, ...] = (), **properties: str) -> None:
    """By the library, with its own bounds and manifests."""
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import assign_fresh_schema_ids
    from pyiceberg.table import CreateTableTransaction, StagedTable
    from pyiceberg.table.metadata import new_table_metadata
    from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
    from pyiceberg.transforms import IdentityTransform

    from airflow_privacy.core.io import iceberg

    rows = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    if not iceberg.is_iceberg(root):
        schema = assign_fresh_schema_ids(iceberg._pyarrow_to_schema_without_ids(rows.schema))
        fields = [PartitionField(schema.find_field(name).field_id, 1000, IdentityTransform(), name) for name in partition_by]
        spec = PartitionSpec(*fields)
        staged = StagedTable(
            identifier=("folder", root.name),
            metadata=new_table_metadata(schema, spec, UNSORTED_SORT_ORDER, str(root), properties),
            metadata_location=str(root / "metadata" / "v1.metadata.json"),
            io=iceberg._FolderIO(root, str(root)),
            catalog=iceberg._FolderCatalog(root),
        )
        CreateTableTransaction(staged).commit_transaction()
    opened(root).append(rows)


def rows_of(root: Path, *sort: str) -> pl.DataFrame:
    from airflow_privacy.core.io.iceberg import read_iceberg

    spool = Spool()
    frame = pl.concat([pl.read_parquet(path) for path in read_iceberg(root, where="test", spool=spool)])
    spool.close()
    return frame.sort(*(sort or frame.columns))


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    root = tmp_path / "people"
    for start in range(0, PEOPLE.height, 3):
        append(root, PEOPLE[start : start + 3])
    return root


@pytest.fixture
def events(reference_data: Path, tmp_path: Path) -> Path:
    name = "hive_partitioned_table"
    return Path(shutil.copytree(reference_data / "lakehouse" / "iceberg" / name, tmp_path / name))


def test_rows_that_go_are_in_no_file_and_the_others_are_as_they_were(people: Path) -> None:
    assert len(holds(people, "Zoe", "Aachen")) > 1
    found, looked = purge(people, before("seen", date(2015, 1, 1)))

    assert found.step.counts == {"young": 3, "expired": 2, "unknown": 1}
    assert (looked.left, looked.gone, looked.kept) == (0, 2, ())
    assert holds(people, "Zacharias", "Zwickau", "Zoe", "Aachen") == []
    assert date(2010, 1, 1) not in values_on_disk(people, "seen")
    stays = PEOPLE.filter((pl.col("seen") >= date(2015, 1, 1)) | pl.col("seen").is_null())
    assert rows_of(people, "name").equals(stays.sort("name"))


def test_nothing_expired_writes_nothing(people: Path) -> None:
    before_ = files_of(people)
    _, looked = purge(people, before("seen", date(1999, 1, 1)))
    assert looked.left == 0
    assert files_of(people) == before_


def test_a_second_run_changes_nothing(people: Path) -> None:
    rule = one_of("name", "Zoe")
    purge(people, rule)
    before_ = files_of(people)
    assert purge(people, rule)[1].left == 0
    assert files_of(people) == before_


def test_time_travel_to_an_older_snapshot_fails(people: Path) -> None:
    old = opened(people)
    snapshot = old.current_snapshot().snapshot_id
    purge(people, one_of("name", "Zoe"))
    with pytest.raises(FileNotFoundError):
        old.scan(snapshot_id=snapshot).to_arrow()
    with pytest.raises(ValueError, match="Snapshot not found"):
        opened(people).scan(snapshot_id=snapshot).to_arrow()


def test_what_older_snapshots_and_nobody_named_goes_too(people: Path) -> None:
    opened(people).delete("name = 'Zoe'")
    PEOPLE.filter(pl.col("name") == "Zoe").write_parquet(people / "data" / "never-named.parquet")
    PEOPLE.filter(pl.col("name") == "Ada").write_parquet(people / "data" / "somebody-elses.parquet")

    found, looked = purge(people, one_of("name", "Zoe"))

    assert found.step.counts["expired"] == 2
    assert looked.left == 0
    assert holds(people, "Zoe", "Aachen") == []
    assert (people / "data" / "somebody-elses.parquet").exists()
    assert rows_of(people).height == 5


def test_old_files_wait_and_then_go(people: Path) -> None:
    rule, clock = one_of("name", "Zoe"), [datetime.now(UTC) + timedelta(minutes=1)]
    given: Any = {"wait": timedelta(days=7), "now": lambda: clock[0]}
    found, looked = purge(people, rule, **given)

    assert [kept.why for kept in found.kept] == ["not-yet"]
    assert (looked.left, looked.gone) == (0, 0)
    assert [(kept.why, kept.count) for kept in looked.kept] == [("not-yet", 1)]
    assert "Zoe" not in rows_of(people)["name"].to_list()
    files = files_of(people)
    bound = target(people, rule, **given)
    bound.remove(found.step, (), pace=Pace(), progress=silent)
    assert files_of(people) == files

    clock[0] = datetime.fromisoformat(looked.kept[0].until)
    assert bound.look_again(found.step, ()).left == 2
    bound.remove(found.step, (), pace=Pace(), progress=silent)
    last = bound.look_again(found.step, ())
    assert (last.left, last.gone, last.kept) == (0, 1, ())
    assert holds(people, "Zoe", "Aachen") == []
    assert rows_of(people).height == 5


def test_partition_values_go_with_their_folders_and_manifests(tmp_path: Path) -> None:
    root = tmp_path / "cities"
    frame = PEOPLE.with_columns(city=pl.Series(["Ulm", "A/B ä=%", "Ulm", "A/B ä=%", None, "Bonn"]))
    append(root, frame, partition_by=("city",))
    _, looked = purge(root, one_of("city", "A/B ä=%"))
    assert looked.left == 0
    assert holds(root, "A/B", "A%2FB", "Zacharias") == []
    assert rows_of(root, "name").equals(frame.filter(pl.col("city").ne_missing("A/B ä=%")).sort("name"))


def test_one_row_of_an_odd_partition_goes_and_the_others_stay_there(tmp_path: Path) -> None:
    root = tmp_path / "cities"
    frame = PEOPLE.with_columns(city=pl.Series(["Ulm", "A/B ä=%", "Ulm", "A/B ä=%", None, None]))
    append(root, frame, partition_by=("city",))
    purge(root, one_of("name", "Zoe", "Carl"))
    assert holds(root, "Zoe", "Carl") == []
    assert rows_of(root, "name").equals(frame.filter(~pl.col("name").is_in(["Zoe", "Carl"]).fill_null(False)).sort("name"))
    assert opened(root).scan(row_filter="city = 'A/B ä=%'").to_arrow()["name"].to_pylist() == ["Zacharias"]


def test_a_renamed_column_is_found_by_its_id_in_older_files(people: Path) -> None:
    with opened(people).update_schema() as update:
        update.rename_column("name", "called")
        update.rename_column("city", "name")
    append(people, PEOPLE[3:4].rename({"name": "called", "city": "name"}))
    purge(people, one_of("called", "Zoe"))
    assert holds(people, "Zoe", "Aachen") == []
    assert rows_of(people).height == 5


def test_the_library_writes_to_the_table_afterwards(people: Path) -> None:
    purge(people, one_of("name", "Zoe"))
    append(people, PEOPLE[3:4])
    opened(people).delete("name = 'Ada'")
    purge(people, one_of("name", "Zoe", "Ada"))
    assert holds(people, "Zoe", "Ada") == []
    assert rows_of(people)["name"].drop_nulls().sort().to_list() == ["Bob", "Carl", "Zacharias"]


def test_all_rows_may_go(people: Path) -> None:
    purge(people, one_of("city", "Ulm", "Zwickau", "Aachen", "Bonn"))
    assert rows_of(people).height == 0
    append(people, PEOPLE[:1])
    assert rows_of(people).height == 1


def test_somebody_elses_commit_is_not_lost(people: Path) -> None:
    bound = target(people, one_of("name", "Zoe"))
    found = bound.find()
    new = pl.DataFrame({"name": ["Zed"], "city": ["Hof"], "seen": [date(2024, 1, 1)]})
    with pytest.raises(StorageUnavailable, match="table-busy"):
        bound.remove(found.step, (), pace=Pace(), progress=lambda *_: append(people, new))
    assert rows_of(people).height == 7
    bound.remove(found.step, (), pace=Pace(), progress=silent)
    assert bound.look_again(found.step, ()).left == 0
    assert rows_of(people)["name"].sort().to_list() == [None, "Ada", "Bob", "Carl", "Zacharias", "Zed"]


def test_a_tag_on_an_older_snapshot_is_refused(people: Path) -> None:
    table = opened(people)
    table.manage_snapshots().create_tag(table.current_snapshot().parent_snapshot_id, "kept").commit()
    with pytest.raises(BadInput, match="unsupported-table"):
        target(people, one_of("name", "Zoe")).find()


def test_the_hint_may_be_lost_after_a_purge(people: Path) -> None:
    purge(people, one_of("name", "Zoe"))
    (people / "metadata" / "version-hint.text").unlink()
    assert rows_of(people).height == 5


def test_values_on_disk_of_the_partitioned_table(events: Path) -> None:
    rows = rows_of(events)
    user = rows["user_id"][0]
    _, looked = purge(events, one_of("user_id", user))
    assert (looked.left, looked.gone) == (0, 1)
    assert user not in values_on_disk(events, "user_id")
    assert rows_of(events).equals(rows.filter(pl.col("user_id") != user))


def test_a_partition_of_the_partitioned_table(events: Path) -> None:
    rows = rows_of(events)
    found, looked = purge(events, before("event_date", date(2024, 1, 3)))
    assert (found.step.counts["expired"], looked.left) == (2, 0)
    assert holds(events, "2024-01-01", "2024-01-02") == []
    assert not (events / "data" / "event_date=2024-01-01").exists()
    assert rows_of(events).equals(rows.filter(pl.col("event_date") >= date(2024, 1, 3)))
    hint = int((events / "metadata" / "version-hint.text").read_text())
    names = [path.name for path in (events / "metadata").glob("*.metadata.json")]
    assert names == [f"v{hint}.metadata.json"]
    assert len(json.loads((events / "metadata" / names[0]).read_text())["snapshots"]) == 1


def test_nothing_of_the_library_is_needed(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyiceberg", None)
    assert purge(people, one_of("name", "Zoe"))[1].left == 0
