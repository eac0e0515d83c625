"""The transfer: exactly what was approved, chunk by chunk, and the passport that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from airflow_privacy.core.attest.passport import issue_passport
from airflow_privacy.core.errors import CheckFailed, PrivacyError, TerminalError
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.flow import Flow, Outcome
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.model.passport import Release, Statement, Subject
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.apply import table_of_dataset
from airflow_privacy.core.pipeline.approvals import Run, valid_approvals
from airflow_privacy.core.pipeline.evidence import Bundle, gather
from airflow_privacy.core.pipeline.places import Place, carry, content_of
from airflow_privacy.core.pipeline.proof import verify_passport_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.environments import environment_of


@dataclass(frozen=True, kw_only=True)
class Released:
    """A published dataset, its passport's digest, and what consumers are told."""

    outcome: Outcome
    passport: str
    level: str
    version: str

    def asset_extra(self) -> dict[str, str]:
        """What the asset event carries: digests and the privacy level."""
        return {"version": self.version, "passport": self.passport, "privacy_level": self.level}


def transfer(
    workspace: Workspace,
    caller: Caller,
    *,
    run: Run,
    dataset: ArtifactRef,
    risk: ArtifactRef,
    approvals: Sequence[ArtifactRef],
    out: str,
) -> Released:
    """Publish an approved dataset version at *out*. Doing it again changes nothing.

    :raises TerminalError: the approval does not cover exactly this; nothing is visible at the destination then.
    """
    try:
        bundle = gather(workspace, dataset=dataset, risk=risk)
        if environment_of(bundle.policy, out).name != bundle.plan.destination:
            raise CheckFailed(
                "wrong-destination",
                f"The approval is for environment {bundle.plan.destination!r}, and the target lies outside it",
                where=out,
            )
        valid_approvals(workspace, bundle, approvals, run=run)
        return _publish(workspace, caller, bundle, approvals=[ref.digest for ref in approvals], out=out)
    except TerminalError as error:
        record(workspace, caller, "refused", links={"dataset": dataset.digest, "risk": risk.digest}, reason=error.reason)
        raise


def _publish(workspace: Workspace, caller: Caller, bundle: Bundle, *, approvals: Sequence[str], out: str) -> Released:
    place = Place(uri=out, environment=environment_of(bundle.policy, out), scope=bundle.plan.scope)
    carried = carry(workspace, bundle.dataset, place)
    published = carried.dataset
    ref = workspace.artifacts.put(published, counts={"rows": published.rows, "files": len(published.files)})
    links = {"evidence": bundle.digest, "dataset": ref.digest}

    def issue() -> bytes:
        # The fact comes first: a crash may leave a fact without a publication, never a publication without a fact.
        agreed = {f"approval-{number}": digest for number, digest in enumerate(approvals, 1)}
        position = record(workspace, caller, "released", links={**links, **agreed}, counts=ref.counts)
        issued = workspace.now()
        statement = Statement(
            subject=tuple(
                Subject(name=name, digest={"sha256": digest.removeprefix("sha256:")})
                for name, digest in content_of(published).items()
            ),
            predicate=Release(
                dataset=ref.digest,
                version=published.version,
                manifest=carried.manifest,
                evidence=bundle.digest,
                plan=bundle.dataset.plan,
                risk=bundle.evidence.risk,
                approvals=tuple(approvals),
                level=bundle.report.level,
                k=bundle.report.after.k,
                purpose=bundle.plan.purpose,
                recipient=bundle.plan.recipient,
                destination=bundle.plan.destination,
                issued_at=issued.isoformat(timespec="seconds"),
                expires_at=(issued + timedelta(days=bundle.boundary.passport_days)).isoformat(timespec="seconds"),
                checkpoint=position.checkpoint,
            ),
        )
        return issue_passport(statement, workspace.keyring().signer("passport"))

    passport = _current_passport(workspace, bundle, out)
    if passport is None:
        envelope = carried.publish(issue)
        passport = sha256(envelope)
        record(workspace, caller, "transferred", links={**links, "passport": passport}, counts=ref.counts)
    flow = Flow(
        inputs=(table_of_dataset(bundle.dataset),),
        outputs=(table_of_dataset(published),),
        findings=bundle.findings,
        plan=bundle.plan,
        risk=bundle.report,
    )
    return Released(
        outcome=Outcome(ref=ref, flow=flow), passport=passport, level=describe(bundle.report.level), version=published.version
    )


def _current_passport(workspace: Workspace, bundle: Bundle, out: str) -> str | None:
    """The digest of the passport that is published now, if it already proves this very evidence."""
    try:
        checked = verify_passport_of(workspace, out)
    except PrivacyError:
        return None
    return checked.digest if checked.statement.predicate.evidence == bundle.digest else None
