"""A purge plan is carried out, looked at again, and certified. The same for retention and for erasure.

::

    started ─remove→ look again ─nothing left→ purge-look, fact "purged" ─→ certificate, fact "certified"

Every arrow can be cut by a kill. What comes after it is made from what was kept before it: the look is an artifact that the fact
links, and the certificate is a function of plan, look, fact and the ledger's checkpoint at that fact. So whoever runs again ends
with the same bytes. Facts are written under the lock of the dataset, each once.

A hold that is placed after the plan is honoured, up to the moment when its place is begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from airflow_privacy.core.attest.certificate import sign_certificate
from airflow_privacy.core.errors import BadInput, CheckFailed, PrivacyError, TransientError
from airflow_privacy.core.io.purge.target import Pace, Progress, Target
from airflow_privacy.core.ledger.log import Ledger
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.flow import Flow, FlowTable, Removal
from airflow_privacy.core.model.purge import Certificate, Item, Kept, Listing, Look, Looked, PurgePlan, Step
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.approvals import Run
from airflow_privacy.core.pipeline.holds import cover_for
from airflow_privacy.core.pipeline.purge_approval import require_agreed
from airflow_privacy.core.pipeline.purge_locks import dataset_locks
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.retention.certificate import certify
from airflow_privacy.core.retention.plan import LEGAL_HOLD, NOT_YET, goes

STARTED, PURGED, CERTIFIED = "started", "purged", "certified"
PLAN_DAYS = 7
"""How old a plan may be when the first deletion under it begins."""

T = TypeVar("T")

_TRIES = 3
_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What became of a plan. Without a certificate ``waiting_until`` says when old table versions may go: run again then."""

    ref: ArtifactRef | None
    certificate: Certificate | None
    waiting_until: datetime | None
    flow: Flow


def execute_plan(
    workspace: Workspace,
    caller: Caller,
    *,
    plan: ArtifactRef,
    open_target: Callable[[Step], Target],
    pace: Pace,
    progress: Progress,
    approvals: Sequence[ArtifactRef] = (),
    run: Run | None = None,
) -> Purged:
    """Delete what *plan* names, look again, and certify. May be killed at any moment and called again.

    A plan that was carried out is looked at again and gives the certificate that it has.

    :param open_target: a step's place with its rule; the rule has the holds that are in force now.
    :param approvals: where the plan needs them; they count when it is begun, not again when it goes on.
    :raises CheckFailed: ``not-gone``: something is still there; ``came-back``: likewise after the certificate;
        ``contract-changed``, ``plan-too-old``: plan again.
    :raises VerificationError: nobody planned this, or nobody agreed to it.
    :raises TransientError: another purge of the dataset is running, or a store did not answer.
    """
    planned = workspace.artifacts.get(PurgePlan, plan)
    with dataset_locks(workspace.home, (step.dataset for step in planned.steps)):
        facts = workspace.ledger().find("purge-plan", plan.digest)
        done = _last(facts, PURGED)
        if done is not None:
            # What came back on the day of the plan and was planned again has the same digest: that is another round.
            facts = tuple(one for one in facts if one[0] > done[0])
            if _last(facts, STARTED) is None:
                finished = _certified(workspace, caller, plan, planned, done)
                back = _look_again(workspace, planned, done[1], open_target)
                if not any(one.left for one in back) or _last(facts, "planned") is None:
                    require_still_gone(back, where=finished.ref.digest if finished.ref else plan.digest)
                    return finished
        if _last(facts, STARTED) is None:
            _require_fresh(workspace, plan, facts)
        require_current(workspace, planned, facts)
        if _last(facts, STARTED) is None:
            require_agreed(workspace, plan, approvals, run=run)
            agreed = {f"approval-{number}": ref.digest for number, ref in enumerate(approvals, 1)}
            links = {"purge-plan": plan.digest, **agreed}
            record(workspace, caller, STARTED, links=links, counts=counts_of(planned), reason=planned.cause)
        done_steps = [_carry_out(workspace, planned, step, open_target, pace, progress) for step in planned.steps]
        looked = tuple(one for one, _ in done_steps)
        _require_gone(workspace, caller, plan, looked)
        until = waiting_until(looked)
        if until is not None:
            return Purged(ref=None, certificate=None, waiting_until=until, flow=Flow())
        look = workspace.artifacts.put(Look(plan=plan.digest, looked=looked, spared=tuple(spared for _, spared in done_steps)))
        links = {"purge-plan": plan.digest, "purge-look": look.digest}
        record(workspace, caller, PURGED, links=links, counts=_counts(looked), reason=planned.cause)
        fact = _last(workspace.ledger().find("purge-plan", plan.digest), PURGED)
        assert fact is not None  # noqa: S101 - just written
        return _certified(workspace, caller, plan, planned, fact)


def was_started(workspace: Workspace, plan: ArtifactRef) -> bool:
    """Whether a first deletion under the plan was begun: what goes on needs no further approval."""
    return _last(workspace.ledger().find("purge-plan", plan.digest), STARTED) is not None


def look_at(workspace: Workspace, step: Step, target: Target, *, spared: str = "") -> Looked:
    """A later look at one step's place.

    :param spared: digest of the listing of what stayed when the plan was carried out.
    """
    stayed = set(workspace.artifacts.find(Listing, spared).items) if spared else set()
    items = tuple(item for item in items_of(workspace, step) if item not in stayed)
    return cut_off(step.uri, lambda: target.look_again(step, items))


def look_of(workspace: Workspace, fact: Fact) -> Look:
    """What was found when a plan had been carried out, by the fact ``purged``."""
    return workspace.artifacts.find(Look, next(link.digest for link in fact.links if link.kind == "purge-look"))


def items_of(workspace: Workspace, step: Step) -> tuple[Item, ...]:
    """What goes one by one at a step; nothing where things go by rule."""
    return workspace.artifacts.find(Listing, step.listing).items if step.listing else ()


def counts_of(plan: PurgePlan) -> dict[str, int]:
    """How many of a plan's things have which disposition, over all its places."""
    counts = {"places": len(plan.steps)}
    for step in plan.steps:
        for name, count in step.counts.items():
            counts[name] = counts.get(name, 0) + count
    return counts


def waiting_until(looked: Sequence[Looked]) -> datetime | None:
    """When the last of the old table versions may go; ``None`` where nothing waits.

    :raises CheckFailed: something waits for no known time.
    """
    waits = [kept for one in looked for kept in one.kept if kept.why == NOT_YET and kept.count]
    if not waits:
        return None
    try:
        return max(datetime.fromisoformat(kept.until) for kept in waits)
    except ValueError:
        pass
    raise CheckFailed("not-gone", "Old versions of a table may not go yet, and nobody knows when")


def require_current(workspace: Workspace, plan: PurgePlan, facts: Sequence[tuple[int, Fact]]) -> None:
    """That no other version of the plan's contracts was seen since it was made.

    :raises CheckFailed: one was.
    """
    store = workspace.artifacts
    ids = {store.find(Contract, digest).id for digest in plan.contracts}
    since = max((index for index, fact in facts if fact.kind == "planned"), default=0)
    later = {
        link.digest
        for index, fact in workspace.ledger().facts()
        if index > since
        for link in fact.links
        if link.kind == "contract" and link.digest not in plan.contracts
    }
    for digest in sorted(later):
        try:
            other = store.find(Contract, digest)
        except BadInput:  # it was removed from the store: whatever it said, nobody can go by it
            continue
        if other.id in ids:
            raise CheckFailed(
                "contract-changed", "The contract changed since the purge was planned", where=other.name, do="Plan again."
            )


def cut_off(uri: str, ask: Callable[[], T]) -> T:
    """What *ask* gives. Foreign exceptions may hold keys and values: only their kind gets through, and a later try may mend it.

    :raises TransientError: a foreign exception.
    """
    try:
        return ask()
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold values
        kind = type(error).__name__
    raise TransientError("purge-interrupted", f"{kind} while purging", where=uri, do="Run it again: it goes on where it was.")


def flow_of_looks(looked: Sequence[Looked]) -> Flow:
    """The places that were looked at, for lineage."""
    return Flow(inputs=tuple(FlowTable(uri=one.uri, version="", columns=(), rows=one.looked) for one in looked))


def flow_of_removals(planned: PurgePlan, plan: ArtifactRef, certificate: ArtifactRef, looked: Sequence[Looked]) -> Flow:
    """What is gone from each place, for lineage: what the certificate says, and it is there only if nothing was left.

    A place is gone as a whole where the plan found nothing in it that stays, and the second look found all of it gone.
    """

    def is_whole(step: Step, one: Looked) -> bool:
        all_of_it = sum(step.counts.values()) == step.counts.get("expired", 0)
        return planned.share == 1.0 and all_of_it and not (step.kept or one.kept or one.left)

    return Flow(
        removals=tuple(
            Removal(
                uri=step.uri,
                method=step.method,
                unit=step.unit,
                gone=one.gone,
                kept=sum(kept.count for kept in one.kept),
                whole=is_whole(step, one),
                plan=plan.digest,
                certificate=certificate.digest,
            )
            for step, one in zip(planned.steps, looked, strict=True)
        )
    )


def places_with_left(looked: Sequence[Looked]) -> str:
    """Places where something is left, with counts, for a sentence."""
    left = [f"{one.uri} ({one.left:,})" for one in looked if one.left]
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return ", ".join(left[:_NAMED]) + more


def _carry_out(
    workspace: Workspace,
    plan: PurgePlan,
    step: Step,
    open_target: Callable[[Step], Target],
    pace: Pace,
    progress: Progress,
) -> tuple[Looked, str]:
    """What the second look found, and the listing of what a new hold spared."""
    holds = _placed_since(workspace, plan, step)

    def act() -> tuple[Looked, str]:
        target, items = open_target(step), items_of(workspace, step)
        spared = _spared(target, step, items) if holds and items else ()
        stays = set(spared)
        items = tuple(item for item in items if item not in stays)
        for _ in range(_TRIES):
            if items or (goes(step) and not step.listing):
                target.remove(step, items, pace=pace, progress=progress)
            looked = target.look_again(step, items)
            if not looked.left:
                break
        if not spared:
            return looked, ""
        kept = Kept(why=LEGAL_HOLD, count=len(spared), by=", ".join(holds))
        looked = msgspec.structs.replace(looked, looked=looked.looked + len(spared), kept=(*looked.kept, kept))
        return looked, workspace.artifacts.put(Listing(items=spared)).digest

    return cut_off(step.uri, act)


def _spared(target: Target, step: Step, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Those that were planned, are there, and by the rule of today do not go any more."""
    found = target.find()
    still = {(item.kind, item.name, item.version) for item in (found.listing.items if found.listing else ())}
    others = tuple(item for item in items if (item.kind, item.name, item.version) not in still)
    there = target.look_again(step, others).left if others else 0
    if there in (0, len(others)):
        return others if there else ()
    # Some of them went before the hold came, in a run that was cut: each is asked for by itself.
    return tuple(item for item in others if target.look_again(step, (item,)).left)


def _placed_since(workspace: Workspace, plan: PurgePlan, step: Step) -> tuple[str, ...]:
    as_of = datetime.fromisoformat(plan.as_of)
    return tuple(hold for hold in cover_for(workspace, step.dataset, as_of=as_of).ids if hold not in plan.holds)


def _require_gone(workspace: Workspace, caller: Caller, plan: ArtifactRef, looked: Sequence[Looked]) -> None:
    left = sum(one.left for one in looked)
    if not left:
        return
    record(workspace, caller, "refused", links={"purge-plan": plan.digest}, counts=_counts(looked), reason="not-gone")
    raise CheckFailed(
        "not-gone",
        f"{left:,} things are still there after they were deleted: {places_with_left(looked)}",
        where=plan.digest,
        do="See who writes there or who may not delete, and run it again.",
    )


def _require_fresh(workspace: Workspace, plan: ArtifactRef, facts: Sequence[tuple[int, Fact]]) -> None:
    planned = [fact for _, fact in facts if fact.kind == "planned"]
    if not planned:
        raise CheckFailed(
            "plan-unrecorded", "The ledger knows of no such plan: nobody planned this", where=plan.digest, do="Plan again."
        )
    if workspace.now() - datetime.fromisoformat(planned[-1].at) > timedelta(days=PLAN_DAYS):
        raise CheckFailed(
            "plan-too-old", f"The plan is older than {PLAN_DAYS} days", where=plan.digest, do="Plan again, and look at it."
        )


def _certified(workspace: Workspace, caller: Caller, plan: ArtifactRef, planned: PurgePlan, fact: tuple[int, Fact]) -> Purged:
    index, told = fact
    ledger = workspace.ledger()
    look = look_of(workspace, told)
    certificate = certify(
        planned,
        plan.digest,
        look.looked,
        at=datetime.fromisoformat(told.at),
        fact=index,
        checkpoint=ledger.checkpoint_of(index),
    )
    signed = sign_certificate(certificate, workspace.keyring().signer("passport"))
    ref = workspace.artifacts.put_bytes("certificate", signed, counts=told.counts)
    if not _is_recorded(ledger, ref):
        record(workspace, caller, CERTIFIED, links={"purge-plan": plan.digest, "certificate": ref.digest}, reason=planned.cause)
    return Purged(ref=ref, certificate=certificate, waiting_until=None, flow=flow_of_removals(planned, plan, ref, look.looked))


def _look_again(
    workspace: Workspace, planned: PurgePlan, fact: Fact, open_target: Callable[[Step], Target]
) -> tuple[Looked, ...]:
    pairs = zip(planned.steps, look_of(workspace, fact).spared, strict=True)
    return tuple(look_at(workspace, step, open_target(step), spared=spared) for step, spared in pairs)


def require_still_gone(looked: Sequence[Looked], *, where: str) -> None:
    """:raises CheckFailed: naming the places where something came back."""
    back = sum(one.left for one in looked)
    if back:
        raise CheckFailed(
            "came-back",
            f"{back:,} things are there again: {places_with_left(looked)}",
            where=where,
            do="Find out who restored or wrote them, plan again and purge.",
        )


def _is_recorded(ledger: Ledger, ref: ArtifactRef) -> bool:
    return any(fact.kind == CERTIFIED for _, fact in ledger.find("certificate", ref.digest))


def _last(facts: Sequence[tuple[int, Fact]], kind: str) -> tuple[int, Fact] | None:
    return next((one for one in reversed(facts) if one[1].kind == kind), None)


def _counts(looked: Sequence[Looked]) -> dict[str, int]:
    return {
        "places": len(looked),
        "looked": sum(one.looked for one in looked),
        "gone": sum(one.gone for one in looked),
        "left": sum(one.left for one in looked),
        "kept": sum(kept.count for one in looked for kept in one.kept),
    }
