"""Check a table against its contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.operators.base import Location, PrivacyOperator, location

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class CheckContractOperator(PrivacyOperator):
    """Fail unless a table keeps its contract: schema, types, nullability, uniqueness, freshness.

    :param source: the table. (templated)
    :param contract: an ODCS v3.1 file; ``contract.yaml#orders`` names one table of several. (templated)
    :param previous: the contract before this one; a change that weakens privacy fails the task. (templated)
    """

    template_fields: Sequence[str] = ("source", "contract", "previous")
    reads = "source"

    def __init__(self, *, source: Location, contract: str, previous: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.contract = contract
        self.previous = previous

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.prepare import check_contract

        return check_contract(workspace, caller, source=location(self.source), contract=self.contract, previous=self.previous)
