"""What Airflow itself keeps of a DAG's runs, through ways that Airflow 3.3 supports.

====================================  ==========================================================================================
place                                 what goes there
====================================  ==========================================================================================
``<url>/dags/<dag>#runs``             runs that ended: ``DELETE`` of the REST API. With a run go its configuration and note, task
                                      instances with their history and notes, XComs, rendered fields and requests to people
``<folder>/dag_id=<dag>``             task logs of runs that are gone, in files under Airflow's default names
``<url>/dags/<dag>#audit-log``        rows of the audit log, which repeat what was sent to the API: ``airflow db clean``
``<url>#archive-tables``              tables of rows that ``airflow db clean`` kept when it deleted them, of all DAGs
====================================  ==========================================================================================

A run's age is counted from its end. One that has not ended, or of which a task is running, deferred or waiting for a person,
stays. Checked on Airflow 3.3.2: after the deletion of a run ``asset_event`` and the audit log alone still name it. Asset events
have no supported way to go by DAG (``db clean --tables asset_event --dag-ids`` asks for a column that the table has not).

Not against: somebody who clears a run in the moment between the last look at it and its deletion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.target import Rule, Target

RUNS, AUDIT_LOG, ARCHIVE_TABLES = "#runs", "#audit-log", "#archive-tables"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach one Airflow. ``command`` is for audit log and archive tables only."""

    api: AirflowApi
    command: AirflowCommand | None = None


def runs_uri(url: str, dag_id: str) -> str:
    """The place of a DAG's runs."""
    return f"{url}/dags/{quote(dag_id, safe='')}{RUNS}"


def audit_uri(url: str, dag_id: str) -> str:
    """The place of a DAG's rows in the audit log."""
    return f"{url}/dags/{quote(dag_id, safe='')}{AUDIT_LOG}"


def archives_uri(url: str) -> str:
    """The place of an Airflow's archive tables."""
    return f"{url}{ARCHIVE_TABLES}"


def logs_uri(logs: Path, dag_id: str) -> str:
    """The folder of a DAG's task logs under Airflow's ``base_log_folder``.

    :raises BadInput: it is no folder, or the DAG's name is no folder's name.
    """
    if not logs.is_dir():
        raise BadInput("missing-folder", "There is no such folder of logs", where=str(logs))
    if "/" in dag_id or "\0" in dag_id:
        raise BadInput("bad-dag-id", "The name of the DAG cannot be a folder's", where="dag")
    return str(logs.resolve() / f"dag_id={dag_id}")


def server_of(uri: str) -> str:
    """The server's URL in a place; empty for a folder."""
    base = uri.partition("#")[0]
    return base.rpartition("/dags/")[0] or base if "#" in uri and uri.startswith(("http://", "https://")) else ""


def traces_target(uri: str, *, rule: Rule, access: Access, dag_id: str = "") -> Target:
    """One of the places above. Loads nothing heavy.

    :param rule: ``judge_thing`` is asked about runs by when they ended, and about log folders; ``bound`` says before when audit
        rows go.
    :param dag_id: of the plan, where the place is of no DAG.
    :raises BadInput: the rule judges no things, the place is of another Airflow, or ``airflow db`` is needed and was not given.
    """
    from airflow_privacy.core.io.purge.trace_logs import TraceLogs
    from airflow_privacy.core.io.purge.trace_rows import ArchiveTables, AuditRows
    from airflow_privacy.core.io.purge.trace_runs import TraceRuns

    judge = rule.judge_thing
    if judge is None:
        raise BadInput("rule-does-not-fit", "Traces are judged as a whole, and this rule judges rows", where=uri)
    server, api = server_of(uri), access.api
    if not server:
        folder = Path(uri)
        return TraceLogs(uri=uri, judge=judge, api=api, folder=folder, dag_id=folder.name.removeprefix("dag_id="))
    if server != api.url:
        raise BadInput("other-airflow", "The place is of another Airflow than the given one", where=uri)
    if not uri.endswith(ARCHIVE_TABLES):
        dag_id = unquote(uri.partition("#")[0].rpartition("/dags/")[2])
    if uri.endswith(RUNS):
        return TraceRuns(uri=uri, judge=judge, api=api, dag_id=dag_id)
    if access.command is None:
        raise BadInput("no-airflow-command", "This place needs the command airflow db, and none was given", where=uri)
    if uri.endswith(ARCHIVE_TABLES):
        return ArchiveTables(uri=uri, judge=judge, api=api, command=access.command, dag_id=dag_id, before=_before(rule, uri))
    return AuditRows(uri=uri, judge=judge, api=api, command=access.command, dag_id=dag_id, before=_before(rule, uri))


def _before(rule: Rule, uri: str) -> datetime:
    moment = getattr(rule.bound, "moment", None)
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise BadInput("rule-does-not-fit", "Audit rows go by age, and this rule names no moment", where=uri)
    return moment
