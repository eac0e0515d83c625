"""Runs of a DAG, with all that Airflow's metadata database keeps under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from airflow_privacy.core.io.purge.airflow_api import ENDED, AirflowApi, DagRun, is_nameable
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Thing
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

Judge: TypeAlias = Callable[[Thing], Disposition]
Verdict: TypeAlias = Disposition | Literal["active"]

STILL_RUNNING, CHANGED, LEGAL_HOLD = "still-running", "changed-since", "legal-hold"
UNNAMEABLE = "name-not-possible-in-the-api"

NOT_COVERED = (
    "The deletion of a run is itself an event of the audit log, which names it; it goes when it has outlived the period.",
    "Asset events of the runs keep their extra values: Airflow has no supported way to delete them by DAG.",
    "XComs that a custom XCom backend wrote to object storage stay there: Airflow deletes its rows only.",
    "Code and parameters of the DAG itself stay (dag_code, serialized_dag).",
    "Lineage events and logs that were sent to other systems (remote logging, OpenLineage, syslog) are not reached.",
    "Backups, replicas and pages of the metadata database that it has not overwritten yet are not reached.",
)


@dataclass(frozen=True, kw_only=True)
class TraceRuns:
    """One DAG of one Airflow."""

    uri: str
    judge: Judge = field(repr=False)
    api: AirflowApi
    dag_id: str

    def find(self) -> Found:
        runs = list(self.api.runs(self.dag_id))
        active = self.api.active_runs(self.dag_id)
        counts: Counter[str] = Counter()
        going: list[DagRun] = []
        running = unnameable = 0
        for run in runs:
            told = verdict(run, run.run_id in active, self.judge)
            running += told == "active"
            if told == "expired" and not is_nameable(run.run_id):
                unnameable += 1
                continue
            counts["young" if told == "active" else told] += 1
            if told == "expired":
                going.append(run)
        kept = kept_of({STILL_RUNNING: running, UNNAMEABLE: unnameable})
        oldest = max((datetime.now(UTC) - datetime.fromisoformat(run.ended)).days for run in going) if going else 0
        step = Step(
            method="delete-traces",
            uri=self.uri,
            unit="traces",
            dataset="",
            counts=dict(counts),
            oldest_days=max(0, oldest),
            kept=kept,
            not_covered=NOT_COVERED,
        )
        items = tuple(Item(kind="trace", name=run.run_id, version=run.ended) for run in going)
        return Found(step=step, listing=Listing(items=items), things=len(runs), kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del step, pace
        self.api.require_dag(self.dag_id)
        for done, item in enumerate(items, 1):
            # Asked right before: a run that was cleared or started again since is another one.
            if look_at(self.api, self.dag_id, item, self.judge) == "expired":
                self.api.delete_run(self.dag_id, item.name)
            progress(done, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """By the runs alone: foreign keys of the database let nothing be under a run that is gone, and the API shows nothing."""
        self.api.require_dag(self.dag_id)
        told = Counter(look_at(self.api, self.dag_id, item, self.judge) for item in items)
        kept = kept_of({STILL_RUNNING: told["active"], CHANGED: told["changed"]})
        # What a hold spares since the plan is no business of ours: who asks leaves it out, or finds it there.
        left = told["expired"] + told["held"]
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=left, gone=told["gone"], kept=kept)


def kept_of(counts: Mapping[str, int]) -> tuple[Kept, ...]:
    """What stays, by why; nothing where nothing does."""
    return tuple(Kept(why=why, count=count) for why, count in counts.items() if count)


def verdict(run: DagRun, active: bool, judge: Judge) -> Verdict:
    """What becomes of a run; ``active`` where it has not ended, or a task of it may still write."""
    if run.state not in ENDED or active:
        return "active"
    moment = datetime.fromisoformat(run.ended) if run.ended else None
    return judge(Thing(name=run.run_id, modified=moment))


def look_at(api: AirflowApi, dag_id: str, item: Item, judge: Judge) -> str:
    """A planned run by now: its verdict, ``gone``, or ``changed`` where it ended at another time than was planned."""
    run = api.run(dag_id, item.name)
    if run is None:
        return "gone"
    if run.ended != item.version:
        return "changed" if run.has_ended else "active"
    told = verdict(run, bool(api.active_runs(dag_id, item.name)), judge)
    return told if told in ("expired", "held", "active") else "changed"
