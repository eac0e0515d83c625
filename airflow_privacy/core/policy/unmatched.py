"""Rules that decided nothing: most are about other tables, and one may be misspelt."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.policy import Policy, Rule
from airflow_privacy.core.model.yaml_nodes import suggest


def unmatched_rules(plan: MaskingPlan, findings: Findings, policy: Policy) -> tuple[str, ...]:
    """The rules that decided no column of *plan*, in the policy's order, with the nearest word of the table where one is near.

    Rules for another purpose or destination are not among them. Rules about records are, where the table has no such column.
    """
    used = {decision.rule for decision in plan.decisions}
    about = [
        rule
        for rule in policy.rules
        if rule.name not in used
        and (not rule.when.purpose or plan.purpose in rule.when.purpose)
        and (not rule.when.destination or plan.destination in rule.when.destination)
    ]
    names = [column.name for column in findings.columns]
    entities = {decision.entity for decision in plan.decisions if decision.entity}
    records = [rule for rule in policy.drop_records if rule not in plan.drop_records]
    return (
        *(_told(rule.name, _near(rule, names, entities)) for rule in about),
        *(_told(f"{rule.name} (about records)", _suggestion((rule.column,), names)) for rule in records),
    )


def _told(name: str, hint: str) -> str:
    return f"{name} ({hint})" if hint else name


def _near(rule: Rule, names: Iterable[str], entities: Iterable[str]) -> str:
    return _suggestion(rule.when.column, names) or _suggestion(rule.when.entity, entities)


def _suggestion(given: Iterable[str], known: Iterable[str]) -> str:
    there = set(known)
    return next((hint for word in given if word not in there and (hint := suggest(word, there))), "")
