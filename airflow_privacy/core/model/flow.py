"""Which table went into which, for lineage: names, versions, types, and what happened to each column."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef, ColumnType
from airflow_privacy.core.model.risk import RiskReport


class FlowTable(Value, frozen=True, kw_only=True):
    """A table at one end of a step. ``version`` is a source's digest or a dataset's version."""

    uri: str
    version: str
    columns: tuple[ColumnType, ...]
    rows: int


class TrainingUse(Value, frozen=True, kw_only=True):
    """A model learns from the step's input: the passport's digest, and the purpose and privacy level that it states."""

    model: str
    purpose: str
    level: str
    passport: str


class Flow(Value, frozen=True, kw_only=True):
    """What one step read and wrote, and what it knows about the columns."""

    inputs: tuple[FlowTable, ...] = ()
    outputs: tuple[FlowTable, ...] = ()
    findings: Findings | None = None
    plan: MaskingPlan | None = None
    risk: RiskReport | None = None
    masks: bool = False
    training: TrainingUse | None = None


class Outcome(Value, frozen=True, kw_only=True):
    """What a step hands on: the reference for the next task, and the flow for lineage."""

    ref: ArtifactRef
    flow: Flow
