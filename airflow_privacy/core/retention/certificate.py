"""What a certificate of deletion says, and what it does not cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from airflow_privacy.core.model.purge import Certificate, Looked, PurgePlan
from airflow_privacy.core.retention.plan import LEGAL_HOLD, written

LOOK_AGAIN = timedelta(days=30)

BACKUPS = "Backups and snapshots of a store are not reached: what was deleted is in them until they end."
REPLICAS = "Copies elsewhere (replicas, exports, caches, what a recipient holds) are not reached."
HELD = "What a legal hold covers is kept, and goes when the hold has been lifted and a later plan names it."
LINKAGE = "Destroying a key does not undo the linkage of HMAC tokens: equal values keep equal tokens."
UNSEEN = "What has no readable anchor or lies in the future is kept."


def not_covered(plan: PurgePlan, looked: Sequence[Looked]) -> tuple[str, ...]:
    """What this purge does not cover, sentence by sentence, each once."""
    counts = {name: sum(step.counts.get(name, 0) for step in plan.steps) for name in ("held", "future", "unknown")}
    said = [BACKUPS, REPLICAS]
    kept = [kept for step in plan.steps for kept in step.kept] + [kept for one in looked for kept in one.kept]
    if counts["held"] or any(one.why == LEGAL_HOLD for one in kept):
        said.append(HELD)
    if counts["future"] or counts["unknown"]:
        said.append(UNSEEN)
    if any(step.method == "destroy-keys" for step in plan.steps):
        said.append(LINKAGE)
    said += [sentence for step in plan.steps for sentence in step.not_covered]
    return tuple(dict.fromkeys(said))


def certify(plan: PurgePlan, digest: str, looked: Sequence[Looked], *, at: datetime, fact: int, checkpoint: str) -> Certificate:
    """The certificate of a plan that was carried out. A function of its arguments alone: again gives the same bytes.

    :param digest: of the plan.
    :param at: when the second look was.
    :param fact: index of the ledger's entry that says so. :param checkpoint: of the tree that ends with it.
    """
    return Certificate(
        plan=digest,
        cause=plan.cause,
        at=written(at),
        looked=tuple(looked),
        not_covered=not_covered(plan, looked),
        look_again=written(at + LOOK_AGAIN),
        fact=fact,
        checkpoint=checkpoint,
        request=plan.request,
    )
