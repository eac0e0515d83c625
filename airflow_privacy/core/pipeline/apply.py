"""Carry the plan out, check what was written, and measure what risk is left."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.errors import CheckFailed, TerminalError
from airflow_privacy.core.io.source import TableSource
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import MaskResult, mask_table
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow, FlowTable, Outcome
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.at_rest import key_uses
from airflow_privacy.core.pipeline.figures_after import figures_after
from airflow_privacy.core.pipeline.places import Place, open_dataset, open_table, write_masked
from airflow_privacy.core.pipeline.prepare import flow_of
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, links_of, record
from airflow_privacy.core.policy.environments import boundary_of, environment_of
from airflow_privacy.core.policy.load import load_policy
from airflow_privacy.core.risk.figures import measure
from airflow_privacy.core.risk.report import assess, require_release


class MaskTable(Protocol):
    """An engine: :func:`mask_table`, or what gives the same parts."""

    def __call__(self, *, source: TableSource, plan: MaskingPlan, tools: Tools, stage: Path) -> MaskResult: ...


def mask(
    workspace: Workspace, caller: Caller, *, source: str, plan: ArtifactRef, out: str, engine: MaskTable = mask_table
) -> Outcome:
    """Mask a table into a new version of the dataset at *out*, checked against the plan before it gets its name.

    The check is made here, whatever *engine* masks.

    :raises CheckFailed: the table is not the one that was planned for, *out* lies in the destination, or the check fails.
    """
    try:
        return _mask(workspace, caller, source=source, plan=plan, out=out, engine=engine)
    except TerminalError as error:
        record(workspace, caller, "refused", links=links_of(plan), reason=error.reason)
        raise


def _mask(workspace: Workspace, caller: Caller, *, source: str, plan: ArtifactRef, out: str, engine: MaskTable) -> Outcome:
    store = workspace.artifacts
    decided = store.get(MaskingPlan, plan)
    opened = open_planned(workspace, source, decided)
    policy = store.find(Policy, decided.policy)
    _require_staging(policy, decided, out)
    tools, uses = tools_of(workspace.keyring, decided)

    def write(folder: Path) -> MaskResult:
        result = engine(source=opened, plan=decided, tools=tools, stage=folder)
        parts = PartFiles([folder / part for part in result.parts])
        check_masked(source=opened, sink=parts, plan=decided, find_entities=find_entities, tools=tools, kept=result.kept)
        return result

    place = Place(uri=out, environment=environment_of(policy, out), scope=decided.scope)
    written, result = write_masked(workspace, place, plan.digest, write)
    uses += key_uses(written.files)
    suppressed = result.rows_suppressed - result.rows_left_out
    dataset = Dataset(
        uri=out,
        version=written.version,
        plan=plan.digest,
        sources=(opened.digest,),
        rows=result.rows_written,
        rows_read=result.rows_read,
        rows_suppressed=suppressed,
        columns=result.columns,
        files=written.files,
        scope=decided.scope if uses else "",
        keys=uses,
        rows_digest=written.rows_digest,
    )
    counts = {"rows": result.rows_written, "rows_suppressed": suppressed, "files": len(written.files)}
    ref = store.put(dataset, counts=counts)
    record(
        workspace,
        caller,
        "masked",
        links=links_of(plan, ref),
        counts=counts,
        reason=", ".join(f"{use.technique} key {use.id} version {use.version}" for use in uses),
    )
    flow = Flow(
        inputs=(flow_of(opened),),
        outputs=(table_of_dataset(dataset),),
        findings=store.find(Findings, decided.findings),
        plan=decided,
        masks=True,
    )
    return Outcome(ref=ref, flow=flow)


def assess_risk(workspace: Workspace, caller: Caller, *, dataset: ArtifactRef, policy: str | None = None) -> Outcome:
    """Measure risk before and after masking; the report is stored and recorded whether or not it holds.

    :raises CheckFailed: a threshold of the boundary does not hold, or *policy* is not the one that the plan was made with.
    """
    store = workspace.artifacts
    masked = store.get(Dataset, dataset)
    plan = store.find(MaskingPlan, masked.plan)
    if policy is not None and load_policy(policy).file.sha256 != plan.policy_file.sha256:
        raise CheckFailed("policy-changed", "The plan was made with another policy", where=policy, do="Trigger a new run.")
    boundary = boundary_of(store.find(Policy, plan.policy), plan.source_environment, plan.destination)
    source = open_planned(workspace, plan.source, plan)
    staged = open_dataset(workspace, masked)
    all_quasi = tuple(decision.column for decision in plan.decisions if decision.role == "quasi-identifier")
    all_sensitive = tuple(decision.column for decision in plan.decisions if decision.role == "sensitive")
    before = measure(
        source.slabs(columns=(*all_quasi, *all_sensitive) or None),
        quasi_identifiers=all_quasi,
        sensitive=all_sensitive,
        min_k=boundary.min_k,
    )
    after, k_with_tokens = figures_after(staged.slabs, plan, min_k=boundary.min_k)
    report = assess(
        dataset_digest=dataset.digest,
        plan=plan,
        plan_digest=masked.plan,
        before=before,
        after=after,
        k_with_tokens=k_with_tokens,
        rows_kept=masked.rows / masked.rows_read,
        rows_dropped=(masked.rows_read - masked.rows - masked.rows_suppressed) / masked.rows_read,
        boundary=boundary,
    )
    ref = store.put(report, counts={"k": after.k, "classes": after.classes, "violations": len(report.violations)})
    record(workspace, caller, "assessed", links=links_of(dataset, ref), counts=ref.counts)
    try:
        require_release(report)
    except CheckFailed as error:
        record(workspace, caller, "refused", links=links_of(dataset, ref), reason=error.reason)
        raise
    findings = store.find(Findings, plan.findings)
    return Outcome(ref=ref, flow=Flow(inputs=(table_of_dataset(masked),), findings=findings, plan=plan, risk=report))


def open_planned(workspace: Workspace, source: str, plan: MaskingPlan) -> TableSource:
    """Open a source and see that it is, byte for byte, the one that the plan was made for.

    :raises CheckFailed: it is not.
    """
    opened = open_table(workspace, source)
    if opened.digest != plan.source_digest:
        raise CheckFailed(
            "source-changed",
            "The table is not the one that was looked at when the plan was made",
            where=source,
            do="Trigger a new run, so that detection and plan see it as it is now.",
        )
    return opened


def table_of_dataset(dataset: Dataset) -> FlowTable:
    """A dataset as one end of a step."""
    return FlowTable(uri=dataset.uri, version=dataset.version, columns=dataset.columns, rows=dataset.rows)


def _require_staging(policy: Policy, plan: MaskingPlan, out: str) -> None:
    if environment_of(policy, out).name == plan.destination:
        raise CheckFailed(
            "not-staging",
            f"Masked data goes to staging first, and this lies in the destination {plan.destination!r}",
            where=out,
            do="Choose a folder in another environment; the transfer carries it over once it is approved.",
        )
