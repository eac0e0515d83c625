"""From contract, findings and policy to a masking plan: one decision a column, each with its rule and its reason.

What no rule matches is dropped: default deny (the privacy-by-default of ISO/IEC 27701 and GDPR Art. 25).
"""

from __future__ import annotations

import re

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role, Signal
from airflow_privacy.core.model.levels import parse_predicate
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordSuppression
from airflow_privacy.core.model.policy import Boundary, Policy, When
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import SUPPRESSING, Drop, Keep, Technique, name_of
from airflow_privacy.core.policy.environments import boundary_of, environment_of

DEFAULT_DENY = "default-deny"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")

# Which logical types a technique can take; those that are not listed take every type.
_TYPES: dict[str, frozenset[str]] = {
    "round": frozenset({"integer", "number", "decimal"}),
    "bins": frozenset({"integer", "number", "decimal"}),
    "truncate_date": frozenset({"date", "timestamp"}),
    "geo_prefix": frozenset({"string"}),
    "partial_mask": frozenset({"string"}),
    "redact": frozenset({"string"}),
}


def resolve(
    *,
    contract: Contract,
    contract_file: FileStamp,
    table: Table,
    findings: Findings,
    policy: Policy,
    policy_file: FileStamp,
    purpose: str,
    recipient: str,
    destination: str,
) -> MaskingPlan:
    """Decide every column of the findings, in their order; the first rule that matches a column wins.

    :raises CheckFailed: the contract does not allow the purpose; a rule keeps a direct identifier that the boundary does not
        accept in clear; a technique does not fit the column's type.
    :raises BadInput: unknown environment, no boundary, or a name that cannot name a scope.
    """
    for what, name in (("purpose", purpose), ("recipient", recipient), ("destination", destination)):
        if not _NAME.fullmatch(name):
            raise BadInput("bad-name", f"The {what} must be letters, digits, '_', '.' or '-', since it names a key's scope")
    if purpose not in contract.purposes:
        raise CheckFailed(
            "purpose-not-allowed",
            f"The contract does not allow the purpose {purpose!r}",
            where=contract_file.uri,
            do=f"It allows: {', '.join(contract.purposes) or 'none (privacy.purposes)'}.",
        )
    source_environment = environment_of(policy, findings.source).name
    boundary = boundary_of(policy, source_environment, destination)
    decisions = tuple(
        _decide(finding, table.column(finding.name), policy, boundary, purpose=purpose, where=policy_file.uri)
        for finding in findings.columns
    )
    quasi = tuple(d.column for d in decisions if d.role == "quasi-identifier" and not isinstance(d.technique, SUPPRESSING))
    suppression = None
    if quasi and boundary.min_k > 1:
        suppression = RecordSuppression(k=boundary.min_k, quasi_identifiers=quasi, limit=policy.suppression_limit)
    return MaskingPlan(
        contract=digest_of(contract),
        policy=digest_of(policy),
        findings=digest_of(findings),
        contract_file=contract_file,
        policy_file=policy_file,
        table=table.name,
        source=findings.source,
        source_digest=findings.source_digest,
        source_environment=source_environment,
        destination=destination,
        purpose=purpose,
        recipient=recipient,
        scope=f"{destination}/{purpose}/{recipient}",
        decisions=decisions,
        suppression=suppression,
    )


def _decide(
    finding: ColumnFinding, column: Column | None, policy: Policy, boundary: Boundary, *, purpose: str, where: str
) -> Decision:
    entity = (column.entity if column else None) or finding.entity
    role = (column.role if column else None) or finding.role
    if finding.name in policy.quasi_identifiers and role != "direct-identifier":
        role = "quasi-identifier"
    rule = next(
        (
            rule
            for rule in policy.rules
            if _matches(rule.when, finding.name, entity, role, column, purpose=purpose, destination=boundary.destination)
        ),
        None,
    )
    technique: Technique = rule.then if rule else Drop()
    name = rule.name if rule else DEFAULT_DENY
    _require_safe(finding, role, technique, boundary, where=f"{where}, rule {name}, column {finding.name}")
    because = (rule.because or "the rule says so") if rule else "no rule names it"
    return Decision(
        column=finding.name,
        dtype=finding.dtype,
        entity=entity,
        role=role,
        technique=technique,
        rule=name,
        reason=f"{_seen(finding)}; {because}",
    )


def _matches(
    when: When, name: str, entity: str | None, role: Role, column: Column | None, *, purpose: str, destination: str
) -> bool:
    classification = column.classification if column else None
    tags = set(column.tags) if column else set()
    return (
        (not when.column or name in when.column)
        and (not when.entity or entity in when.entity)
        and (not when.role or role in when.role)
        and (not when.classification or classification in when.classification)
        and (not when.tag or bool(tags & set(when.tag)))
        and (not when.purpose or purpose in when.purpose)
        and (not when.destination or destination in when.destination)
    )


def _require_safe(finding: ColumnFinding, role: Role, technique: Technique, boundary: Boundary, *, where: str) -> None:
    fitting = _TYPES.get(name_of(technique))
    if fitting is not None and finding.dtype not in fitting:
        raise CheckFailed(
            "technique-does-not-fit",
            f"{name_of(technique)} takes {', '.join(sorted(fitting))}, and the column is {finding.dtype}",
            where=where,
            do="Choose another technique for it.",
        )
    accepts_raw = any(kind == "raw" for kind, _ in parse_predicate(boundary.level))
    if isinstance(technique, Keep) and not accepts_raw and (role == "direct-identifier" or finding.embedded):
        held = f"text that holds {', '.join(finding.embedded)}" if finding.embedded else "a direct identifier"
        raise CheckFailed(
            "identifier-kept",
            f"The rule keeps {held}, and the boundary does not accept it in clear",
            where=where,
            do="Choose a technique, or overrule the verdict in the contract with privacy.role.",
        )


def _seen(finding: ColumnFinding) -> str:
    if not finding.signals:
        return "nothing personal seen"
    return ", ".join(_say(signal) for signal in finding.signals[:3])


def _say(signal: Signal) -> str:
    if signal.checked:
        share = signal.matched / signal.checked
        return f"{signal.detail} ({share:.1%} of {signal.checked:,} values)"
    return signal.detail
