"""One table wherever it may lie: every place gives the same verdicts, drift is found there, and nothing else is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from people import people_frame
from postgres import databases_at
from s3_bucket import Bucket
from sql_case import put_table
from steps import workspace_in

from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.operators import DetectPiiOperator
from airflow_privacy.operators import detect as module

PEOPLE = people_frame()


class Place:
    """Somewhere to put a table: the URI, and how to put one there."""

    def __init__(self, uri: str, put: Callable[[pl.DataFrame], None], **workspace: Any) -> None:
        self.uri, self.put, self.workspace = uri, put, workspace


def local_file(tmp_path: Path, _: pytest.FixtureRequest) -> Place:
    path = tmp_path / "people.parquet"
    return Place(str(path), lambda frame: frame.write_parquet(path))


def local_csv(tmp_path: Path, _: pytest.FixtureRequest) -> Place:
    path = tmp_path / "people.csv"
    return Place(f"file://{path}", lambda frame: frame.write_csv(path))


def hive_folders(tmp_path: Path, _: pytest.FixtureRequest) -> Place:
    root = tmp_path / "people"

    def put(frame: pl.DataFrame) -> None:
        for (country,), part in frame.group_by(["country"], maintain_order=True):
            folder = root / f"country={str(country).replace('@', '%40')}"
            folder.mkdir(parents=True, exist_ok=True)
            part.drop("country").write_parquet(folder / "part.parquet")

    return Place(str(root), put)


def object_store(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    bucket: Bucket = request.getfixturevalue("bucket")

    def put(frame: pl.DataFrame) -> None:
        path = tmp_path / "upload.parquet"
        frame.write_parquet(path)
        bucket.put("raw/people", path.read_bytes())

    return Place(bucket.uri("raw/people"), put, storages=bucket.storages)


def database(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    server = request.getfixturevalue("server")

    def put(frame: pl.DataFrame) -> None:
        server.run("DROP SCHEMA IF EXISTS looked CASCADE", "CREATE SCHEMA looked")
        put_table(server, "looked", "people", frame)

    return Place("sql://pg/looked.people", put, databases=databases_at(server))


def delta(tmp_path: Path, _: pytest.FixtureRequest) -> Place:
    deltalake = pytest.importorskip("deltalake")
    path = tmp_path / "delta"

    def put(frame: pl.DataFrame) -> None:
        deltalake.write_deltalake(str(path), frame.to_arrow(), mode="overwrite", schema_mode="overwrite")

    return Place(f"delta+file://{path}", put)


def iceberg(tmp_path: Path, _: pytest.FixtureRequest) -> Place:
    pytest.importorskip("pyiceberg")
    from airflow_privacy.core.io import tables
    from airflow_privacy.core.io.table_version import TableVersion
    from airflow_privacy.core.model.refs import ColumnType
    from airflow_privacy.frames import InMemory

    path = tmp_path / "iceberg"

    def put(frame: pl.DataFrame) -> None:
        columns: tuple[ColumnType, ...] = InMemory(frame).columns
        digest = InMemory(frame).digest
        version = TableVersion(version=digest[-16:], rows_digest=digest, plan="sha256:0", rows=frame.height)
        tables.write_rows(f"iceberg+file://{path}", [frame], columns=columns, version=version, databases={}.__getitem__)

    return Place(f"iceberg+file://{path}", put)


PLACES = [local_file, local_csv, hive_folders, object_store, database, delta, iceberg]


def run(workspace: Workspace, uri: str, monkeypatch: pytest.MonkeyPatch, **parameters: Any) -> Findings:
    monkeypatch.setattr(module, "open_workspace", lambda: workspace)
    instance = SimpleNamespace(dag_id="d", run_id="r", task_id="look", map_index=-1, xcom_push=lambda **_: None)
    returned = DetectPiiOperator(task_id="look", source=uri, **parameters).execute({"task_instance": instance})
    return workspace.artifacts.get(Findings, ArtifactRef(**returned))


@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
def test_a_table_is_judged_alike_wherever_it_lies_and_its_drift_is_found(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Place]
) -> None:
    place: Place = make(tmp_path, request)
    workspace = replace(workspace_in(tmp_path), **place.workspace)
    place.put(PEOPLE)
    found = run(workspace, place.uri, monkeypatch)
    assert (found.rows_scanned, found.rows_total, found.source, found.drift) == (600, 600, place.uri, ())
    verdicts = {column.name: (column.entity, column.role) for column in found.columns}
    assert verdicts["email"] == ("EMAIL_ADDRESS", "direct-identifier")
    assert verdicts["name"][1] == "direct-identifier"
    assert set(verdicts) == set(PEOPLE.columns)
    place.put(PEOPLE.with_columns(name=pl.col("email")))
    again = run(workspace, place.uri, monkeypatch)
    assert ("entity", "name", "warn") in {(one.kind, one.column, one.action) for one in again.drift}
