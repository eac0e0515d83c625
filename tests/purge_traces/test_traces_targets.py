"""Runs and log folders as targets: what is judged how, and that nothing outside of a run's own folder goes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow_answers import TOKEN, Answers

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.target import Pace, Rule, Target, Thing
from airflow_privacy.core.io.purge.traces import Access, logs_uri, runs_uri, server_of, traces_target
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Looked

NOW = datetime.now(UTC)
OLD, YOUNG = (moment.isoformat() for moment in (NOW - timedelta(days=40), NOW - timedelta(days=5)))


def judge(thing: Thing) -> Disposition:
    if thing.modified is None:
        return "unknown"
    return "expired" if thing.modified < NOW - timedelta(days=30) else "young"


def held(thing: Thing) -> Disposition:
    return "held" if judge(thing) == "expired" else judge(thing)


def runs_of(answers: Answers, rule: Rule | None = None) -> Target:
    access = Access(api=AirflowApi(url=answers.url, token=TOKEN))
    return traces_target(runs_uri(answers.url, answers.dag_id), rule=rule or Rule(judge_thing=judge), access=access)


def logs_of(answers: Answers, logs: Path, rule: Rule | None = None) -> Target:
    access = Access(api=AirflowApi(url=answers.url, token=TOKEN))
    return traces_target(logs_uri(logs, answers.dag_id), rule=rule or Rule(judge_thing=judge), access=access)


def items(target: Target) -> tuple[Item, ...]:
    listing = target.find().listing
    assert listing is not None
    return listing.items


def purge(target: Target, going: tuple[Item, ...]) -> Looked:
    step = target.find().step
    target.remove(step, going, pace=Pace(), progress=lambda *_: None)
    return target.look_again(step, going)


def log(logs: Path, name: str, *, days: int, dag_id: str = "people") -> Path:
    """A log file of a run, last written so many days ago."""
    path = logs / f"dag_id={dag_id}" / f"run_id={name}" / "task_id=t" / "attempt=1.log"
    path.parent.mkdir(parents=True)
    path.write_text("seen")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def names(found: Iterable[Item]) -> list[str]:
    return [item.name for item in found]


def test_runs_go_by_their_end_and_only_ended_ones(answers: Answers) -> None:
    answers.runs = {
        "old": ("success", OLD),
        "failed": ("failed", OLD),
        "young": ("success", YOUNG),
        "running": ("running", ""),
        "again": ("queued", OLD),
        "writes": ("failed", OLD),
        "no-end": ("success", ""),
    }
    answers.busy = ["writes"]
    found = runs_of(answers).find()
    assert names(items(runs_of(answers))) == ["old", "failed"]
    assert found.step.counts == {"expired": 2, "young": 4, "unknown": 1}
    assert found.kept == (Kept(why="still-running", count=3),)
    looked = purge(runs_of(answers), items(runs_of(answers)))
    assert (looked.gone, looked.left) == (2, 0)
    assert set(answers.runs) == {"young", "running", "again", "writes", "no-end"}


def test_more_runs_than_a_page(answers: Answers) -> None:
    answers.runs = {f"r{number}": ("success", OLD if number % 2 else YOUNG) for number in range(230)}
    assert purge(runs_of(answers), items(runs_of(answers))).gone == 115
    assert all(ended == YOUNG for _, ended in answers.runs.values())


@pytest.mark.parametrize("name", ["a/b", "~", ".", ".."])
def test_a_run_that_no_path_can_name_stays_and_is_told(answers: Answers, logs: Path, name: str) -> None:
    answers.runs = {name: ("success", OLD), "old": ("success", OLD)}
    found = runs_of(answers).find()
    assert names(items(runs_of(answers))) == ["old"]
    assert found.kept == (Kept(why="name-not-possible-in-the-api", count=1),)
    purge(runs_of(answers), items(runs_of(answers)))
    assert list(answers.runs) == [name]
    paths = {target.split("?")[0] for method, target in answers.asked if method == "DELETE"}
    assert paths == {"/api/v2/dags/people/dagRuns/old"}


@pytest.mark.parametrize(
    ("now", "why"),
    [(("running", ""), "still-running"), (("success", YOUNG), "changed-since"), (("queued", OLD), "still-running")],
)
def test_what_became_another_run_since_stays(answers: Answers, now: tuple[str, str], why: str) -> None:
    answers.runs = {"old": ("success", OLD), "other": ("success", OLD)}
    going = items(runs_of(answers))
    answers.runs["old"] = now
    looked = purge(runs_of(answers), going)
    assert (looked.gone, looked.left, looked.kept) == (1, 0, (Kept(why=why, count=1),))
    assert list(answers.runs) == ["old"]


def test_a_hold_that_came_since_keeps_the_run(answers: Answers) -> None:
    answers.runs = {"old": ("success", OLD)}
    going = items(runs_of(answers))
    assert purge(runs_of(answers, Rule(judge_thing=held)), going).left == 1
    assert list(answers.runs) == ["old"]


def test_a_deletion_that_does_not_delete_is_seen(answers: Answers) -> None:
    answers.runs, answers.refuses_deletion = {"old": ("success", OLD)}, True
    assert purge(runs_of(answers), items(runs_of(answers))).left == 1


def test_a_server_that_knows_no_dag_makes_nothing_look_gone(answers: Answers, logs: Path) -> None:
    answers.runs = {"old": ("success", OLD)}
    path = log(logs, "old", days=40)
    runs, files = items(runs_of(answers)), items(logs_of(answers, logs))
    step = runs_of(answers).find().step
    targets = ((runs_of(answers), runs), (logs_of(answers, logs), files))
    answers.dag_id = "another"
    for target, going in targets:
        with pytest.raises(BadInput, match="unknown-dag"):
            target.remove(step, going, pace=Pace(), progress=lambda *_: None)
        with pytest.raises(BadInput, match="unknown-dag"):
            target.look_again(step, going)
    assert path.exists() and "old" in answers.runs


def test_logs_go_with_their_run(answers: Answers, logs: Path) -> None:
    answers.runs = {"old": ("success", OLD), "young": ("success", YOUNG)}
    old, young = log(logs, "old", days=1), log(logs, "young", days=90)
    nobodys, recent = log(logs, "nobodys", days=40), log(logs, "recent", days=1)
    other = log(logs, "old", days=40, dag_id="others")
    going = items(logs_of(answers, logs))
    assert names(going) == ["run_id=nobodys", "run_id=old"]
    looked = purge(logs_of(answers, logs), going)
    assert (looked.gone, looked.kept) == (1, (Kept(why="changed-since", count=1),))  # the run is still there
    assert old.exists() and not nobodys.exists()
    del answers.runs["old"]
    assert purge(logs_of(answers, logs), going).gone == 2
    assert not old.exists() and all(path.exists() for path in (young, recent, other))


def test_a_folder_of_nobody_that_was_written_to_since_stays(answers: Answers, logs: Path) -> None:
    path = log(logs, "nobodys", days=40)
    going = items(logs_of(answers, logs))
    os.utime(path)
    assert purge(logs_of(answers, logs), going).kept == (Kept(why="changed-since", count=1),)
    assert path.exists()


def test_a_folder_that_runs_with_slashes_share_stays(answers: Answers, logs: Path) -> None:
    answers.runs = {"a/b": ("running", "")}
    path = log(logs, "a", days=90)
    assert items(logs_of(answers, logs)) == ()
    assert logs_of(answers, logs).find().kept == (Kept(why="name-not-possible-in-the-api", count=1),)
    assert path.exists()


def test_links_are_not_followed(answers: Answers, logs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("stays")
    folder = log(logs, "old", days=40).parents[1]
    (folder / "link").symlink_to(outside)
    (folder.parent / "run_id=link").symlink_to(outside)
    going = items(logs_of(answers, logs))
    assert names(going) == ["run_id=old"]
    assert purge(logs_of(answers, logs), going).gone == 1
    assert not folder.exists() and (outside / "file").exists()


def test_a_link_in_the_place_of_a_folder_is_left_alone(answers: Answers, logs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = log(logs, "old", days=40).parents[1]
    going = items(logs_of(answers, logs))
    folder.rename(outside)
    folder.symlink_to(outside)
    looked = purge(logs_of(answers, logs), going)
    assert (looked.left, looked.kept) == (0, (Kept(why="changed-since", count=1),))
    assert (outside / "task_id=t" / "attempt=1.log").exists()


@pytest.mark.parametrize("name", ["run_id=../../outside", "../outside", "run_id=a/b", "run_id=\0", "", "/", "."])
def test_a_listing_with_a_path_deletes_nothing(answers: Answers, logs: Path, tmp_path: Path, name: str) -> None:
    inside = log(logs, "a", days=40)
    (logs / "dag_id=people" / "run_id=..").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    target = logs_of(answers, logs)
    target.remove(target.find().step, (Item(kind="file", name=name),), pace=Pace(), progress=lambda *_: None)
    assert outside.exists() and inside.exists()


@pytest.mark.parametrize("dag_id", ["a/b", "../x", "a\0b"])
def test_a_dag_that_is_no_folder(logs: Path, dag_id: str) -> None:
    with pytest.raises(BadInput):
        logs_uri(logs, dag_id)


@pytest.mark.parametrize("dag_id", ["people", "a b", "a#runs", "a/dags/b", "ä%2F"])
@pytest.mark.parametrize("url", ["http://host:8080", "https://host/airflow"])
def test_a_place_tells_its_server(url: str, dag_id: str) -> None:
    assert server_of(runs_uri(url, dag_id)) == url


def test_a_place_of_another_airflow_is_refused(answers: Answers) -> None:
    access = Access(api=AirflowApi(url="http://elsewhere", token=TOKEN))
    with pytest.raises(BadInput, match="other-airflow"):
        traces_target(runs_uri(answers.url, "people"), rule=Rule(judge_thing=judge), access=access)


def test_an_error_in_the_middle_keeps_what_is_done(answers: Answers) -> None:
    answers.runs = {f"r{number}": ("success", OLD) for number in range(4)}
    going, target = items(runs_of(answers)), runs_of(answers)
    step = target.find().step

    def progress(done: int, _: int) -> None:
        if done == 2:
            answers.statuses = [500] * 4

    with pytest.raises(StorageUnavailable):
        target.remove(step, going, pace=Pace(), progress=progress)
    assert list(answers.runs) == ["r2", "r3"]
    assert purge(target, going).gone == 4 and answers.runs == {}
