"""``@task.mask``: a function returns rows, the task returns the reference of a masked dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import Location, PrivacyOperator, as_xcom, caller_of, location, value_free_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class MaskDecoratedOperator(DecoratedOperator, PrivacyOperator):
    """Stage the function's DataFrame, detect, plan, mask and assess it, and delete the staged rows.

    XCom holds two references and no row: the return value is the masked dataset, the key ``risk`` its risk report; both go to the
    gate as ``masked`` and ``masked["risk"]``. What the function itself logs or pushes is not looked at, and its arguments are
    rendered fields, which Airflow shows: pass it references, not rows.

    :param contract: the ODCS file whose table the function returns. (templated)
    :param policy: the policy file. (templated)
    :param purpose: what the release is for; the contract must allow it. (templated)
    :param recipient: who receives it. (templated)
    :param destination: the policy's name of the environment that the release goes to. (templated)
    :param stage: a folder on the worker, in the policy's source environment, where the raw rows lie while the task runs. After a
        killed worker they lie there until the task is tried again. (templated)
    :param out: the staging dataset's folder for the masked rows. (templated)
    """

    template_fields: Sequence[str] = (
        "contract",
        "policy",
        "purpose",
        "recipient",
        "destination",
        "stage",
        "out",
        *DecoratedOperator.template_fields,
    )
    custom_operator_name = "@task.mask"
    writes = "out"

    def __init__(
        self,
        *,
        contract: str,
        policy: str,
        purpose: str,
        recipient: str,
        destination: str,
        stage: Location,
        out: Location,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        self.policy = policy
        self.purpose = purpose
        self.recipient = recipient
        self.destination = destination
        self.stage = stage
        self.out = out

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function and mask what it returns."""
        with value_free_errors():
            from airflow_privacy.core.pipeline.staged import mask_rows
            from airflow_privacy.frames import to_polars

            instance = context["task_instance"]
            given = self.determine_kwargs({**context, **self.op_kwargs})
            masked = mask_rows(
                open_workspace(),
                caller_of(context),
                frame=to_polars(self.python_callable(*self.op_args, **given)),
                key=f"{instance.dag_id}/{instance.run_id}/{instance.task_id}/{instance.map_index}",
                stage=location(self.stage),
                contract=self.contract,
                policy=self.policy,
                purpose=self.purpose,
                recipient=self.recipient,
                destination=self.destination,
                out=location(self.out),
            )
            self._flow = masked.dataset.flow
            instance.xcom_push(key="risk", value=as_xcom(masked.risk.ref))
            return as_xcom(masked.dataset.ref)


def mask_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """``@task.mask(contract=…, policy=…, …)``: parameters as of :class:`MaskDecoratedOperator`, and every operator's."""
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,
        decorated_operator_class=MaskDecoratedOperator,
        **kwargs,
    )
