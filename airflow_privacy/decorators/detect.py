"""``@task.detect``: a function returns rows, the task returns the reference of their findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import Location, PrivacyOperator, as_xcom, caller_of, location, value_free_errors
from airflow_privacy.operators.detect import announcing
from airflow_privacy.operators.links import FindingsLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class DetectDecoratedOperator(DecoratedOperator, PrivacyOperator):
    """Stage the function's DataFrame, judge its columns, and delete the staged rows.

    XCom holds references and no row. What the function itself logs or pushes is not looked at, and its arguments are rendered
    fields, which Airflow shows: pass it references, not rows.

    :param stage: a folder on the worker where the raw rows lie while the task runs, readable by this user alone. After a killed
        worker they lie there until the task is tried again. (templated)
    :param contract: the ODCS file whose table the function returns. (templated)
    :param sample_rows: look at this many rows only. Default: all.
    :param on_drift: as of :class:`DetectPiiOperator`.
    """

    template_fields: Sequence[str] = ("stage", "contract", *DecoratedOperator.template_fields)
    operator_extra_links = (FindingsLink(),)
    custom_operator_name = "@task.detect"

    def __init__(
        self,
        *,
        stage: Location,
        contract: str | None = None,
        sample_rows: int | None = None,
        on_drift: Literal["fail", "quarantine", "warn", "ignore"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stage = stage
        self.contract = contract
        self.sample_rows = sample_rows
        self.on_drift = on_drift

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function and look at what it returns."""
        with value_free_errors():
            from airflow_privacy.core.pipeline.staged import detect_rows
            from airflow_privacy.frames import to_polars

            instance = context["task_instance"]
            given = self.determine_kwargs({**context, **self.op_kwargs})
            outcome = detect_rows(
                open_workspace(),
                caller_of(context),
                frame=to_polars(self.python_callable(*self.op_args, **given)),
                key=f"{instance.dag_id}/{instance.run_id}/{instance.task_id}/{instance.map_index}",
                called=f"task:{instance.dag_id}/{instance.task_id}/{instance.map_index}",
                stage=location(self.stage),
                contract=self.contract,
                sample_rows=self.sample_rows,
                on_drift=self.on_drift,
                announce=announcing(context),
            )
            self._flow = outcome.flow
            return as_xcom(outcome.ref)


def detect_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """``@task.detect(stage=…, contract=…)``: parameters as of :class:`DetectDecoratedOperator`, and every operator's."""
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,
        decorated_operator_class=DetectDecoratedOperator,
        **kwargs,
    )
