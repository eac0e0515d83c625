"""Folders of task logs: ``<base_log_folder>/dag_id=<dag>/run_id=<run>``, Airflow's default names. A folder goes with its run; one
whose run nobody knows any more goes by when it was last written.

Only under the default names (``[logging] log_filename_template``), and only on this host.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from airflow_privacy.core.io.purge.airflow_api import AirflowApi, is_nameable
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Thing
from airflow_privacy.core.io.purge.trace_runs import CHANGED, LEGAL_HOLD, STILL_RUNNING, UNNAMEABLE, Judge, kept_of, verdict
from airflow_privacy.core.model.purge import Item, Listing, Looked, Step

NOT_COVERED = (
    "Remote logs (object stores, Elasticsearch, CloudWatch) and log folders of other hosts are not reached.",
    "Logs of scheduler, DAG processor and API server are not reached; they name runs.",
)
_PREFIX = "run_id="


@dataclass(frozen=True, kw_only=True)
class TraceLogs:
    """The log folders of one DAG on this host."""

    uri: str
    judge: Judge = field(repr=False)
    api: AirflowApi
    folder: Path = field(repr=False)
    dag_id: str

    def find(self) -> Found:
        names = self._names()
        known = {run.run_id: run for run in self.api.runs(self.dag_id)} if names else {}
        active = self.api.active_runs(self.dag_id) if names else frozenset()
        shared = {run_id.partition("/")[0] for run_id in known if "/" in run_id}
        counts: Counter[str] = Counter()
        items: list[Item] = []
        running, unnameable, oldest = 0, 0, datetime.now(UTC)
        for name in names:
            run_id = name.removeprefix(_PREFIX)
            run, newest = known.get(run_id), self._newest(name)
            moment = run.ended if run is not None else ""
            told = verdict(run, run_id in active, self.judge) if run is not None else self._judge(name, newest)
            running += told == "active"
            if told == "expired" and (run_id in shared or not is_nameable(run_id)):
                unnameable += 1  # runs ``a/b`` and ``a/c`` write to the folder of a run ``a``
                continue
            counts["young" if told == "active" else told] += 1
            if told == "expired":
                items.append(Item(kind="file", name=name, version=moment, bytes=self._bytes(name)))
                oldest = min(oldest, datetime.fromisoformat(moment) if moment else newest or oldest)
        kept = kept_of({STILL_RUNNING: running, UNNAMEABLE: unnameable})
        step = Step(
            method="delete-traces",
            uri=self.uri,
            unit="traces",
            dataset="",
            counts=dict(counts),
            bytes=sum(item.bytes for item in items),
            oldest_days=max(0, (datetime.now(UTC) - oldest).days),
            kept=kept,
            not_covered=NOT_COVERED,
        )
        return Found(step=step, listing=Listing(items=tuple(items)), things=len(names), kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del step, pace
        self.api.require_dag(self.dag_id)
        for done, item in enumerate(items, 1):
            if self._look(item) == "left":
                # What cannot be deleted is for the second look to report. A link is not followed.
                shutil.rmtree(self.folder / item.name, ignore_errors=True)
            progress(done, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        self.api.require_dag(self.dag_id)
        told = Counter(self._look(item) for item in items)
        kept = kept_of({why: told[why] for why in (STILL_RUNNING, CHANGED)})
        left = told["left"] + told[LEGAL_HOLD]  # as with runs
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=left, gone=told["gone"], kept=kept)

    def _look(self, item: Item) -> str:
        """``gone``; ``left`` where it is to go; else why it stays: its run is there, or it was written to since."""
        path = self.folder / item.name
        if not _is_plain(item.name) or not (path.is_symlink() or path.is_dir()):
            return "gone"
        if path.is_symlink():  # put there since: what it leads to was never planned
            return CHANGED
        run_id = item.name.removeprefix(_PREFIX)
        run = self.api.run(self.dag_id, run_id)
        if run is not None:
            told = verdict(run, bool(self.api.active_runs(self.dag_id, run_id)), self.judge)
            return {"held": LEGAL_HOLD, "active": STILL_RUNNING}.get(told, CHANGED)
        if item.version:
            return "left"
        judged = self._judge(item.name, self._newest(item.name))
        return {"held": LEGAL_HOLD, "expired": "left"}.get(judged, CHANGED)

    def _judge(self, name: str, newest: datetime | None) -> str:
        return self.judge(Thing(name=name, modified=newest))

    def _names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            return sorted(one.name for one in entries if one.name.startswith(_PREFIX) and one.is_dir(follow_symlinks=False))

    def _newest(self, name: str) -> datetime | None:
        times = [stat.st_mtime for stat in self._stats(name)]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def _bytes(self, name: str) -> int:
        return sum(stat.st_size for stat in self._stats(name))

    def _stats(self, name: str) -> Iterator[os.stat_result]:
        """Of the files, and of the folder itself where it holds none."""
        none = True
        for path in (self.folder / name).rglob("*"):
            if path.is_file() and not path.is_symlink():
                none = False
                yield path.stat()
        if none:
            yield (self.folder / name).stat()


def _is_plain(name: str) -> bool:
    return name.startswith(_PREFIX) and "/" not in name and "\0" not in name
