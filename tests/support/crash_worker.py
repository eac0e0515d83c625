"""A process for the crash tests: does one step of a prepared release, and is killed by its parent on the way.

``python crash_worker.py STATE mask|transfer``; ``STATE`` is a JSON file with what the step needs.
``python crash_worker.py SOURCE million OUT ENDPOINT SOCKET PORT`` masks one file into a version at ``OUT``, and nothing else.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from masking_builders import TOOLS, decision, plan_of
from people import AnyCase, Case, S3Case
from postgres import PostgresServer, databases_at
from steps import Steps, workspace_in

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Storage, parse_s3
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.io.storage import Storage, Storages
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.codec import convert, digest_of
from airflow_privacy.core.model.policy import Environment
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.techniques import Bins, HmacToken, Keep, Null, TruncateDate
from airflow_privacy.core.pipeline.places import Place, Written, write_masked
from airflow_privacy.core.pipeline.workspace import Workspace


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


PEOPLE_PLAN = plan_of(
    decision("person_id", HmacToken()),
    decision("name", Null()),
    decision("email", HmacToken()),
    decision("birth_date", TruncateDate(to="decade")),
    decision("country", Keep()),
    decision("income", Bins(edges=(20_000, 40_000))),
    decision("notes", Null()),
    decision("churned", Keep()),
)


def mask_million(source: str, out: str, endpoint: str, socket: str, port: str) -> Written:
    """A table of people masked into a version at *out*: a folder, one in the object store, or ``sql://pg/…`` at the server."""
    opened = open_source(source)
    databases = databases_at(PostgresServer(Path(socket), int(port)))
    workspace = Workspace(
        home=Path(), artifacts=ArtifactStore(Path()), storages=storages_at(client_of(endpoint)), databases=databases
    )
    place = Place(uri=out, environment=Environment(name="staging", base_uris=(out,)), scope=PEOPLE_PLAN.scope)
    written, _ = write_masked(
        workspace,
        place,
        digest_of(PEOPLE_PLAN),
        lambda stage: mask_table(source=opened, plan=PEOPLE_PLAN, tools=TOOLS, stage=stage),
    )
    return written


if __name__ == "__main__":
    state, step = sys.argv[1:3]
    prepared = steps_of(Path(state)) if step != "million" else None
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if prepared is None:
        mask_million(state, *sys.argv[3:])
    else:
        getattr(prepared, step)()
