"""Plans of traces: what a hold keeps, what supported means do not reach and is said, and whose database a command has."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from airflow_answers import TOKEN, Answers
from test_traces_targets import OLD, YOUNG, log

from airflow_privacy.cli import main
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.traces import Access
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.holds import SCOPE, lift_hold, place_hold
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.core.pipeline.purge_traces import plan_traces, run_traces, verify_traces
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

CALLER = Caller(actor="maria", run="command-line")
DB = """
import pathlib, sys
folder, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
with (folder / "done").open("a") as file:
    print(*words, file=file)
rows, tables = int((folder / "rows").read_text()), int((folder / "tables").read_text())
if "--dry-run" in words:
    print(f"Found {rows} rows meeting deletion criteria.")
elif "clean" in words:
    (folder / "rows").write_text("0")
elif "--yes" in words:
    (folder / "tables").write_text("0")
elif tables:
    print("You have requested that we drop the following archived tables: " + ", ".join(f"t{n}" for n in range(tables)) + ".")
    sys.exit(1)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    home = tmp_path / "privacy"
    init_keys(home, scopes=(SCOPE,))
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """What a stand-in of ``airflow db`` counts and changes: ``rows`` of the audit log, archive ``tables``; ``done`` is asked."""
    folder = tmp_path / "database"
    folder.mkdir()
    (folder / "airflow.py").write_text(DB)
    (folder / "rows").write_text("0")
    (folder / "tables").write_text("0")
    return folder


def access(answers: Answers, database: Path | None = None) -> Access:
    program = (sys.executable, str(database / "airflow.py"), str(database)) if database is not None else ()
    command = AirflowCommand(program=program) if program else None
    return Access(api=AirflowApi(url=answers.url, token=TOKEN), command=command)


def plan(workspace: Workspace, reached: Access, *, logs: Path | None = None, drop: bool = False) -> ArtifactRef:
    done = plan_traces(workspace, CALLER, access=reached, dag_id="people", days=30, logs=logs, drop_archives=drop)
    return done.ref


def purge(workspace: Workspace, reached: Access, ref: ArtifactRef) -> Purged:
    return run_traces(workspace, CALLER, plan=ref, access=lambda _: reached, progress=lambda *_: None)


def said(workspace: Workspace, ref: ArtifactRef) -> str:
    return " ".join(text for step in workspace.artifacts.get(PurgePlan, ref).steps for text in step.not_covered)


def test_what_is_not_reached_is_said(answers: Answers, workspace: Workspace, database: Path, tmp_path: Path) -> None:
    told = said(workspace, plan(workspace, access(answers)))
    assert "Task logs stay" in told and "name the DAG stay" in told and "_airflow_deleted__" in told
    (tmp_path / "logs").mkdir()
    told = said(workspace, plan(workspace, access(answers, database), logs=tmp_path / "logs"))
    assert "Task logs stay" not in told and "name the DAG stay" not in told
    assert "_airflow_deleted__" in told and "Remote logs" in told


def test_the_certificate_says_it_too(answers: Answers, workspace: Workspace) -> None:
    answers.runs = {"old": ("success", OLD), "young": ("success", YOUNG)}
    done = purge(workspace, access(answers), plan(workspace, access(answers)))
    assert done.certificate is not None and list(answers.runs) == ["young"]
    assert "Rows of the audit log that name the DAG stay" in " ".join(done.certificate.not_covered)


def test_audit_rows_and_archive_tables_go_by_the_command(answers: Answers, workspace: Workspace, database: Path) -> None:
    answers.audit = 7
    (database / "rows").write_text("7")
    (database / "tables").write_text("2")
    reached = access(answers, database)
    ref = plan(workspace, reached, drop=True)
    # The server counts what the command has deleted, as it would.
    answers_of = answers.answer

    def counted(method: str, target: str, token: str) -> tuple[int, object]:
        answers.audit = int((database / "rows").read_text())
        return answers_of(method, target, token)

    answers.answer = counted  # type: ignore[method-assign]
    done = purge(workspace, reached, ref)
    assert done.certificate is not None and [one.gone for one in done.certificate.looked] == [0, 2, 7]
    assert (database / "rows").read_text() == (database / "tables").read_text() == "0"
    assert done.ref is not None
    (database / "tables").write_text("1")
    with pytest.raises(CheckFailed, match="came-back"):
        verify_traces(workspace, CALLER, certificate=done.ref, plan=ref.digest, access=lambda _: reached)


def test_a_command_of_another_database_deletes_nothing(answers: Answers, workspace: Workspace, database: Path) -> None:
    answers.audit = 7
    (database / "rows").write_text("6")
    with pytest.raises(BadInput, match="other-database"):
        plan(workspace, access(answers, database))
    (database / "rows").write_text("7")
    (database / "tables").write_text("2")
    ref = plan(workspace, access(answers, database), drop=True)
    (database / "rows").write_text("6")
    with pytest.raises(BadInput, match="other-database"):
        purge(workspace, access(answers, database), ref)
    assert (database / "tables").read_text() == "2"
    assert not [line for line in (database / "done").read_text().splitlines() if "--yes" in line]


@pytest.mark.parametrize("dataset", ["airflow:people", "*"])
def test_a_hold_keeps_runs_audit_rows_and_tables(
    answers: Answers, workspace: Workspace, database: Path, tmp_path: Path, dataset: str
) -> None:
    answers.runs, answers.audit = {"old": ("success", OLD)}, 7
    (database / "rows").write_text("7")
    (database / "tables").write_text("2")
    path = log(tmp_path / "logs", "old", days=40)
    hold = place_hold(workspace, CALLER, dataset=dataset, owner="maria", because="a case")
    reached = access(answers, database)
    ref = plan(workspace, reached, logs=tmp_path / "logs", drop=True)
    steps = workspace.artifacts.get(PurgePlan, ref).steps
    assert [step.counts for step in steps] == [{"held": 1}, {"held": 1}, {"held": 2}, {"held": 7}]
    assert all(any(kept.why == "legal-hold" for kept in step.kept) for step in steps)
    assert hold.id in {kept.by for step in steps for kept in step.kept}
    done = purge(workspace, reached, ref)
    assert done.certificate is not None and sum(one.gone for one in done.certificate.looked) == 0
    assert "old" in answers.runs and path.exists()
    assert ((database / "rows").read_text(), (database / "tables").read_text()) == ("7", "2")


def test_a_hold_of_another_dag_keeps_nothing_but_archive_tables(answers: Answers, workspace: Workspace, database: Path) -> None:
    """They have rows of every DAG."""
    answers.runs = {"old": ("success", OLD)}
    (database / "tables").write_text("1")
    hold = place_hold(workspace, CALLER, dataset="airflow:others", owner="maria", because="a case")
    reached = access(answers, database)
    ref = plan(workspace, reached, drop=True)
    assert [step.counts for step in workspace.artifacts.get(PurgePlan, ref).steps][:2] == [{"expired": 1}, {"held": 1}]
    done = purge(workspace, reached, ref)
    assert done.ref is not None and answers.runs == {} and (database / "tables").read_text() == "1"
    lift_hold(workspace, CALLER, hold.id)
    verify_traces(workspace, CALLER, certificate=done.ref, plan=ref.digest, access=lambda _: reached)


def test_a_hold_that_comes_after_the_plan_keeps_runs_and_logs_and_may_be_lifted(
    answers: Answers, workspace: Workspace, tmp_path: Path
) -> None:
    answers.runs = {"old": ("success", OLD)}
    path = log(tmp_path / "logs", "old", days=40)
    reached = access(answers)
    ref = plan(workspace, reached, logs=tmp_path / "logs")
    hold = place_hold(workspace, CALLER, dataset="airflow:people", owner="maria", because="a case")
    done = purge(workspace, reached, ref)
    assert done.certificate is not None and done.ref is not None
    assert hold.id in {kept.by for kept in done.certificate.looked[0].kept}
    assert "old" in answers.runs and path.exists()
    verify_traces(workspace, CALLER, certificate=done.ref, plan=ref.digest, access=lambda _: reached)
    lift_hold(workspace, CALLER, hold.id)
    verify_traces(workspace, CALLER, certificate=done.ref, plan=ref.digest, access=lambda _: reached)


@pytest.mark.parametrize(("dag_id", "days"), [("", 30), ("~", 30), ("..", 30), ("a/b", 30), ("people", 0), ("people", 10**9)])
def test_bad_arguments(answers: Answers, workspace: Workspace, dag_id: str, days: int) -> None:
    with pytest.raises(BadInput):
        plan_traces(workspace, CALLER, access=access(answers), dag_id=dag_id, days=days)
    assert answers.asked == []


@pytest.mark.parametrize("command", ["", "  ", "airflow 'x"])
def test_a_command_that_is_none(
    answers: Answers, workspace: Workspace, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_PRIVACY_API_TOKEN", TOKEN)
    arguments = ["purge", "traces", "plan", "--dag", "people", "--older-than", "30", "--url", answers.url, "--audit-log"]
    assert main([*arguments, "--airflow-command", command, "--home", str(workspace.home)]) == 2
    assert "bad-command" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "t\u00f6ken", "\x00"])
def test_a_token_that_is_none_is_not_shown(
    answers: Answers, workspace: Workspace, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text(text)
    arguments = ["purge", "traces", "plan", "--dag", "people", "--older-than", "30", "--url", answers.url]
    assert main([*arguments, "--token-file", str(tmp_path / "token"), "--home", str(workspace.home)]) == 2
    shown = capsys.readouterr().err
    assert "no-token" in shown and (not text or text not in shown)
    assert answers.asked == []


def test_a_token_on_the_command_line_is_not_taken(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--dag", "people", "--older-than", "30", "--url", "http://x", "--home", str(workspace.home)]
    assert main(["purge", "traces", "plan", *asked, "--token", TOKEN]) == 2  # short for --token-file
    assert TOKEN not in "".join(capsys.readouterr())


def test_plan_run_and_verify(
    answers: Answers, workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_PRIVACY_API_TOKEN", TOKEN)
    answers.runs = {"canary": ("success", OLD)}
    home = ["--home", str(workspace.home), "--json"]
    asked = ["--dag", "people", "--older-than", "30", "--url", answers.url]
    assert main(["purge", "traces", "plan", *asked, *home]) == 0
    planned = capsys.readouterr().out
    assert main(["purge", "traces", "run", json.loads(planned)["digest"], "--yes", *home]) == 0
    done = capsys.readouterr().out
    verify = ["purge", "traces", "verify", json.loads(done)["certificate"], *home]
    assert main(verify) == 0
    answers.runs = {"canary": ("success", OLD)}
    assert main(verify) == 1
    shown = planned + done + "".join(capsys.readouterr())
    assert "came-back" in shown and "canary" not in shown and TOKEN not in shown
