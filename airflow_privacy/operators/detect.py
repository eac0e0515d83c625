"""Find personal data in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_privacy.operators.base import Location, PrivacyOperator, location

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class DetectPiiOperator(PrivacyOperator):
    """Judge every column of a table: what it holds, which role it plays, how sure that is and why.

    :param source: the table. (templated)
    :param contract: an ODCS v3.1 file whose pins and classifications count as evidence. (templated)
    :param sample_rows: read this many rows only; the findings then state what may have been missed. Default: all rows.
    :param on_drift: what to do about a column that the contract does not know, or that the table lacks: ``fail`` (default),
        ``warn`` or ``ignore``.
    """

    template_fields: Sequence[str] = ("source", "contract")
    reads = "source"

    def __init__(
        self,
        *,
        source: Location,
        contract: str | None = None,
        sample_rows: int | None = None,
        on_drift: Literal["fail", "quarantine", "warn", "ignore"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.contract = contract
        self.sample_rows = sample_rows
        self.on_drift = on_drift

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.prepare import detect

        return detect(
            workspace,
            caller,
            source=location(self.source),
            contract=self.contract,
            sample_rows=self.sample_rows,
            on_drift=self.on_drift,
        )
