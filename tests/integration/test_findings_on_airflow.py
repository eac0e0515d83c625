"""Detection on a real Airflow: the task's link leads to a page that only who may read the DAG gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest
from looking_dag import LOOKING_DAG
from people import people_frame, write_case

from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 240.0
DAG = "looking"


@pytest.fixture(scope="module")
def runs(airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A run over a table that keeps its contract, and one over a table with a column too many."""
    airflow.add_dag(LOOKING_DAG, "looking_dag.py")
    airflow.wait_parsed([DAG])
    started = {}
    for name in ("kept", "drifted"):
        case = write_case(tmp_path_factory.mktemp(name))
        # Contracts of their own: other tests of this Airflow detect under the usual one, and a column's type is compared by it.
        text = case.contract.read_text().replace("id: people", f"id: {name}")
        case.contract.write_text(text + ("  - {property: privacy.onTypeChange, value: fail}\n" if name == "drifted" else ""))
        conf = {"source": str(case.raw), "contract": str(case.contract), "stage": str(case.data / "stage")}
        started[name] = airflow.api.trigger(DAG, conf, user="maria")
        airflow.api.wait_for_run(DAG, started[name], ["success"], timeout=SECONDS)
        if name == "drifted":
            people_frame().with_columns(pl.col("income").cast(pl.String)).write_parquet(case.raw)
            started[name] = airflow.api.trigger(DAG, conf, user="maria")
            airflow.api.wait_for_run(DAG, started[name], ["failed"], timeout=SECONDS)
    yield started


def link_of(airflow: StandaloneAirflow, run: str, task: str) -> str | None:
    reply = airflow.api.request("GET", f"/dags/{DAG}/dagRuns/{run}/taskInstances/{task}/links").json()
    link: str | None = reply["extra_links"]["Findings"]
    return link


def get(airflow: StandaloneAirflow, path: str, *, user: str | None, cookie: bool = False) -> httpx.Response:
    token = airflow.api.token(user) if user else ""
    headers = {"Authorization": f"Bearer {token}"} if user and not cookie else {}
    cookies = {"_token": token} if user and cookie else {}
    with httpx.Client(base_url=airflow.url, trust_env=False, cookies=cookies, timeout=30) as client:
        return client.get(path, headers=headers)


@pytest.mark.parametrize("task", ["look", "people"])
def test_the_link_leads_to_the_findings_that_the_task_returned(
    airflow: StandaloneAirflow, runs: dict[str, str], workspace: Workspace, task: str
) -> None:
    ref = convert(ArtifactRef, airflow.api.xcom(DAG, runs["kept"], task), where=task)
    assert workspace.artifacts.get(Findings, ref).rows_scanned == 600
    link = link_of(airflow, runs["kept"], task)
    assert link == f"/privacy/findings/{DAG}/{ref.digest}"
    reply = get(airflow, link, user="olivia")
    assert reply.status_code == 200
    assert "EMAIL_ADDRESS" in reply.text
    assert "all 600 rows read" in reply.text
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert not [email for email in people_frame()["email"] if email in reply.text]


def test_a_browsers_cookie_is_enough(airflow: StandaloneAirflow, runs: dict[str, str]) -> None:
    link = link_of(airflow, runs["kept"], "look")
    assert link
    assert get(airflow, link, user="olivia", cookie=True).status_code == 200


def test_drift_that_failed_the_task_is_on_its_page(airflow: StandaloneAirflow, runs: dict[str, str]) -> None:
    link = link_of(airflow, runs["drifted"], "look")
    assert link
    page = get(airflow, link, user="olivia").text
    assert "Column &#x27;income&#x27; has the type string, and number in the last findings" in page
    assert "stops the run" in page
    assert "findings-drift" in airflow.api.task_log(DAG, runs["drifted"], "look")


def test_nobody_gets_the_page_without_being_signed_in(airflow: StandaloneAirflow, runs: dict[str, str]) -> None:
    link = link_of(airflow, runs["kept"], "look")
    assert link
    assert get(airflow, link, user=None).status_code in (401, 403)


def test_findings_are_not_found_below_another_dag_or_by_another_digest(airflow: StandaloneAirflow, runs: dict[str, str]) -> None:
    link = link_of(airflow, runs["kept"], "look")
    assert link
    digest = Path(link).name
    for path in (f"/privacy/findings/looking_freely/{digest}", f"/privacy/findings/{DAG}/sha256:{'0' * 64}"):
        assert get(airflow, path, user="maria").status_code == 404
