"""Rules for files and their rows, by age and by a day; what a folder holds; and a target carried out from plan to second look."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from airflow_privacy.core.io.purge.target import Found, Pace, Rule, Target, Thing
from airflow_privacy.core.model.purge import Disposition, Looked
from airflow_privacy.core.retention.disposition import Period, disposition_of, dispositions

NOW = datetime(2024, 6, 15, 9, 30, tzinfo=UTC)
PERIOD = Period(days=30)


def by_age() -> Rule:
    """Files that were written more than 30 days ago."""
    return Rule(judge_thing=lambda thing: disposition_of(thing.modified, PERIOD, now=NOW))


def by_partition(key: str = "day", *, held: Iterable[str] = ()) -> Rule:
    """Files whose partition lies more than 30 days back."""
    held = frozenset(held)

    def judge(thing: Thing) -> Disposition:
        value = thing.partitions.get(key)
        return disposition_of(value, PERIOD, now=NOW, held=value in held)

    return Rule(judge_thing=judge)


def by_day(column: str = "day") -> Rule:
    """Rows whose day lies more than 30 days back."""

    def judge(rows: pl.DataFrame) -> pl.Series:
        return dispositions(rows[column], PERIOD, now=NOW).cast(pl.String)

    return Rule(columns=(column,), judge_rows=judge)


def write(path: Path, data: bytes | str = b"x", *, age: float = 0) -> Path:
    """A file that was written so many days before :data:`NOW`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    written = int((NOW - timedelta(days=age)).timestamp()) * 1_000_000_000
    os.utime(path, ns=(written, written))
    return path


def names(root: Path) -> list[str]:
    """Everything below a folder, folders with a slash at their end."""
    return sorted(str(path.relative_to(root)) + "/" * (path.is_dir() and not path.is_symlink()) for path in root.rglob("*"))


def files(root: Path) -> list[str]:
    """Every file and link below a folder."""
    return [name for name in names(root) if not name.endswith("/")]


def quiet(done: int, of: int) -> None:
    """Nobody watches."""


def listed(found: Found) -> list[str]:
    """The names that are to go, or to be written anew."""
    return [item.name for item in found.listing.items] if found.listing else []


def carry_out(target: Target, found: Found | None = None, *, between: Callable[[], object] = lambda: None) -> Looked:
    """Find, remove, look again."""
    found = target.find() if found is None else found
    assert found.listing is not None
    between()
    target.remove(found.step, found.listing.items, pace=Pace(), progress=quiet)
    return target.look_again(found.step, found.listing.items)
