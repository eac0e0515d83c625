"""Retention: what a contract promises to delete is planned, deleted, and proven to be gone. Later it is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from airflow_privacy.core.attest.certificate import verify_certificate
from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.errors import BadInput, CheckFailed, LedgerDiverged, VerificationError
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Target
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.verify import check_prefix
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.flow import Flow, FlowTable, Outcome
from airflow_privacy.core.model.purge import Certificate, Looked, PurgePlan, Step
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.approvals import Run
from airflow_privacy.core.pipeline.holds import cover_for
from airflow_privacy.core.pipeline.prepare import split_table
from airflow_privacy.core.pipeline.purge_execution import (
    CERTIFIED,
    PURGED,
    Purged,
    counts_of,
    cut_off,
    execute_plan,
    flow_of_looks,
    look_at,
    look_of,
    require_still_gone,
)
from airflow_privacy.core.pipeline.purge_targets import in_order, judged_by, rule_for, target_for
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, links_of, record
from airflow_privacy.core.retention.hold import Cover
from airflow_privacy.core.retention.plan import as_of, retention_plan, step_of
from airflow_privacy.core.retention.rule import Watch

VERIFIED = "verified"
GONE, CAME_BACK = "gone", "came-back"

Opener: TypeAlias = Callable[[Step], Target]


def _silent(done: int, of: int) -> None:
    """Nobody watches."""


def plan_purge(
    workspace: Workspace,
    caller: Caller,
    *,
    contract: ArtifactRef | Path | str,
    max_share: float = 0.3,
    places: tuple[str, ...] = (),
    progress: Progress = _silent,
) -> Outcome:
    """Find what has outlived its period at every place of a contract. Changes nothing but artifacts and ledger.

    Ages are counted to the beginning of the day in UTC: planning again on that day over the same things gives the same digest.

    :param max_share: from which share of a place on somebody must agree.
    :param places: URIs in the order in which they go; the locations of the contract's servers by default. Tables of a database
        go before those that they refer to, whatever the order.
    :param progress: told how many places were looked at, of how many.
    :raises BadInput: no retention, no anchor where one is needed, a server without a location, a place that cannot be judged.
    """
    agreed = contract_of(workspace, contract)
    moment = as_of(workspace.now())
    uris = in_order(workspace, _places(agreed, places))
    cover = cover_for(workspace, agreed.id, as_of=moment)
    steps: list[tuple[Step, int]] = []
    for number, uri in enumerate(uris):
        progress(number, len(uris))
        steps.append(_planned_step(workspace, caller, agreed, uri, moment, cover, uris[:number]))
    progress(len(uris), len(uris))
    of = workspace.artifacts.put(agreed)
    plan = retention_plan(agreed, of.digest, steps, moment=moment, holds=cover.ids, max_share=max_share)
    counts = counts_of(plan) | {"needs_approval": int(plan.needs_approval)}
    ref = workspace.artifacts.put(plan, counts=counts)
    record(workspace, caller, "planned", links=links_of(of, ref), counts=counts, reason=plan.cause)
    inputs = tuple(FlowTable(uri=step.uri, version="", columns=(), rows=things) for step, things in steps)
    return Outcome(ref=ref, flow=Flow(inputs=inputs))


def run_purge(
    workspace: Workspace,
    caller: Caller,
    *,
    plan: ArtifactRef,
    approvals: Sequence[ArtifactRef] = (),
    run: Run | None = None,
    pace: Pace | None = None,
    progress: Progress = _silent,
) -> Purged:
    """Delete what was planned and nothing else, look again, and certify; errors as :func:`execute_plan`.

    :param run: the run that purges, where the plan needs an approval; ``None`` outside of one.
    """
    planned = _retention_plan(workspace, plan)
    return execute_plan(
        workspace,
        caller,
        plan=plan,
        open_target=opener_of(workspace, caller, planned),
        pace=pace or Pace(),
        progress=progress,
        approvals=approvals,
        run=run,
    )


def verify_purge(workspace: Workspace, caller: Caller, *, certificate: ArtifactRef, open_target: Opener | None = None) -> Outcome:
    """Look again, later: signature, ledger, and every place by the same rule and the same day. Records ``verified``.

    What has expired since that day is not looked for: that is the next plan's.

    :param open_target: a step's place with the rule that it was planned by; the contract's retention by default. An erasure's
        certificate needs one, because only who knows the subject can look for it.
    :raises CheckFailed: ``came-back``, naming the places.
    :raises VerificationError: the certificate does not hold. :raises LedgerDiverged: it is not of this ledger.
    """
    held = check_certificate(workspace, certificate)
    planned = workspace.artifacts.find(PurgePlan, held.plan)
    if open_target is None:
        planned = _retention_plan(workspace, workspace.artifacts.reference("purge-plan", held.plan))
    opener = open_target or opener_of(workspace, caller, planned, also=holds_named(held))
    told = dict(LedgerView(workspace.ledger_path).find("purge-plan", held.plan))[held.fact]
    steps = zip(planned.steps, look_of(workspace, told).spared, strict=True)
    looked = [_look_everywhere(workspace, step, opener(step), spared) for step, spared in steps]
    return conclude_look(workspace, caller, certificate, held, looked)


def holds_named(certificate: Certificate) -> tuple[str, ...]:
    """Ids of the holds that kept something: what they kept was not purged, and is there when they are lifted."""
    by = {kept.by for one in certificate.looked for kept in one.kept if kept.why == "legal-hold"}
    return tuple(sorted({hold for names in by for hold in names.split(", ") if hold}))


def check_certificate(workspace: Workspace, certificate: ArtifactRef) -> Certificate:
    """The certificate, if its signature holds and the ledger knows it. Needs public keys only.

    :raises VerificationError: it does not hold. :raises LedgerDiverged: it is not of this ledger.
    """
    if certificate.kind != "certificate":
        raise VerificationError("wrong-artifact", f"Expected a certificate, got a reference to {certificate.kind!r}")
    found = verify_signature(workspace, workspace.artifacts.get_bytes(certificate))
    key = public_keys(workspace.home)["checkpoint"].public_key
    check_prefix(found.checkpoint, workspace.ledger_path, public_key=key)
    facts = dict(LedgerView(workspace.ledger_path).find("purge-plan", found.plan))
    told = facts.get(found.fact)
    certified = {
        link.digest for fact in facts.values() if fact.kind == CERTIFIED for link in fact.links if link.kind == "certificate"
    }
    if told is None or told.kind != PURGED or certificate.digest not in certified:
        raise LedgerDiverged(
            "certificate-unrecorded",
            "The ledger knows of no such purge or certificate",
            where=f"entry {found.fact}",
            do="Run airflow-privacy ledger verify.",
        )
    return found


def verify_signature(workspace: Workspace, envelope: bytes) -> Certificate:
    """The certificate in an envelope, held against the home's public key alone.

    :raises VerificationError: it does not hold.
    """
    return verify_certificate(envelope, public_keys(workspace.home)["passport"].public_key)


def conclude_look(
    workspace: Workspace, caller: Caller, ref: ArtifactRef, certificate: Certificate, looked: Sequence[Looked]
) -> Outcome:
    """Record ``verified``, with what a later look found.

    :raises CheckFailed: ``came-back``.
    """
    back = sum(one.left for one in looked)
    counts = {"places": len(looked), "looked": sum(one.looked for one in looked), "left": back}
    links = {"purge-plan": certificate.plan, "certificate": ref.digest}
    record(workspace, caller, VERIFIED, links=links, counts=counts, reason=CAME_BACK if back else GONE)
    require_still_gone(looked, where=ref.digest)
    done = ArtifactRef(uri=ref.uri, digest=ref.digest, kind=ref.kind, counts=counts)
    return Outcome(ref=done, flow=flow_of_looks(looked))


def opener_of(workspace: Workspace, caller: Caller, plan: PurgePlan, *, also: tuple[str, ...] = ()) -> Opener:
    """From a step of a retention plan to its place, with the rule that it was planned by and the holds that are in force now.

    :param also: ids of further holds that count, lifted or not.
    """
    contracts = [workspace.artifacts.find(Contract, digest) for digest in plan.contracts]
    moment = datetime.fromisoformat(plan.as_of)

    def opened(step: Step) -> Target:
        contract = next(one for one in contracts if one.id == step.dataset)
        cover = cover_for(workspace, contract.id, as_of=moment, also=(*plan.holds, *also))
        anchor = contract.retention.anchor if contract.retention else None
        by = judged_by(workspace, step.uri, anchor, method=step.method)
        rule, _ = rule_for(workspace, contract, by=by, as_of=moment, cover=cover)
        return target_for(workspace, step.uri, rule, method=step.method, wait=_wait(contract), caller=caller)

    return opened


def _wait(contract: Contract) -> timedelta:
    return timedelta(days=contract.retention.version_days if contract.retention else 0)


def _planned_step(
    workspace: Workspace,
    caller: Caller,
    contract: Contract,
    uri: str,
    moment: datetime,
    cover: Cover,
    earlier: tuple[str, ...],
) -> tuple[Step, int]:
    if contract.retention is None:
        do = "Add retention to the contract's slaProperties."
        raise BadInput("no-retention", "The contract promises no retention period", where=contract.name, do=do)
    watch = Watch()
    anchor, wait = contract.retention.anchor, _wait(contract)

    def find() -> tuple[Found, str]:
        by = judged_by(workspace, uri, anchor)
        rule, reason = rule_for(workspace, contract, by=by, as_of=moment, cover=cover, watch=watch)
        return target_for(workspace, uri, rule, earlier=earlier, wait=wait, caller=caller).find(), reason

    found, reason = cut_off(uri, find)
    return with_words(workspace, found, dataset=contract.id, reason=reason, moment=moment, watch=watch), found.things


def with_words(workspace: Workspace, found: Found, *, dataset: str, reason: str, moment: datetime, watch: Watch) -> Step:
    """A found step with its listing stored, and the caller's words.

    :param watch: what the rule's judges saw while it was found; ages are counted to *moment*, whenever somebody looks.
    """
    has_items = found.listing is not None and found.listing.items
    listing = workspace.artifacts.put(found.listing).digest if found.listing is not None and has_items else ""
    oldest = found.step.oldest_days if watch.earliest is None else max(0, (moment - watch.earliest).days)
    step = replace(found.step, oldest_days=oldest)
    return step_of(step, dataset=dataset, reason=reason, listing=listing, kept=found.kept, held=watch.held)


def _look_everywhere(workspace: Workspace, step: Step, target: Target, spared: str) -> Looked:
    """What was listed, and what the rule finds at the place by now: a file may come back under another name."""
    looked = look_at(workspace, step, target, spared=spared)
    if not step.listing or looked.left:
        return looked
    try:
        found = cut_off(step.uri, target.find)
    except BadInput as error:
        if error.reason not in _NOTHING_THERE:
            raise
        return looked
    exempt = sum(kept.count for kept in looked.kept)
    back = max(0, found.step.counts.get("expired", 0) - exempt)
    return replace(looked, left=back, looked=max(looked.looked, found.things))


_NOTHING_THERE = ("missing-file", "missing-folder", "empty-folder", "no-such-place", "missing-place")


def _retention_plan(workspace: Workspace, ref: ArtifactRef) -> PurgePlan:
    plan = workspace.artifacts.get(PurgePlan, ref)
    if plan.cause != "retention":
        raise CheckFailed("wrong-plan", "This is the plan of an erasure", where=ref.digest, do="Use erase run, and erase verify.")
    return plan


def contract_of(workspace: Workspace, contract: ArtifactRef | Path | str) -> Contract:
    """The contract in a file, or in the store."""
    if isinstance(contract, ArtifactRef):
        return workspace.artifacts.get(Contract, contract)
    path, _ = split_table(str(contract))
    return load_contract(path).contract


def _places(contract: Contract, places: tuple[str, ...]) -> tuple[str, ...]:
    if places:
        return places
    nowhere = [server.name for server in contract.servers if not server.location]
    if nowhere or not contract.servers:
        what = f"Servers of the contract have no location: {', '.join(nowhere)}" if nowhere else "The contract names no server"
        raise BadInput("no-place", what, where=contract.name, do="Give them a location, or name the places to purge.")
    return tuple(server.location for server in contract.servers if server.location)
