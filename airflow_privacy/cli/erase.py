"""Verbs about erasure. Identifiers are read from a file or standard input, never from the command line, which others see; what is
printed holds ids, counts and places."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from airflow_privacy.cli.purge import _certificate_text, _confirm, _document, _progress, _workspace
from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.target import Pace
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline import erase
from airflow_privacy.core.pipeline.erase_status import RequestStatus, status_of
from airflow_privacy.core.pipeline.erase_verify import verify_erasure
from airflow_privacy.core.pipeline.purge_approval import require_agreed
from airflow_privacy.core.pipeline.purge_execution import was_started
from airflow_privacy.core.retention.plan import kept_words

_LONGEST = 1_000_000


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("erase", help="erase one person on request, and prove it").add_subparsers(
        required=True, metavar="VERB"
    )
    request = verb(group, "request", _request, parent=common, summary="take a request in and start its clock")
    request.add_argument("file", help='JSON: {"identifiers": {"email": ["…"]}}; - for standard input')
    request.add_argument("--received", metavar="WHEN", help="date or time at which it came, with a zone or in UTC (default: now)")

    extend = verb(group, "extend", _extend, parent=common, summary="two further months for a complex request")
    extend.add_argument("request", help="the request's id")

    plan = verb(group, "plan", _plan, parent=common, summary="look for the person; once reviewed, plan. Deletes nothing")
    plan.add_argument("request", help="the request's id")
    plan.add_argument("contracts", nargs="+", help="contracts' files, or folders of them")
    plan.add_argument("--max-share", type=float, default=0.3, metavar="0..1", help="a larger share of a place needs an approval")
    plan.add_argument("--follow", action="append", default=[], metavar="TABLE.COLUMN", help="a reference that may be empty, too")

    review = verb(group, "review", _review, parent=common, summary="say which candidates are the person")
    review.add_argument("request", help="the request's id")
    review.add_argument("--person", default="", metavar="1,2,5-7", help="numbers of candidates that are the person, or all")
    review.add_argument("--other", default="", metavar="3,4", help="numbers of those that are somebody else, or rest")
    review.add_argument("--file", metavar="CSV", help="the review with is_person filled in")

    run = verb(group, "run", _run, parent=common, summary="erase what a plan names, look again, certify, forget the identifiers")
    run.add_argument("plan", help="the plan's digest")
    run.add_argument("--approval", action="append", default=[], help="digest of an approval that a gate recorded")
    run.add_argument("--rows-per-second", type=float, metavar="N", help="at most so many rows of a database's table")
    run.add_argument("--lock-ms", type=int, default=100, metavar="N", help="hold no lock longer (default: %(default)s)")
    run.add_argument("--yes", action="store_true", help="do not ask")

    status = verb(group, "status", _status, parent=common, summary="open requests and days left; fails where one is overdue")
    status.add_argument("--all", action="store_true", help="those that are done, too")

    verify = verb(group, "verify", _verify, parent=common, summary="look again whether the person is still gone")
    verify.add_argument("certificate", help="the certificate's digest")


def _request(options: argparse.Namespace) -> Result:
    received = _moment(options.received) if options.received else None
    made = erase.request_erasure(_workspace(options), caller(), data=_read(options.file), received_at=received)
    text = f"request {made.id}, to be done by {made.deadline}\nNext: airflow-privacy erase plan {made.id} CONTRACTS"
    return Result(text, {"id": made.id, "received_at": made.received_at, "deadline": made.deadline})


def _extend(options: argparse.Namespace) -> Result:
    made = erase.extend_erasure(_workspace(options), caller(), request=options.request)
    return Result(f"request {made.id}, to be done by {made.deadline}", {"id": made.id, "deadline": made.deadline})


def _plan(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    done = erase.plan_erasure(
        workspace,
        caller(),
        request=options.request,
        contracts=options.contracts,
        max_share=options.max_share,
        follow=tuple(options.follow),
        progress=_progress("places"),
    )
    if done.outcome is None:
        counts = done.counts
        lines = [
            f"{counts['candidates']:,} candidates, {counts['open']:,} of them undecided: nothing is planned before that.",
            f"Read {done.review}, fill in is_person, then: airflow-privacy erase review {options.request} --file {done.review}",
        ]
        return Result("\n".join(lines), {"digest": None, "review": str(done.review), "counts": counts}, exit_code=4)
    ref = done.outcome.ref
    plan = workspace.artifacts.get(PurgePlan, ref)
    document = {"digest": ref.digest, "review": str(done.review), "counts": done.counts, "plan": msgspec.to_builtins(plan)}
    return Result(
        f"{_explained(plan, ref.digest)}\n\nNothing was deleted. Next: airflow-privacy erase run {ref.digest}", document
    )


def _review(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    filled = Path(options.file).read_bytes() if options.file else None
    everybody = range(1, erase.candidates_of(workspace, options.request) + 1)
    person = list(everybody) if options.person == "all" else _numbers(options.person)
    other = [one for one in everybody if one not in person] if options.other == "rest" else _numbers(options.other)
    counts = erase.review_erasure(workspace, caller(), request=options.request, person=person, other=other, filled=filled)
    text = f"{counts['confirmed']:,} confirmed, {counts['rejected']:,} rejected, {counts['open']:,} undecided"
    return Result(text, {"request": options.request, "counts": counts})


def _run(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    ref = workspace.artifacts.reference("purge-plan", options.plan)
    approvals = [workspace.artifacts.reference("approval", digest) for digest in options.approval]
    plan = erase.erasure_plan(workspace, ref)
    if not was_started(workspace, ref):
        require_agreed(workspace, ref, approvals, run=None)
    _confirm(options, plan)
    pace = Pace(rows_per_second=options.rows_per_second, lock_ms=options.lock_ms)
    done = erase.run_erasure(workspace, caller(), plan=ref, approvals=approvals, pace=pace, progress=_progress("things"))
    if done.ref is None or done.certificate is None:
        until = done.waiting_until.isoformat(timespec="seconds") if done.waiting_until else ""
        told = f"Old versions of a table may not go before {until}. Run it again then: there is no certificate yet."
        return Result(told, {"certificate": None, "waiting_until": until}, exit_code=4)
    text = _certificate_text(done.ref.digest, done.certificate).replace("purge verify", "erase verify")
    return Result(text, _document(done.ref.digest, done.certificate))


def _status(options: argparse.Namespace) -> Result:
    found = status_of(_workspace(options), everything=options.all)
    lines = [f"{'request':<12}  {'received':<25}  {'deadline':<25}  {'days left':>9}  state"]
    lines += [f"{one.id:<12}  {one.received_at:<25}  {one.deadline:<25}  {_left(one):>9}  {_state(one)}" for one in found]
    text = "\n".join(lines) if found else "No request is open."
    return Result(text, [msgspec.to_builtins(one) for one in found], exit_code=int(any(one.overdue for one in found)))


def _verify(options: argparse.Namespace) -> Result:
    workspace = _workspace(options)
    ref = workspace.artifacts.reference("certificate", options.certificate)
    counts = verify_erasure(workspace, caller(), certificate=ref).ref.counts
    return Result(
        f"Still gone: {counts['places']} places were looked at, and nothing came back.", {"holds": True, "counts": counts}
    )


def _explained(plan: PurgePlan, digest: str) -> str:
    lines = [f"purge-plan {digest}", f"request    {plan.request}, to be done by {plan.deadline}", ""]
    for step in plan.steps:
        going, of = step.counts.get("expired", 0), sum(step.counts.values())
        lines.append(f"{step.uri}: {going:,} of {of:,} {step.unit} go ({step.method})")
        lines += [f"  {kept_words(kept)}" for kept in step.kept]
        lines += [f"  not covered: {sentence}" for sentence in step.not_covered]
    if plan.needs_approval:
        lines.append(f"{plan.share:.1%} of a place goes, more than {plan.max_share:.1%}: somebody must approve it.")
    return "\n".join(lines)


def _left(one: RequestStatus) -> str:
    return "-" if one.state == "erased" else str(one.days_left)


def _state(one: RequestStatus) -> str:
    words = [one.state, *(["OVERDUE"] if one.overdue else [])]
    words += ["identifiers on disk: run it again"] if one.state == "erased" and one.in_clear else []
    words += [f"{len(one.models)} models affected: {', '.join(one.models)}"] if one.models else []
    return ", ".join(words)


def _numbers(text: str) -> Sequence[int]:
    """``1,2,5-7``. :raises BadInput: it is not that."""
    found: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()) or int(last or first) - int(first) > _LONGEST:
            raise BadInput("bad-argument", "Candidates are named by number, such as 1,2,5-7", where="numbers")
        found += range(int(first), int(last or first) + 1)
    return found


def _read(file: str) -> bytes:
    try:
        data = sys.stdin.buffer.read(_LONGEST + 1) if file == "-" else Path(file).read_bytes()
    except OSError:
        data = b""
    if not data or len(data) > _LONGEST:
        raise BadInput("bad-request", "The request's file is missing, empty or too long", where="request")
    return data


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None:
        raise BadInput("bad-argument", "Expected a date or time such as 2026-05-31 or 2026-05-31T10:00+02:00", where="--received")
    return found if found.utcoffset() is not None else found.replace(tzinfo=UTC)
