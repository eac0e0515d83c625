"""Which table went into which, for lineage: names, versions, types, and what happened to each column."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.purge import Method
from airflow_privacy.core.model.refs import ArtifactRef, ColumnType
from airflow_privacy.core.model.risk import RiskReport


class FlowTable(Value, frozen=True, kw_only=True):
    """A table at one end of a step. ``version`` is a source's digest or a dataset's version; empty where nobody asked, as are
    ``columns``."""

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


class Removal(Value, frozen=True, kw_only=True):
    """What a purge made go at one place, after somebody looked again and found it gone.

    :param gone: how many, in ``unit``. :param kept: how many were to go and stay for a reason.
    :param whole: nothing else was there when it was planned.
    :param plan: digest. :param certificate: digest.
    """

    uri: str
    method: Method
    unit: str
    gone: int
    kept: int
    whole: bool
    plan: str
    certificate: str


class Flow(Value, frozen=True, kw_only=True):
    """What one step read and wrote, and what it knows about the columns."""

    inputs: tuple[FlowTable, ...] = ()
    outputs: tuple[FlowTable, ...] = ()
    findings: Findings | None = None
    plan: MaskingPlan | None = None
    risk: RiskReport | None = None
    masks: bool = False
    training: TrainingUse | None = None
    removals: tuple[Removal, ...] = ()


class Outcome(Value, frozen=True, kw_only=True):
    """What a step hands on: the reference for the next task, and the flow for lineage."""

    ref: ArtifactRef
    flow: Flow
