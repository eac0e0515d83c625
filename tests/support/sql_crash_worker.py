"""A process for the crash tests over SQL: masks, or transfers, a prepared release, and is killed by its parent on the way.

``python sql_crash_worker.py STATE mask|transfer``; ``STATE`` is a JSON file with what the step needs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
from postgres import PostgresServer, databases_at
from sql_case import SqlCase
from steps import Steps, workspace_in

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.refs import ArtifactRef


def save(steps: Steps, server: PostgresServer, folder: Path) -> Path:
    """Write down what :func:`steps_of` needs."""
    case = {name: str(getattr(steps.case, name)) for name in ("contract", "policy", "raw", "staging", "out")}
    refs = {name: msgspec.to_builtins(ref) for name, ref in steps.refs.items()}
    state = folder / "state.json"
    place = {"folder": str(folder), "socket": str(server.folder), "port": server.port}
    state.write_text(json.dumps({"case": case, "refs": refs, **place}))
    return state


def steps_of(state: Path) -> Steps:
    """The release as its parent left it."""
    given = json.loads(state.read_text())
    case = {name: Path(text) if name in ("contract", "policy") else text for name, text in given["case"].items()}
    refs = {name: convert(ArtifactRef, ref, where=name) for name, ref in given["refs"].items()}
    server = PostgresServer(Path(given["socket"]), given["port"])
    workspace = replace(workspace_in(Path(given["folder"])), databases=databases_at(server))
    return Steps(workspace=workspace, case=SqlCase(**case), refs=refs)


if __name__ == "__main__":
    steps = steps_of(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    getattr(steps, sys.argv[2])()
