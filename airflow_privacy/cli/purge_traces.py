"""Verbs about Airflow's own traces. The token comes from the environment or a file, never from the command line, which others
see."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.airflow_api import AirflowApi
from airflow_privacy.core.io.purge.airflow_command import AirflowCommand
from airflow_privacy.core.io.purge.target import Progress
from airflow_privacy.core.io.purge.traces import Access
from airflow_privacy.core.model.purge import Certificate, PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import purge, purge_traces
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.plan import explain

TOKEN = "AIRFLOW_PRIVACY_API_TOKEN"  # noqa: S105 - the variable's name
_LONGEST = 100_000

Told = Callable[[str, Certificate], Result]
Confirm = Callable[[argparse.Namespace, PurgePlan], None]


def add_verbs(group: Verbs, common: argparse.ArgumentParser, *, confirm: Confirm, told: Told, progress: Progress) -> None:
    """Register ``traces`` under ``purge``.

    :param confirm: asks before something is deleted. :param told: a certificate as a result.
    """
    traces = group.add_parser("traces", help="what Airflow itself keeps of a DAG's runs").add_subparsers(
        required=True, metavar="VERB"
    )
    access = argparse.ArgumentParser(add_help=False)
    access.add_argument("--token-file", metavar="FILE", help=f"holds the API token; without it, {TOKEN} does")
    access.add_argument(
        "--airflow-command", default="airflow", metavar="COMMAND", help="of the API server's host (default: %(default)s)"
    )

    plan = verb(traces, "plan", _plan, parent=common, also=access, summary="what would be deleted; deletes nothing")
    plan.add_argument("--dag", required=True, metavar="DAG_ID")
    plan.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="counted from the end of a run")
    plan.add_argument("--url", required=True, help="of the API server, as in a browser")
    plan.add_argument("--logs", type=Path, metavar="FOLDER", help="Airflow's base_log_folder, if it is on this host")
    plan.add_argument("--audit-log", action="store_true", help="with the DAG's rows of the audit log, by airflow db clean")
    plan.add_argument(
        "--drop-archived",
        action="store_true",
        help="that, and all tables of rows that airflow db clean kept, of every DAG and age",
    )

    run = verb(traces, "run", _runner(confirm, told, progress), parent=common, also=access, summary="delete what a plan names")
    run.add_argument("plan", help="the purge plan's digest")
    run.add_argument("--yes", action="store_true", help="do not ask")

    verify = verb(traces, "verify", _verify, parent=common, also=access, summary="look again whether it is still gone")
    verify.add_argument("certificate", help="the certificate's digest")


def _plan(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    needs_command = options.audit_log or options.drop_archived
    done = purge_traces.plan_traces(
        workspace,
        caller(),
        access=_access(options, options.url, with_command=needs_command),
        dag_id=options.dag,
        days=options.older_than,
        logs=options.logs,
        drop_archives=options.drop_archived,
    )
    plan = workspace.artifacts.get(PurgePlan, done.ref)
    text = (
        f"{explain(plan, done.ref.digest)}\n\nNothing was deleted. To do it: airflow-privacy purge traces run {done.ref.digest}"
    )
    return Result(text, {"digest": done.ref.digest, "plan": msgspec.to_builtins(plan)})


def _runner(confirm: Confirm, told: Told, progress: Progress) -> Callable[[argparse.Namespace], Result]:
    def run(options: argparse.Namespace) -> Result:
        workspace = workspace_of(options)
        ref = workspace.artifacts.reference("purge-plan", options.plan)
        confirm(options, workspace.artifacts.get(PurgePlan, ref))
        done = _carry_out(workspace, options, ref, progress)
        assert done.ref is not None and done.certificate is not None  # noqa: S101 - nothing here waits
        return told(done.ref.digest, done.certificate)

    return run


def _carry_out(workspace: Workspace, options: argparse.Namespace, ref: ArtifactRef, progress: Progress) -> Purged:
    def access(url: str) -> Access:
        return _access(options, url, with_command=True)

    return purge_traces.run_traces(workspace, caller(), plan=ref, access=access, progress=progress)


def _verify(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    ref = workspace.artifacts.reference("certificate", options.certificate)
    held = purge.check_certificate(workspace, ref)

    def access(url: str) -> Access:
        return _access(options, url, with_command=True)

    done = purge_traces.verify_traces(workspace, caller(), certificate=ref, plan=held.plan, access=access)
    counts = done.ref.counts
    return Result(
        f"Still gone: {counts['places']} places were looked at, and nothing came back.", {"holds": True, "counts": counts}
    )


def _access(options: argparse.Namespace, url: str, *, with_command: bool) -> Access:
    command = AirflowCommand(program=_program(options.airflow_command)) if with_command else None
    return Access(api=AirflowApi(url=url, token=_token(options.token_file)), command=command)


def _program(command: str) -> tuple[str, ...]:
    """:raises BadInput: it is blank, or a quote is not closed."""
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = ()
    if not words:
        raise BadInput("bad-command", "Expected a command as a shell takes it", where="--airflow-command")
    return words


def _token(file: str | None) -> str:
    """:raises BadInput: there is none, or it is none."""
    if file is None:
        found = os.environ.get(TOKEN, "")
    else:
        try:
            found = Path(file).read_text()[:_LONGEST]
        except (OSError, UnicodeDecodeError):
            found = ""
    found = found.strip()
    if not found or not found.isascii() or not found.isprintable() or " " in found:
        where = "--token-file" if file is not None else TOKEN
        raise BadInput("no-token", "Expected an API token on one line", where=where, do=f"Set {TOKEN}, or give --token-file.")
    return found
