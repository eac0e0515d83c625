"""One person's data, erased on request: look, ask where much would go, delete, and look again.

Before: somebody takes the request in, whose identifiers are read from a file and stay in a private one, and triggers this DAG
with the id that is printed::

    airflow-privacy erase request who.json
    airflow dags trigger erase_subject --conf '{"request": "0123456789ab"}'

Never trigger it with an identifier: no run is made of one, but Airflow's audit log keeps what it refused.

The first time ``plan`` finds candidates and fails with ``not-reviewed``. Somebody says who of them is the person, and clears it
with what comes after it, in the UI or so::

    airflow-privacy erase review 0123456789ab --file FILLED_IN.csv
    airflow tasks clear erase_subject --task-regex plan --downstream --yes

Whoever plans and reviews on the command line first (``erase plan``, ``erase review``) triggers it once. From then on each task
may be killed and run again. ``verify`` looks once more, by keyed digests, as everything else that named the person is gone;
``airflow-privacy erase verify`` does it later, and ``erase status`` says how many days are left.
"""

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param

from airflow_privacy.operators import ApprovalGateOperator, EraseSubjectOperator

CONTRACTS = os.environ.get("PRIVACY_ERASURE_CONTRACTS", f"{Path(__file__).parent}/contracts/retention")
REQUEST = "{{ params.request }}"

with DAG(
    "erase_subject",
    schedule=None,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"request": Param(type="string", pattern="^[0-9a-f]{12}$", description="The request's id; never an identifier.")},
    tags=["privacy"],
):
    plan = EraseSubjectOperator(task_id="plan", subject=REQUEST, contracts=CONTRACTS, max_share=0.1)
    agree = ApprovalGateOperator(task_id="agree", dataset=plan.output, only_if_needed=True)
    erase = EraseSubjectOperator(
        task_id="erase",
        mode="execute",
        subject=plan.output,
        approvals=[agree.output],
        throttle=50_000,
        trigger_rule="none_failed",
    )
    EraseSubjectOperator(task_id="verify", mode="verify", subject=erase.output)
