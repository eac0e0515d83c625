"""Legal holds: what they cover, who can see what, and that a lost one stops everything."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from purge_case import CALLER, NOW, PurgeCase, days, purge_case

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring import destroy_scope, init_keys, rotate_scope
from airflow_privacy.core.model.purge import Kept, PurgePlan
from airflow_privacy.core.pipeline.holds import SCOPE, cover_for, lift_hold, list_holds, place_hold, subject_digests
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge
from airflow_privacy.core.retention.hold import holds_of_rows

ROWS = pl.DataFrame({"mail": ["ada@b.c", " ADA@B.C ", "eve@b.c", None], "country": ["DE", "FR", "DE", None]})


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    return purge_case(tmp_path)


def place(case: PurgeCase, **given: object) -> str:
    asked: dict[str, object] = {"dataset": "visits", "owner": "olivia", "because": "a case", **given}
    return place_hold(case.workspace, CALLER, **asked).id  # type: ignore[arg-type]


def plan_of(case: PurgeCase) -> PurgePlan:
    return case.workspace.artifacts.get(PurgePlan, plan_purge(case.workspace, CALLER, contract=case.contract).ref)


def held_rows(case: PurgeCase, rows: pl.DataFrame = ROWS) -> list[bool]:
    cover = cover_for(case.workspace, "visits", as_of=NOW)
    held = holds_of_rows(cover, rows, subject_key="mail", digests=subject_digests(case.workspace))
    return held.is_not_null().to_list()


@pytest.mark.parametrize("dataset", ["visits", "*"])
def test_a_hold_of_a_dataset_keeps_all_of_it_and_the_plan_says_so(case: PurgeCase, dataset: str) -> None:
    hold = place(case, dataset=dataset)
    step = plan_of(case).steps[0]
    assert (step.counts.get("expired", 0), step.counts["held"]) == (0, 5)
    assert step.kept == (Kept(why="legal-hold", count=5, by=hold),)


def test_a_hold_of_another_dataset_keeps_nothing(case: PurgeCase) -> None:
    place(case, dataset="orders")
    assert plan_of(case).steps[0].counts["expired"] == 5


def test_a_hold_of_a_partition_keeps_that_partition(case: PurgeCase) -> None:
    held = next(iter(days(43)))
    hold = place(case, partition=held.split("/")[0])
    assert plan_of(case).steps[0].kept == (Kept(why="legal-hold", count=1, by=hold),)
    run_purge(case.workspace, CALLER, plan=plan_purge(case.workspace, CALLER, contract=case.contract).ref)
    assert held in case.files() and len(case.files()) == 16


def test_a_hold_of_a_partition_that_no_folder_names_keeps_everything(case: PurgeCase) -> None:
    place(case, partition="country=DE")
    assert plan_of(case).steps[0].counts["held"] == 5


def test_a_hold_of_a_subject_keeps_whole_files_because_nobody_knows_who_is_in_them(case: PurgeCase) -> None:
    place(case, subject="ada@b.c")
    assert plan_of(case).steps[0].counts["held"] == 5


def test_each_hold_is_named_with_what_it_kept(case: PurgeCase) -> None:
    one, two = (place(case, partition=next(iter(days(age))).split("/")[0]) for age in (41, 42))
    assert {(kept.by, kept.count) for kept in plan_of(case).steps[0].kept} == {(one, 1), (two, 1)}


def test_an_ended_or_lifted_hold_keeps_nothing(case: PurgeCase) -> None:
    lift_hold(case.workspace, CALLER, place(case))
    place(case, ends_at=NOW + timedelta(hours=1))
    later = case.at(NOW + timedelta(days=2))
    assert plan_of(later).steps[0].counts["expired"] >= 5
    assert case.kinds()[:3] == ["hold-placed", "hold-lifted", "hold-placed"]


def test_what_a_hold_kept_stays_under_its_plan_when_it_was_lifted_since(case: PurgeCase) -> None:
    held = next(iter(days(43)))
    hold = place(case, partition=held.split("/")[0])
    plan = plan_purge(case.workspace, CALLER, contract=case.contract).ref
    lift_hold(case.workspace, CALLER, hold)
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert held in case.files()
    assert done.ref is not None
    verify_purge(case.workspace, CALLER, certificate=done.ref)


def test_rows_of_a_subject_are_held_however_they_are_written_and_where_nobody_is_named(case: PurgeCase) -> None:
    place(case, subject="Ada@b.c")
    assert held_rows(case) == [True, True, False, True]


def test_a_subject_is_still_held_after_the_key_was_rotated(case: PurgeCase) -> None:
    place(case, subject="ada@b.c")
    rotate_scope(case.workspace.home, SCOPE)
    place(case, subject="eve@b.c")
    assert held_rows(case) == [True, True, True, True]


def test_where_a_key_of_holds_was_destroyed_everybody_is_held(case: PurgeCase) -> None:
    place(case, subject="ada@b.c")
    rotate_scope(case.workspace.home, SCOPE)
    destroy_scope(case.workspace.home, SCOPE, 1)
    assert held_rows(case) == [True, True, True, True]


def test_rows_of_a_partition_are_held_and_so_are_rows_without_a_value(case: PurgeCase) -> None:
    place(case, partition="country=de")
    assert held_rows(case) == [True, False, True, True]


@pytest.mark.parametrize("column", ["country", "mail"])
def test_where_the_column_is_missing_every_row_is_held(case: PurgeCase, column: str) -> None:
    place(case, **({"partition": "country=DE"} if column == "country" else {"subject": "ada@b.c"}))
    assert held_rows(case, ROWS.drop(column)) == [True, True, True, True]


def test_a_document_is_private_and_names_no_subject(case: PurgeCase) -> None:
    place(case, subject="ada@canary.example")
    (path,) = (case.workspace.home / "holds").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"canary" not in path.read_bytes()


@pytest.mark.parametrize("how", ["removed", "changed", "opened", "garbled"])
def test_a_lost_or_changed_hold_stops_every_purge(case: PurgeCase, how: str) -> None:
    place(case)
    (path,) = (case.workspace.home / "holds").iterdir()
    if how == "removed":
        path.unlink()
    elif how == "opened":
        path.chmod(0o644)
    elif how == "garbled":
        path.write_text("{")
    else:
        path.write_text(path.read_text().replace('"visits"', '"orders"'))
    with pytest.raises(BadInput, match="hold-damaged"):
        plan_of(case)


def test_a_subject_needs_the_key_of_holds(tmp_path: Path) -> None:
    case = purge_case(tmp_path)
    bare = tmp_path / "other"
    init_keys(bare)
    from dataclasses import replace

    with pytest.raises(KeyUnavailable, match="scope-key-missing"):
        place(replace(case, workspace=replace(case.workspace, home=bare)), subject="ada@b.c")


def test_lifting_twice_is_recorded_once(case: PurgeCase) -> None:
    hold = place(case)
    lift_hold(case.workspace, CALLER, hold)
    lift_hold(case.workspace, CALLER, hold)
    assert case.kinds() == ["hold-placed", "hold-lifted"]
    assert [one.lifted is not None for one in list_holds(case.workspace)] == [True]


@pytest.mark.parametrize(
    "given",
    [{"partition": "nonsense"}, {"partition": "a=b", "subject": "x"}, {"because": " "}, {"ends_at": NOW - timedelta(days=1)}],
)
def test_a_hold_that_makes_no_sense_is_refused(case: PurgeCase, given: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        place(case, **given)
    assert list_holds(case.workspace) == ()
