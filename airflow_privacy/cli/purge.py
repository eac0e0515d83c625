"""Verbs about retention: plan a purge, carry it out, look again."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import msgspec

from airflow_privacy.cli import purge_traces
from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.target import Pace, Progress
from airflow_privacy.core.io.sql import Database
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.model.purge import Certificate, PurgePlan
from airflow_privacy.core.pipeline import purge
from airflow_privacy.core.pipeline.purge_approval import require_agreed
from airflow_privacy.core.pipeline.purge_execution import was_started
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.plan import explain, kept_words


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("purge", help="delete what has outlived its period, and prove it").add_subparsers(
        required=True, metavar="VERB"
    )
    plan = verb(group, "plan", _plan, parent=common, summary="what a contract's retention would delete; deletes nothing")
    plan.add_argument("contract", help="the contract's file")
    plan.add_argument(
        "--place", action="append", default=[], metavar="URI", help="instead of the locations of the contract's servers"
    )
    plan.add_argument(
        "--max-share", type=float, default=0.3, metavar="0..1", help="a larger share of a place needs an approval (%(default)s)"
    )

    run = verb(group, "run", _run, parent=common, summary="delete what a plan names, look again, and certify")
    run.add_argument("plan", help="the purge plan's digest")
    run.add_argument("--approval", action="append", default=[], help="digest of an approval that a gate recorded")
    run.add_argument("--rows-per-second", type=float, metavar="N", help="at most so many rows of a database's table")
    run.add_argument("--lock-ms", type=int, default=100, metavar="N", help="hold no lock longer (default: %(default)s)")
    run.add_argument("--yes", action="store_true", help="do not ask")

    verify = verb(group, "verify", _verify, parent=common, summary="look again whether what was purged is still gone")
    verify.add_argument("certificate", help="the certificate's digest; with --offline also its file")
    verify.add_argument("--offline", action="store_true", help="the signature alone, with nothing but the public key")

    purge_traces.add_verbs(group, common, confirm=_confirm, told=_certified, progress=_progress("traces"))


def _plan(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    done = purge.plan_purge(
        workspace,
        caller(),
        contract=Path(options.contract),
        max_share=options.max_share,
        places=tuple(options.place),
        progress=_progress("places"),
    )
    plan = workspace.artifacts.get(PurgePlan, done.ref)
    text = f"{explain(plan, done.ref.digest)}\n\nNothing was deleted. To do it: airflow-privacy purge run {done.ref.digest}"
    return Result(text, {"digest": done.ref.digest, "needs_approval": plan.needs_approval, "plan": msgspec.to_builtins(plan)})


def _run(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    ref = workspace.artifacts.reference("purge-plan", options.plan)
    approvals = [workspace.artifacts.reference("approval", digest) for digest in options.approval]
    plan = workspace.artifacts.get(PurgePlan, ref)
    if not was_started(workspace, ref):
        require_agreed(workspace, ref, approvals, run=None)
    _confirm(options, plan)
    pace = Pace(rows_per_second=options.rows_per_second, lock_ms=options.lock_ms)
    done = purge.run_purge(workspace, caller(), plan=ref, approvals=approvals, pace=pace, progress=_progress("things"))
    if done.ref is None or done.certificate is None:
        until = done.waiting_until.isoformat(timespec="seconds") if done.waiting_until else ""
        told = f"Old versions of a table may not go before {until}. Run it again then: there is no certificate yet."
        return Result(told, {"certificate": None, "waiting_until": until}, exit_code=4)
    return _certified(done.ref.digest, done.certificate)


def _verify(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    if options.offline:
        found = purge.verify_signature(workspace, _envelope(workspace, options.certificate))
        text = f"The signature holds: certificate of plan {found.plan}, {found.at}. No store and no ledger was looked at."
        return Result(text, {"signature_holds": True, "plan": found.plan, "at": found.at})
    ref = workspace.artifacts.reference("certificate", options.certificate)
    done = purge.verify_purge(workspace, caller(), certificate=ref)
    counts = done.ref.counts
    return Result(
        f"Still gone: {counts['places']} places were looked at, and nothing came back.", {"holds": True, "counts": counts}
    )


def _certified(digest: str, found: Certificate) -> Result:
    return Result(_certificate_text(digest, found), _document(digest, found))


def _certificate_text(digest: str, found: Certificate) -> str:
    lines = [f"certificate {digest}", f"plan        {found.plan}", f"looked at   {found.at}", ""]
    for one in found.looked:
        lines.append(f"{one.uri}: {one.gone:,} gone, {one.left:,} left")
        lines += [f"  {kept_words(kept)}" for kept in one.kept]
    lines += ["", "Not covered:", *(f"  {sentence}" for sentence in found.not_covered)]
    lines += ["", f"Look again at {found.look_again}: airflow-privacy purge verify {digest}"]
    return "\n".join(lines)


def _document(digest: str, found: Certificate) -> dict[str, object]:
    return {"certificate": digest, "waiting_until": "", **msgspec.to_builtins(found)}


def _envelope(workspace: Workspace, named: str) -> bytes:
    path = Path(named)
    if named.startswith("sha256:") or not path.is_file():
        return workspace.artifacts.get_bytes(workspace.artifacts.reference("certificate", named))
    return path.read_bytes()


def _confirm(options: argparse.Namespace, plan: PurgePlan) -> None:
    """:raises BadInput: nobody said yes."""
    if options.yes:
        return
    going = sum(step.counts.get("expired", 0) for step in plan.steps)
    if sys.stdin.isatty():
        print(f"Delete {going:,} things at {len(plan.steps)} places for good?", file=sys.stderr)
        print("Type yes to go on: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() == "yes":
            return
    raise BadInput("not-confirmed", "Nothing was deleted: nobody confirmed it", do="Confirm on a terminal, or give --yes.")


def _workspace(options: argparse.Namespace) -> Workspace:
    """Local paths as everywhere; ``s3://`` and ``sql://`` through Airflow's connections, imported when they are named."""
    return replace(workspace_of(options), storages=_storage, databases=_database)


def _storage(uri: str) -> Storage:
    if not uri.startswith("s3://"):
        return local_storage(uri)
    from airflow_privacy.hooks.storage import connection_storages

    return connection_storages()(uri)


def _database(connection: str) -> Database:
    from airflow_privacy.hooks.sql import connection_databases

    return connection_databases()(connection)


def _progress(what: str) -> Progress:
    """To stderr where somebody watches: counts, and nothing else."""

    def tell(done: int, of: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= of else ""
            print(f"\r\x1b[K{done:,} of {of:,} {what}", end=end, file=sys.stderr, flush=True)

    return tell
