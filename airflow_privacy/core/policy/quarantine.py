"""Columns that drifted: no rule releases what detection, the contract or the policy put into quarantine."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.drift import Drift, DriftAction, stricter
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.techniques.reads import joined_columns

QUARANTINE = "quarantine"
"""What stands in place of a rule's name."""


def require_no_drift(findings: Findings, policy: Policy, *, where: str) -> None:
    """:raises CheckFailed: ``drift-refused``: the policy lets no run go on with drift of such a kind."""
    refused = [drift for drift in findings.drift if _action(drift, policy) == "fail"]
    if refused:
        raise CheckFailed(
            "drift-refused",
            "The policy does not let a plan be made: " + "; ".join(drift.sentence() for drift in refused),
            where=where,
            do="Repair the source, or have the contract changed.",
        )


def quarantined(finding: ColumnFinding, policy: Policy, findings: Findings) -> tuple[str, ...]:
    """Why a column is in quarantine, one sentence for each drift; none where it is not."""
    why = tuple(
        f"in quarantine: {drift.sentence()}"
        for drift in findings.drift
        if drift.column == finding.name and _action(drift, policy) == "quarantine"
    )
    return why or (("in quarantine since detection",) if finding.quarantined else ())


def require_apart(decisions: Iterable[Decision], policy: Policy, findings: Findings, *, where: str) -> None:
    """:raises CheckFailed: ``quarantined-column-joined``: values of a quarantined column would be in another one's tokens."""
    held_back = {finding.name for finding in findings.columns if quarantined(finding, policy, findings)}
    for decision in decisions:
        joined = [name for name in joined_columns(decision.technique) if name in held_back]
        if joined:
            raise CheckFailed(
                "quarantined-column-joined",
                f"The rule {decision.rule!r} joins the quarantined column {joined[0]!r} into the tokens of {decision.column!r}",
                where=where,
                do="Repair the source, or have the contract changed.",
            )


def _action(drift: Drift, policy: Policy) -> DriftAction:
    """What detection decided, or the policy where it is stricter."""
    return stricter(drift.action, policy.drift.action(drift.kind))
