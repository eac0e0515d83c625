"""Our own datasets, by version: what was published before, what was never published, and what killed writers left.

The unit is a version. The rule is asked about each with its name and the latest time that is known of it: when its newest file
was written, or a passport for it was issued; so a version that was published again is as young as that. What has no manifest (a
killed writer's parts, a temporary folder, on S3 also objects that only have old versions or delete markers) is judged alike, and
never goes before it is a day old, since its writer may be at work.

The published version is not asked about by age: rules of age cannot end a dataset that is in use. The rule is asked instead about
the dataset as a whole, as a thing of the name ``.`` without a time. Where that is ``expired`` everything goes, the pointer first,
then the passport, then the files, so that a reader finds a whole version or none.

On S3 every version of every object goes with a version of the dataset. One of which the bucket's object lock keeps a single
object stays whole, and is reported with the date.

Not against: somebody who publishes an old version again in the moment between the last look at the pointer and the deletion; that
publication then fails its readers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.object_lock import FOREVER, ObjectLock
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Target, Thing
from airflow_privacy.core.io.purge.version_folders import (
    Folder,
    Folders,
    Passports,
    current_version,
    folder_of,
    folders_of,
    is_dead,
    remove_folder,
    remove_pointer,
)
from airflow_privacy.core.io.storage import Storage, Storages
from airflow_privacy.core.model.purge import Disposition, Item, Kept, Listing, Looked, Step

WHOLE = "."
"""The name by which a rule is asked about the dataset as a whole."""

_COPIES = "Copies of a version that were exported, registered elsewhere or replicated are not reached."
_BACKUPS = "Backups and snapshots of the place are not reached."


def versions_target(uri: str, *, rule: Rule, storages: Storages) -> Target:
    """The versions of the dataset at *uri*, a local folder or a place on S3.

    :param rule: ``judge_thing`` is asked.
    :raises BadInput: the rule judges no things.
    """
    if rule.judge_thing is None:
        raise BadInput("rule-does-not-fit", "Versions of a dataset are judged as a whole, and this rule judges rows", where=uri)
    return _Versions(uri=uri, rule=rule, storage=storages(uri))


@dataclass(frozen=True, kw_only=True)
class _Versions:
    uri: str
    rule: Rule
    storage: Storage = field(repr=False)

    def find(self) -> Found:
        there, now, lock = folders_of(self.storage), datetime.now(UTC), ObjectLock(self.storage)
        judged = {name: self._judge(folder, there.current) for name, folder in there.versions.items()}
        locked: list[datetime] = []
        going: list[Folder] = []
        for name in _order(there):
            if judged[name] == "expired":
                end = lock.until(there.versions[name].things, now=now)
                if end is None:
                    going.append(there.versions[name])
                else:
                    judged[name] = "held"
                    locked.append(end)
        counts = Counter(judged.values())
        items = tuple(Item(kind="version", name=one.name, sha256=one.manifest, bytes=one.bytes, rows=one.rows) for one in going)
        kept = (*_held(counts["held"] - len(locked)), *_locked(locked))
        step = Step(
            method="drop-versions",
            uri=self.uri,
            unit="versions",
            dataset="",
            counts=dict(counts.items()),
            bytes=sum(item.bytes for item in items),
            oldest_days=_oldest(going),
            kept=kept,
            not_covered=(_COPIES, _BACKUPS),
        )
        return Found(step=step, listing=Listing(items=items), things=len(judged), kept=kept)

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del step, pace
        passports, lock = Passports(self.storage), ObjectLock(self.storage)
        for done, item in enumerate(items, 1):
            folder = folder_of(self.storage, item.name, passports)
            # A version of which one file is locked stays whole.
            if folder is not None and self._goes(folder, item) and lock.until(folder.things, now=datetime.now(UTC)) is None:
                remove_pointer(self.storage, item.name)
                remove_folder(self.storage, folder)
            progress(done, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        """A version that is there with the manifest that was planned is *left*, also where it came back and its files are new;
        unless it is the published one, held or locked by now."""
        passports, lock = Passports(self.storage), ObjectLock(self.storage)
        current, locked = current_version(self.storage), []
        left = held = changed = 0
        for item in items:
            folder = folder_of(self.storage, item.name, passports)
            if folder is None:
                continue
            end = lock.until(folder.things, now=datetime.now(UTC))
            disposition = self._judge(folder, current)
            if end is not None:
                locked.append(end)
            elif disposition == "held":
                held += 1
            elif self._goes(folder, item) or (item.sha256 and folder.manifest == item.sha256 and folder.name != current):
                left += 1
            else:
                changed += 1
        staying = len(locked) + held + left + changed
        kept = (*_held(held), *_locked(locked), *((Kept(why="changed-since", count=changed),) if changed else ()))
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=left, gone=len(items) - staying, kept=kept)

    def _goes(self, folder: Folder, item: Item) -> bool:
        """Whether it still is what was listed and still is to go; what a killed purge left of it has no manifest any more."""
        same = folder.manifest in (item.sha256, "")
        return same and self._judge(folder, current_version(self.storage)) == "expired"

    def _judge(self, folder: Folder, current: str) -> Disposition:
        judge = self.rule.judge_thing
        assert judge is not None  # noqa: S101 - versions_target
        whole = judge(Thing(name=WHOLE))
        if whole == "expired":
            return whole
        if folder.name == current:
            return "held" if whole == "held" else "young"
        found = judge(Thing(name=folder.name, modified=folder.modified))
        if found == "expired" and not folder.is_whole and not is_dead(folder, datetime.now(UTC)):
            return "young"
        return found


def _order(there: Folders) -> list[str]:
    """The published version first: its readers are told first."""
    return sorted(there.versions, key=lambda name: (name != there.current, name))


def _held(count: int) -> tuple[Kept, ...]:
    return (Kept(why="legal-hold", count=count),) if count else ()


def _locked(ends: list[datetime]) -> tuple[Kept, ...]:
    """One entry, with the end that the last of them has; a hold of the store has none."""
    if not ends:
        return ()
    until = "" if FOREVER in ends else max(ends).astimezone(UTC).isoformat(timespec="seconds")
    return (Kept(why="object-lock", count=len(ends), until=until),)


def _oldest(folders: list[Folder]) -> int:
    now = datetime.now(UTC)
    return max(((now - one.modified).days for one in folders if one.modified is not None), default=0)
