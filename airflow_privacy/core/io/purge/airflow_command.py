"""Airflow's own command ``airflow db``, run on a host that has the metadata database's connection (an API server's, never
a worker's). It is the only supported way to delete audit rows and archive tables. Its output is read for counts and never shown.

``airflow db clean`` copies what it deletes into tables ``_airflow_deleted__*`` first. With ``--skip-archive`` it drops the copy
in the end; where it was killed in between the copy stays.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from airflow_privacy.core.errors import BadInput, StorageUnavailable

_FOUND = re.compile(r"^Found (\d+) rows meeting deletion criteria", re.MULTILINE)
_MANY = re.compile(r"drop (\d+) archived tables prefixed")
_FEW = re.compile(r"drop the following archived tables: ([^\n]*?)\.?$", re.MULTILINE)
_LOOK_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class AirflowCommand:
    """``program`` is ``airflow`` with what comes before it; ``environment`` is added to this process's own."""

    program: tuple[str, ...] = ("airflow",)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def audit_rows(self, dag_id: str, before: datetime) -> int:
        """How many rows of the audit log :meth:`delete_audit_rows` would delete.

        :raises BadInput: there is no such program. :raises StorageUnavailable: it failed.
        """
        _, out = self._run(*_clean(dag_id, before), "--dry-run")
        told = _FOUND.search(out)
        if told is None:
            raise self._failed("db clean --dry-run")
        return int(told.group(1))

    def delete_audit_rows(self, dag_id: str, before: datetime) -> None:
        """Delete rows of the audit log that name the DAG and are earlier than *before*, without an archive; errors as above."""
        self._run(*_clean(dag_id, before), "--skip-archive", "--yes", "--error-on-cleanup-failure", seconds=None)

    def archive_tables(self) -> int:
        """How many tables of deleted rows there are, of all DAGs. Asked of ``db drop-archived``, and its question is answered
        with no; errors as above."""
        code, told = self._run("drop-archived", answers="n\nn\nn\n", codes=(0, 1))
        if many := _MANY.search(told):
            return int(many.group(1))
        if few := _FEW.search(told):
            return len(few.group(1).split(","))
        if code:  # it asked something else, or failed
            raise self._failed("db drop-archived")
        return 0  # without a question: its count of none goes to a log that may be set to say less

    def drop_archive_tables(self) -> None:
        """Drop every table of deleted rows, of all DAGs; errors as above."""
        self._run("drop-archived", "--yes", seconds=None)

    def _run(
        self, *arguments: str, answers: str = "", seconds: float | None = _LOOK_SECONDS, codes: tuple[int, ...] = (0,)
    ) -> tuple[int, str]:
        """Exit status and output.

        :param codes: a question answered with no ends the command with status 1.
        """
        command = [*self.program, "db", *arguments]
        # Plain and in one line: the counts are read from it.
        environment = {**os.environ, "NO_COLOR": "1", **self.environment}
        missing = False
        try:
            done = subprocess.run(
                command, env=environment, input=answers, capture_output=True, text=True, timeout=seconds, errors="replace"
            )
        except (FileNotFoundError, PermissionError):
            missing = True
        except (OSError, subprocess.SubprocessError):
            done = None
        if missing:
            do = "Run this on the API server's host, or name the command."
            raise BadInput("no-airflow-command", "The command airflow cannot be run", where=self.program[0], do=do)
        if done is None or done.returncode not in codes:
            raise self._failed(f"db {arguments[0]}")
        return done.returncode, done.stdout + done.stderr

    def _failed(self, what: str) -> StorageUnavailable:
        do = "Run airflow db check there, and see that this host has the metadata database."
        return StorageUnavailable("airflow-command-failed", f"airflow {what} failed", where=self.program[0], do=do)


def _clean(dag_id: str, before: datetime) -> tuple[str, ...]:
    if "," in dag_id or dag_id.startswith("-"):  # the option is a list
        raise BadInput("bad-dag-id", "The command line of Airflow cannot name this DAG", where="dag")
    return ("clean", "--tables", "log", "--dag-ids", dag_id, "--clean-before-timestamp", before.isoformat())
