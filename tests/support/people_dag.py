"""The DAG that the Airflow tests run: every path comes with the run, so that one DAG serves all cases."""

from __future__ import annotations

from people import Case

PEOPLE_DAG = """\
from datetime import timedelta

from airflow.sdk import DAG

from airflow_privacy.operators import (
    ApprovalGateOperator, AssessRiskOperator, CheckContractOperator, DetectPiiOperator, MaskOperator, PlanMaskingOperator,
    TransferOperator,
)


def given(name):
    return "{{ dag_run.conf['" + name + "'] }}"


def release(name, wait):
    with DAG(name, schedule=None, default_args={"retries": 1, "retry_delay": timedelta(seconds=1)}, max_active_runs=16):
        check = CheckContractOperator(task_id="check", source=given("source"), contract=given("contract"))
        detect = DetectPiiOperator(task_id="detect", source=given("source"), contract=given("contract"))
        plan = PlanMaskingOperator(
            task_id="plan", contract=given("contract"), policy=given("policy"), findings=detect.output,
            purpose=given("purpose"), recipient="ml-team", destination="training",
        )
        mask = MaskOperator(task_id="mask", source=given("source"), plan=plan.output, out=given("staging"))
        assess = AssessRiskOperator(task_id="assess", dataset=mask.output, policy=given("policy"))
        approve = ApprovalGateOperator(
            task_id="approve", dataset=mask.output, risk=assess.output, response_timeout=wait
        )
        TransferOperator(
            task_id="transfer", dataset=mask.output, risk=assess.output, approvals=[approve.output], out=given("out")
        )
        check >> detect


release("people", timedelta(hours=1))
release("people_hurried", timedelta(seconds=3))
"""

REVERSAL_DAG = """\
from datetime import timedelta

from airflow.sdk import DAG

from airflow_privacy.operators import ReidentificationGateOperator, ReidentifyOperator


def given(name):
    return "{{ dag_run.conf['" + name + "'] }}"


with DAG("people_back", schedule=None, default_args={"retries": 1, "retry_delay": timedelta(seconds=1)}):
    what = {"dataset": given("dataset"), "columns": ["email"], "purpose": given("purpose"), "out": given("out")}
    gate = ReidentificationGateOperator(task_id="agree", response_timeout=timedelta(hours=1), **what)
    ReidentifyOperator(task_id="turn_back", approvals=[gate.output], **what)
"""


def conf_of(case: Case, **changes: str) -> dict[str, str]:
    """What a run of the DAG is triggered with."""
    return {
        "source": str(case.raw),
        "contract": str(case.contract),
        "policy": str(case.policy),
        "staging": str(case.staging),
        "out": str(case.out),
        "purpose": "churn-model",
        **changes,
    }
