"""One step for each place that rows of a confirmed person lie in, and the way back from a step to its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from msgspec.structs import replace

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.io.purge.target import Found, Target
from airflow_privacy.core.io.sql import is_sql
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.purge import Cause, PurgePlan, Step
from airflow_privacy.core.pipeline.affected import affected_models
from airflow_privacy.core.pipeline.erase_derived import derived_target, series_of
from airflow_privacy.core.pipeline.erase_identity import keys_among
from airflow_privacy.core.pipeline.erase_targets import HeldTarget, is_held, place_targets, subject_rule
from airflow_privacy.core.pipeline.holds import cover_for
from airflow_privacy.core.pipeline.published_versions import versions_at
from airflow_privacy.core.pipeline.purge import with_words
from airflow_privacy.core.pipeline.purge_execution import cut_off
from airflow_privacy.core.pipeline.successor import count_in_published
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.erasure.request import Affected, AffectedVersion
from airflow_privacy.core.retention.erasure.subject import DerivedPlace, Subject, SubjectPlace
from airflow_privacy.core.retention.hold import Cover
from airflow_privacy.core.retention.rule import Watch

ERASURE: Cause = "erasure"

REASON = "A person asked for erasure (GDPR Art. 17)"
_DERIVED = "Made from rows of a person who asked for erasure (GDPR Art. 17)"
_NO_KEY = "Rows without a key are not looked at: nobody can name them."
_TABLE = "The passport beside the table does not hold any more: release the table anew."


def planned_steps(
    workspace: Workspace,
    caller: Caller,
    subject: Subject,
    contracts: Sequence[Contract],
    moment: datetime,
    *,
    confirmed: Mapping[tuple[str, str], int],
) -> tuple[tuple[tuple[Step, int], ...], tuple[str, ...]]:
    """The steps in the order in which they go, each with how much there is at its place; and the ids of the holds in force.

    Rows go first, those that refer to others before them; then what was derived from them, nearest first.

    :param confirmed: how many rows somebody confirmed at a place: at least so many have to be found again.
    :raises CheckFailed: ``referenced``: rows of another table hold the subject's, and their reference may be empty;
        ``not-found-again``: rows that were confirmed are not found where they go by what they are known by.
    """
    by_id = {contract.id: contract for contract in contracts}
    covers = {name: cover_for(workspace, name, as_of=moment) for name in by_id}
    steps: list[tuple[Step, int]] = []
    for name, group in groupby(subject.places, key=lambda place: place.contract):
        watch = Watch()
        for target in _targets(workspace, by_id[name], tuple(group), covers[name], watch):
            found = _find(target, watch)
            step = with_words(workspace, found, dataset=name, reason=REASON, moment=moment, watch=watch)
            steps.append((_noted(step, [_NO_KEY] if is_sql(step.uri) else []), found.things))
            _require_found(step, confirmed.get((name, step.uri), 0))
    for derived in subject.derived:
        contract = by_id[derived.contract]
        target = _derived(workspace, caller, contract, subject, derived, covers[derived.contract])
        found = _find(target, Watch())
        step = with_words(workspace, found, dataset=contract.id, reason=_DERIVED, moment=moment, watch=Watch())
        step = replace(step, kept=tuple(dict.fromkeys((*step.kept, *found.kept))))
        steps.append((_noted(step, [_TABLE] if is_table(derived.uri) else []), found.things))
    return tuple(steps), tuple(sorted({hold for cover in covers.values() for hold in cover.ids}))


def opener_of(workspace: Workspace, caller: Caller, plan: PurgePlan, subject: Subject) -> Callable[[Step], Target]:
    """From a step to its place, with the holds that are in force now."""
    contracts = {one.id: one for one in (workspace.artifacts.find(Contract, digest) for digest in plan.contracts)}
    moment = datetime.fromisoformat(plan.as_of)

    def opened(step: Step) -> Target:
        contract = contracts[step.dataset]
        cover = cover_for(workspace, contract.id, as_of=moment, also=plan.holds)
        for derived in subject.derived:
            if (derived.contract, derived.uri) == (step.dataset, step.uri):
                return _derived(workspace, caller, contract, subject, derived, cover)
        ours = [place for place in subject.places if place.contract == step.dataset]
        ways = [place for place in ours if place.uri == step.uri or (is_sql(place.uri) and is_sql(step.uri))]
        for target in _targets(workspace, contract, ways, cover, Watch()):
            if target.uri == step.uri:
                return target
        raise CheckFailed("place-changed", "No row of the person leads to this place any more", where=step.uri, do="Plan again.")

    return opened


def affected_by(workspace: Workspace, subject: Subject, digest: str) -> Affected:
    """Published versions that hold the person now, and the models that learned from them; counts, names and digests.

    :param digest: keyed, of the request.
    """
    return Affected(request=subject.request, subject=digest, versions=tuple(_affected(workspace, subject)))


def _affected(workspace: Workspace, subject: Subject) -> Iterator[AffectedVersion]:
    for derived in subject.derived:
        if is_table(derived.uri):
            continue
        found = count_in_published(workspace, uri=derived.uri, subject_values=series_of(derived.values))
        holding = {one.version for one in found.versions}
        if not holding:
            continue
        models = affected_models(workspace, derived.uri, versions=holding)
        for known in versions_at(workspace, derived.uri).known:
            if known.folder.name in holding:
                named = sorted({one.model for one in models if one.version == known.folder.name})
                yield AffectedVersion(uri=derived.uri, version=known.folder.name, dataset=known.digest, models=tuple(named))


def _targets(
    workspace: Workspace, contract: Contract, places: Sequence[SubjectPlace], cover: Cover, watch: Watch
) -> tuple[Target, ...]:
    """Those of a contract's places; a table that is a place and is reached from another one, too, is one target."""
    from airflow_privacy.core.io.purge.united_rows import united

    found: list[Target] = []
    for place in places:
        rule = subject_rule(workspace, contract, place.columns, place.identities, cover=cover, watch=watch)
        key, identities = place.columns[0], place.identities
        found += place_targets(workspace, place.uri, rule, key=key, identities=identities, follow=place.follow)
    return united(found)


def _derived(
    workspace: Workspace, caller: Caller, contract: Contract, subject: Subject, derived: DerivedPlace, cover: Cover
) -> Target:
    target = derived_target(workspace, caller, derived, subject.request)
    keys = [key for place in subject.places if place.contract == contract.id for key in keys_among(place.identities)]
    hold = is_held(workspace, contract, cover, keys)
    return HeldTarget(target=target, hold=hold) if hold else target


def _find(target: Target, watch: Watch) -> Found:
    watch.held.clear()
    found = cut_off(target.uri, target.find)
    blocked = sum(kept.count for kept in found.kept if kept.why == "referenced")
    if blocked:
        raise CheckFailed(
            "referenced",
            f"{blocked:,} rows of the person are held by rows of other tables, whose reference may be empty",
            where=target.uri,
            do="Name those references with follow (--follow table.column), or empty them first.",
        )
    return found


def _require_found(step: Step, confirmed: int) -> None:
    there = step.counts.get("expired", 0) + step.counts.get("held", 0)
    if there < confirmed:
        raise CheckFailed(
            "not-found-again",
            f"{confirmed:,} rows were confirmed and {there:,} found again: they changed, or their key has several spellings",
            where=step.uri,
            do="Plan again; where it stays so, make the key a text or a whole number.",
        )


def _noted(step: Step, sentences: Sequence[str]) -> Step:
    return replace(step, not_covered=(*step.not_covered, *sentences))
