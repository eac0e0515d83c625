"""``dags/retention_daily.py`` with its example contracts on a real Airflow: a folder, a bucket and linked tables in one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer
from retained import connect_shop, orders_in, uploads_in, versions_of, visits_in

from airflow_privacy.core.attest.certificate import verify_certificate
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.api import RequiredAction
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 300.0
DAG = "retention_daily"
EXAMPLE = Path(__file__).resolve().parents[2] / "dags" / "retention_daily.py"
ORDERS, UPLOADS, VISITS = 0, 1, 2  # the contracts in the order of their names
PLAN, GATE, PURGE = (f"dataset.{task}" for task in ("plan", "agree", "purge"))


@pytest.fixture(scope="module")
def visits(airflow: StandaloneAirflow) -> Path:
    """Half of its files have expired: more than a third needs an approval."""
    folder = Path(airflow.settings.environment["PRIVACY_DATA"]) / "raw" / "visits"
    visits_in(folder, old=5, young=5)
    return folder


@pytest.fixture(scope="module")
def own_approval(
    airflow: StandaloneAirflow, workspace: Workspace, server: PostgresServer, s3_client: Any, visits: Path
) -> Iterator[str]:
    """A first run, triggered by the one who then approves: the large purge is refused, the others are done."""
    pytest.importorskip("airflow.providers.postgres")
    uploads_in(s3_client, "applicants", old=3, young=12)
    orders_in(server, old=20, young=80)
    connect_shop(airflow, server)
    airflow.api.request("POST", "/pools", user="maria", json={"name": "purge", "slots": 2})
    text = EXAMPLE.read_text().replace("Path(__file__).parent", f"Path({str(EXAMPLE.parent)!r})")
    # Today's scheduled run would wait for an answer, and hold up those of people.
    text = text.replace('schedule="@daily"', "schedule=None").replace("minutes=1", "seconds=1")
    airflow.add_dag(text.replace('"default_pool"', '"purge"'), EXAMPLE.name)
    airflow.wait_parsed([DAG, "retention_look_again"])
    run = airflow.api.trigger(DAG, user="stella")
    airflow.api.answer(DAG, run, GATE, user="stella", map_index=VISITS)
    airflow.api.wait_for_run(DAG, run, ["failed"], timeout=SECONDS)
    yield run


@pytest.fixture(scope="module")
def asked(airflow: StandaloneAirflow, own_approval: str, visits: Path) -> tuple[str, RequiredAction, int]:
    """A second run, triggered by somebody else, what it asks, and how many files are there meanwhile."""
    run = airflow.api.trigger(DAG, user="maria")
    form = airflow.api.wait_answerable(DAG, run, GATE, map_index=VISITS, timeout=SECONDS)
    return run, form, len(list(visits.rglob("*.csv")))


@pytest.fixture(scope="module")
def approved(airflow: StandaloneAirflow, asked: tuple[str, RequiredAction, int]) -> str:
    """The second run at its end."""
    run = asked[0]
    airflow.api.answer(DAG, run, GATE, user="stella", map_index=VISITS)
    airflow.api.wait_for_run(DAG, run, ["success"], timeout=SECONDS)
    return run


def states(airflow: StandaloneAirflow, run: str, task: str) -> list[str | None]:
    return [airflow.api.task(DAG, run, task, map_index=index).state for index in (ORDERS, UPLOADS, VISITS)]


def certificates(airflow: StandaloneAirflow, run: str) -> list[dict[str, Any]]:
    done = [index for index, state in enumerate(states(airflow, run, PURGE)) if state == "success"]
    return [airflow.api.xcom(DAG, run, PURGE, map_index=index) for index in done]


def test_only_the_large_plan_is_asked_about_and_one_dataset_does_not_stop_the_others(
    airflow: StandaloneAirflow, own_approval: str
) -> None:
    assert states(airflow, own_approval, PLAN) == ["success"] * 3
    assert states(airflow, own_approval, GATE) == ["skipped", "skipped", "failed"]
    assert states(airflow, own_approval, PURGE) == ["success", "success", "upstream_failed"]


def test_the_requester_may_not_approve_their_own_purge(
    airflow: StandaloneAirflow, own_approval: str, workspace: Workspace
) -> None:
    facts = [fact for _, fact in proof.facts_of(workspace) if fact.run == f"{DAG}/{own_approval}"]
    assert [(fact.actor, fact.reason) for fact in facts if fact.kind == "answered"] == [("stella", "self-approved")]
    assert airflow.api.task(DAG, own_approval, GATE, map_index=VISITS).try_number == 1


def test_no_version_of_an_old_object_is_left_and_the_young_ones_are_all_there(own_approval: str, s3_client: Any) -> None:
    left = versions_of(s3_client, "applicants")
    assert [key for key in left if "/old-" in key] == []
    assert len(left) == 12 * 3


def test_old_orders_went_with_their_lines(own_approval: str, server: PostgresServer) -> None:
    assert server.run("select count(*), min(id) from orders") == [(80, 21)]
    assert server.run("select count(*) from order_lines") == [(160,)]


def test_the_form_shows_the_plan_and_no_partition(asked: tuple[str, RequiredAction, int], visits: Path) -> None:
    form = asked[1]
    assert form.params["evidence"] in form.body
    assert all(word in form.body for word in (str(visits), "50.0%", "not covered"))
    assert "day=" not in form.body
    assert set(form.assigned) == {"stella"}


def test_nothing_goes_before_somebody_agrees(asked: tuple[str, RequiredAction, int]) -> None:
    assert asked[2] == 10


def test_an_approved_purge_leaves_what_is_young(airflow: StandaloneAirflow, approved: str, visits: Path) -> None:
    assert len(list(visits.rglob("*.csv"))) == 5
    assert states(airflow, approved, PURGE) == ["success"] * 3


def test_every_certificate_verifies_offline(
    airflow: StandaloneAirflow, own_approval: str, approved: str, workspace: Workspace
) -> None:
    found = [*certificates(airflow, own_approval), *certificates(airflow, approved)]
    key = public_keys(workspace.home)["passport"].public_key
    gone = [sum(one.gone for one in verify_certificate(Path(ref["uri"]).read_bytes(), key).looked) for ref in found]
    # Orders and lines; versions and one marker of three objects. The second run finds nothing but the visits.
    assert gone == [20 + 40, 3 * 3 + 1, 0, 0, 5]


def test_lineage_tells_of_a_place_only_when_it_was_looked_at_again(
    airflow: StandaloneAirflow, own_approval: str, approved: str, visits: Path
) -> None:
    events = [json.loads(line) for line in airflow.lineage_log.read_text().splitlines()]
    said = {
        (event["eventType"], output["name"], output["facets"]["lifecycleStateChange"]["lifecycleStateChange"])
        for event in events
        for output in event.get("outputs", [])
        if event["job"]["name"].startswith(DAG)
    }
    names = {str(visits), "uploads", "public.orders", "public.order_lines"}
    assert said == {("COMPLETE", name, "OVERWRITE") for name in names}


def test_no_certificate_is_to_be_looked_at_again_yet(airflow: StandaloneAirflow, approved: str) -> None:
    run = airflow.api.trigger("retention_look_again", user="maria")
    airflow.api.wait_for_run("retention_look_again", run, ["success"], timeout=SECONDS)
    assert airflow.api.xcom("retention_look_again", run, "due") == []


def test_the_log_tells_progress_in_counts(airflow: StandaloneAirflow, approved: str) -> None:
    log = airflow.api.task_log(DAG, approved, PURGE, map_index=VISITS)
    assert "5 of 5 purged" in log
    assert "day=" not in log
