"""A process for the crash tests of purges: carries out one plan, item by item and slowly, and is killed on the way.

``python purge_crash_worker.py HOME PLAN``
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from purge_case import CALLER, NOW

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.pipeline.purge import run_purge
from airflow_privacy.core.pipeline.workspace import Workspace


def slowly(done: int, of: int) -> None:
    time.sleep(0.002)


def main(home: Path, plan: str) -> None:
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"), now=lambda: NOW)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    run_purge(workspace, CALLER, plan=workspace.artifacts.reference("purge-plan", plan), progress=slowly)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
