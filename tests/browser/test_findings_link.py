"""A person opens the findings from the task's page, and sees them in a frame, too."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import polars as pl
import pytest
from chromium import Browser, browsing, installed
from looking_dag import LOOKING_DAG
from people import people_frame

from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
DAG = "looking_freely"
HOSTILE = "<img src=x onerror=document.title='hit'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = installed()
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with browsing(program) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(airflow: StandaloneAirflow, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run over a table with a column whose name is markup."""
    airflow.add_dag(LOOKING_DAG, "looking_dag.py")
    airflow.wait_parsed([DAG])
    path = tmp_path_factory.mktemp("browsed") / "people.parquet"
    people_frame().with_columns(pl.lit("x").alias(HOSTILE)).write_parquet(path)
    number = airflow.api.trigger(DAG, {"source": str(path)}, user="maria")
    airflow.api.wait_for_run(DAG, number, ["success"], timeout=240)
    return number


def test_the_findings_open_from_the_tasks_page_and_in_a_frame(airflow: StandaloneAirflow, run: str, browser: Browser) -> None:
    with browser.tab() as tab:
        tab.call("Network.setCookie", name="_token", value=airflow.api.token("olivia"), url=airflow.url)
        tab.call("Page.navigate", url=f"{airflow.url}/dags/{DAG}/runs/{quote(run, safe='')}/tasks/look/details")
        link = "[...document.querySelectorAll('a')].find(a => a.textContent.trim() === 'Findings')"
        address = tab.wait(f"({link} || {{}}).href || ''")
        assert address.startswith(f"{airflow.url}/privacy/findings/{DAG}/sha256:")
        tab.run(f"{link}.click()")
        tab.wait(f"location.href === {address!r} && document.readyState === 'complete'")
        text = tab.run("document.body.innerText")
        assert tab.run("document.title") == "Findings"
        assert tab.run("document.querySelectorAll('img, script').length") == 0
        assert (
            tab.run("getComputedStyle(document.querySelector('td ul')).marginTop") == "0px"
        )  # the policy lets its style through
        assert "EMAIL_ADDRESS" in text
        assert "direct identifier" in text
        assert HOSTILE in text
        tab.call("Page.navigate", url=airflow.url)
        tab.wait("location.pathname === '/' && document.readyState === 'complete'")
        framed = f"""new Promise(done => {{
            const frame = document.createElement('iframe');
            frame.sandbox = 'allow-same-origin';
            frame.onload = () => done(frame.contentDocument.body.innerText);
            frame.src = {address!r};
            document.body.append(frame);
        }})"""
        assert "EMAIL_ADDRESS" in tab.run(framed)
