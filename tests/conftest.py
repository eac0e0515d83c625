"""A home for Airflow away from the user's own, Hypothesis profiles, the reference data, and one running Airflow for all tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from openlineage_spec import validate_event_file
from people import SCOPE
from postgres import PostgresServer, installed, running
from s3_bucket import Bucket, aws_client, aws_services, new_bucket

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import AirflowSettings, StandaloneAirflow, User

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = (
    User("maria", "op"),  # the data engineer: triggers runs, may edit tasks and XComs
    User("stella", "user"),  # approver
    User("stefan", "user"),  # approver
    User("olivia", "user"),  # contract owner
)

# Some examples need more than Hypothesis' 200 ms on a busy machine; in CI the same examples run every time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    # Airflow makes files in its home when it is imported: never in the home of the person who runs the tests.
    home = tempfile.mkdtemp(prefix="airflow-home-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ["AIRFLOW_HOME"] = home
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


@pytest.hookimpl(tryfirst=True)  # before -m selects, and before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "airflow" in getattr(item, "fixturenames", ()):
            item.add_marker("airflow")
        if item.get_closest_marker("airflow"):
            item.add_marker(pytest.mark.xdist_group("airflow"))


def reference_folder() -> Path:
    """Where the reference data lies, if it is there."""
    return Path(os.environ.get("PRIVACY_REFERENCE_DATA") or ROOT.parent / "shared" / "data").resolve()


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Reference tables, vectors and values; not part of the project."""
    path = reference_folder()
    if not path.is_dir():
        pytest.skip(f"no reference data at {path}; set PRIVACY_REFERENCE_DATA")
    return path


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """The endpoint of a real S3 API on this host, which the running Airflow's ``aws_default`` leads to."""
    with aws_services() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def s3_client(object_store: str) -> Iterator[Any]:
    """A client of the object store."""
    made = aws_client("s3", object_store)
    yield made
    made.close()


@pytest.fixture
def bucket(s3_client: Any) -> Bucket:
    """A bucket of its own."""
    return new_bucket(s3_client)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own, with nothing in it."""
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg")
    with running(programs) as server:
        yield server


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, object_store: str) -> Iterator[StandaloneAirflow]:
    """The one Airflow of the run. Its tasks see ``PRIVACY_DATA`` and ``AIRFLOW__PRIVACY__HOME`` (``settings.environment``)."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "data").mkdir()
    environment = {"PRIVACY_DATA": str(home / "data"), "AIRFLOW__PRIVACY__HOME": str(home / "privacy")}
    store = {"endpoint_url": object_store, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "nobody", "password": "nothing", "extra": store}
    environment["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(connection)
    reference = reference_folder()
    if reference.is_dir():
        environment["PRIVACY_REFERENCE_DATA"] = str(reference)
    server = StandaloneAirflow(AirflowSettings(home / "home", home / "dags", PEOPLE, environment=environment))
    with server:
        yield server
    if reference.is_dir() and server.lineage_log.exists():
        validate_event_file(server.lineage_log, reference)  # whatever any DAG of the run emitted, on success and on failure
    assert server.processes() == []
    assert [port for port in server.ports if not is_free(port)] == []


@pytest.fixture(scope="session")
def workspace(airflow: StandaloneAirflow) -> Workspace:
    """The privacy home that the running Airflow's tasks use, with keys."""
    home = Path(airflow.settings.environment["AIRFLOW__PRIVACY__HOME"])
    init_keys(home, scopes=(SCOPE, "training/income-model/ml-team", "training/salary-model/ml-team"))
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))


def is_free(port: int) -> bool:
    """Whether nothing listens on the port, on any interface."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
