"""``dags/erase_subject.py`` on a real Airflow: a person goes from files and linked tables after a review and an approval."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from postgres import PostgresServer
from retained import connect_shop, orders_in, visits_in

from airflow_privacy.cli import main
from airflow_privacy.core.attest.certificate import verify_certificate
from airflow_privacy.core.keyring import init_keys, public_keys
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.erase import request_erasure
from airflow_privacy.core.pipeline.erase_identity import SCOPE
from airflow_privacy.core.pipeline.erase_status import status_of
from airflow_privacy.core.pipeline.holds import SCOPE as HOLDS
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.demo.api import AirflowRefused, RequiredAction
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow
SECONDS = 300.0
DAG = "erase_subject"
EXAMPLE = Path(__file__).resolve().parents[2] / "dags" / "erase_subject.py"
WHO = "c5@mail.example"
TASKS = ("plan", "agree", "erase", "verify")


@dataclass(frozen=True)
class Erasure:
    """A request over the places of two contracts."""

    request: str
    visits: Path
    server: PostgresServer


@dataclass(frozen=True)
class Asked:
    """What was there when the gate asked: the form, rows of the person, lineage."""

    run: str
    form: RequiredAction
    rows: int
    removals: int


@pytest.fixture(scope="module")
def erasure(
    airflow: StandaloneAirflow, workspace: Workspace, server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Erasure:
    """The example contracts over places of their own: visits as files, orders with their lines in PostgreSQL."""
    pytest.importorskip("airflow.providers.postgres")
    visits, contracts = tmp_path_factory.mktemp("visits"), tmp_path_factory.mktemp("contracts")
    visits_in(visits, old=0, young=8)
    for number in (2, 5):
        with (visits.joinpath(sorted(path.name for path in visits.iterdir())[number]) / "part-0.csv").open("a") as file:
            file.write(f"{WHO},/cart\n")
    orders_in(server, old=20, young=80)
    connect_shop(airflow, server, "erasure_shop")
    for path in (EXAMPLE.parent / "contracts" / "retention").glob("*.yaml"):
        text = path.read_text().replace("${PRIVACY_DATA}/raw/visits", str(visits)).replace("sql://shop/", "sql://erasure_shop/")
        contracts.joinpath(path.name).write_text(text)
    init_keys(workspace.home, scopes=(SCOPE, HOLDS))
    dag = EXAMPLE.read_text().replace('f"{Path(__file__).parent}/contracts/retention"', repr(str(contracts)))
    airflow.add_dag(dag.replace("minutes=1", "seconds=1"), EXAMPLE.name)
    asked = json.dumps({"identifiers": {"customer": WHO, "visitor": WHO}}).encode()
    return Erasure(request_erasure(workspace, Caller(actor="olivia"), data=asked).id, visits, server)


@pytest.fixture(scope="module")
def unreviewed(airflow: StandaloneAirflow, erasure: Erasure) -> str:
    """The run before anybody reviewed."""
    run = airflow.api.trigger(DAG, {"request": erasure.request}, user="maria")
    airflow.api.wait_for_run(DAG, run, ["failed"], timeout=SECONDS)
    return run


@pytest.fixture(scope="module")
def first_log(airflow: StandaloneAirflow, unreviewed: str) -> str:
    return airflow.api.task_log(DAG, unreviewed, "plan")


@pytest.fixture(scope="module")
def first_states(airflow: StandaloneAirflow, unreviewed: str) -> dict[str, tuple[str | None, int]]:
    return {task.task_id: (task.state, task.try_number) for task in airflow.api.tasks(DAG, unreviewed)}


@pytest.fixture(scope="module")
def asked(
    airflow: StandaloneAirflow,
    workspace: Workspace,
    erasure: Erasure,
    unreviewed: str,
    first_log: str,
    first_states: dict[str, Any],
) -> Asked:
    """The same run, reviewed, cleared, and waiting for somebody to agree."""
    assert main(["erase", "review", erasure.request, "--person", "all", "--home", str(workspace.home)]) == 0
    airflow.api.clear(DAG, unreviewed, "plan", downstream=True)
    form = airflow.api.wait_answerable(DAG, unreviewed, "agree", timeout=SECONDS)
    return Asked(unreviewed, form, rows_of_person(erasure), len(removals(airflow)))


@pytest.fixture(scope="module")
def erased(airflow: StandaloneAirflow, asked: Asked) -> dict[str, Any]:
    """The certificate, after the agreement."""
    airflow.api.answer(DAG, asked.run, "agree", user="stella")
    airflow.api.wait_for_run(DAG, asked.run, ["success"], timeout=SECONDS)
    return dict(airflow.api.xcom(DAG, asked.run, "erase"))


def rows_of_person(erasure: Erasure) -> int:
    files = sum(path.read_text().count(WHO) for path in erasure.visits.rglob("*.csv"))
    query = f"select count(*) from {{}} where customer = '{WHO}'"  # noqa: S608 - the test's own
    return files + sum(erasure.server.run(query.format(table))[0][0] for table in ("orders", "order_lines"))


def removals(airflow: StandaloneAirflow) -> list[tuple[datetime, str, str, str, str]]:
    """Time, job, kind of event, place and what happened to it, of every event that says that something is gone."""
    events = [json.loads(line) for line in airflow.lineage_log.read_text().splitlines()]
    return [
        (
            datetime.fromisoformat(event["eventTime"]),
            event["job"]["name"],
            event["eventType"],
            output["name"],
            output["facets"]["lifecycleStateChange"]["lifecycleStateChange"],
        )
        for event in events
        if event["job"]["name"].startswith(DAG)
        for output in event.get("outputs", [])
        if "lifecycleStateChange" in output.get("facets", {})
    ]


def test_before_the_review_the_plan_fails_at_once_and_says_what_to_do(
    first_states: dict[str, tuple[str | None, int]], first_log: str, erasure: Erasure
) -> None:
    assert {name: state for name, (state, _) in first_states.items()} == {
        "plan": "failed",
        "agree": "upstream_failed",
        "erase": "upstream_failed",
        "verify": "upstream_failed",
    }
    assert first_states["plan"][1] == 1  # of three tries
    assert "not-reviewed" in first_log and f"erase review {erasure.request}" in first_log
    assert WHO not in first_log


def test_the_form_shows_counts_and_places_and_not_the_person(asked: Asked, erasure: Erasure) -> None:
    assert erasure.request in asked.form.subject
    assert all(word in asked.form.body for word in (str(erasure.visits), "public.order_lines", "20.0%"))
    assert WHO not in asked.form.body + asked.form.subject + json.dumps(asked.form.params)
    assert set(asked.form.assigned) == {"stella"}


def test_nothing_goes_and_lineage_says_nothing_before_somebody_agrees(asked: Asked) -> None:
    assert (asked.rows, asked.removals) == (2 + 1 + 2, 0)


def test_the_person_is_gone_and_nobody_else(erasure: Erasure, erased: dict[str, Any]) -> None:
    assert rows_of_person(erasure) == 0
    assert erasure.server.run("select count(*) from orders") == [(99,)]
    assert erasure.server.run("select count(*) from order_lines") == [(198,)]
    left = pl.concat(pl.read_csv(path) for path in erasure.visits.rglob("*.csv"))
    assert sorted(left["visitor"]) == sorted(f"p{day}@mail.example" for day in range(1, 9))


def test_the_certificate_verifies_offline_and_counts_what_went(
    airflow: StandaloneAirflow, workspace: Workspace, erasure: Erasure, erased: dict[str, Any], asked: Asked
) -> None:
    key = public_keys(workspace.home)["passport"].public_key
    certificate = verify_certificate(Path(erased["uri"]).read_bytes(), key)
    assert (certificate.request, sum(one.gone for one in certificate.looked)) == (erasure.request, 5)
    assert [one.left for one in certificate.looked if one.left] == []
    assert airflow.api.xcom(DAG, asked.run, "verify")["digest"] == erased["digest"]
    facts = [fact for _, fact in proof.facts_of(workspace) if fact.run == f"{DAG}/{asked.run}"]
    told = ("started", "purged", "subject-erased", "verified")
    assert tuple(dict.fromkeys(fact.kind for fact in facts if fact.kind in told)) == told


def test_lineage_says_overwritten_only_after_the_second_look(
    airflow: StandaloneAirflow, workspace: Workspace, erasure: Erasure, erased: dict[str, Any], asked: Asked
) -> None:
    purged = next(fact for _, fact in proof.facts_of(workspace) if (fact.run, fact.kind) == (f"{DAG}/{asked.run}", "purged"))
    said = removals(airflow)
    names = {str(erasure.visits), "public.orders", "public.order_lines"}
    assert {one[1:] for one in said} == {(f"{DAG}.erase", "COMPLETE", name, "OVERWRITE") for name in names}
    assert min(one[0] for one in said) > datetime.fromisoformat(purged.at)


def test_the_identifiers_are_forgotten_and_the_request_is_done(
    workspace: Workspace, erasure: Erasure, erased: dict[str, Any]
) -> None:
    (status,) = [one for one in status_of(workspace, everything=True) if one.id == erasure.request]
    assert (status.state, status.in_clear, status.certificate) == ("erased", False, erased["digest"])
    left = [path.name for path in (workspace.home / "requests").iterdir() if erasure.request in path.name]
    assert left == [f"{erasure.request}.digests"]


def test_an_erased_task_that_is_cleared_gives_the_same_certificate(
    airflow: StandaloneAirflow, erased: dict[str, Any], asked: Asked
) -> None:
    airflow.api.clear(DAG, asked.run, "erase", downstream=True)
    airflow.api.wait_for_run(DAG, asked.run, ["queued", "running"], timeout=SECONDS)
    airflow.api.wait_for_run(DAG, asked.run, ["success"], timeout=SECONDS)
    assert airflow.api.xcom(DAG, asked.run, "erase") == erased


@pytest.mark.parametrize("conf", [{"request": WHO}, {}, {"request": "0" * 13}])
def test_a_run_is_not_even_made_for_what_is_no_id(airflow: StandaloneAirflow, erasure: Erasure, conf: dict[str, str]) -> None:
    before = airflow.api.run_ids(DAG)
    with pytest.raises(AirflowRefused, match="http-4"):
        airflow.api.trigger(DAG, conf, user="maria")
    assert airflow.api.run_ids(DAG) == before
