"""One call for a whole release: a contract and a policy, compiled into a task group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import TaskGroup

from airflow_privacy.core.contract.outline import outline
from airflow_privacy.core.errors import BadInput
from airflow_privacy.operators import (
    ApprovalGateOperator,
    AssessRiskOperator,
    CheckContractOperator,
    DetectPiiOperator,
    MaskOperator,
    PlanMaskingOperator,
    TransferOperator,
)


def release_dataset(
    *,
    contract: str,
    policy: str,
    source: str | None = None,
    staging: str | None = None,
    out: str | None = None,
    response_timeout: timedelta = timedelta(hours=24),
    outlets: Any = (),
    group_id: str | None = None,
) -> TaskGroup:
    """Check, detect, plan, mask, assess, ask, transfer: to be called inside a DAG.

    :param contract: an ODCS file. Its server says where the table lies; ``privacy.purpose``, ``privacy.recipient`` and
        ``privacy.destination`` say what the release is for. Only this outline is read when the DAG is parsed.
    :param policy: the policy file.
    :param source: the table, where it is not the contract's server.
    :param staging: folder of the masked dataset before approval; default: ``staging/<table>`` beside the source's folder.
    :param out: folder of the released dataset; default: ``<destination>/<table>`` beside the source's folder.
    :param response_timeout: how long the gate waits.
    :param outlets: assets that the transfer updates.
    :param group_id: default ``release_<table>``.
    :raises BadInput: the contract leaves open what the release is for, or where the table lies.
    """
    agreed = outline(contract)
    table = agreed.tables[0]
    found = source or _stated(agreed.location, "servers", contract)
    # The defaults follow the usual layout: <data>/raw/<table>.parquet, <data>/staging/<table>, <data>/training/<table>.
    data = found.rstrip("/").rsplit("/", 2)[0]
    destination = _stated(agreed.destination, "privacy.destination", contract)
    with TaskGroup(group_id=group_id or f"release_{table}") as group:
        check = CheckContractOperator(task_id="check", source=found, contract=contract)
        detect = DetectPiiOperator(task_id="detect", source=found, contract=contract)
        plan = PlanMaskingOperator(
            task_id="plan",
            contract=contract,
            policy=policy,
            findings=detect.output,
            purpose=_stated(agreed.purpose, "privacy.purpose", contract),
            recipient=_stated(agreed.recipient, "privacy.recipient", contract),
            destination=destination,
        )
        mask = MaskOperator(task_id="mask", source=found, plan=plan.output, out=staging or f"{data}/staging/{table}")
        risk = AssessRiskOperator(task_id="assess", dataset=mask.output, policy=policy)
        gate = ApprovalGateOperator(task_id="approve", dataset=mask.output, risk=risk.output, response_timeout=response_timeout)
        transfer = TransferOperator(
            task_id="transfer",
            dataset=mask.output,
            risk=risk.output,
            approvals=[gate.output],
            out=out or f"{data}/{destination}/{table}",
            outlets=list(outlets),
        )
        check >> detect
        gate >> transfer
    return group


def _stated(value: str | None, key: str, contract: str) -> str:
    if not value:
        raise BadInput("contract-incomplete", f"The contract does not state {key}", where=contract, do=f"Add {key} to it.")
    return value
