"""Retention over tables of a real database: rows by their anchor, held subjects, foreign keys in order, and a restored row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from postgres import PostgresServer, databases_at
from purge_case import CALLER, PurgeCase, purge_case

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.purge import Kept, PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge

PARENT, CHILD = "sql://pg/purging.visits", "sql://pg/purging.notes"


@pytest.fixture
def case(server: PostgresServer, tmp_path: Path) -> Iterator[PurgeCase]:
    server.run(
        "drop schema if exists purging cascade",
        "create schema purging",
        "create table purging.visits (id int primary key, mail text, day date)",
        "create table purging.notes (id int primary key, visit int not null references purging.visits, mail text, day date)",
        "insert into purging.visits select n, 'p' || n || '@b.c', date '2024-06-15' - n from generate_series(1, 100) n",
        "insert into purging.visits values (101, 'null@b.c', null), (102, 'future@b.c', '2031-01-01')",
        "insert into purging.notes select n, n, 'p' || n || '@b.c', date '2024-06-15' - n from generate_series(90, 100) n",
    )
    made = purge_case(tmp_path, {})
    yield replace(made, workspace=replace(made.workspace, databases=databases_at(server)))
    server.run("drop schema purging cascade")


def planned(case: PurgeCase, *places: str) -> ArtifactRef:
    return plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0, places=places).ref


def left(server: PostgresServer, table: str = "visits") -> list[int]:
    return [number for (number,) in server.run(f"select id from purging.{table} order by id")]  # noqa: S608


def test_rows_go_children_first_and_null_and_future_stay(case: PurgeCase, server: PostgresServer) -> None:
    plan = planned(case, PARENT, CHILD)
    steps = case.workspace.artifacts.get(PurgePlan, plan).steps
    assert [(step.uri, step.counts["expired"]) for step in steps] == [(CHILD, 11), (PARENT, 70)]
    assert {name: steps[1].counts[name] for name in ("unknown", "future")} == {"unknown": 1, "future": 1}
    assert steps[1].oldest_days == 99
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert left(server) == [*range(1, 31), 101, 102]
    assert left(server, "notes") == []
    assert done.certificate is not None and [one.left for one in done.certificate.looked] == [0, 0]


def test_a_row_that_a_table_outside_of_the_plan_refers_to_stays_and_is_reported(case: PurgeCase, server: PostgresServer) -> None:
    done = run_purge(case.workspace, CALLER, plan=planned(case, PARENT))
    assert left(server) == [*range(1, 31), *range(90, 103)]
    assert done.certificate is not None
    assert done.certificate.looked[0].kept == (Kept(why="referenced", count=11),)


def test_rows_of_a_held_subject_stay_and_the_plan_names_the_hold(case: PurgeCase, server: PostgresServer) -> None:
    hold = place_hold(case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", subject=" P50@B.C")
    plan = planned(case, PARENT)
    (step,) = case.workspace.artifacts.get(PurgePlan, plan).steps
    assert Kept(why="legal-hold", count=1, by=hold.id) in step.kept
    run_purge(case.workspace, CALLER, plan=plan)
    assert 50 in left(server) and 51 not in left(server)


def test_a_hold_placed_after_the_plan_keeps_its_rows(case: PurgeCase, server: PostgresServer) -> None:
    plan = planned(case, PARENT)
    place_hold(case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", subject="p50@b.c")
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.certificate is not None
    assert 50 in left(server) and 51 not in left(server)


def test_verify_names_the_table_when_a_row_was_restored(case: PurgeCase, server: PostgresServer) -> None:
    done = run_purge(case.workspace, CALLER, plan=planned(case, PARENT, CHILD))
    assert done.ref is not None
    verify_purge(case.workspace, CALLER, certificate=done.ref)
    server.run("insert into purging.visits values (60, 'canary@b.c', date '2024-06-15' - 60)")
    with pytest.raises(CheckFailed, match="came-back") as caught:
        verify_purge(case.workspace, CALLER, certificate=done.ref)
    assert f"{PARENT} (1)" in caught.value.what and CHILD not in caught.value.what
    assert "canary" not in str(caught.value)


def test_a_table_without_an_anchor_is_refused(case: PurgeCase) -> None:
    case.contract.write_text(case.contract.read_text().replace(", element: day", ""))
    with pytest.raises(BadInput, match="no-anchor"):
        planned(case, PARENT)
