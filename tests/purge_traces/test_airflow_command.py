"""``airflow db``: what is read from its output, and what is made of a program that says something else."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand

BEFORE = datetime(2026, 1, 2, tzinfo=UTC)
MANY = "You have requested that we drop 12 archived tables prefixed with _airflow_deleted__.\nThis is irreversible. Consider"
FEW = "You have requested that we drop the following archived tables: _airflow_deleted__log__1, _xcom_archive.\nThis is"


def saying(folder: Path, out: str, code: int = 0, err: str = "") -> AirflowCommand:
    """A program that notes its arguments, says this and ends so."""
    program = folder / "airflow.py"
    lines = [
        "import pathlib, sys",
        f"pathlib.Path({str(folder / 'arguments')!r}).write_text(chr(10).join(sys.argv[1:]))",
        f"sys.stdout.write({out!r}); sys.stderr.write({err!r}); sys.exit({code})",
    ]
    program.write_text("\n".join(lines))
    return AirflowCommand(program=(sys.executable, str(program)))


@pytest.mark.parametrize(
    ("out", "code", "count"),
    [(MANY, 1, 12), (FEW, 1, 2), ("... Total dropped tables: 0\n", 0, 0), ("", 0, 0), (f"a warning\n{FEW}", 1, 2)],
)
def test_archive_tables_are_counted_from_the_question(tmp_path: Path, out: str, code: int, count: int) -> None:
    assert saying(tmp_path, out, code).archive_tables() == count
    assert (tmp_path / "arguments").read_text() == "db\ndrop-archived"


def test_audit_rows_are_counted_by_a_dry_run(tmp_path: Path) -> None:
    command = saying(tmp_path, "Checking table log\nFound 41 rows meeting deletion criteria.\n")
    assert command.audit_rows("people", BEFORE) == 41
    arguments = (tmp_path / "arguments").read_text().split("\n")
    assert arguments[:2] == ["db", "clean"] and "--dry-run" in arguments
    assert arguments[arguments.index("--dag-ids") + 1] == "people"
    assert arguments[arguments.index("--clean-before-timestamp") + 1] == "2026-01-02T00:00:00+00:00"


def test_deletion_keeps_no_archive_and_fails_aloud(tmp_path: Path) -> None:
    saying(tmp_path, "").delete_audit_rows("people", BEFORE)
    arguments = (tmp_path / "arguments").read_text().split("\n")
    assert {"--skip-archive", "--yes", "--error-on-cleanup-failure"} <= set(arguments)
    assert arguments[arguments.index("--tables") + 1] == "log"


def test_a_command_that_fails_is_an_error_without_its_output(tmp_path: Path) -> None:
    command = saying(tmp_path, "canary", 1, "canary")
    for act in (
        command.archive_tables,
        command.drop_archive_tables,
        lambda: command.audit_rows("people", BEFORE),
        lambda: command.delete_audit_rows("people", BEFORE),
    ):
        with pytest.raises(StorageUnavailable) as caught:
            act()
        assert caught.value.reason == "airflow-command-failed" and "canary" not in str(caught.value)


def test_a_dry_run_that_counts_nothing_is_not_zero(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        saying(tmp_path, "something else").audit_rows("people", BEFORE)


@pytest.mark.parametrize("dag_id", ["a,b", "-x", "--yes"])
def test_a_dag_that_the_option_cannot_name(tmp_path: Path, dag_id: str) -> None:
    with pytest.raises(BadInput):
        saying(tmp_path, "").delete_audit_rows(dag_id, BEFORE)
    assert not (tmp_path / "arguments").exists()


def test_no_such_program() -> None:
    with pytest.raises(BadInput) as caught:
        AirflowCommand(program=("/nowhere/airflow",)).archive_tables()
    assert caught.value.reason == "no-airflow-command"
