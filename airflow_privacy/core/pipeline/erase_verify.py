"""A later look for somebody who is erased and whom nobody knows any more: by keyed digests, and the same rule of holds.

Rows of a database that only lead to the person over other rows are found where one row on the way names the key: a row of the
person's own table, or one that refers to it. What refers to such a row and to nothing else cannot be there without it, as long as
the database keeps its foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl
from msgspec.structs import replace

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.io.sql import is_sql, parse_sql
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.flow import Outcome
from airflow_privacy.core.model.purge import Looked, PurgePlan, Step
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import erase_files as files
from airflow_privacy.core.pipeline.erase import erasure_plan
from airflow_privacy.core.pipeline.erase_end import digester_of
from airflow_privacy.core.pipeline.erase_identity import Digester, texts_of
from airflow_privacy.core.pipeline.erase_targets import place_targets, subject_rule
from airflow_privacy.core.pipeline.holds import cover_for
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.published_versions import versions_at
from airflow_privacy.core.pipeline.purge import check_certificate, conclude_look
from airflow_privacy.core.pipeline.purge_execution import cut_off
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.erasure.remembered import Remembered, RememberedPlace
from airflow_privacy.core.retention.hold import Cover

_NOTHING_THERE = ("missing-file", "missing-folder", "empty-folder", "no-such-place", "missing-place", "nothing-there")


def verify_erasure(workspace: Workspace, caller: Caller, *, certificate: ArtifactRef) -> Outcome:
    """Look again: signature, ledger, and every place for what has the digests of the person. Records ``verified``.

    :raises CheckFailed: ``came-back``, naming the places; ``digests-missing``: nothing is left to look by.
    :raises VerificationError: the certificate does not hold. :raises LedgerDiverged: it is not of this ledger.
    :raises KeyUnavailable: the key of the digests was destroyed: nobody can look any more.
    """
    held = check_certificate(workspace, certificate)
    plan = erasure_plan(workspace, workspace.artifacts.reference("purge-plan", held.plan))
    remembered = files.read(workspace.home, plan.request, files.DIGESTS, Remembered)
    if remembered is None:
        what = "The digests of the person are missing: nobody can look for it"
        do = "Restore requests/ of the privacy home."
        raise CheckFailed("digests-missing", what, where=f"request {plan.request}", do=do)
    digest = digester_of(workspace, remembered)
    also = {hold for one in held.looked for kept in one.kept if kept.why == "legal-hold" for hold in kept.by.split(", ") if hold}
    looked = [_look(workspace, plan, step, remembered, digest, tuple(sorted(also))) for step in plan.steps]
    return conclude_look(workspace, caller, certificate, held, looked)


def _look(
    workspace: Workspace, plan: PurgePlan, step: Step, remembered: Remembered, digest: Digester, also: tuple[str, ...]
) -> Looked:
    contract = next(
        one for one in (workspace.artifacts.find(Contract, each) for each in plan.contracts) if one.id == step.dataset
    )
    cover = cover_for(workspace, contract.id, as_of=datetime.fromisoformat(plan.as_of), also=(*plan.holds, *also))
    ours = [one for one in remembered.places if one.contract == step.dataset]
    try:
        for place in ours:
            if place.uri == step.uri and not place.columns:
                return cut_off(step.uri, lambda place=place: _look_at_derived(workspace, step, place, digest))  # type: ignore[misc]
            if place.uri == step.uri and not is_sql(step.uri):
                return cut_off(step.uri, lambda place=place: _look_at_rows(workspace, contract, step, place, digest, cover))  # type: ignore[misc]
        left = [
            cut_off(step.uri, lambda place=place: _look_at_table(workspace, contract, step, place, digest, cover))  # type: ignore[misc]
            for place in ours
            if place.columns and is_sql(place.uri) and parse_sql(place.uri).connection == parse_sql(step.uri).connection
        ]
    except BadInput as error:
        if error.reason not in _NOTHING_THERE:
            raise
        return Looked(uri=step.uri, method=step.method, looked=0, left=0, gone=0)
    if not left:
        raise CheckFailed("digests-missing", "The digests of the person at a place are missing", where=step.uri)
    return max(left, key=lambda one: one.left)


def _look_at_rows(
    workspace: Workspace, contract: Contract, step: Step, place: RememberedPlace, digest: Digester, cover: Cover
) -> Looked:
    rule = subject_rule(workspace, contract, place.columns, place.digests, cover=cover, digest=digest)
    (target,) = place_targets(workspace, place.uri, rule, key=place.columns[0], identities=())
    found = target.find()
    looked = Looked(uri=step.uri, method=step.method, looked=found.things, left=found.step.counts.get("expired", 0), gone=0)
    if step.method != "rewrite-table":
        return looked
    again = target.look_again(replace(found.step, counts={}), ())
    return replace(looked, left=max(looked.left, again.left))


def _look_at_table(
    workspace: Workspace, contract: Contract, step: Step, place: RememberedPlace, digest: Digester, cover: Cover
) -> Looked:
    """The rows of a table that lead to keys with these digests; which keys these are is read from what names one."""
    keys = sorted(set(_keys_there(workspace, place, digest)))
    identities = [f"k:{key}" for key in keys]
    rule = subject_rule(workspace, contract, place.columns, identities, cover=cover)
    targets = place_targets(workspace, place.uri, rule, key=place.columns[0], identities=identities, follow=place.follow)
    for target in targets:
        if target.uri == step.uri:
            found = target.look_again(step, ())
            kept = sum(one.count for one in found.kept if one.why == "referenced")
            return replace(found, left=found.left + kept, gone=0)
    return Looked(uri=step.uri, method=step.method, looked=0, left=0, gone=0)


def _keys_there(workspace: Workspace, place: RememberedPlace, digest: Digester) -> Iterator[str]:
    from airflow_privacy.core.io.purge.linked_tables import linked_tables

    root, key = parse_sql(place.uri), place.columns[0]
    tables = linked_tables(workspace.databases(root.connection), root)
    named = [(place.uri, key)]
    for table in tables:
        for foreign in table.refers:
            if foreign.parent == root and key in foreign.refers:
                named.append((table.uri, foreign.columns[foreign.refers.index(key)]))
    for uri, column in named:
        source = open_source(uri, storages=workspace.storages, databases=workspace.databases)
        yield from _matching(source.slabs(columns=[column]), column, place.digests, digest)


def _matching(slabs: Iterator[pl.DataFrame], column: str, digests: Sequence[str], digest: Digester) -> Iterator[str]:
    known = pl.Series(list(digests), dtype=pl.String).implode()
    for slab in slabs:
        texts = texts_of(slab[column]).drop_nulls().unique()
        told = texts.alias("text").to_frame().select(pl.concat_str(pl.lit("k:"), pl.col("text"))).to_series()
        yield from texts.filter(digest.of(told).is_in(known)).to_list()


def _look_at_derived(workspace: Workspace, step: Step, place: RememberedPlace, digest: Digester) -> Looked:
    """Rows of every version whose released values have the digests that were the subject's."""
    if is_table(place.uri):
        source = open_source(place.uri, storages=workspace.storages, databases=workspace.databases)
        slabs: list[Iterator[pl.DataFrame]] = [source.slabs()]
    else:
        slabs = [iter(open_dataset(workspace, known.dataset).slabs()) for known in versions_at(workspace, place.uri).known]
    looked = left = 0
    for each in slabs:
        for slab in each:
            looked, left = looked + slab.height, left + _count(slab, place, digest)
    return Looked(uri=step.uri, method=step.method, looked=looked, left=left, gone=0)


def _count(slab: pl.DataFrame, place: RememberedPlace, digest: Digester) -> int:
    mine = pl.repeat(False, slab.height, eager=True)
    for name, digests in place.masked.items():
        if name in slab.columns:
            known = pl.Series(list(digests), dtype=pl.String).implode()
            mine |= digest.of(texts_of(slab[name])).is_in(known).fill_null(value=False)
    return int(mine.sum())
