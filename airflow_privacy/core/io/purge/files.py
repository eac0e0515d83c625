"""Whole files of a folder on the local file system."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Thing
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.model.purge import Item, Listing, Looked, Step

_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class FilesTarget:
    """One folder and one rule."""

    uri: str
    rule: Rule
    root: Path = field(repr=False)

    def find(self) -> Found:
        if not self.root.is_dir():
            raise BadInput("missing-folder", "There is no such folder", where=self.uri)
        counts: dict[str, int] = {}
        items, oldest, size = [], 0, 0
        judge = self.rule.judge_thing
        assert judge is not None  # noqa: S101
        for path in sorted(path for path in self.root.rglob("*") if path.is_file()):
            stat = path.stat()
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            name = str(path.relative_to(self.root))
            pairs = [part.partition("=") for part in name.split("/")[:-1]]
            partitions = {unquote(key): None if value in ("", _NULL) else unquote(value) for key, sep, value in pairs if sep}
            told = judge(Thing(name=name, partitions=partitions, modified=modified))
            counts[told] = counts.get(told, 0) + 1
            if told == "expired":
                items.append(Item(kind="file", name=name, sha256=_sha(path), bytes=stat.st_size))
                oldest = max(oldest, (datetime.now(UTC) - modified).days)
                size += stat.st_size
        step = Step(method="delete-files", uri=self.uri, unit="files", dataset="", counts=counts, bytes=size, oldest_days=oldest)
        return Found(step=step, listing=Listing(items=tuple(items)), things=sum(counts.values()))

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:  # noqa: ARG002
        for number, item in enumerate(items, 1):
            path = self.root / item.name
            if path.is_file() and _sha(path) == item.sha256:
                path.unlink()
            progress(number, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        left = 0
        for item in items:
            path = self.root / item.name
            left += path.is_file() and _sha(path) == item.sha256
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=left, gone=len(items) - left)


def files_target(uri: str, *, rule: Rule, storages: Storages) -> FilesTarget:
    """Files that go as a whole."""
    root = storages(uri).local()
    if root is None:
        raise BadInput("unsupported-location", "Only local folders", where=uri)
    return FilesTarget(uri, rule, root)


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
