"""From contract, findings and policy to a masking plan: one decision a column, each with its rule and its reason.

What no rule matches is dropped: default deny (the privacy-by-default of ISO/IEC 27701 and GDPR Art. 25).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.entity_roles import usual_role
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role, Signal
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordRule, RecordSuppression
from airflow_privacy.core.model.policy import Boundary, Policy, Rule, When
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import SUPPRESSING, Drop, Technique
from airflow_privacy.core.model.techniques.leaves import is_verbatim
from airflow_privacy.core.policy.environments import boundary_of, environment_of
from airflow_privacy.core.policy.quarantine import QUARANTINE, quarantined, require_apart, require_no_drift
from airflow_privacy.core.policy.safety import require_columns, require_fit, require_safe

DEFAULT_DENY = "default-deny"
_NUMERIC = frozenset({"integer", "number", "decimal"})
_DATED = frozenset({"date", "timestamp"})
_COMPARABLE = _NUMERIC | {"string", "boolean"}
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]+")


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

    What the contract pins (``privacy.entity``, ``privacy.role``) outranks detection, whether detection knew the contract or not.
    Words of classifications and tags are compared without regard to case. A misspelt entity or column in a rule matches nothing:
    the column falls to a later rule, or is dropped; the explanation names such rules. A rule about records is for the tables that
    have its column, and no other.

    :raises CheckFailed: the contract does not allow the purpose; a technique is not safe for its column, or not at this boundary
        (:mod:`airflow_privacy.core.policy.safety`); it does not fit the column's type, or names a column that is not there.
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
    require_no_drift(findings, policy, where=policy_file.uri)
    decisions = tuple(
        _decide(finding, table.column(finding.name), policy, boundary, findings, purpose=purpose, where=policy_file.uri)
        for finding in findings.columns
    )
    require_apart(decisions, policy, findings, where=policy_file.uri)
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
        scope=_scope(policy, destination=destination, purpose=purpose, recipient=recipient, dataset=table.name),
        decisions=decisions,
        suppression=suppression,
        drop_records=_record_rules(policy, findings, where=policy_file.uri),
    )


def _scope(policy: Policy, *, destination: str, purpose: str, recipient: str, dataset: str) -> str:
    """``<destination>/<purpose>/<recipient>``, ``*`` for what the policy does not part by; ``/<dataset>`` where it does."""
    parts = {"environment": destination, "purpose": purpose, "recipient": recipient}
    scope = "/".join(value if part in policy.scope_by else "*" for part, value in parts.items())
    if "dataset" not in policy.scope_by:
        return scope
    if not _NAME.fullmatch(dataset):
        what = "The table's name must be letters, digits, '_', '.' or '-', since the policy parts keys by dataset"
        raise BadInput("bad-name", what, do="Rename it in the contract, or take dataset out of scope_by.")
    return f"{scope}/{dataset}"


def _record_rules(policy: Policy, findings: Findings, *, where: str) -> tuple[RecordRule, ...]:
    """The rules about records whose column the table has: a policy is for many tables, and most have other columns.

    :raises CheckFailed: a rule compares with what the column cannot hold.
    """
    rules = []
    for rule in policy.drop_records:
        finding = findings.column(rule.column)
        if finding is None:
            continue
        bounds = [bound for bound in (rule.below, rule.above) if bound is not None]
        dated = any(isinstance(bound, str) for bound in bounds)
        kinds = _DATED if dated else _NUMERIC
        if (bounds and finding.dtype not in kinds) or (rule.equals and finding.dtype not in _COMPARABLE):
            raise CheckFailed(
                "record-rule-does-not-fit",
                f"The record rule {rule.name!r} compares with {'a date' if dated else 'values'}, and the column "
                f"{rule.column!r} is {finding.dtype}",
                where=where,
                do="Correct the rule, or change the column's type at the source.",
            )
        rules.append(rule)
    return tuple(rules)


def _decide(
    finding: ColumnFinding,
    column: Column | None,
    policy: Policy,
    boundary: Boundary,
    findings: Findings,
    *,
    purpose: str,
    where: str,
) -> Decision:
    entity = (column.entity if column else None) or finding.entity
    role = _role(finding, column)
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
    held_back = quarantined(finding, policy, findings)
    if held_back:
        rule = None
    technique: Technique = rule.then if rule else Drop()
    name = rule.name if rule else QUARANTINE if held_back else DEFAULT_DENY
    place = f"{where}, rule {name}, column {finding.name}"
    require_fit(finding, technique, where=place)
    require_columns(finding, technique, findings, where=place)
    require_safe(finding, entity, role, technique, boundary, findings, where=place)
    if is_verbatim(technique) and finding.embedded:
        role = "direct-identifier"  # what single values hold is released with them, and the privacy level must say so
    return Decision(
        column=finding.name,
        dtype=finding.dtype,
        entity=entity,
        role=role,
        technique=technique,
        rule=name,
        reason="; ".join(_reasons(finding, column, role, policy, rule, held_back)),
    )


def _role(finding: ColumnFinding, column: Column | None) -> Role:
    """The pinned role, else the usual one of a pinned entity (detection gave its own without knowing it), else detection's."""
    if column is not None and column.role is not None:
        return column.role
    if column is None or column.entity is None or finding.role == "direct-identifier":
        return finding.role
    return usual_role(column.entity)


def _matches(
    when: When, name: str, entity: str | None, role: Role, column: Column | None, *, purpose: str, destination: str
) -> bool:
    classification = _folded((column.classification,) if column and column.classification else ())
    tags = _folded(column.tags if column else ())
    return (
        (not when.column or name in when.column)
        and (not when.entity or entity in when.entity)
        and (not when.role or role in when.role)
        and (not when.classification or bool(classification & _folded(when.classification)))
        and (not when.tag or bool(tags & _folded(when.tag)))
        and (not when.purpose or purpose in when.purpose)
        and (not when.destination or destination in when.destination)
    )


def _folded(words: Iterable[str]) -> set[str]:
    return {word.strip().casefold() for word in words}


def _reasons(
    finding: ColumnFinding, column: Column | None, role: Role, policy: Policy, rule: Rule | None, why: Sequence[str] = ()
) -> Iterator[str]:
    """Why, in words: the rule's reason, who overruled detection, and what was seen. Names and counts, never values."""
    if why:
        yield from why
    else:
        yield (rule.because or "the rule says so") if rule else "no rule names it"
    pinned = [(pin, seen) for pin, seen in _pins(column, finding) if pin]
    if pinned:
        overruled = [seen or "nothing personal" for pin, seen in pinned if pin != seen]
        against = f", and overrules detection ({', '.join(overruled)})" if overruled else ""
        yield f"the contract says {', '.join(pin for pin, _ in pinned)}{against}"
    if finding.name in policy.quasi_identifiers and role == "quasi-identifier":
        yield "the policy counts it as a quasi-identifier"
    yield f"seen: {_seen(finding)}"
    if column is None:
        yield "the contract does not promise the column"
    elif not pinned and any(signal.source == "contract" for signal in finding.signals):
        yield from _classified(column)


def _pins(column: Column | None, finding: ColumnFinding) -> tuple[tuple[str, str], ...]:
    if column is None:
        return ()
    seen = finding.detected or finding  # what detection said before the contract was asked
    return (column.entity or "", seen.entity or ""), (column.role or "", seen.role)


def _classified(column: Column) -> Iterator[str]:
    if column.classification:
        yield f"the contract classifies it {column.classification}"
    if column.tags:
        yield f"the contract tags it {', '.join(column.tags[:3])}"


def _seen(finding: ColumnFinding) -> str:
    seen: list[str] = []
    named = False
    for signal in finding.signals:
        if signal.source == "contract":
            continue
        if named and signal.source == "shape" and signal.matched == signal.checked:
            seen[-1] += ", and the values fit"  # the shape that a name made us expect
        else:
            seen.append(_say(signal))
        named = signal.source == "name"
    return ", ".join(seen[:3]) or "nothing personal"


def _say(signal: Signal) -> str:
    by = {"presidio": "Presidio: ", "type": "" if " " in signal.detail else "type "}.get(signal.source, "")
    return f"{by}{signal.detail}" + (f" ({_share(signal.matched, signal.checked)})" if signal.checked else "")


def _share(matched: int, checked: int) -> str:
    if matched == checked:
        return f"all {checked:,} values"
    share = matched / checked
    exact = not 0.001 <= share < 0.9995  # 0.0 % and 100.0 % would say something else
    return f"{matched:,} of {checked:,} values" if exact else f"{share:.1%} of {checked:,} values"
