"""A release composed by hand: from the raw customers table to an approved training set."""

import os
from pathlib import Path

from airflow.sdk import DAG, Asset

from airflow_privacy.operators import (
    ApprovalGateOperator,
    AssessRiskOperator,
    CheckContractOperator,
    DetectPiiOperator,
    MaskOperator,
    PlanMaskingOperator,
    TransferOperator,
)

HERE = Path(__file__).parent
DATA = os.environ.get("PRIVACY_DATA", "/data")
CONTRACT = f"{HERE}/contracts/customers.yaml"
POLICY = f"{HERE}/policies/customers.yaml"
RAW = f"{DATA}/raw/customers.parquet"

with DAG("release_customers", schedule=None, catchup=False, tags=["privacy"]):
    check = CheckContractOperator(task_id="check", source=RAW, contract=CONTRACT)
    detect = DetectPiiOperator(task_id="detect", source=RAW, contract=CONTRACT)
    plan = PlanMaskingOperator(
        task_id="plan",
        contract=CONTRACT,
        policy=POLICY,
        findings=detect.output,
        purpose="churn-model",
        recipient="ml-team",
        destination="training",
    )
    mask = MaskOperator(task_id="mask", source=RAW, plan=plan.output, out=f"{DATA}/staging/customers")
    assess = AssessRiskOperator(task_id="assess", dataset=mask.output, policy=POLICY)
    approve = ApprovalGateOperator(task_id="approve", dataset=mask.output, risk=assess.output)
    transfer = TransferOperator(
        task_id="transfer",
        dataset=mask.output,
        risk=assess.output,
        approvals=[approve.output],
        out=f"{DATA}/training/customers",
        outlets=[Asset("customers_training", uri=f"file://{DATA}/training/customers")],
    )
    check >> detect
