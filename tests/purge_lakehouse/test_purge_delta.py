"""Delta tables: rows go, and with them every file and log entry that holds them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lake_disk import before, holds, one_of, values_on_disk

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.lakehouse import LakehouseTarget, lakehouse_target
from airflow_privacy.core.io.purge.target import Found, Pace, Rule
from airflow_privacy.core.model.purge import Looked

deltalake = pytest.importorskip("deltalake")
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
    return lakehouse_target(f"delta+file://{root}", rule=rule, **{"now": lambda: NOW, **given})


def purge(root: Path, rule: Rule, **given: Any) -> tuple[Found, Looked]:
    opened = target(root, rule, **given)
    found = opened.find()
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    return found, opened.look_again(found.step, ())


def rows_of(root: Path, *sort: str) -> pl.DataFrame:
    frame = pl.from_arrow(deltalake.DeltaTable(str(root)).to_pyarrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame.sort(*(sort or frame.columns))


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


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
    given: Any = {"wait": timedelta(days=7), "now": lambda: clock[0]}
    found, looked = purge(people, rule, **given)

    assert [kept.why for kept in found.kept] == ["not-yet"]
    assert (looked.left, looked.gone) == (0, 0)
    assert [(kept.why, kept.count) for kept in looked.kept] == [("not-yet", 1)]
    assert "Zoe" not in rows_of(people)["name"].to_list()
    assert holds(people, "Zoe") != []
    files = files_of(people)
    opened = target(people, rule, **given)
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    assert files_of(people) == files

    clock[0] = datetime.fromisoformat(looked.kept[0].until)
    assert opened.look_again(found.step, ()).left == 2
    opened.remove(found.step, (), pace=Pace(), progress=silent)
    last = opened.look_again(found.step, ())
    assert (last.left, last.gone, last.kept) == (0, 1, ())
    assert holds(people, "Zoe", "Aachen") == []


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
