"""The demonstration: one release, from a raw table to a proven training set, on a real Airflow below one folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.codec import convert
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.customers import write_customers
from airflow_privacy.demo.screen import final_screen
from airflow_privacy.demo.standalone import AirflowSettings, StandaloneAirflow, User

DAG = "release_customers"
TRAINING = "train_churn"  # scheduled on what the release publishes
SCOPE = "training/churn-model/ml-team"
REQUESTER = "maria"
APPROVER = "stella"
USERS = (User(REQUESTER, "admin"), User(APPROVER, "op"), User("stefan", "op"), User("olivia", "op"))
STEPS_BEFORE = ("check", "detect", "plan", "mask", "assess")
STEPS_AFTER = ("approve", "transfer")
STEPS_OF_TRAINING = ("register", "train", "compare")
ENDED = ("success", "failed", "upstream_failed", "skipped")
WAIT_FOR_A_PERSON = 24 * 3600.0  # seconds
WAIT_FOR_THE_SCHEDULER = 60.0  # seconds


def run_demo(folder: Path, *, rows: int, approve: str) -> str:
    """Make data and keys, start Airflow, run the release, and return the final screen.

    :param folder: Airflow home, privacy home and datasets lie below it and stay there.
    :param approve: ``browser`` waits for a person; ``auto`` answers through the REST API as a second user.
    :raises CheckFailed: the release did not end in success.
    """
    folder = folder.resolve()
    dags = Path(__file__).resolve().parents[2] / "dags"
    if not (dags / f"{DAG}.py").is_file():
        raise BadInput("no-examples", "The example DAGs are not here", where=str(dags), do="Run the demo in a checkout.")
    # The policy's folders are named by this variable, here and in Airflow's processes.
    os.environ["PRIVACY_DATA"] = str(folder / "data")
    raw = folder / "data" / "raw" / "customers.parquet"
    _say(f"{rows:,} customers into {raw}")
    raw.parent.mkdir(parents=True, exist_ok=True)
    write_customers(raw, rows=rows)
    home = folder / "privacy"
    made = init_keys(home, scopes=(SCOPE,))
    _say(f"{len(made)} keys made in {home / 'keyring'}" if made else f"keys are there in {home / 'keyring'}")
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))
    settings = AirflowSettings(
        home=folder / "airflow",
        dags=dags,
        users=USERS,
        environment={"PRIVACY_DATA": str(folder / "data"), "AIRFLOW__PRIVACY__HOME": str(home)},
    )
    _say("starting Airflow (standalone, SQLite)")
    with StandaloneAirflow(settings) as airflow:
        _say(f"Airflow runs at {airflow.url}")
        airflow.wait_parsed([DAG, TRAINING])
        runs_before = airflow.api.run_ids(TRAINING)
        run_id = airflow.api.trigger(DAG, user=REQUESTER)
        _say(f"{REQUESTER} triggered {DAG}")
        _follow(airflow, DAG, run_id, STEPS_BEFORE)
        _decide(airflow, run_id, approve)
        _follow(airflow, DAG, run_id, STEPS_AFTER, timeout=WAIT_FOR_A_PERSON)
        training_id = _training_run(airflow, runs_before)
        _follow(airflow, TRAINING, training_id, STEPS_OF_TRAINING)
        scores = airflow.api.xcom(TRAINING, training_id, "compare")
        refs = {
            step: convert(ArtifactRef, airflow.api.xcom(DAG, run_id, step), where=step)
            for step in ("detect", "plan", "mask", "assess", "approve", "transfer")
        }
    return final_screen(workspace, refs, scores=scores, folder=folder)


def _decide(airflow: StandaloneAirflow, run_id: str, approve: str) -> None:
    request = airflow.api.wait_answerable(DAG, run_id, "approve")
    _say(f"waiting for an approver: {request.subject}")
    if approve == "auto":
        airflow.api.answer(DAG, run_id, "approve", user=APPROVER)
        _say(f"{APPROVER} approved through the REST API")
        return
    print(
        f"\n    Approve at   {airflow.api.ui_link(DAG, run_id, 'approve')}\n"
        f"    Log in as    {APPROVER}, password {airflow.passwords[APPROVER]}\n"
        f"    ({REQUESTER} triggered the run and may not approve it; password {airflow.passwords[REQUESTER]})\n",
        file=sys.stderr,
    )


def _training_run(airflow: StandaloneAirflow, before: set[str]) -> str:
    """The run that the published version started.

    :raises CheckFailed: none started.
    """
    deadline = time.monotonic() + WAIT_FOR_THE_SCHEDULER
    while time.monotonic() < deadline:
        if started := airflow.api.run_ids(TRAINING) - before:
            _say(f"the release started {TRAINING}")
            return min(started)
        time.sleep(0.5)
    raise CheckFailed("demo-failed", f"The release did not start {TRAINING}", where=str(airflow.log))


def _follow(airflow: StandaloneAirflow, dag: str, run_id: str, steps: tuple[str, ...], *, timeout: float = 300) -> None:
    """Print each step as it ends.

    :raises CheckFailed: a step failed.
    """
    for step in steps:
        task = airflow.api.wait_for_task(dag, run_id, step, ENDED, timeout=timeout)
        if task.state != "success":
            log = airflow.settings.home / "logs"
            raise CheckFailed("demo-failed", f"Step {step} ended as {task.state}", where=str(log), do="Read the task's log.")
        _say(f"{step} done")


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
