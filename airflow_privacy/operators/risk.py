"""Measure what re-identification risk is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.operators.base import PrivacyOperator, reference

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class AssessRiskOperator(PrivacyOperator):
    """Measure re-identification risk before and after masking, and fail where the boundary's thresholds do not hold.

    :param dataset: what :class:`MaskOperator` returned. (templated)
    :param policy: the policy file; it must be the one that the plan was made with. (templated)
    """

    template_fields: Sequence[str] = ("dataset", "policy")

    def __init__(self, *, dataset: Any, policy: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.policy = policy

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.apply import assess_risk

        return assess_risk(workspace, caller, dataset=reference(self.dataset, name="dataset"), policy=self.policy)
