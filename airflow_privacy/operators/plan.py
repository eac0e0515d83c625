"""Decide what happens to every column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.operators.base import PrivacyOperator, reference

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class PlanMaskingOperator(PrivacyOperator):
    """Make a masking plan from contract, policy and findings. Nothing is touched; a column that no rule names is dropped.

    :param contract: the ODCS file. (templated)
    :param policy: the policy file. (templated)
    :param findings: what :class:`DetectPiiOperator` returned. (templated)
    :param purpose: what the release is for; the contract must allow it. (templated)
    :param recipient: who receives it. Tokens join only inside one destination, purpose and recipient. (templated)
    :param destination: the policy's name of the environment that the release goes to. (templated)
    """

    template_fields: Sequence[str] = ("contract", "policy", "findings", "purpose", "recipient", "destination")

    def __init__(
        self, *, contract: str, policy: str, findings: Any, purpose: str, recipient: str, destination: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        self.policy = policy
        self.findings = findings
        self.purpose = purpose
        self.recipient = recipient
        self.destination = destination

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.prepare import plan_masking

        return plan_masking(
            workspace,
            caller,
            contract=self.contract,
            policy=self.policy,
            findings=reference(self.findings, name="findings"),
            purpose=self.purpose,
            recipient=self.recipient,
            destination=self.destination,
        )
