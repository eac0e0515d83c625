"""A release step by step on the pipeline, without Airflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from people import SCOPE, AnyCase

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import apply, approvals, prepare, release, transfer
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

CALLER = Caller(actor="airflow", run="dag/run", task="task")  # of run "run", as Steps has it by default


def workspace_in(folder: Path, *, keys: bool = True) -> Workspace:
    home = folder / "privacy"
    if keys:
        init_keys(home, scopes=(SCOPE,))
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))


@dataclass
class Steps:
    """One run; each step may be replaced or repeated by a test."""

    workspace: Workspace
    case: AnyCase
    requester: str | None = "maria"
    run_id: str = "run"
    refs: dict[str, ArtifactRef] = field(default_factory=dict)

    @property
    def run(self) -> approvals.Run:
        return approvals.Run(dag_id="dag", run_id=self.run_id, task_id="task", requester=self.requester)

    def detect(self) -> None:
        self.refs["findings"] = prepare.detect(
            self.workspace, CALLER, source=str(self.case.raw), contract=str(self.case.contract)
        ).ref

    def plan(self, **changes: str) -> None:
        given = {"purpose": "churn-model", "recipient": "ml-team", "destination": "training", **changes}
        self.refs["plan"] = prepare.plan_masking(
            self.workspace,
            CALLER,
            contract=str(self.case.contract),
            policy=str(self.case.policy),
            findings=self.refs["findings"],
            **given,
        ).ref

    def mask(self) -> None:
        self.refs["dataset"] = apply.mask(
            self.workspace, CALLER, source=str(self.case.raw), plan=self.refs["plan"], out=str(self.case.staging)
        ).ref

    def assess(self) -> None:
        self.refs["risk"] = apply.assess_risk(self.workspace, CALLER, dataset=self.refs["dataset"]).ref

    def prepare(self) -> Steps:
        """Up to the risk report."""
        self.detect()
        self.plan()
        self.mask()
        self.assess()
        return self

    def ask(self) -> approvals.Request:
        return release.ask(self.workspace, CALLER, dataset=self.refs["dataset"], risk=self.refs["risk"])

    def answer(
        self,
        *,
        responder: str = "stella",
        approved: bool = True,
        at: datetime | None = None,
        evidence: str | None = None,
        late: bool = False,
    ) -> ArtifactRef:
        """Answer the gate; *late* means after its deadline."""
        request = self.ask()
        moment = at or self.workspace.now()
        self.refs["approval"] = release.conclude(
            self.workspace,
            CALLER,
            run=self.run,
            dataset=self.refs["dataset"],
            risk=self.refs["risk"],
            asked=request.evidence,
            nonce=request.nonce,
            deadline=request.asked_at + timedelta(hours=-1 if late else 1),
            answer=approvals.Answer(approved=approved, responder=responder, at=moment, evidence=evidence, comment=""),
        )
        return self.refs["approval"]

    def transfer(self) -> transfer.Released:
        return transfer.transfer(
            self.workspace,
            CALLER,
            run=self.run,
            dataset=self.refs["dataset"],
            risk=self.refs["risk"],
            approvals=[self.refs["approval"]],
            out=str(self.case.out),
        )
