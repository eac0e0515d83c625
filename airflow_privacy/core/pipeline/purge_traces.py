"""Airflow's own traces of a DAG as a retention plan: planned, deleted, looked at again, certified as any other.

The promise is a contract that is made here, ``airflow:<dag id>``: so many days, counted from a run's end. A legal hold on that
name keeps the DAG's traces. Workers have no metadata database in Airflow 3: runs and logs go through the REST API, audit rows
only where ``airflow db`` works.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.airflow_api import is_nameable
from airflow_privacy.core.io.purge.target import Before, Pace, Progress, Rule, Target, Thing
from airflow_privacy.core.io.purge.trace_rows import ARCHIVES_STAY
from airflow_privacy.core.io.purge.traces import (
    ARCHIVE_TABLES,
    Access,
    archives_uri,
    audit_uri,
    logs_uri,
    runs_uri,
    server_of,
    traces_target,
)
from airflow_privacy.core.model.contract import Contract, Retention
from airflow_privacy.core.model.flow import Flow, Outcome
from airflow_privacy.core.model.purge import Disposition, PurgePlan, Step
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.holds import cover_for, list_holds
from airflow_privacy.core.pipeline.purge import check_certificate, holds_named, verify_purge, with_words
from airflow_privacy.core.pipeline.purge_execution import Purged, counts_of, cut_off, execute_plan
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, links_of, record
from airflow_privacy.core.retention.hold import in_force
from airflow_privacy.core.retention.plan import as_of, retention_plan
from airflow_privacy.core.retention.rule import Watch, judges_of

NO_LOGS = "Task logs stay: no folder of logs was named (--logs). Delete them where they are."
NO_COMMAND = "Rows of the audit log that name the DAG stay: only the command airflow db deletes them (--audit-log)."
_LONGEST = 100 * 366

DATASET = "airflow:"
"""What the name of the dataset begins with; the DAG's id follows."""


def plan_traces(
    workspace: Workspace,
    caller: Caller,
    *,
    access: Access,
    dag_id: str,
    days: int,
    logs: Path | None = None,
    drop_archives: bool = False,
) -> Outcome:
    """Find what Airflow keeps of a DAG's runs that ended so many days ago. Changes nothing but artifacts and ledger.

    :param access: with a command, the DAG's rows of the audit log go too.
    :param days: at least 1; ages are counted to the beginning of the day in UTC.
    :param logs: Airflow's ``base_log_folder``, where it is on this host.
    :param drop_archives: drop the tables of rows that ``airflow db clean`` kept, of every DAG and age.
    :raises BadInput: no such DAG or folder, a period of less than a day, the command is of another database, or missing.
    """
    if not is_nameable(dag_id):  # ``~`` is every DAG
        raise BadInput("bad-dag-id", "Expected the id of one DAG", where="dag")
    if not 1 <= days <= _LONGEST:
        raise BadInput("bad-argument", f"Expected 1 to {_LONGEST:,} days", where="days")
    if drop_archives and access.command is None:
        raise BadInput("no-airflow-command", "Archive tables can only be dropped by the command airflow db", where="command")
    contract = contract_of(dag_id, days)
    moment = as_of(workspace.now())
    uris = [runs_uri(access.api.url, dag_id)]
    uris += [logs_uri(logs, dag_id)] if logs is not None else []
    uris += [archives_uri(access.api.url)] if drop_archives else []
    uris += [audit_uri(access.api.url, dag_id)] if access.command is not None else []
    cover = cover_for(workspace, contract.id, as_of=moment)
    (runs, things), *others = [_planned_step(workspace, contract, uri, moment, access) for uri in uris]
    unreached = (() if logs is not None else (NO_LOGS,)) + (() if access.command is not None else (NO_COMMAND, ARCHIVES_STAY))
    steps = [(replace(runs, not_covered=(*runs.not_covered, *unreached)), things), *others]
    of = workspace.artifacts.put(contract)
    plan = retention_plan(contract, of.digest, steps, moment=moment, holds=cover.ids, max_share=1.0)
    counts = counts_of(plan)
    ref = workspace.artifacts.put(plan, counts=counts)
    record(workspace, caller, "planned", links=links_of(of, ref), counts=counts, reason=plan.cause)
    return Outcome(ref=ref, flow=Flow())


def run_traces(
    workspace: Workspace,
    caller: Caller,
    *,
    plan: ArtifactRef,
    access: Callable[[str], Access],
    progress: Progress,
) -> Purged:
    """Delete what was planned and nothing else, look again, and certify; errors as :func:`execute_plan`.

    :param access: from the URL of the planned server to how it is reached.
    """
    planned, reached = _plan_of(workspace, plan, access)
    opened = _opener(workspace, planned, reached)
    return execute_plan(workspace, caller, plan=plan, open_target=opened, pace=Pace(), progress=progress)


def verify_traces(
    workspace: Workspace, caller: Caller, *, certificate: ArtifactRef, plan: str, access: Callable[[str], Access]
) -> Outcome:
    """Look again, later; errors as :func:`verify_purge`.

    :param plan: digest of the plan that the certificate is of.
    """
    planned, reached = _plan_of(workspace, workspace.artifacts.reference("purge-plan", plan), access)
    also = holds_named(check_certificate(workspace, certificate))
    return verify_purge(workspace, caller, certificate=certificate, open_target=_opener(workspace, planned, reached, also=also))


def contract_of(dag_id: str, days: int) -> Contract:
    """The promise, as a contract: traces of the DAG's runs go so many days after the run's end."""
    name = f"{DATASET}{dag_id}"
    return Contract(id=name, name=name, version="1.0.0", status="active", retention=Retention(days=days))


def _plan_of(workspace: Workspace, ref: ArtifactRef, access: Callable[[str], Access]) -> tuple[PurgePlan, Access]:
    plan = workspace.artifacts.get(PurgePlan, ref)
    if not plan.steps or any(step.method != "delete-traces" for step in plan.steps):
        do = "Use airflow-privacy purge run."
        raise BadInput("wrong-plan", "This is not a plan of Airflow's traces", where=ref.digest, do=do)
    return plan, access(server_of(plan.steps[0].uri))


def _opener(workspace: Workspace, plan: PurgePlan, access: Access, *, also: tuple[str, ...] = ()) -> Callable[[Step], Target]:
    (digest,) = plan.contracts
    contract = workspace.artifacts.find(Contract, digest)
    moment = datetime.fromisoformat(plan.as_of)

    def opened(step: Step) -> Target:
        return _target(workspace, contract, step.uri, moment, access, also=(*plan.holds, *also))[0]

    return opened


def _planned_step(workspace: Workspace, contract: Contract, uri: str, moment: datetime, access: Access) -> tuple[Step, int]:
    watch = Watch()
    target, reason = _target(workspace, contract, uri, moment, access, watch=watch)
    found = cut_off(uri, target.find)
    return with_words(workspace, found, dataset=contract.id, reason=reason, moment=moment, watch=watch), found.things


def _target(
    workspace: Workspace,
    contract: Contract,
    uri: str,
    moment: datetime,
    access: Access,
    *,
    also: tuple[str, ...] = (),
    watch: Watch | None = None,
) -> tuple[Target, str]:
    cover = cover_for(workspace, contract.id, as_of=moment, also=also)
    judges = judges_of(contract, by="age", as_of=moment, cover=cover, watch=watch)
    bound = Before(column="dttm", moment=judges.limit + timedelta(microseconds=1))
    if uri.endswith(ARCHIVE_TABLES):
        reason = "Rows of any age that airflow db clean deleted and kept"
        rule = Rule(judge_thing=_any_hold(workspace, moment), bound=bound)
        return traces_target(uri, rule=rule, access=access, dag_id=contract.id.removeprefix(DATASET)), reason
    days = contract.retention.days if contract.retention else 0
    reason = f"Kept {days} {'day' if days == 1 else 'days'} from the end of the run, or from when it was written"
    return traces_target(uri, rule=Rule(judge_thing=judges.thing, bound=bound), access=access), reason


def _any_hold(workspace: Workspace, moment: datetime) -> Callable[[Thing], Disposition]:
    """Archive tables hold rows of every DAG: a hold on one of them keeps them all."""
    known = [one.hold for one in list_holds(workspace) if one.lifted is None]
    held = any(hold.dataset == "*" or hold.dataset.startswith(DATASET) for hold in known if in_force(hold, at=moment))
    return lambda _: "held" if held else "expired"
