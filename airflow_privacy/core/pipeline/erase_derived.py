"""Masked datasets that were made from a place: by the ledger, over any number of steps. What the subject is called in each.

A dataset is found where a fact links its artifact, and its plan names the place as its source. Code that read the place without
asking has made copies that nobody here knows of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.io.purge.target import Rule, Target
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.pipeline.erase_identity import texts_of
from airflow_privacy.core.pipeline.published_versions import versions_at
from airflow_privacy.core.pipeline.purge_targets import target_for
from airflow_privacy.core.pipeline.subject_rows import SubjectRows, subject_rows
from airflow_privacy.core.pipeline.successor_target import published_target
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.policy.environments import normalise
from airflow_privacy.core.retention.erasure.subject import DerivedPlace, SubjectPlace, joined


def derived_places(workspace: Workspace, place: SubjectPlace) -> tuple[DerivedPlace, ...]:
    """The datasets that come from a place, nearest first, with what leads to the subject in each."""
    made = _made(workspace)
    found: dict[str, DerivedPlace] = {}
    waiting: list[tuple[str, Mapping[str, tuple[str, ...]]]] = [(place.uri, place.values)]
    while waiting:
        source, values = waiting.pop(0)
        at = normalise(source)
        for uri in dict.fromkeys(dataset.uri for dataset, plan in made if normalise(plan.source) == at):
            before = found.get(uri)
            known = joined(before.values if before else {}, values)
            if before is not None and before.values == known:
                continue
            found[uri] = DerivedPlace(contract=place.contract, dataset=place.dataset, uri=uri, values=known)
            waiting.append((uri, masked_values(workspace, found[uri])))
    return tuple(found.values())


def masked_values(workspace: Workspace, place: DerivedPlace) -> dict[str, tuple[str, ...]]:
    """What the subject's values became in every version of a derived dataset: released column → texts."""
    return joined(*(_texts(rows) for rows in _subject_rows(workspace, place)))


def derived_target(workspace: Workspace, caller: Caller, place: DerivedPlace, request: str) -> Target:
    """The subject's rows of a derived dataset: a successor version of files, or rows of a table."""
    if not is_table(place.uri):
        return published_target(
            workspace, caller, uri=place.uri, subject_values=series_of(place.values), request=f"erasure-{request}"
        )
    return target_for(workspace, place.uri, _rule_of(list(_subject_rows(workspace, place))))


def series_of(values: Mapping[str, tuple[str, ...]]) -> dict[str, pl.Series]:
    """Texts as series."""
    return {name: pl.Series(name, list(found), dtype=pl.String) for name, found in values.items()}


def _rule_of(known: list[SubjectRows]) -> Rule:
    columns = tuple(dict.fromkeys(name for rows in known for name in rows.columns))

    def judge(frame: pl.DataFrame) -> pl.Series:
        mine = pl.repeat(False, frame.height, eager=True)
        for rows in known:
            mine |= rows.of(frame)
        return pl.select(pl.when(mine).then(pl.lit("expired")).otherwise(pl.lit("young"))).to_series()

    return Rule(columns=columns, judge_rows=judge)


def _subject_rows(workspace: Workspace, place: DerivedPlace) -> Iterator[SubjectRows]:
    values = series_of(place.values)
    for dataset, plan in _versions(workspace, place.uri):
        try:
            rows = subject_rows(workspace, dataset=dataset, plan=plan, subject_values=values)
        except KeyUnavailable as error:
            if error.reason != "key-destroyed":
                raise
            continue
        if rows.columns:
            yield rows


def _versions(workspace: Workspace, uri: str) -> list[tuple[Dataset, MaskingPlan]]:
    if is_table(uri):
        at = normalise(uri)
        return [(dataset, plan) for dataset, plan in _made(workspace) if normalise(dataset.uri) == at][-1:]
    try:
        return [(known.dataset, known.plan) for known in versions_at(workspace, uri).known]
    except BadInput as error:
        if error.reason != "nothing-there":
            raise
        return []


def _texts(rows: SubjectRows) -> dict[str, tuple[str, ...]]:
    return {name: tuple(texts_of(values).drop_nulls().to_list()) for name, values in rows.values.items()}


def _made(workspace: Workspace) -> list[tuple[Dataset, MaskingPlan]]:
    """Every dataset that a fact names, with the plan that it was made by, the oldest first."""
    if not workspace.ledger_path.is_file():
        return []
    facts = LedgerView(workspace.ledger_path).facts()
    digests = dict.fromkeys(link.digest for _, fact in facts for link in fact.links if link.kind in ("dataset", "successor"))
    found = []
    for digest in digests:
        try:
            dataset = workspace.artifacts.find(Dataset, digest)
            found.append((dataset, workspace.artifacts.find(MaskingPlan, dataset.plan)))
        except BadInput:
            continue  # of another store, or turned back to identifiers: no plan says how
    return found
