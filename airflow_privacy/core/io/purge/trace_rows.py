"""Audit rows and archive tables: what only ``airflow db`` may delete. Both go by rule, without a listing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Thing
from airflow_privacy.core.io.purge.trace_runs import LEGAL_HOLD, Judge
from airflow_privacy.core.model.purge import Item, Kept, Looked, Step

ARCHIVED = "archived"
"""Why something stays, of a :class:`Kept`: tables of deleted rows that were there before."""

_OWN_COMMANDS = "Rows of the audit log that name no DAG (commands and pages of Airflow) stay."
ARCHIVES_STAY = "Tables of rows that airflow db clean deleted earlier (_airflow_deleted__*) stay, unless they are named to go."


@dataclass(frozen=True, kw_only=True)
class AuditRows:
    """Rows of the audit log that name one DAG and are earlier than ``before``."""

    uri: str
    judge: Judge = field(repr=False)
    api: AirflowApi
    command: AirflowCommand
    dag_id: str
    before: datetime

    def find(self) -> Found:
        rows, going = self.api.audit_rows(self.dag_id), self._rows()
        _require_same_database(self.command, self.dag_id, self.before, rows=going, where=self.uri)
        archived = self.command.archive_tables()
        held = self._is_held()
        counts = {"held" if held else "expired": going, "young": max(0, rows - going)}
        kept = (Kept(why=ARCHIVED, count=archived),) if archived else ()
        step = Step(
            method="delete-traces",
            uri=self.uri,
            unit="traces",
            dataset="",
            counts={name: count for name, count in counts.items() if count},
            kept=kept,
            not_covered=(_OWN_COMMANDS, ARCHIVES_STAY),
        )
        return Found(step=step, listing=None, things=rows, kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del step, items, pace
        going = self._rows()
        if going and not self._is_held():
            _require_same_database(self.command, self.dag_id, self.before, rows=going, where=self.uri)
            self.command.delete_audit_rows(self.dag_id, self.before)
        progress(going, going)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """Archive tables that were not there when it was planned are *left*: a killed command leaves one."""
        del items
        planned, rows = step.counts.get("expired", 0), self._rows()
        before = sum(kept.count for kept in step.kept if kept.why == ARCHIVED)
        archived = self.command.archive_tables()
        held = rows if self._is_held() else 0
        left = rows - held + max(0, archived - before)
        kept = (
            *((Kept(why=LEGAL_HOLD, count=held),) if held else ()),
            *((Kept(why=ARCHIVED, count=min(archived, before)),) if min(archived, before) else ()),
        )
        return Looked(
            uri=self.uri, method=step.method, looked=max(planned, rows), left=left, gone=max(0, planned - rows), kept=kept
        )

    def _rows(self) -> int:
        return self.api.audit_rows(self.dag_id, self.before.isoformat())

    def _is_held(self) -> bool:
        return self.judge(Thing(name=self.dag_id, modified=self.before - timedelta(microseconds=1))) == "held"


@dataclass(frozen=True, kw_only=True)
class ArchiveTables:
    """Every table ``_airflow_deleted__*`` and ``_xcom_archive``. Airflow drops them for all DAGs at once, whatever their age.

    By ``dag_id`` and ``before`` it is told whether the command has the database of the server.
    """

    uri: str
    judge: Judge = field(repr=False)
    api: AirflowApi
    command: AirflowCommand
    dag_id: str
    before: datetime

    def find(self) -> Found:
        tables = self.command.archive_tables()
        name = "held" if self._is_held() else "expired"
        counts = {name: tables} if tables else {}
        step = Step(method="delete-traces", uri=self.uri, unit="traces", dataset="", counts=counts)
        return Found(step=step, listing=None, things=tables)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del items, pace
        planned, tables = step.counts.get("expired", 0), self.command.archive_tables()
        if tables and not self._is_held():
            rows = self.api.audit_rows(self.dag_id, self.before.isoformat())
            _require_same_database(self.command, self.dag_id, self.before, rows=rows, where=self.uri)
            self.command.drop_archive_tables()
        progress(planned, planned)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        del items
        planned, tables = step.counts.get("expired", 0), self.command.archive_tables()
        held = tables if self._is_held() else 0
        kept = (Kept(why=LEGAL_HOLD, count=held),) if held else ()
        gone = max(0, planned - tables)
        left = tables - held if planned else 0  # what was held when it was planned did not come back when the hold is lifted
        return Looked(uri=self.uri, method=step.method, looked=max(planned, tables), left=left, gone=gone, kept=kept)

    def _is_held(self) -> bool:
        return self.judge(Thing(name=self.uri)) == "held"


def _require_same_database(command: AirflowCommand, dag_id: str, before: datetime, *, rows: int, where: str) -> None:
    """:param rows: how many the server counts. :raises BadInput: the command counts others."""
    if command.audit_rows(dag_id, before) != rows:
        do = "Run it on the API server's host, with its environment."
        raise BadInput("other-database", "The command airflow sees other rows than the API: nothing goes", where=where, do=do)
