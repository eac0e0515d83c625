"""Find personal data in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import Location, PrivacyOperator, as_xcom, caller_of, location, value_free_errors
from airflow_privacy.operators.links import FINDINGS, FindingsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_privacy.core.model.refs import ArtifactRef


class DetectPiiOperator(PrivacyOperator):
    """Judge every column of a table: what it holds, which role it plays, how sure that is and why.

    The findings say how much was read, and what changed against the contract and against the last findings of the same table.
    The task's link *Findings* leads to a page that shows them, also where drift failed the task.

    :param source: the table. (templated)
    :param contract: an ODCS v3.1 file whose pins and classifications count as evidence. (templated)
    :param sample_rows: read this many rows only; the findings then state what may have been missed. Default: all rows.
    :param on_drift: what all drift leads to, whatever the contract says: ``fail``, ``quarantine`` (go on, and no plan releases
        the column), ``warn`` or ``ignore``. By default the contract's ``privacy.on…`` keys decide; without them a column that
        only the contract or only the table has fails the task, and what differs from the last findings is a warning.
    """

    template_fields: Sequence[str] = ("source", "contract")
    operator_extra_links = (FindingsLink(),)
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

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_privacy.core.pipeline.prepare import detect

        with value_free_errors():
            outcome = detect(
                open_workspace(),
                caller_of(context),
                source=location(self.source),
                contract=self.contract,
                sample_rows=self.sample_rows,
                on_drift=self.on_drift,
                announce=announcing(context),
            )
            self._flow = outcome.flow
            return as_xcom(outcome.ref)


def announcing(context: Context) -> Callable[[ArtifactRef], None]:
    """Pushes the findings' reference for the link, before drift may fail the task."""
    return lambda ref: context["task_instance"].xcom_push(key=FINDINGS, value=as_xcom(ref))
