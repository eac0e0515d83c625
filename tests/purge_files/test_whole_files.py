"""Whole files by partition and by age: the right ones go, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from purge_files_case import NOW, by_age, by_partition, carry_out, files, listed, names, quiet, write

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.files import files_target
from airflow_privacy.core.io.purge.folder_files import partitions_of
from airflow_privacy.core.io.purge.target import Pace, Rule, Target, Thing
from airflow_privacy.core.io.s3 import S3Storage
from airflow_privacy.core.model.purge import Disposition, Item

OLD, YOUNG = "day=2024-01-31", "day=2024-06-10"


def target(root: Path, rule: Rule | None = None) -> Target:
    return files_target(str(root), rule=rule or by_partition(), storages=local_storage)


def test_files_of_old_partitions_go_with_their_folders(tmp_path: Path) -> None:
    for name in (f"{OLD}/a.parquet", f"{OLD}/b.parquet", f"{YOUNG}/a.parquet"):
        write(tmp_path / name)
    looked = carry_out(target(tmp_path))
    assert (looked.looked, looked.left, looked.gone) == (2, 0, 2)
    assert names(tmp_path) == [f"{YOUNG}/", f"{YOUNG}/a.parquet"]


def test_files_go_by_their_age(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", age=31)
    write(tmp_path / "in/b.csv", age=30.5)
    write(tmp_path / "c.csv", age=29)
    found = target(tmp_path, by_age()).find()
    assert listed(found) == ["a.csv", "in/b.csv"]
    assert found.step.counts == {"expired": 2, "held": 0, "young": 1, "future": 0, "unknown": 0}
    carry_out(target(tmp_path, by_age()))
    assert names(tmp_path) == ["c.csv", "in/"]


def test_a_time_of_writing_is_rounded_up(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv")
    exactly_nanoseconds = int(NOW.timestamp() - 30 * 86_400) * 1_000_000_000 + 1
    os.utime(path, ns=(exactly_nanoseconds, exactly_nanoseconds))
    assert listed(target(tmp_path, by_age()).find()) == []


def test_find_tells_digest_size_and_time_and_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / OLD / "a.csv", b"abc")
    found = target(tmp_path).find()
    sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    version = str(path.stat().st_mtime_ns)
    assert found.listing is not None
    assert found.listing.items == (Item(kind="file", name=f"{OLD}/a.csv", version=version, sha256=sha256, bytes=3),)
    assert (found.step.bytes, found.things, found.step.unit) == (3, 1, "files")
    assert files(tmp_path) == [f"{OLD}/a.csv"]


@pytest.mark.parametrize(
    ("name", "partitions"),
    [
        ("x=__HIVE_DEFAULT_PARTITION__/f", {"x": None}),
        ("x=/f", {"x": None}),
        ("x=null/f", {"x": "null"}),
        ("x=A%2FA/f", {"x": "A/A"}),
        ("x=a=b/f", {"x": "a=b"}),
        ("x%20y=1/f", {"x y": "1"}),
        ("x=%FF/f", {"x": "%FF"}),
        ("x=1/y=2/f", {"x": "1", "y": "2"}),
        ("x=1/x=2/f", {"x": None}),
        ("x=1/plain/f", {"x": "1"}),
        ("=1/f", {}),
        ("f=1", {}),
    ],
)
def test_odd_partitions_are_read_as_hive_writes_them(name: str, partitions: dict[str, str | None]) -> None:
    assert partitions_of(name) == partitions


@pytest.mark.parametrize("value", ["__HIVE_DEFAULT_PARTITION__", "", "null", "soon", "2024%2D01%2D31x"])
def test_a_partition_without_a_day_is_unknown_and_stays(tmp_path: Path, value: str) -> None:
    write(tmp_path / f"day={value}" / "a.csv", age=400)
    found = target(tmp_path).find()
    assert found.step.counts["unknown"] == 1 and listed(found) == []


def test_an_encoded_day_is_decoded(tmp_path: Path) -> None:
    write(tmp_path / "day=2024%2D01%2D31" / "a.csv")
    carry_out(target(tmp_path))
    assert names(tmp_path) == []


def test_hidden_files_and_leftovers_of_killed_writers_go_too(tmp_path: Path) -> None:
    for name in (".part-1.crc", "_temporary/0/attempt/part-1", ".part.tmp", "_SUCCESS", "part-1"):
        write(tmp_path / OLD / name)
    carry_out(target(tmp_path))
    assert names(tmp_path) == []


def test_old_leftovers_beside_the_partitions_go_by_age(tmp_path: Path) -> None:
    write(tmp_path / "_temporary/0/part-1", age=40)
    write(tmp_path / ".part.abc", age=40)
    carry_out(target(tmp_path, by_age()))
    assert names(tmp_path) == []


def test_a_link_is_neither_followed_nor_removed_but_reported(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside/secret", age=400)
    place = tmp_path / "place"
    write(place / OLD / "a.csv")
    (place / OLD / "link").symlink_to(outside)
    (place / "day=2024-01-01").symlink_to(outside.parent)
    os.mkfifo(place / OLD / "pipe")
    found = target(place).find()
    looked = carry_out(target(place), found)
    assert looked.left == 0 and outside.exists()
    assert files(place) == ["day=2024-01-01", f"{OLD}/link", f"{OLD}/pipe"]
    assert [(kept.why, kept.count) for kept in found.kept] == [("no-regular-file", 3)]


def test_a_folder_that_becomes_a_link_leads_nowhere(tmp_path: Path) -> None:
    place = tmp_path / "place"
    write(place / OLD / "a.csv")
    write(tmp_path / "other" / "a.csv")

    def swap() -> None:
        (place / OLD).rename(tmp_path / "aside")
        (place / OLD).symlink_to(tmp_path / "other")

    found = target(place).find()
    os.utime(tmp_path / "other" / "a.csv", ns=(0, int(found.listing.items[0].version)))  # type: ignore[union-attr]
    carry_out(target(place), found, between=swap)
    assert (tmp_path / "other" / "a.csv").exists()


def test_a_file_with_another_content_stays_and_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / OLD / "a.csv", b"old")
    looked = carry_out(target(tmp_path), between=lambda: write(path, b"new"))  # same size, same time of writing
    assert path.read_bytes() == b"new"
    assert (looked.left, looked.gone) == (1, 0)


def test_a_file_that_was_renewed_stays_and_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", age=40)
    looked = carry_out(target(tmp_path, by_age()), between=lambda: os.utime(path))
    assert path.exists()
    assert (looked.left, looked.gone, [(kept.why, kept.count) for kept in looked.kept]) == (0, 0, [("changed", 1)])


def test_a_file_that_the_rule_keeps_by_now_stays(tmp_path: Path) -> None:
    path = write(tmp_path / OLD / "a.csv")
    found = target(tmp_path).find()
    looked = carry_out(target(tmp_path, by_partition(held=["2024-01-31"])), found)
    assert path.exists() and looked.left == 1  # the very file that was listed: the caller knows of the hold


def test_a_file_that_comes_back_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / OLD / "a.csv")
    found = target(tmp_path).find()
    carry_out(target(tmp_path), found)
    write(path, b"restored")
    assert found.listing is not None
    assert target(tmp_path).look_again(found.step, found.listing.items).left == 1


def test_removing_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / OLD / "a.csv")
    write(tmp_path / YOUNG / "a.csv")
    found = target(tmp_path).find()
    first = carry_out(target(tmp_path), found)
    assert carry_out(target(tmp_path), found) == first
    assert files(tmp_path) == [f"{YOUNG}/a.csv"]


def test_folders_that_a_killed_run_left_empty_are_removed_by_the_next(tmp_path: Path) -> None:
    path = write(tmp_path / OLD / "hour=1" / "a.csv")
    found = target(tmp_path).find()
    path.unlink()
    carry_out(target(tmp_path), found)
    assert names(tmp_path) == []


def test_a_file_that_came_later_keeps_its_folder(tmp_path: Path) -> None:
    write(tmp_path / OLD / "a.csv")
    carry_out(target(tmp_path), between=lambda: write(tmp_path / OLD / "b.csv"))
    assert files(tmp_path) == [f"{OLD}/b.csv"]


def test_one_file_is_a_place_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", age=40)
    looked = carry_out(target(path, by_age()))
    assert (looked.gone, looked.left, path.exists()) == (1, 0, False)


def test_a_place_that_is_gone_is_not_certified(tmp_path: Path) -> None:
    write(tmp_path / "place" / OLD / "a.csv")
    found = target(tmp_path / "place").find()
    (tmp_path / "place").rename(tmp_path / "unmounted")
    assert found.listing is not None
    with pytest.raises(StorageUnavailable) as caught:
        target(tmp_path / "place").look_again(found.step, found.listing.items)
    assert caught.value.reason == "place-missing"


@pytest.mark.parametrize("log", ["_delta_log/0.json", ".hoodie/x", "metadata/v1.metadata.json"])
def test_a_table_of_a_lakehouse_is_refused(tmp_path: Path, log: str) -> None:
    write(tmp_path / OLD / "a.parquet")
    write(tmp_path / log)
    with pytest.raises(BadInput) as caught:
        target(tmp_path).find()
    assert caught.value.reason == "unsupported-format"


def test_what_is_not_there_and_what_is_no_file_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        target(tmp_path / "none").find()
    assert caught.value.reason == "missing-folder"
    with pytest.raises(BadInput) as caught:
        files_target("s3://b/k", rule=by_age(), storages=lambda _: S3Storage(None, "b", "k"))  # type: ignore[arg-type]
    assert caught.value.reason == "unsupported-location"


def test_a_listed_name_that_leaves_the_place_is_refused(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside.csv")
    write(tmp_path / "place" / OLD / "a.csv")
    made = target(tmp_path / "place")
    found = made.find()
    with pytest.raises(BadInput):
        made.remove(found.step, (Item(kind="file", name="../outside.csv"),), pace=Pace(), progress=quiet)
    assert outside.exists()


def test_what_nobody_may_remove_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / OLD / "a.csv")

    def refused(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("airflow_privacy.core.io.purge.folder_files.os.unlink", refused)
    looked = carry_out(target(tmp_path))
    assert path.exists() and (looked.left, looked.gone) == (1, 0)


def test_a_name_that_is_not_utf_8_stays_and_is_reported(tmp_path: Path) -> None:
    write(tmp_path / OLD / os.fsdecode(b"a\xff.csv"))
    found = target(tmp_path).find()
    assert listed(found) == [] and [(kept.why, kept.count) for kept in found.kept] == [("unusable-name", 1)]


def test_hard_links_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "place" / OLD / "a.csv")
    os.link(path, tmp_path / "second")
    assert "hard links" in target(tmp_path / "place").find().step.not_covered[-1]


def test_files_go_no_faster_than_asked(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / OLD / f"{number}.csv")
    made = target(tmp_path)
    found = made.find()
    assert found.listing is not None
    begun = time.monotonic()
    made.remove(found.step, found.listing.items, pace=Pace(rows_per_second=20), progress=quiet)
    assert time.monotonic() - begun >= 6 / 20


def test_errors_and_reprs_hold_no_name(tmp_path: Path) -> None:
    made = target(tmp_path, Rule(judge_thing=lambda _: "expired"))
    write(tmp_path / "mail=ada@mail.example" / "ada.csv")
    found = made.find()
    assert "ada" not in repr(made) + str(found.step.not_covered)
    assert "ada" not in repr(Thing(name="ada", partitions={"mail": "ada"}))


DISPOSITIONS = st.sampled_from(["expired", "held", "young", "future", "unknown"])


@given(told=st.lists(DISPOSITIONS, max_size=8))
def test_exactly_the_expired_files_go(tmp_path_factory: pytest.TempPathFactory, told: list[Disposition]) -> None:
    place = tmp_path_factory.mktemp("place")
    for number, disposition in enumerate(told):
        write(place / f"p={disposition}" / f"{number}.csv")
    rule = Rule(judge_thing=lambda thing: thing.partitions["p"])  # type: ignore[arg-type, return-value]
    looked = carry_out(target(place, rule))
    assert files(place) == sorted(f"p={one}/{number}.csv" for number, one in enumerate(told) if one != "expired")
    assert looked.left == 0 and looked.gone == told.count("expired")
