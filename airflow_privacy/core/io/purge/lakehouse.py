"""Delta and Iceberg tables on a file system, purged by row: the current version, and all files and history of older ones.

Deleting in these formats makes a new version; the old ones stay readable until somebody removes their files. A purge does both.
Rows are counted wherever they lie: in the current version, hidden by its deletion vectors or position deletes, and in files of
older versions or of none, so that a row in two files counts twice.

``wait`` is how long a version stays after it was replaced. Who reads an older version, or holds one open, fails as soon as it
is gone. With no wait, a reader that began a moment ago fails, and a writer whose files no log names yet may lose those that hold
rows that go, or that are not whole yet: then nobody else may use the table. With a wait, :meth:`LakehouseTarget.remove` first
takes the rows out of the current version, and removes the old files when it is called again after ``until``.

Once something goes, all files of versions that may go are deleted with it, as a vacuum does, whatever is in them. A file that no
version names goes if it holds a row that goes, or cannot be judged; otherwise it is somebody else's and stays. Somebody else's
commit at the same time is never lost: ours fails as busy, and is tried again by the caller.

Not reached: copies outside the folder, clones that name its files, Bloom filter and other index files, and files of other kinds.
Not kept: rows on hold that are in old versions only. A hold keeps what the current version shows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.lakehouse import LakePlace, parse_lakehouse
from airflow_privacy.core.io.purge.lakehouse_files import (
    Columns,
    Judged,
    Part,
    Swap,
    judge_part,
    judge_unnamed,
    rewrite_part,
)
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule
from airflow_privacy.core.model.purge import Item, Kept, Looked, Step

NOT_COVERED = (
    "Copies outside the table's folder, such as clones, backups and exports, are not looked at.",
    "Index and other files in the table's folder that are neither data nor log are not looked at.",
)


class Rows(Protocol):
    """One version of a table, and whatever lies in its folder beside it."""

    @property
    def columns(self) -> Columns: ...

    @property
    def live(self) -> Sequence[Part]:
        """Files of this version."""
        ...

    def together(self, touched: Sequence[Part]) -> Sequence[Part]:
        """These, and those that must be written anew with them."""
        ...

    def old(self) -> Iterator[Part]:
        """Files in the folder that this version does not name."""
        ...

    def new_path(self, part: Part) -> Path:
        """Where a part is written anew."""
        ...

    def needs_note(self, old: Sequence[Part]) -> bool:
        """Whether history tells of these files that no purge has begun to forget."""
        ...

    def replace(self, swaps: Sequence[Swap], at: datetime) -> None:
        """Commit that new files take the place of old ones."""
        ...

    def settle(self, at: datetime) -> bool:
        """What must follow such a commit; whether there was anything to do."""
        ...

    def waits_since(self) -> datetime | None:
        """Since when history is to go that is still there."""
        ...

    def forget(self, cutoff: datetime | None) -> None:
        """Delete the history of versions that were replaced at *cutoff* or before; ``None``: of all but the newest."""
        ...


@dataclass(frozen=True)
class _Seen:
    rows: Rows
    live: Mapping[Path, Judged]
    old: Mapping[Path, tuple[Part, Judged]]

    @property
    def touched(self) -> list[Part]:
        return [part for part in self.rows.live if self.live[part.path].expired]

    @property
    def left_behind(self) -> list[Part]:
        return [part for part, judged in self.old.values() if judged.expired]

    def expired(self) -> int:
        everywhere = [*self.live.values(), *(judged for _, judged in self.old.values())]
        return sum(judged.expired for judged in everywhere)


@dataclass(frozen=True)
class LakehouseTarget:
    """One table and one rule for its rows."""

    uri: str
    rule: Rule = field(repr=False)
    wait: timedelta
    now: Callable[[], datetime] = field(repr=False)
    place: LakePlace = field(repr=False)

    def find(self) -> Found:
        """Count the rows of the current version, and those that go wherever else they lie."""
        with _cut_off(self.uri):
            seen = self._look()
            counts: dict[str, int] = {}
            for judged in seen.live.values():
                for name, count in judged.counts.items():
                    counts[name] = counts.get(name, 0) + count
            shown = sum(counts.values())
            elsewhere = seen.expired() - counts.get("expired", 0)
            if elsewhere:
                counts["expired"] = counts.get("expired", 0) + elsewhere
            size = sum(part.path.stat().st_size for part in (*seen.touched, *seen.left_behind))
            kept = self._kept(seen, ahead=bool(seen.touched))
            step = Step(
                method="rewrite-table",
                uri=self.uri,
                unit="rows",
                dataset="",
                counts=counts,
                bytes=size,
                kept=kept,
                not_covered=NOT_COVERED,
            )
            return Found(step=step, listing=None, things=shown + elsewhere, kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        """Take the rows out, and delete what is old enough.

        :raises StorageUnavailable: ``table-busy``; somebody else committed at the same time.
        """
        with _cut_off(self.uri):
            seen = self._look()
            if not seen.expired() and seen.rows.waits_since() is None:
                return
            if seen.touched or seen.rows.needs_note(seen.left_behind):
                self._rewrite(seen, pace, progress)
            rows = self._open()
            if rows.settle(self.now()):
                rows = self._open()
            known = {path: judged for path, (_, judged) in seen.old.items()}
            self._sweep(rows, known)
            rows.forget(self._cutoff())

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:  # noqa: ARG002
        """Read every file again. ``left`` are rows, and one for history that should be gone."""
        with _cut_off(self.uri):
            seen = self._look()
            live = sum(judged.expired for judged in seen.live.values())
            old = sum(judged.expired for part, judged in seen.old.values() if self._may_go(part.since))
            since = seen.rows.waits_since()
            left = live + old + (since is not None and self._may_go(since))
            kept = self._kept(seen, ahead=False)
            waiting = sum(judged.expired for part, judged in seen.old.values() if not self._may_go(part.since))
            looked = seen.expired() + sum(sum(one.counts.values()) - one.counts.get("expired", 0) for one in seen.live.values())
            gone = max(0, step.counts.get("expired", 0) - live - old - waiting)
            return Looked(uri=self.uri, method=step.method, looked=looked, left=left, gone=gone, kept=kept)

    def _open(self) -> Rows:
        if self.place.format == "delta":
            from airflow_privacy.core.io.purge.delta_rows import open_delta

            return open_delta(self.place.root, self.rule.columns, where=self.uri)
        from airflow_privacy.core.io.purge.iceberg_rows import open_iceberg

        return open_iceberg(self.place.root, self.rule.columns, where=self.uri)

    def _look(self) -> _Seen:
        rows = self._open()
        live = {part.path: judge_part(part, rows.columns, self.rule) for part in rows.live}
        old = {part.path: (part, self._judged(part, rows)) for part in rows.old()}
        return _Seen(rows, live, old)

    def _judged(self, part: Part, rows: Rows) -> Judged:
        return judge_unnamed(part, rows.columns, self.rule) if part.has_rows else Judged()

    def _rewrite(self, seen: _Seen, pace: Pace, progress: Progress) -> None:
        swaps: list[Swap] = []
        done, of = 0, sum(seen.live[part.path].expired for part in seen.touched)
        begun = time.monotonic()
        try:
            for part in seen.rows.together(seen.touched):
                swaps.append(rewrite_part(part, seen.rows.columns, self.rule, seen.rows.new_path(part)))
                done += seen.live[part.path].expired
                if pace.rows_per_second:
                    time.sleep(max(0.0, begun + done / pace.rows_per_second - time.monotonic()))
                progress(done, of)
            seen.rows.replace(swaps, self.now())
        except BaseException:
            named = {part.path for part in self._open().live}  # a commit may have been made before it failed
            for swap in swaps:
                if swap.new is not None and swap.new not in named:
                    swap.new.unlink(missing_ok=True)
            raise

    def _sweep(self, rows: Rows, known: Mapping[Path, Judged]) -> None:
        """Delete the files that no version in need names."""
        for part in rows.old():
            if not (part.ours or self._may_go(part.since)):
                continue
            if not (part.known or part.ours or not part.has_rows):
                judged = known.get(part.path) or self._judged(part, rows)
                if judged.readable and not judged.expired:
                    continue
            part.path.unlink(missing_ok=True)
            part.path.with_name(f".{part.path.name}.crc").unlink(missing_ok=True)
        _tidy(self.place.root, {part.path for part in rows.live})

    def _kept(self, seen: _Seen, *, ahead: bool) -> tuple[Kept, ...]:
        """What may not go yet; *ahead*: counting what the purge itself will leave."""
        waiting = [(part, judged) for part, judged in seen.old.values() if judged.expired and not self._may_go(part.since)]
        moments = [part.since for part, _ in waiting if part.since is not None]
        since = seen.rows.waits_since()
        if since is not None and not self._may_go(since):
            moments.append(since)
        count = sum(judged.expired for _, judged in waiting)
        if ahead and self.wait:
            moments.append(self.now())
            count += sum(seen.live[part.path].expired for part in seen.touched)
        if not moments:
            return ()
        until = (max(moments) + self.wait + timedelta(seconds=1)).astimezone(UTC).replace(microsecond=0)
        return (Kept(why="not-yet", count=max(1, count), until=until.isoformat()),)

    def _may_go(self, since: datetime | None) -> bool:
        cutoff = self._cutoff()
        return since is not None and (cutoff is None or since <= cutoff)

    def _cutoff(self) -> datetime | None:
        """Without a wait no clock is asked: those of other hosts may be ahead of ours."""
        return self.now() - self.wait if self.wait else None


def lakehouse_target(uri: str, *, rule: Rule, wait: timedelta = timedelta(0), now: Callable[[], datetime]) -> LakehouseTarget:
    """The rows of a Delta or Iceberg table (``delta+file:///…``, ``iceberg+file:///…``).

    :param rule: with columns: rows are judged.
    :param wait: how long a version stays after it was replaced; see above for what none means.
    :param now: the time, with a zone.
    :raises BadInput: ``unsupported-location``; ``no-columns``: the rule judges whole things; ``bad-wait``.
    """
    place = parse_lakehouse(uri)
    if not rule.columns or rule.judge_rows is None:
        raise BadInput("no-columns", "A table's rows are judged by a column", where=uri, do="Name an anchor column.")
    if wait < timedelta(0):
        raise BadInput("bad-wait", "Old versions cannot wait for less than no time", where=uri)
    return LakehouseTarget(uri, rule, wait, now, LakePlace(place.format, place.root.resolve()))


def _tidy(root: Path, live: Iterable[Path]) -> None:
    """Remove checksum files of what is gone, torn files of our own, and empty folders: their names can be values."""
    kept = {folder for path in live for folder in path.parents}
    for path in root.rglob(".*"):
        torn = path.name.startswith(".part-purged-") and path.name.endswith(".tmp")
        if torn or (path.name.endswith(".parquet.crc") and not path.with_name(path.name[1:-4]).exists()):
            path.unlink(missing_ok=True)
    folders = [path for path in root.rglob("*") if path.is_dir() and path not in kept]
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        if "=" in folder.name or folder.name == "_change_data":
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextmanager
def _cut_off(where: str) -> Iterator[None]:
    """Messages of Arrow and of the file system may hold values and paths: only what kind they are gets through."""
    try:
        yield
        return
    except PrivacyError:
        raise
    except OSError as error:
        problem: PrivacyError = StorageUnavailable(
            "storage-failed",
            f"The file system did not do it: {error.strerror or type(error).__name__}",
            where=where,
            do="Try again.",
        )
    except Exception as error:  # noqa: BLE001 - see above
        problem = BadInput("unreadable-table", f"The table could not be read or written: {type(error).__name__}", where=where)
    raise problem from None
