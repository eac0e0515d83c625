"""Apply a masking plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.operators.base import Location, PrivacyOperator, location, reference

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class MaskOperator(PrivacyOperator):
    """Mask a table by a plan into a new version of a staging dataset, then check what was written against the plan.

    The same table, plan and key give the same version, byte for byte: a retry changes nothing.

    :param source: the table that the plan was made for. (templated)
    :param plan: what :class:`PlanMaskingOperator` returned. (templated)
    :param out: the staging dataset's folder; it may not lie in the destination environment. (templated)
    :param engine: ``local`` (default), ``spark`` for a Spark session on the worker, or ``spark://<conn_id>`` for the cluster of a
        Spark connection. The bytes are the same. Spark reads Parquet only, and its executors need the privacy home. (templated)
    """

    template_fields: Sequence[str] = ("source", "plan", "out", "engine")
    reads = "source"
    writes = "out"

    def __init__(self, *, source: Location, plan: Any, out: Location, engine: str = "local", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.plan = plan
        self.out = out
        self.engine = engine

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.apply import mask
        from airflow_privacy.hooks.spark import open_engine

        with open_engine(self.engine) as engine:
            return mask(
                workspace,
                caller,
                source=location(self.source),
                plan=reference(self.plan, name="plan"),
                out=location(self.out),
                engine=engine,
            )
