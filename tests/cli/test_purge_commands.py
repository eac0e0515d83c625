"""``purge`` and ``hold`` on the command line: dry by default, asked for, exit codes, and nothing shown that is data."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from purge_case import PurgeCase, days, purge_case, write_file

from airflow_privacy.cli import main

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    return purge_case(tmp_path, days(*range(40, 45), *range(1, 16), now=NOW), now=NOW)


def run(case: PurgeCase, *arguments: object) -> int:
    return main([*map(str, arguments), "--home", str(case.workspace.home)])


def document(case: PurgeCase, capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    capsys.readouterr()
    assert run(case, *arguments, "--json") == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_plan_deletes_nothing_and_says_what_would_go(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(case, "purge", "plan", case.contract) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in (str(case.place), "files (delete-files)", "25.0%", "Nothing was deleted"))
    assert len(case.files()) == 20


def test_the_way_from_plan_to_verify(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    plan = document(case, capsys, "purge", "plan", case.contract)["digest"]
    done = document(case, capsys, "purge", "run", plan, "--yes")
    assert len(case.files()) == 15
    assert document(case, capsys, "purge", "verify", done["certificate"])["holds"] is True
    assert document(case, capsys, "purge", "verify", done["certificate"], "--offline")["signature_holds"] is True
    assert done["not_covered"] and done["look_again"]


def test_verify_exits_with_1_when_something_came_back(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    plan = document(case, capsys, "purge", "plan", case.contract)["digest"]
    done = document(case, capsys, "purge", "run", plan, "--yes")
    write_file(case.place / next(iter(days(41, now=NOW))), age=41, now=NOW)
    assert run(case, "purge", "verify", done["certificate"]) == 1
    assert "came-back" in capsys.readouterr().err


def test_run_without_a_yes_deletes_nothing(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    plan = document(case, capsys, "purge", "plan", case.contract)["digest"]
    assert run(case, "purge", "run", plan) == 2
    assert len(case.files()) == 20


def test_a_plan_that_needs_an_approval_is_refused_without_one(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    plan = document(case, capsys, "purge", "plan", case.contract, "--max-share", "0.1")
    assert plan["needs_approval"] is True
    assert run(case, "purge", "run", plan["digest"], "--yes") == 1
    assert "approval-missing" in capsys.readouterr().err
    assert len(case.files()) == 20


def test_a_place_may_be_named_instead(case: PurgeCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    write_file(other / next(iter(days(90, now=NOW))), age=90, now=NOW)
    plan = document(case, capsys, "purge", "plan", case.contract, "--place", other)["plan"]
    assert isinstance(plan, dict)
    assert [step["uri"] for step in plan["steps"]] == [str(other)]


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_a_subject_is_held_and_shown_nowhere(
    case: PurgeCase, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = "canary@mail.example"
    (tmp_path / "subject").write_text(subject + "\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(subject))
    given = "-" if how == "stdin" else tmp_path / "subject"
    assert run(case, "hold", "place", "--dataset", "visits", "--because", "a case", "--subject-file", given) == 0
    assert run(case, "hold", "list") == 0
    assert run(case, "hold", "list", "--json") == 0
    out = capsys.readouterr()
    assert "a subject" in out.out
    assert "canary" not in out.out + out.err


def test_a_hold_is_placed_listed_lifted_and_keeps_what_it_covers(case: PurgeCase, capsys: pytest.CaptureFixture[str]) -> None:
    folder = next(iter(days(42, now=NOW))).split("/")[0]
    placed = ["--dataset", "visits", "--because", "a case", "--partition", folder, "--until", "2999-01-01"]
    hold = document(case, capsys, "hold", "place", *placed)["id"]
    assert run(case, "purge", "plan", case.contract) == 0
    assert f"1 kept: legal hold, {hold}" in capsys.readouterr().out
    assert run(case, "hold", "list") == 0
    text = capsys.readouterr().out
    assert "a partition by day" in text and folder not in text
    assert run(case, "hold", "lift", hold) == 0
    plan = document(case, capsys, "purge", "plan", case.contract)["plan"]
    assert isinstance(plan, dict)
    assert plan["steps"][0]["counts"]["expired"] == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("hold", "lift", "nothing"),
        ("hold", "place", "--dataset", "visits", "--because", "x", "--until", "some day"),
        ("hold", "place", "--dataset", "visits", "--because", "x", "--subject-file", "/nowhere"),
        ("purge", "run", "sha256:" + "0" * 64, "--yes"),
        ("purge", "run", "nonsense", "--yes"),
        ("purge", "verify", "sha256:" + "0" * 64),
        ("purge", "plan", "/nowhere.yaml"),
    ],
)
def test_bad_input_exits_with_2(case: PurgeCase, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(case, *arguments) == 2
    assert capsys.readouterr().err.startswith("airflow-privacy: [")
