"""Retention every day, from a folder of contracts: one task a dataset plans, asks where much would go, deletes, and certifies.

A second DAG looks again when a certificate says that it is time, and fails for the dataset in which something came back.

Each of a run's tasks may be killed and run again. To run few purges at once beside other work, make a pool of as many slots
(``airflow pools set purge 2 "purges at once"``) and name it in ``PRIVACY_PURGE_POOL``. A run ends when its last dataset does, and
the next one waits for it: a table whose contract keeps old versions for days (``versionDays``) is better off in a DAG of its own.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, task, task_group

from airflow_privacy.operators import ApprovalGateOperator, RetentionPurgeOperator
from airflow_privacy.operators.purge import certificates_due

CONTRACTS = os.environ.get("PRIVACY_RETENTION_CONTRACTS", f"{Path(__file__).parent}/contracts/retention")
POOL = os.environ.get("PRIVACY_PURGE_POOL", "default_pool")
OFTEN = {
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2, "retry_delay": timedelta(minutes=1)},
    "tags": ["privacy"],
}

with DAG("retention_daily", schedule="@daily", **OFTEN):

    @task
    def contracts() -> list[str]:
        """Every contract of the folder; one without a retention period fails its own dataset only."""
        return sorted(str(path) for path in Path(CONTRACTS).glob("*.yaml"))

    @task_group
    def dataset(contract: str) -> None:
        """One dataset from plan to certificate. The gate is skipped where no more than ``max_share`` of a place would go."""
        plan = RetentionPurgeOperator(task_id="plan", contract=contract, max_share=0.3, pool=POOL)
        agree = ApprovalGateOperator(task_id="agree", dataset=plan.output, only_if_needed=True)
        RetentionPurgeOperator(
            task_id="purge",
            mode="execute",
            plan=plan.output,
            approvals=[agree.output],
            throttle=50_000,
            pool=POOL,
            trigger_rule="none_failed",
        )

    dataset.expand(contract=contracts())

with DAG("retention_look_again", schedule="@daily", **OFTEN):
    due = task(certificates_due, task_id="due")()
    RetentionPurgeOperator.partial(task_id="verify", mode="verify", pool=POOL).expand(certificate=due)
