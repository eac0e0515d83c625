"""What was found at each place, as one plan. The same inputs and the same day give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.purge import Kept, PurgePlan, Step

LEGAL_HOLD = "legal-hold"
NOT_YET = "not-yet"
"""Why a thing stays, of a :class:`Kept`: somebody holds it; old versions of a table may not go before its ``until``."""


def as_of(now: datetime) -> datetime:
    """The moment that ages are counted to: the day's beginning in UTC, so that a retry on the same day plans the same.

    :raises BadInput: *now* has no zone.
    """
    if now.utcoffset() is None:
        raise BadInput("naive-time", "The current time needs a time zone", where="now", do="Pass datetime.now(UTC).")
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def written(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def step_of(
    found: Step,
    *,
    dataset: str,
    reason: str,
    listing: str,
    kept: Sequence[Kept],
    held: Mapping[str, int],
) -> Step:
    """What a store found, with the caller's words.

    :param kept: what the store itself keeps.
    :param held: how many each hold kept, by its id. Where these are not what was found, the holds are named together.
    """
    count = found.counts.get("held", 0)
    told = sum(held.values())
    # A store may ask about everything several times.
    times = told // count if count and told % count == 0 else 1
    by_id = {by: kept_by // times for by, kept_by in sorted(held.items()) if kept_by}
    if count and sum(by_id.values()) != count:
        by_id = {", ".join(by_id): count}
    holds = [Kept(why=LEGAL_HOLD, count=kept_by, by=by) for by, kept_by in by_id.items()] if count else []
    known = tuple(dict.fromkeys((*found.kept, *kept)))
    return msgspec.structs.replace(
        found, dataset=dataset, reason=reason, listing=listing, kept=(*(k for k in known if k.why != LEGAL_HOLD), *holds)
    )


def share_of(step: Step, things: int) -> float:
    """The share of a place that goes, 0 to 1; a place where nobody can say how much there is goes as a whole."""
    going = step.counts.get("expired", 0)
    if going == 0:
        return 0.0
    return min(1.0, round(going / things, 6)) if things > 0 else 1.0


def retention_plan(
    contract: Contract,
    digest: str,
    steps: Iterable[tuple[Step, int]],
    *,
    moment: datetime,
    holds: Sequence[str],
    max_share: float,
) -> PurgePlan:
    """The plan of one contract's places, in the order in which they go.

    :param digest: of the contract.
    :param steps: each with how much there is at its place in all.
    :param holds: ids of the holds on the dataset that are in force.
    :raises BadInput: *max_share* is no share.
    """
    if not 0 <= max_share <= 1:
        raise BadInput("bad-argument", "A share lies between 0 and 1", where="max_share")
    ordered = tuple(steps)
    return PurgePlan(
        cause="retention",
        contracts=(digest,),
        as_of=written(moment),
        steps=tuple(step for step, _ in ordered),
        holds=tuple(sorted(holds)),
        lawful_basis=contract.lawful_basis or "",
        share=max((share_of(step, things) for step, things in ordered), default=0.0),
        max_share=float(max_share),
    )


def goes(step: Step) -> bool:
    """Whether anything is to go there."""
    return bool(step.counts.get("expired") or step.listing)


def explain(plan: PurgePlan, digest: str) -> str:
    """The plan as a table for people: place, what, how many of how many, oldest, share; what is kept and why; what is not
    reached. Names of places and counts; no file's or partition's name, no value."""
    going = sum(step.counts.get("expired", 0) for step in plan.steps)
    lines = [f"purge-plan {digest}", f"{plan.cause}, ages counted to {plan.as_of}", ""]
    rows = [("place", "what", "goes", "of", "share", "oldest", "size"), *(_row(step) for step in plan.steps)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.append("")
    for step in plan.steps:
        lines += _notes(step)
    if plan.deadline:
        lines.append(f"To be done by {plan.deadline}.")
    if not going and not any(goes(step) for step in plan.steps):
        lines.append("Nothing is to go.")
    elif plan.needs_approval:
        lines.append(f"{plan.share:.1%} of a place goes, more than {plan.max_share:.1%}: somebody must approve it.")
    return "\n".join(lines).rstrip()


def kept_words(kept: Kept) -> str:
    """Why something stays, in words."""
    until = f" until {kept.until}" if kept.until else ""
    by = f", {kept.by}" if kept.by else ""
    return f"{kept.count:,} kept: {kept.why.replace('-', ' ')}{by}{until}"


def _row(step: Step) -> tuple[str, ...]:
    going, of = step.counts.get("expired", 0), sum(step.counts.values())
    share = f"{going / of:.1%}" if of else "-"
    oldest = f"{step.oldest_days:,} d" if going else "-"
    return (step.uri, f"{step.unit} ({step.method})", f"{going:,}", f"{of:,}", share, oldest, _size(step.bytes))


def _notes(step: Step) -> list[str]:
    notes = [step.reason] if step.reason else []
    notes += [kept_words(kept) for kept in step.kept]
    words = {"young": "younger than the period", "future": "dated in the future", "unknown": "without a readable anchor"}
    notes += [f"{step.counts[name]:,} kept: {text}" for name, text in words.items() if step.counts.get(name)]
    notes += [f"not covered: {text}" for text in step.not_covered]
    return [step.uri, *(f"  {note}" for note in notes), ""]


def _size(count: int) -> str:
    if not count:
        return "-"
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:,.0f} {units[0]}"
