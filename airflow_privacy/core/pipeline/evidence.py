"""Everything that one evidence digest stands for, read again from the store and checked against itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.policy import Boundary, Policy
from airflow_privacy.core.model.refs import ArtifactRef, FileStamp
from airflow_privacy.core.model.release import Evidence
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline.apply import table_of_dataset
from airflow_privacy.core.pipeline.revocation import require_not_revoked
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.policy.environments import boundary_of
from airflow_privacy.core.risk.report import require_release


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One dataset version with all that it descends from, and the digest over it."""

    dataset: Dataset
    plan: MaskingPlan
    findings: Findings
    contract: Contract
    policy: Policy
    boundary: Boundary
    report: RiskReport
    evidence: Evidence

    @property
    def digest(self) -> str:
        """The evidence digest."""
        return digest_of(self.evidence)


def gather(workspace: Workspace, *, dataset: ArtifactRef, risk: ArtifactRef) -> Bundle:
    """Read dataset, risk report and all their parents, each checked against its digest.

    :raises VerificationError: an artifact or a policy or contract file was changed, the report is not about this dataset, or the
        dataset was revoked: what was erased from it must not come back.
    :raises CheckFailed: the report says that a threshold does not hold.
    """
    store = workspace.artifacts
    masked = store.get(Dataset, dataset)
    report = store.get(RiskReport, risk)
    if report.dataset != dataset.digest or report.plan != masked.plan:
        raise VerificationError("wrong-evidence", "The risk report is about another dataset", where=risk.uri, do="Run again.")
    plan = store.find(MaskingPlan, masked.plan)
    policy = store.find(Policy, plan.policy)
    for stamp in (plan.contract_file, plan.policy_file):
        _require_unchanged(stamp)
    require_release(report)
    evidence = Evidence(dataset=dataset.digest, risk=risk.digest)
    require_not_revoked(workspace, "evidence", digest_of(evidence), where=masked.uri)
    require_not_revoked(workspace, "dataset", dataset.digest, where=masked.uri)
    return Bundle(
        dataset=masked,
        plan=plan,
        findings=store.find(Findings, plan.findings),
        contract=store.find(Contract, plan.contract),
        policy=policy,
        boundary=boundary_of(policy, plan.source_environment, plan.destination),
        report=report,
        evidence=evidence,
    )


def reviewed(workspace: Workspace, *, dataset: ArtifactRef, risk: ArtifactRef) -> Flow:
    """What an approver decides on, for lineage. Nothing is held against today's files here: the gate does that."""
    store = workspace.artifacts
    masked = store.get(Dataset, dataset)
    plan = store.find(MaskingPlan, masked.plan)
    return Flow(
        inputs=(table_of_dataset(masked),),
        findings=store.find(Findings, plan.findings),
        plan=plan,
        risk=store.get(RiskReport, risk),
    )


def _require_unchanged(stamp: FileStamp) -> None:
    try:
        found = sha256(Path(stamp.uri).read_bytes())
    except OSError:
        found = ""
    if found != stamp.sha256:
        raise VerificationError(
            "rules-changed",
            "A contract or policy file is not the one that the plan was made with",
            where=stamp.uri,
            do="Trigger a new run, so that the plan and the approval rest on the rules of today.",
        )
