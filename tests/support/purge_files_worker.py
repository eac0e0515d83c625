"""A process for the crash tests of files: carries out one step, and is killed on the way.

``python purge_files_worker.py files|rows FOLDER``; beside the folder lies what was found, as ``step.json`` and ``items.json``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
from purge_files_case import by_day, by_partition

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.files import files_target
from airflow_privacy.core.io.purge.target import Pace, Target
from airflow_privacy.core.model.purge import Item, Step


def target_of(kind: str, place: Path) -> Target:
    """The place with its rule."""
    if kind == "files":
        return files_target(str(place), rule=by_partition(), storages=local_storage)
    return file_rows_target(str(place), rule=by_day(), storages=local_storage)


def slowly(done: int, of: int) -> None:
    time.sleep(0.002)


def main(kind: str, place: Path) -> None:
    step = msgspec.json.decode((place.parent / "step.json").read_bytes(), type=Step)
    items = msgspec.json.decode((place.parent / "items.json").read_bytes(), type=tuple[Item, ...])
    target = target_of(kind, place)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    target.remove(step, items, pace=Pace(), progress=slowly)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
