"""A process that purges the versions of a dataset by age, and is killed by its parent on the way.

``python purging_versions.py PLACE DAYS WHOLE``: what is older than DAYS at PLACE, the whole dataset where WHOLE is ``expired``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import cast

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.target import Found, Pace, Rule, Target, Thing
from airflow_privacy.core.io.purge.versions import versions_target
from airflow_privacy.core.model.purge import Disposition


def older_than(days: int, *, whole: Disposition = "unknown", held: tuple[str, ...] = ()) -> Rule:
    """Expired is what was written so long ago; *whole* is the answer about the dataset itself."""

    def judge(thing: Thing) -> Disposition:
        if thing.modified is None:
            return whole
        expired = datetime.now(UTC) - thing.modified > timedelta(days=days)
        return "held" if expired and thing.name in held else "expired" if expired else "young"

    return Rule(judge_thing=judge)


def nothing(done: int, of: int) -> None:
    """No progress is told."""
    del done, of


def purge(target: Target) -> Found:
    """Find, and remove what was found."""
    found = target.find()
    assert found.listing is not None
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    return found


if __name__ == "__main__":
    place, days, whole = sys.argv[1:4]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    purge(versions_target(place, rule=older_than(int(days), whole=cast("Disposition", whole)), storages=local_storage))
