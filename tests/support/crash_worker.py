"""A process for the crash tests: does one step of a prepared release, and is killed by its parent on the way.

``python crash_worker.py STATE mask|transfer``; ``STATE`` is a JSON file with what the step needs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from people import AnyCase, Case, S3Case
from steps import Steps, workspace_in

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Storage, parse_s3
from airflow_privacy.core.io.storage import Storage, Storages
from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.refs import ArtifactRef


def save(steps: Steps, folder: Path, endpoint: str) -> Path:
    """Write down what :func:`steps_of` needs."""
    kind = "s3" if isinstance(steps.case, S3Case) else "local"
    names = ("data", "contract", "policy") if kind == "s3" else ("data", "raw", "contract", "policy")
    case = {name: str(getattr(steps.case, name)) for name in names}
    refs = {name: msgspec.to_builtins(ref) for name, ref in steps.refs.items()}
    state = folder / "state.json"
    state.write_text(json.dumps({"kind": kind, "case": case, "refs": refs, "folder": str(folder), "endpoint": endpoint}))
    return state


def steps_of(state: Path) -> Steps:
    """The release as its parent left it."""
    given = json.loads(state.read_text())
    paths = {name: Path(path) for name, path in given["case"].items()}
    case: AnyCase = S3Case(**{**paths, "data": given["case"]["data"]}) if given["kind"] == "s3" else Case(**paths)
    refs = {name: convert(ArtifactRef, ref, where=name) for name, ref in given["refs"].items()}
    workspace = replace(workspace_in(Path(given["folder"])), storages=storages_at(client_of(given["endpoint"])))
    return Steps(workspace=workspace, case=case, refs=refs)


def client_of(endpoint: str) -> Any:
    """A client of the object store at *endpoint*."""
    import boto3

    given = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=endpoint, **given)


def storages_at(client: Any) -> Storages:
    """Local paths, and S3 through *client*."""

    def storage(uri: str) -> Storage:
        place = parse_s3(uri)
        return S3Storage(client, place.bucket, place.key) if place else local_storage(uri)

    return storage


if __name__ == "__main__":
    steps = steps_of(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    getattr(steps, sys.argv[2])()
