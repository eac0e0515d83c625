"""Erasure of one person, from request to certificate.

::

    request ─→ plan: look for the person ─→ review: somebody confirms who it is ─→ plan ─→ run ─→ certificate ─→ verify

Nothing is planned before every candidate is decided. Identifiers lie in private files of the home alone; facts, plans, and
references carry the request's id, counts and keyed digests. Once the certificate is there, the files are overwritten and deleted,
and so are the listings, whose names could be values; what remains are keyed digests, by which a later look finds what came back.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.purge.target import Pace, Progress
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.flow import Flow, FlowTable, Outcome
from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import erase_files as files
from airflow_privacy.core.pipeline.approvals import Run
from airflow_privacy.core.pipeline.erase_end import erased_before, finish, remember, remove_empty_folders
from airflow_privacy.core.pipeline.erase_find import find_candidates, subject_of
from airflow_privacy.core.pipeline.erase_identity import bound_to, digester, review_digest
from airflow_privacy.core.pipeline.erase_plan import ERASURE, affected_by, opener_of, planned_steps
from airflow_privacy.core.pipeline.purge_execution import Purged, counts_of, execute_plan
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, links_of, record
from airflow_privacy.core.retention.erasure.request import (
    EXTENDED_MONTHS,
    ErasureRequest,
    Receipt,
    counts_of_request,
    deadline_of,
    read_asked,
)
from airflow_privacy.core.retention.erasure.review import Review, as_csv, decided, read_csv
from airflow_privacy.core.retention.erasure.subject import Subject
from airflow_privacy.core.retention.plan import as_of, share_of, written

REQUESTED, EXTENDED, REVIEWED = "erasure-requested", "erasure-extended", "erasure-reviewed"


def _silent(done: int, of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan, or none as long as candidates wait for somebody to decide. ``review`` is the file to read; counts hold no value."""

    outcome: Outcome | None
    review: Path
    counts: dict[str, int]


def request_erasure(workspace: Workspace, caller: Caller, *, data: bytes, received_at: datetime | None = None) -> Receipt:
    """Take a request in and start its clock. Records ``erasure-requested``.

    :param data: JSON, as :func:`~airflow_privacy.core.retention.erasure.request.read_asked` reads it.
    :param received_at: aware; by default now. A request counts from when it came, not from when it was typed in.
    :raises BadInput: not a request, or received in the future. :raises KeyUnavailable: the scope of erasures has no key.
    """
    asked, now = read_asked(data), workspace.now()
    digester(workspace)
    received = received_at or now
    deadline = deadline_of(received)
    if received > now:
        raise BadInput("bad-request", "A request cannot be received in the future", where="received_at")
    workspace.ledger()  # no request that could not be recorded
    made = ErasureRequest(id=secrets.token_hex(6), received_at=written(received), deadline=written(deadline), asked=asked)
    files.write(workspace.home, made.id, files.REQUEST, made)
    return _record_receipt(workspace, caller, REQUESTED, made)


def extend_erasure(workspace: Workspace, caller: Caller, *, request: str) -> Receipt:
    """Two further months, for a complex request or many (the person is to be told why within the first month). Records
    ``erasure-extended``.

    :raises BadInput: there is no such request. :raises CheckFailed: the first month is over.
    """
    made = _request(workspace, request)
    if workspace.now() > deadline_of(datetime.fromisoformat(made.received_at)):
        raise CheckFailed("too-late", "A request is extended within one month of its receipt", where=f"request {request}")
    deadline = deadline_of(datetime.fromisoformat(made.received_at), months=EXTENDED_MONTHS)
    longer = ErasureRequest(id=made.id, received_at=made.received_at, deadline=written(deadline), asked=made.asked)
    files.write(workspace.home, request, files.REQUEST, longer)
    return _record_receipt(workspace, caller, EXTENDED, longer)


def plan_erasure(
    workspace: Workspace,
    caller: Caller,
    *,
    request: str,
    contracts: Sequence[Path | str],
    max_share: float = 0.3,
    follow: Sequence[str] = (),
    deadline: datetime | None = None,
    progress: Progress = _silent,
) -> Planned:
    """Look for the person at every place of the contracts, and plan once all candidates are decided. Deletes nothing.

    :param contracts: files, or folders of them; those without ``privacy.subjectKey`` are passed over.
    :param max_share: from which share of a place on somebody must agree at the gate.
    :param follow: references of a database to follow though they may be empty, as ``table.column``.
    :param deadline: an earlier one than the law's; aware.
    :raises BadInput: no such request, no contract with a subject key, a place that cannot be read.
    :raises CheckFailed: ``erased`` before; ``referenced``: other rows hold the subject's.
    """
    made = _request(workspace, request)
    agreed = _contracts(contracts)
    before = files.read(workspace.home, request, files.REVIEW, Review)
    found = find_candidates(workspace, caller, made, agreed, before, progress=progress)
    review = found.review
    if before is None or review != before:
        files.write(workspace.home, request, files.REVIEW, review)
    table = files.write(workspace.home, request, files.TABLE, as_csv(review))
    if review.open:
        return Planned(outcome=None, review=table, counts=review.counts())
    stored = {contract.id: workspace.artifacts.put(contract) for contract in agreed}
    earlier = files.read(workspace.home, request, files.SUBJECT, Subject)
    digests = {name: ref.digest for name, ref in stored.items()}
    subject = subject_of(workspace, request, found, digests, earlier, follow=tuple(follow))
    files.write(workspace.home, request, files.SUBJECT, subject)
    moment = as_of(workspace.now())
    confirmed = {(place.contract, place.uri): review.rows(place.contract, place.uri) for place in subject.places}
    steps, holds = planned_steps(workspace, caller, subject, agreed, moment, confirmed=confirmed)
    affected = affected_by(workspace, subject, digester(workspace).of_text(request))
    of = workspace.artifacts.put(affected)
    until = min(made.deadline, written(deadline)) if deadline else made.deadline
    plan = PurgePlan(
        cause=ERASURE,
        contracts=tuple(digests.values()),
        as_of=written(moment),
        steps=tuple(step for step, _ in steps),
        holds=holds,
        share=max((share_of(step, things) for step, things in steps), default=0.0),
        max_share=float(max_share),
        request=request,
        deadline=until,
    )
    counts = counts_of(plan) | {"models": len(affected.models), "needs_approval": int(plan.needs_approval)}
    ref = workspace.artifacts.put(plan, counts=counts)
    links = {
        **links_of(ref, of),
        "erasure-request": digest_of(receipt_of(made)),
        "erasure-review": bound_to(workspace, subject),
        **{f"contract-{number}": digest for number, digest in enumerate(digests.values(), 1)},
    }
    record(workspace, caller, "planned", links=links, counts=counts, reason=ERASURE)
    inputs = tuple(FlowTable(uri=step.uri, version=ref.digest, columns=(), rows=things) for step, things in steps)
    return Planned(outcome=Outcome(ref=ref, flow=Flow(inputs=inputs)), review=table, counts=review.counts())


def review_erasure(
    workspace: Workspace,
    caller: Caller,
    *,
    request: str,
    person: Sequence[int] = (),
    other: Sequence[int] = (),
    filled: bytes | None = None,
) -> dict[str, int]:
    """Say which candidates are the person, by number or with the filled-in file. Records ``erasure-reviewed``; returns counts.

    :raises BadInput: no such request, nothing to review, an unknown number, a file that is no review.
    """
    made = _request(workspace, request)
    review = files.read(workspace.home, request, files.REVIEW, Review)
    if review is None:
        raise BadInput("not-planned", "Nobody has looked for the person yet", where=f"request {request}", do="Run erase plan.")
    if filled is not None:
        person, other = (*person, *read_csv(filled)[0]), (*other, *read_csv(filled)[1])
    done = decided(review, person=set(person), other=set(other), by=caller.actor)
    files.write(workspace.home, request, files.REVIEW, done)
    files.write(workspace.home, request, files.TABLE, as_csv(done))
    links = {"erasure-request": digest_of(receipt_of(made)), "erasure-review": review_digest(workspace, done)}
    record(workspace, caller, REVIEWED, links=links, counts=done.counts(), reason=request)
    return done.counts()


def candidates_of(workspace: Workspace, request: str) -> int:
    """How many candidates a review has; 0 where nobody has looked yet."""
    review = files.read(workspace.home, request, files.REVIEW, Review)
    return len(review.candidates) if review else 0


def run_erasure(
    workspace: Workspace,
    caller: Caller,
    *,
    plan: ArtifactRef,
    approvals: Sequence[ArtifactRef] = (),
    run: Run | None = None,
    pace: Pace | None = None,
    progress: Progress = _silent,
) -> Purged:
    """Erase what was planned, look again, certify, and forget the identifiers. May be killed at any moment and called again.

    Where a legal hold keeps rows of the person, the certificate says so and the request stays open: plan again when it is lifted.

    :raises CheckFailed: ``review-changed``: plan again; else as :func:`execute_plan`.
    """
    planned = erasure_plan(workspace, plan)
    done = erased_before(workspace, plan)
    if done is not None:
        files.forget(workspace.home, planned.request)
        return done
    subject = files.read(workspace.home, planned.request, files.SUBJECT, Subject)
    if subject is None:
        raise CheckFailed("no-subject", "Nobody was confirmed for this plan", where=plan.digest, do="Run erase plan again.")
    told = [fact for _, fact in LedgerView(workspace.ledger_path).find("purge-plan", plan.digest) if fact.kind == "planned"]
    if not told or bound_to(workspace, subject) not in {link.digest for link in told[-1].links}:
        what = "Whom the plan is about was reviewed again since it was made"
        raise CheckFailed("review-changed", what, where=plan.digest, do="Plan again.")
    remember(workspace, subject)
    purged = execute_plan(
        workspace,
        caller,
        plan=plan,
        open_target=opener_of(workspace, caller, planned, subject),
        pace=pace or Pace(),
        progress=progress,
        approvals=approvals,
        run=run,
    )
    if purged.ref is not None and purged.certificate is not None:
        remove_empty_folders(workspace, subject)
        finish(workspace, caller, plan, planned, purged.ref, purged.certificate)
    return purged


def erasure_plan(workspace: Workspace, ref: ArtifactRef) -> PurgePlan:
    """The plan, if it is of an erasure.

    :raises CheckFailed: it is not.
    """
    plan = workspace.artifacts.get(PurgePlan, ref)
    if plan.cause != ERASURE:
        raise CheckFailed(
            "wrong-plan", "This is the plan of a retention", where=ref.digest, do="Use purge run, and purge verify."
        )
    return plan


def _request(workspace: Workspace, request: str) -> ErasureRequest:
    found = files.read(workspace.home, request, files.REQUEST, ErasureRequest)
    if found is None:
        do = "See airflow-privacy erase status."
        raise BadInput("unknown-request", "There is no open request of this id", where=f"request {request}", do=do)
    return found


def receipt_of(made: ErasureRequest) -> Receipt:
    """What everybody may know of it."""
    return Receipt(id=made.id, received_at=made.received_at, deadline=made.deadline, **counts_of_request(made.asked.identifiers))


def _record_receipt(workspace: Workspace, caller: Caller, kind: str, made: ErasureRequest) -> Receipt:
    receipt = receipt_of(made)
    ref = workspace.artifacts.put(receipt)
    record(workspace, caller, kind, links=links_of(ref), counts=counts_of_request(made.asked.identifiers), reason=made.id)
    return receipt


def _contracts(given: Sequence[Path | str]) -> tuple[Contract, ...]:
    """The contracts that declare a subject key, by their id."""
    paths: list[Path] = []
    for one in map(Path, given):
        paths += sorted([*one.glob("*.yaml"), *one.glob("*.yml")]) if one.is_dir() else [one]
    loaded = {contract.id: contract for contract in (load_contract(path).contract for path in paths)}
    found = tuple(contract for _, contract in sorted(loaded.items()) if contract.subject_key)
    if not found:
        do = "Give contracts whose privacy.subjectKey names the column of the person."
        raise BadInput("no-subject-key", "None of the contracts says which column names the person", where="contracts", do=do)
    if len(loaded) < len(paths):
        raise BadInput("duplicate-contract", "Two of the contracts have the same id", where="contracts")
    return found
