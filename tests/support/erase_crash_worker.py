"""A process for the crash tests of erasures: carries out one plan and is killed on the way.

``python erase_crash_worker.py HOME PLAN``
"""

from __future__ import annotations

import sys
from pathlib import Path

from erase_case import CALLER, NOW

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.workspace import Workspace


def main(home: Path, plan: str) -> None:
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"), now=lambda: NOW)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    run_erasure(workspace, CALLER, plan=workspace.artifacts.reference("purge-plan", plan))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
