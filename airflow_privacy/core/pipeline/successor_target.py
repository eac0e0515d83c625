"""A subject in a published dataset as a target of a purge: find, remove, look again.

What goes is not listed: whose rows they are is said by the identifiers, which lie in no artifact. The caller gives them in each
run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Target
from airflow_privacy.core.model.purge import Item, Kept, Looked, Step
from airflow_privacy.core.pipeline.successor import BelowThreshold, erase_from_published
from airflow_privacy.core.pipeline.successor_look import InPublished, count_in_published
from airflow_privacy.core.pipeline.workspace import Caller, Workspace


def published_target(
    workspace: Workspace,
    caller: Caller,
    *,
    uri: str,
    subject_values: Mapping[str, pl.Series],
    request: str,
    below_threshold: BelowThreshold = "fail",
) -> Target:
    """The target whose ``remove`` is :func:`erase_from_published`. Its step has the method ``drop-versions`` and counts rows.

    A dataset that is left for a reason has no row to go and a ``kept`` entry that says why; the entry counts versions as one.
    """
    return _Published(
        workspace=workspace,
        caller=caller,
        uri=uri,
        subject_values=subject_values,
        request=request,
        below_threshold=below_threshold,
    )


@dataclass(frozen=True, kw_only=True)
class _Published:
    workspace: Workspace
    caller: Caller
    uri: str
    subject_values: Mapping[str, pl.Series] = field(repr=False)
    request: str
    below_threshold: BelowThreshold

    def find(self) -> Found:
        found = self._count()
        kept = _kept(found)
        step = Step(
            method="drop-versions",
            uri=self.uri,
            unit="rows",
            dataset="",
            counts={"expired": found.rows, "young": found.rows_looked - found.rows},
            kept=kept,
            not_covered=found.not_covered,
        )
        return Found(step=step, listing=None, things=found.rows_looked, kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del items, pace
        erase_from_published(
            self.workspace,
            self.caller,
            uri=self.uri,
            subject_values=self.subject_values,
            request=self.request,
            below_threshold=self.below_threshold,
        )
        rows = step.counts.get("expired", 0)
        progress(rows, rows)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        del items
        found = self._count()
        planned = step.counts.get("expired", 0)
        left = found.rows + found.rests
        return Looked(uri=self.uri, method=step.method, looked=planned, left=left, gone=max(planned - left, 0), kept=_kept(found))

    def _count(self) -> InPublished:
        return count_in_published(self.workspace, uri=self.uri, subject_values=self.subject_values)


def _kept(found: InPublished) -> tuple[Kept, ...]:
    return (Kept(why=found.left, count=1),) if found.left not in ("", "not-published") else ()
