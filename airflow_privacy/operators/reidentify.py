"""Turn reversible tokens back, with a purpose and somebody's approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
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
from airflow_privacy.operators.gate import ApprovalGateOperator

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_privacy.core.pipeline.approvals import Approvable, Request
    from airflow_privacy.core.pipeline.reversal import Asked
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class ReidentificationGateOperator(ApprovalGateOperator):
    """Park until an approver agrees to turn columns of a dataset back, as :class:`ApprovalGateOperator` does for a release.

    :param dataset: a masked or released dataset. (templated)
    :param columns: the columns to turn back.
    :param purpose: what for; the contract must allow it. (templated)
    :param out: where the result will go, in the environment that the data came from. (templated)
    :param slot: which of several gates over the same request this is, counted from 1.
    :param response_timeout: as for the release's gate.
    """

    template_fields: Sequence[str] = ("dataset", "purpose", "out")

    def __init__(
        self,
        *,
        dataset: Any,
        columns: Sequence[str],
        purpose: str,
        out: Location,
        slot: int = 1,
        response_timeout: timedelta = timedelta(hours=24),
        **kwargs: Any,
    ) -> None:
        super().__init__(dataset=dataset, risk=None, slot=slot, response_timeout=response_timeout, **kwargs)
        self.columns = columns
        self.purpose = purpose
        self.out = out

    def ask(self, workspace: Workspace, caller: Caller) -> Request:
        """What the form says."""
        from airflow_privacy.core.pipeline.reversal import ask_reversal

        return ask_reversal(workspace, caller, self._asked(workspace))

    def gather(self, workspace: Workspace) -> Approvable:
        """What the answer is about, read again."""
        return self._asked(workspace)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """Nothing: the request is no step of the data."""
        from airflow_privacy.lineage.facets import lineage_of

        return lineage_of(None)

    def _asked(self, workspace: Workspace) -> Asked:
        from airflow_privacy.core.pipeline.reversal import gather_reversal

        return gather_reversal(
            workspace, dataset=self._dataset(), columns=self.columns, purpose=self.purpose, out=location(self.out)
        )


class ReidentifyOperator(PrivacyOperator):
    """Turn AES-SIV and FF1 tokens back into what they stand for, into a new dataset in the environment that the data came from.

    Needs an approval of exactly these columns, this purpose and this place (:class:`ReidentificationGateOperator`), given in this
    run. Rows and values are counted in the ledger. A key that was destroyed turns nothing back.

    :param dataset: a masked or released dataset. (templated)
    :param columns: the columns to turn back.
    :param purpose: what for; the contract must allow it. (templated)
    :param approvals: what one or more gates returned. (templated)
    :param out: the folder of the result. (templated)
    """

    template_fields: Sequence[str] = ("dataset", "purpose", "approvals", "out")
    writes = "out"

    def __init__(
        self, *, dataset: Any, columns: Sequence[str], purpose: str, approvals: Any, out: Location, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.columns = columns
        self.purpose = purpose
        self.approvals = approvals
        self.out = out

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_privacy.core.pipeline.reversal import reidentify

        with value_free_errors():
            outcome = reidentify(
                open_workspace(),
                caller_of(context),
                run=run_of(context),
                dataset=reference(self.dataset, name="dataset"),
                columns=self.columns,
                purpose=self.purpose,
                approvals=references(self.approvals, name="approvals"),
                out=location(self.out),
            )
            self._flow = outcome.flow
            return as_xcom(outcome.ref)
