"""The running Airflow that other tests rely on: it starts, obeys the users' rights, and keeps every answer."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.demo import launcher
from airflow_privacy.demo.api import PARKED, AirflowApi, AirflowRefused
from airflow_privacy.demo.standalone import StandaloneAirflow

GATE = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param

with DAG("harness_gate", schedule=None):
    ApprovalOperator(
        task_id="ask",
        subject="Release it?",
        body="Evidence",
        params={"digest": Param("abc", const="abc"), "comment": Param("", type="string")},
        assigned_users=[{"id": "stella", "name": "stella"}, {"id": "stefan", "name": "stefan"}],
    ) >> EmptyOperator(task_id="after")
"""
ECHO = """
import os

from airflow.sdk import DAG, task

with DAG("harness_echo", schedule=None):

    @task
    def variables() -> list[str]:
        print("seen by the log")
        return [os.environ["PRIVACY_DATA"], os.environ["AIRFLOW__PRIVACY__HOME"]]

    @task
    def twice(text: str) -> str:
        return text * 2

    twice.expand(text=variables())
"""


@pytest.fixture(scope="module")
def gate(airflow: StandaloneAirflow) -> str:
    return airflow.add_dag(GATE, "harness_gate.py")[0]


@pytest.fixture(scope="module")
def echo_run(airflow: StandaloneAirflow) -> tuple[str, str]:
    (dag_id,) = airflow.add_dag(ECHO, "harness_echo.py")
    run_id = airflow.api.trigger(dag_id, user="maria")
    airflow.api.wait_for_run(dag_id, run_id)
    return dag_id, run_id


def test_scheduler_and_dag_processor_are_healthy(airflow: StandaloneAirflow) -> None:
    assert airflow.api.healthy()


def test_passwords_are_readable_by_the_owner_only(airflow: StandaloneAirflow) -> None:
    assert (airflow.settings.home / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_is_refused(airflow: StandaloneAirflow) -> None:
    reply = httpx.post(f"{airflow.url}/auth/token", json={"username": "maria", "password": "wrong"}, trust_env=False)
    assert reply.status_code == 401


def test_every_process_carries_the_marker(airflow: StandaloneAirflow) -> None:
    """Process titles, which Airflow sets, can overwrite it; an orphan in a session of its own is found by nothing else."""
    found = {pid: psutil.Process(pid).environ().get(launcher.MARKER) for pid in airflow.processes()}
    assert len(found) > 8
    assert set(found.values()) == {airflow.marker}


def test_every_process_of_the_server_is_known(airflow: StandaloneAirflow) -> None:
    found = [socket for pid in airflow.processes() for socket in psutil.Process(pid).net_connections("tcp")]
    assert set(airflow.ports) <= {socket.laddr.port for socket in found if socket.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("attempt", range(3))
def test_an_assigned_persons_answer_is_kept(airflow: StandaloneAirflow, gate: str, attempt: int) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.answer(gate, run_id, "ask", user="stella", params={"comment": f"attempt {attempt}"})
    airflow.api.wait_for_run(gate, run_id, {"success"})
    assert airflow.api.task(gate, run_id, "ask").try_number == 1
    answer = airflow.api.xcom(gate, run_id, "ask")
    assert answer["params_input"] == {"digest": "abc", "comment": f"attempt {attempt}"}
    assert answer["responded_by_user"]["name"] == "stella"


def test_who_is_not_assigned_cannot_answer(airflow: StandaloneAirflow, gate: str) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    with pytest.raises(AirflowRefused) as refused:
        airflow.api.answer(gate, run_id, "ask", user="olivia")
    assert refused.value.status == 403
    assert airflow.api.task(gate, run_id, "ask").state == PARKED


def test_a_request_is_answered_once(airflow: StandaloneAirflow, gate: str) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.answer(gate, run_id, "ask", user="stefan", chosen=["Reject"])
    with pytest.raises(AirflowRefused) as refused:
        airflow.api.answer(gate, run_id, "ask", user="stella", wait=False)
    assert refused.value.status == 409
    airflow.api.wait_for_run(gate, run_id, {"success"})
    assert airflow.api.task_states(gate, run_id) == {"ask": "success", "after": "skipped"}


def test_a_request_shows_what_the_person_sees(airflow: StandaloneAirflow, gate: str) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    asked = airflow.api.wait_answerable(gate, run_id, "ask")
    assert (asked.subject, asked.body, asked.options) == ("Release it?", "Evidence", ("Approve", "Reject"))
    assert asked.params == {"digest": "abc", "comment": ""}
    assert asked.assigned == ("stella", "stefan")
    assert airflow.api.required_actions(gate, run_id) == [asked]


def test_a_cleared_request_can_be_answered_again(airflow: StandaloneAirflow, gate: str) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.wait_answerable(gate, run_id, "ask")
    airflow.api.clear(gate, run_id, "ask", user="maria")
    airflow.api.wait_for_task(gate, run_id, "ask", {"queued", "scheduled", "running", PARKED})
    airflow.api.answer(gate, run_id, "ask", user="stella")
    airflow.api.wait_for_run(gate, run_id, {"success"})
    assert airflow.api.task(gate, run_id, "ask").try_number == 2


def test_an_answer_waits_until_the_scheduler_knows_that_this_try_is_parked(
    airflow: StandaloneAirflow, gate: str, tmp_path: Path
) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.wait_answerable(gate, run_id, "ask")
    airflow.api.clear(gate, run_id, "ask", user="maria")
    airflow.api.wait_for_task(gate, run_id, "ask", {"queued", "scheduled", "running", PARKED})
    airflow.api.wait_answerable(gate, run_id, "ask")
    lines = airflow.log.read_text().splitlines()
    only_first = tmp_path / "log"
    only_first.write_text("\n".join(line for line in lines if "try_number=2" not in line))
    with closing(AirflowApi(airflow.url, airflow.passwords, log=only_first)) as api:
        with pytest.raises(StorageUnavailable, match="not-answerable"):
            api.wait_answerable(gate, run_id, "ask", timeout=1)
        only_first.write_text("\n".join(lines))
        assert api.wait_answerable(gate, run_id, "ask", timeout=5).subject == "Release it?"


def test_an_editor_can_forge_an_xcom_and_a_state(airflow: StandaloneAirflow, gate: str) -> None:
    """Why nothing may take an XCom or a task's state for an approval."""
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.wait_answerable(gate, run_id, "ask")
    for forged in ("once", "over it"):
        airflow.api.post_xcom(gate, run_id, "ask", forged, user="maria")
        assert airflow.api.xcom(gate, run_id, "ask") == forged
    airflow.api.set_state(gate, run_id, "ask", "success", user="maria")
    airflow.api.wait_for_run(gate, run_id, {"success"})
    assert airflow.api.task_states(gate, run_id) == {"ask": "success", "after": "success"}


def test_the_link_to_a_request_is_the_one_that_airflow_makes(airflow: StandaloneAirflow, gate: str) -> None:
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    class Instance:
        dag_id, run_id, task_id, map_index = gate, "manual__1", "ask", -1

    operator = ApprovalOperator(task_id="ask", subject="?")
    theirs = operator.generate_link_to_ui(task_instance=Instance(), base_url=airflow.url)  # type: ignore[arg-type]
    assert theirs.partition("?")[0] == airflow.api.ui_link(gate, "manual__1", "ask")


def test_the_environment_reaches_the_tasks(airflow: StandaloneAirflow, echo_run: tuple[str, str]) -> None:
    names = ("PRIVACY_DATA", "AIRFLOW__PRIVACY__HOME")
    assert airflow.api.xcom(*echo_run, "variables") == [airflow.settings.environment[name] for name in names]


def test_mapped_tasks_are_told_apart(airflow: StandaloneAirflow, echo_run: tuple[str, str]) -> None:
    assert airflow.api.task_states(*echo_run) == {"variables": "success", "twice[0]": "success", "twice[1]": "success"}
    home = airflow.settings.environment["AIRFLOW__PRIVACY__HOME"]
    assert airflow.api.xcom(*echo_run, "twice", map_index=1) == home * 2
    keys = sorted(airflow.api.xcom_keys(*echo_run))
    assert keys == [("twice", 0, "return_value"), ("twice", 1, "return_value"), ("variables", -1, "return_value")]


def test_rendered_fields_and_log_can_be_read(airflow: StandaloneAirflow, echo_run: tuple[str, str]) -> None:
    assert "seen by the log" in airflow.api.task_log(*echo_run, "variables")
    assert airflow.api.rendered_fields(*echo_run, "variables")["op_args"] in ([], "[]", "()")


def test_lineage_events_are_written(airflow: StandaloneAirflow, echo_run: tuple[str, str]) -> None:
    assert "harness_echo.variables" in airflow.lineage_log.read_text()


def test_a_dag_that_cannot_be_imported_is_named(airflow: StandaloneAirflow) -> None:
    with pytest.raises(BadInput, match=r"dag-import-error.*ZeroDivisionError.*harness_broken\.py"):
        airflow.add_dag("from airflow.sdk import DAG\n1 / 0\n", "harness_broken.py")
    (airflow.settings.dags / "harness_broken.py").unlink()


def test_a_dag_file_can_be_replaced(airflow: StandaloneAirflow) -> None:
    for dag_id in ("harness_before", "harness_after"):
        text = f"from airflow.sdk import DAG\ndag = DAG({dag_id!r}, schedule=None)\n"
        assert airflow.add_dag(text, "harness_replaced.py") == [dag_id]


def test_waiting_for_what_does_not_come_ends_with_the_states(airflow: StandaloneAirflow, gate: str) -> None:
    run_id = airflow.api.trigger(gate, user="maria")
    airflow.api.wait_answerable(gate, run_id, "ask")
    with pytest.raises(StorageUnavailable, match=f"running; tasks: .*{PARKED}"):
        airflow.api.wait_for_run(gate, run_id, timeout=0.1)
