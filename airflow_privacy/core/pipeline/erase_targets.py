"""From a confirmed person, or from what is remembered of one, to the rows of each place. Holds win."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.io.purge.target import Found, OneOf, Pace, Progress, Rule, Target
from airflow_privacy.core.io.sql import is_sql
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.purge import Item, Kept, Looked, Step
from airflow_privacy.core.pipeline.erase_identity import Digester, is_one_of, keys_among
from airflow_privacy.core.pipeline.holds import subject_digests
from airflow_privacy.core.pipeline.purge_targets import target_for
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.hold import Cover, columns_of, holds_of_rows
from airflow_privacy.core.retention.plan import LEGAL_HOLD
from airflow_privacy.core.retention.rule import Watch


def subject_rule(
    workspace: Workspace,
    contract: Contract,
    columns: Sequence[str],
    wanted: Collection[str],
    *,
    cover: Cover,
    watch: Watch | None = None,
    digest: Digester | None = None,
) -> Rule:
    """What goes at a place: the rows whose identity, or with *digest* whose digest, is among *wanted*, unless a hold is on them.

    :param columns: what the identity is made of, the key first.
    """
    key = contract.subject_key
    known = columns if digest is not None or any(not one.startswith("k:") for one in wanted) else columns[:1]
    is_mine = is_one_of(known, wanted, digest)
    digests = subject_digests(workspace) if cover.subjects else None

    def judge(rows: pl.DataFrame) -> pl.Series:
        mine = is_mine(rows)
        judged = pl.select(pl.when(mine).then(pl.lit("expired")).otherwise(pl.lit("young"))).to_series()
        if not cover.ids or not mine.any():
            return judged
        by = holds_of_rows(cover, rows.filter(mine), subject_key=key, digests=digests)
        if watch is not None:
            watch.held.update(dict(by.drop_nulls().value_counts().rows()))
        kept = pl.select(pl.when(by.is_null()).then(pl.lit("expired")).otherwise(pl.lit("held"))).to_series()
        return judged.scatter(mine.arg_true(), kept)

    return Rule(columns=tuple(dict.fromkeys([*known, *columns_of(cover, subject_key=key)])), judge_rows=judge)


def place_targets(
    workspace: Workspace,
    uri: str,
    rule: Rule,
    *,
    key: str,
    identities: Collection[str],
    follow: Sequence[str] = (),
) -> tuple[Target, ...]:
    """The targets of a place in the order in which they go: one, or for a table of a database one for each table whose rows lead
    to the subject's."""
    if not is_sql(uri):
        return (target_for(workspace, uri, rule),)
    from airflow_privacy.core.io.purge.linked_tables import linked_rows_targets

    bound = OneOf(column=key, values=pl.Series(key, sorted(keys_among(identities)), dtype=pl.String))
    bounded = Rule(columns=rule.columns, judge_rows=rule.judge_rows, bound=bound)
    return linked_rows_targets(uri, rule=bounded, databases=workspace.databases, follow=follow)


def is_held(workspace: Workspace, contract: Contract, cover: Cover, keys: Sequence[str]) -> str:
    """The id of a hold that covers one of these keys, or the whole dataset; empty where none does. A hold of a partition counts:
    a derived dataset does not tell its rows' partitions."""
    if not cover.ids:
        return ""
    if cover.whole or cover.partitions:
        return cover.whole[0] if cover.whole else cover.partitions[0][0]
    column = contract.subject_key or ""
    by = holds_of_rows(
        cover,
        pl.DataFrame({column: pl.Series(list(keys), dtype=pl.String)}),
        subject_key=column,
        digests=subject_digests(workspace),
    )
    found = by.drop_nulls()
    return str(found[0]) if found.len() else ""


@dataclass(frozen=True, kw_only=True)
class HeldTarget:
    """A derived dataset whose subject is held: it is looked at, and left as it is."""

    target: Target
    hold: str = field(default="")

    @property
    def uri(self) -> str:
        return self.target.uri

    def find(self) -> Found:
        """What would go, as held."""
        found = self.target.find()
        rows = found.step.counts.get("expired", 0)
        kept = (*found.kept, *self._kept(rows))
        counts = {**found.step.counts, "expired": 0, "held": rows}
        step = Step(
            method=found.step.method, uri=self.uri, unit=found.step.unit, dataset="", counts=counts,
            kept=kept, not_covered=found.step.not_covered,
        )  # fmt: skip
        return Found(step=step, listing=None, things=found.things, kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        """Nothing."""

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """What is there stays for the hold."""
        looked = self.target.look_again(step, items)
        return Looked(
            uri=self.uri, method=step.method, looked=looked.looked, left=0, gone=0, kept=(*looked.kept, *self._kept(looked.left))
        )

    def _kept(self, rows: int) -> tuple[Kept, ...]:
        return (Kept(why=LEGAL_HOLD, count=rows, by=self.hold),) if rows else ()
