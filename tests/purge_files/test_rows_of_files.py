"""Rows inside files: only files that hold rows to go are written again, and what stays is as it was."""

from __future__ import annotations

import gzip
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from purge_files_case import by_day, carry_out, files, listed, quiet, write

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.parquet_rows import ParquetRows
from airflow_privacy.core.io.purge.row_places import Copy, LocalPlace
from airflow_privacy.core.io.purge.target import Pace, Rule, Target
from airflow_privacy.core.model.purge import Item

OLD, YOUNG = "2024-01-31", "2024-06-10"
MIXED = f"day,name\n{OLD},ada\n{YOUNG},bob\n,cid\n"
ONLY_YOUNG = f"day,name\n{YOUNG},dan\n"


def target(root: Path, rule: Rule | None = None) -> Target:
    return file_rows_target(str(root), rule=rule or by_day(), storages=local_storage)


def parquet(path: Path, days: list[str | None], **settings: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    given = [None if day is None else date.fromisoformat(day) for day in days]
    frame = pl.DataFrame({"day": given, "name": [f"person-{n}" for n in range(len(days))]}, schema_overrides={"day": pl.Date})
    pq.write_table(frame.to_arrow(), path, **settings)
    return path


def test_find_counts_dispositions_and_lists_files_with_rows_to_go(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", MIXED)
    write(tmp_path / "b.csv", ONLY_YOUNG)
    found = target(tmp_path).find()
    assert found.step.counts == {"expired": 1, "held": 0, "young": 2, "future": 0, "unknown": 1}
    assert (listed(found), found.things, found.step.unit, found.step.method) == (["a.csv"], 4, "rows", "rewrite-files")
    assert found.listing is not None and found.listing.items[0].rows == 1
    assert found.listing.items[0].sha256.startswith("sha256:")
    assert (tmp_path / "a.csv").read_text() == MIXED and files(tmp_path) == ["a.csv", "b.csv"]


def test_rows_go_and_other_files_are_not_touched(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", MIXED)
    young = write(tmp_path / "b.csv", ONLY_YOUNG)
    before = young.stat().st_ino, young.stat().st_mtime_ns
    looked = carry_out(target(tmp_path))
    assert (tmp_path / "a.csv").read_text() == f"day,name\n{YOUNG},bob\n,cid\n"
    assert (looked.looked, looked.left, looked.gone) == (3, 0, 1)
    assert (young.stat().st_ino, young.stat().st_mtime_ns) == before and files(tmp_path) == ["a.csv", "b.csv"]


def test_one_file_is_a_place_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", MIXED)
    assert carry_out(target(path)).left == 0
    assert "ada" not in path.read_text() and files(tmp_path) == ["a.csv"]


def test_mode_owner_and_time_of_writing_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", MIXED, age=3)
    path.chmod(0o640)
    before = path.stat()
    carry_out(target(tmp_path))
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_mtime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
        before.st_mtime_ns,
    )
    assert after.st_ino != before.st_ino


def test_a_file_of_another_owner_is_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", MIXED)

    def refused(*args: object, **kwargs: object) -> None:
        raise PermissionError(1, "no")

    monkeypatch.setattr("airflow_privacy.core.io.purge.row_places.os.chown", refused)
    monkeypatch.setattr("airflow_privacy.core.io.purge.row_places._owner", lambda status: status.st_ino)
    with pytest.raises(BadInput) as caught:
        carry_out(target(tmp_path))
    assert caught.value.reason == "owner-not-kept"
    assert path.read_text() == MIXED and files(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("made", [lambda p: write(p, f"day,name\n{OLD},ada\n"), lambda p: parquet(p, [OLD, OLD])])
def test_a_file_of_which_all_rows_go_is_removed_where_another_remains(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    made(tmp_path / "a")
    made(tmp_path / "b")
    looked = carry_out(target(tmp_path))
    assert files(tmp_path) == ["b"] and looked.left == 0
    assert carry_out(target(tmp_path)).looked == 0


def test_the_last_csv_keeps_its_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"day,name\r\n{OLD},ada\r\n")
    carry_out(target(tmp_path))
    assert path.read_bytes() == b"day,name\r\n"


def test_the_last_parquet_file_keeps_its_schema(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [OLD])
    before = pq.read_schema(path)
    carry_out(target(tmp_path))
    assert pq.read_schema(path).equals(before, check_metadata=True) and pq.read_metadata(path).num_rows == 0


def test_columns_of_folders_are_judged_as_texts(tmp_path: Path) -> None:
    for day in (OLD, YOUNG, "__HIVE_DEFAULT_PARTITION__"):
        write(tmp_path / f"day={day}" / "a.csv", "name\nada\n")
    found = target(tmp_path).find()
    assert (listed(found), found.step.counts["unknown"]) == ([f"day={OLD}/a.csv"], 1)
    carry_out(target(tmp_path), found)
    assert not (tmp_path / f"day={OLD}" / "a.csv").exists()


@pytest.mark.parametrize(
    "made",
    [
        lambda p: write(p, "other,name\n1,2\n"),
        lambda p: write(p, '{"other": 1}\n{"name": 2}\n'),
        lambda p: pl.DataFrame({"other": [1]}).write_parquet(p),
    ],
)
def test_a_column_that_is_not_there_is_refused(tmp_path: Path, made: Callable[[Path], object]) -> None:
    made(tmp_path / "a")
    with pytest.raises(BadInput) as caught:
        target(tmp_path).find()
    assert caught.value.reason == "unknown-column" and "'day'" in str(caught.value)


def test_a_key_that_only_some_objects_have_is_unknown_in_the_others(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", '{"name": "ada"}\n')
    write(tmp_path / "b.jsonl", f'{{"day": "{OLD}"}}\n')
    assert target(tmp_path).find().step.counts == {"expired": 1, "held": 0, "young": 0, "future": 0, "unknown": 1}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(MIXED.encode()), "not-rewritable"),
        (b"PARE....PARE", "encrypted-parquet"),
        (b'day,name\n2024-01-31,"zoe\n', "open-quote"),
        (b"day,name\n2024-01-31\n", "unreadable-csv"),
        (b'{"day": 1}\nnonsense\n', "unreadable-json"),
        (b'[{"day": 1}]', "unsupported-format"),
        (b"PAR1xxxxPAR1", "unreadable-parquet"),
    ],
)
def test_what_cannot_be_written_again_is_refused_without_a_value(tmp_path: Path, data: bytes, reason: str) -> None:
    write(tmp_path / "zoe.csv", data)
    write(tmp_path / "other.csv", data)
    with pytest.raises(BadInput) as caught:
        target(tmp_path).find()
    assert caught.value.reason == reason and "zoe" not in str(caught.value)
    assert "zoe" not in "".join(traceback.format_exception(caught.value)).replace("zoe.csv", "")


def test_avro_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"day": [OLD]}).write_avro(tmp_path / "a.avro")
    with pytest.raises(BadInput) as caught:
        target(tmp_path).find()
    assert caught.value.reason == "not-rewritable"


def test_empty_files_hold_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"")
    write(tmp_path / "b.csv", MIXED)
    assert carry_out(target(tmp_path)).left == 0
    assert files(tmp_path) == ["a.csv", "b.csv"]


def test_links_are_reported_and_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside.csv", MIXED)
    write(tmp_path / "place" / "a.csv", MIXED)
    (tmp_path / "place" / "b.csv").symlink_to(outside)
    found = target(tmp_path / "place").find()
    carry_out(target(tmp_path / "place"), found)
    assert outside.read_text() == MIXED
    assert [(kept.why, kept.count) for kept in found.kept] == [("no-regular-file", 1)]


def test_hidden_files_are_told_and_not_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", MIXED)
    write(tmp_path / ".part.1", MIXED)
    write(tmp_path / "_temporary/0/b.csv", MIXED)
    found = target(tmp_path).find()
    assert found.step.counts["expired"] == 1
    assert "2 of them" in found.step.not_covered[-1]


def test_a_file_that_changed_since_it_was_listed_is_judged_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", MIXED)
    looked = carry_out(target(tmp_path), between=lambda: write(path, f"day,name\n{OLD},eve\n{YOUNG},fay\n"))
    assert path.read_text() == f"day,name\n{YOUNG},fay\n" and looked.left == 0


def test_a_file_that_changes_while_it_is_written_again_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", MIXED)
    real = LocalPlace.replace
    newer = f"day,name\n{OLD},eve\n{YOUNG},fay\n"
    tries: list[str] = []

    def slow(self: LocalPlace, name: str, copy: object) -> bool:
        if not tries:
            write(path, newer)
        tries.append(name)
        return real(self, name, copy)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalPlace, "replace", slow)
    carry_out(target(tmp_path))
    assert path.read_text() == f"day,name\n{YOUNG},fay\n" and len(tries) == 2


def test_a_file_that_always_changes_stays_and_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", MIXED)
    monkeypatch.setattr(LocalPlace, "replace", lambda *_: False)
    assert carry_out(target(tmp_path)).left == 1
    assert path.read_text() == MIXED and files(tmp_path) == ["a.csv"]


def test_rows_in_a_file_that_came_later_are_left_and_not_deleted(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", MIXED)
    looked = carry_out(target(tmp_path), between=lambda: write(tmp_path / "b.csv", MIXED))
    assert (tmp_path / "b.csv").read_text() == MIXED and looked.left == 1


def test_a_written_file_that_differs_does_not_take_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "a.parquet", [OLD, YOUNG])
    before = path.read_bytes()
    monkeypatch.setattr("airflow_privacy.core.io.purge.parquet_rows._are_same", lambda *_: False)
    with pytest.raises(VerificationError) as caught:
        carry_out(target(tmp_path))
    assert caught.value.reason == "rewrite-differs"
    assert path.read_bytes() == before and files(tmp_path) == ["a.parquet"]


def test_a_csv_that_was_written_wrongly_does_not_take_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", MIXED)
    from airflow_privacy.core.io.purge.text_records import Block

    monkeypatch.setattr(Block, "taken", lambda self, _: iter([memoryview(self.data)]))
    with pytest.raises(VerificationError):
        carry_out(target(tmp_path))
    assert path.read_text() == MIXED and files(tmp_path) == ["a.csv"]


def test_what_a_killed_run_left_beside_is_removed(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", MIXED)
    write(tmp_path / ".purge-rewrite-0123456789abcdef", MIXED)
    found = target(tmp_path).find()
    assert files(tmp_path) == [".purge-rewrite-0123456789abcdef", "a.csv"]
    carry_out(target(tmp_path), found)
    assert files(tmp_path) == ["a.csv"]


def test_removing_again_changes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / name, MIXED)
    found = target(tmp_path).find()
    first = carry_out(target(tmp_path), found)
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    assert carry_out(target(tmp_path), found) == first
    assert {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_a_listed_name_that_leaves_the_place_is_refused(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside.csv", MIXED)
    write(tmp_path / "place" / "a.csv", MIXED)
    made = target(tmp_path / "place")
    with pytest.raises(BadInput):
        made.remove(made.find().step, (Item(kind="file", name="../outside.csv"),), pace=Pace(), progress=quiet)
    assert outside.read_text() == MIXED


def test_a_place_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        target(tmp_path / "none").find()
    assert caught.value.reason == "missing-folder"
    write(tmp_path / "place" / "a.csv", MIXED)
    made = target(tmp_path / "place")
    step = made.find().step
    (tmp_path / "place").rename(tmp_path / "unmounted")
    with pytest.raises(StorageUnavailable):
        made.remove(step, (), pace=Pace(), progress=quiet)


def test_struct_fields_and_paths_of_objects_are_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"visit": [{"day": OLD}, {"day": YOUNG}], "name": ["ada", "bob"]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "b.jsonl")
    for name in ("a.parquet", "b.jsonl"):
        assert carry_out(target(tmp_path / name, by_day("visit.day"))).left == 0
    assert pl.read_parquet(tmp_path / "a.parquet").equals(frame.slice(1))
    assert pl.read_ndjson(tmp_path / "b.jsonl").equals(frame.slice(1))


def test_reprs_hold_no_name_of_a_file(tmp_path: Path) -> None:
    write(tmp_path / "place" / "ada.csv", MIXED)
    assert "ada.csv" not in repr(target(tmp_path / "place"))
    assert "ada" not in repr(LocalPlace(tmp_path / "place", "u").listed())
    assert "ada.csv" not in repr(ParquetRows(tmp_path / "ada.csv"))


@pytest.mark.parametrize("kind", ["text", "parquet"])
def test_nobody_else_may_read_what_is_being_written(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", MIXED) if kind == "text" else parquet(tmp_path / "a.parquet", [OLD, YOUNG])
    path.chmod(0o600)
    seen: list[tuple[str, int]] = []
    replace = LocalPlace.replace

    def looked_at(self: LocalPlace, name: str, copy: Copy) -> bool:
        seen.append((copy.out.name, copy.out.stat().st_mode & 0o777))
        return replace(self, name, copy)

    monkeypatch.setattr(LocalPlace, "replace", looked_at)
    carry_out(target(tmp_path))
    again = LocalPlace(tmp_path, "").opened(path.name)
    with again as copy:
        assert copy is not None and copy.out.name != seen[0][0]  # two runs at once do not write the same file
    assert [mode for _, mode in seen] == [0o600] and path.stat().st_mode & 0o777 == 0o600
