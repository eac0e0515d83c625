"""Carry an approved dataset across the environment boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import (
    Location,
    PrivacyOperator,
    as_xcom,
    caller_of,
    location,
    reference,
    references,
    run_of,
    value_free_errors,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


class TransferOperator(PrivacyOperator):
    """Copy exactly the bytes that were approved, and publish them with a signed passport.

    Nothing that Airflow stores is trusted: the evidence is computed again from the files, and the approval must be signed by
    the gate's key, for this evidence and this run, by somebody whom the policy names. Every chunk is compared with the approved
    manifest before it is sent; a mismatch leaves nothing at the destination.

    :param dataset: what :class:`MaskOperator` returned. (templated)
    :param risk: what :class:`AssessRiskOperator` returned. (templated)
    :param approvals: what one or more :class:`ApprovalGateOperator` returned. (templated)
    :param out: the dataset's folder in the destination environment. (templated)
    """

    template_fields: Sequence[str] = ("dataset", "risk", "approvals", "out")
    writes = "out"

    def __init__(self, *, dataset: Any, risk: Any, approvals: Any, out: Location, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.risk = risk
        self.approvals = approvals
        self.out = out

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_privacy.core.pipeline.transfer import transfer

        with value_free_errors():
            released = transfer(
                open_workspace(),
                caller_of(context),
                run=run_of(context),
                dataset=reference(self.dataset, name="dataset"),
                risk=reference(self.risk, name="risk"),
                approvals=references(self.approvals, name="approvals"),
                out=location(self.out),
            )
            self._flow = released.outcome.flow
            for outlet in self.outlets:
                context["outlet_events"][outlet].extra = dict(released.asset_extra())
            return as_xcom(released.outcome.ref)
