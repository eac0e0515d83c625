"""A process for the crash tests: does one step of a prepared release, over and over being killed by its parent.

``python crash_worker.py STATE mask|transfer``; ``STATE`` is a JSON file with what the step needs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from people import Case
from steps import Steps, workspace_in

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.refs import ArtifactRef


def steps_of(state: Path) -> Steps:
    """The release as its parent left it."""
    given = json.loads(state.read_text())
    case = Case(**{name: Path(path) for name, path in given["case"].items()})
    refs = {name: convert(ArtifactRef, ref, where=name) for name, ref in given["refs"].items()}
    return Steps(workspace=workspace_in(Path(given["folder"])), case=case, refs=refs)


if __name__ == "__main__":
    steps = steps_of(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    getattr(steps, sys.argv[2])()
