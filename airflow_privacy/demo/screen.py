"""The demonstration's last screen: found, done, risk, approved by whom, passport and ledger verified."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from airflow_privacy.core.attest.approval import verify_approval
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.model.techniques import name_of
from airflow_privacy.core.pipeline.proof import verify_ledger_of, verify_passport_of
from airflow_privacy.core.pipeline.provenance import provenance, tree_lines
from airflow_privacy.core.pipeline.workspace import Workspace

MODEL = "churn"


def final_screen(workspace: Workspace, refs: Mapping[str, ArtifactRef], *, scores: Mapping[str, float], folder: Path) -> str:
    """Read everything back from the store, and verify passport and ledger.

    :param refs: what the tasks returned, by task.
    :param scores: area under the ROC curve of the same model on the ``released`` and on the ``raw`` columns.
    :raises PrivacyError: something does not hold.
    """
    store = workspace.artifacts
    findings = store.get(Findings, refs["detect"])
    plan = store.get(MaskingPlan, refs["plan"])
    masked = store.get(Dataset, refs["mask"])
    report = store.get(RiskReport, refs["assess"])
    released = store.get(Dataset, refs["transfer"])
    approval = verify_approval(store.get_bytes(refs["approve"]), public_keys(workspace.home)["approval"].public_key)
    passport = verify_passport_of(workspace, released.uri)
    ledger = verify_ledger_of(workspace)
    before, after = report.before, report.after
    return "\n".join(
        (
            "",
            f"{plan.table}: {masked.rows_read:,} rows read, {masked.rows:,} released, {masked.rows_suppressed:,} suppressed; "
            f"{plan.source_environment} → {plan.destination}, {plan.purpose}, {plan.recipient}",
            "",
            f"{'column':<17} {'found':<34} {'sure':>5}  {'done':<14} by rule",
            *(_line(findings.column(decision.column), decision) for decision in plan.decisions),
            "",
            f"risk       k {before.k} → {after.k} · highest (prosecutor) {before.prosecutor:.3f} → {after.prosecutor:.3f} · "
            f"average (marketer) {before.marketer:.4f} → {after.marketer:.4f} · unique rows {before.sample_uniqueness:.1%} → "
            f"{after.sample_uniqueness:.1%}",
            f"level      {describe(report.level)}",
            f"approved   by {approval.responder} at {approval.answered_at}, asked for by {approval.requester}: "
            f"evidence {approval.evidence.removeprefix('sha256:')[:12]}",
            f"model      ROC AUC {scores['released']:.3f} on the released columns, {scores['raw']:.3f} on the raw ones",
            f"passport   holds: version {released.version}, until {passport.statement.predicate.expires_at}",
            f"ledger     holds: {ledger.size} entries, root {ledger.root[:23]}…",
            "",
            *tree_lines(provenance(workspace, MODEL).tree),
            "",
            f"again      airflow-privacy ledger verify --home {workspace.home}",
            f"           airflow-privacy passport verify {released.uri} --home {workspace.home}",
            f"all of it  {folder}",
        )
    )


def _line(finding: ColumnFinding | None, decision: Decision) -> str:
    what = decision.entity or "-"
    if finding and finding.embedded:
        what = f"text with {', '.join(finding.embedded)}"
    found = f"{what} ({decision.role})" if decision.role != "non-sensitive" else what
    sure = f"{finding.confidence:.0%}" if finding and decision.role != "non-sensitive" else ""
    return f"{decision.column:<17} {found[:34]:<34} {sure:>5}  {name_of(decision.technique):<14} {decision.rule}"
