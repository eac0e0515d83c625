"""Policies, findings and contracts for these tests; each caller says only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role, Signal
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.policy import Boundary, Environment, Policy, Rule, When
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import Technique
from airflow_privacy.core.policy.resolve import resolve

HEAD = """\
name: rules
version: "1"
environments:
  - {name: production, base_uris: [/data/raw]}
  - {name: training, base_uris: [/data/training]}
boundaries:
  - {source: production, destination: training, approvers: [stella], level: pseudonymized, min_k: 5}
"""


def finding(
    name: str,
    entity: str | None = None,
    role: Role = "non-sensitive",
    *,
    dtype: str = "string",
    embedded: tuple[str, ...] = (),
    signals: tuple[Signal, ...] = (),
    distinct: int = 0,
    free_text: bool = False,
) -> ColumnFinding:
    return ColumnFinding(
        name=name,
        dtype=dtype,
        entity=entity,
        role=role,
        confidence=0.9,
        matched=0,
        non_missing=0,
        distinct=distinct,
        free_text=free_text or bool(embedded),
        embedded=embedded,
        coverage_bound_95=0.0,
        signals=signals,
    )


def findings_of(*columns: ColumnFinding, rows: int = 10, scanned: int | None = None) -> Findings:
    return Findings(
        contract=None,
        source="/data/raw/t.parquet",
        source_digest="sha256:0",
        rows_scanned=rows if scanned is None else scanned,
        rows_total=rows,
        columns=columns,
    )


def rule(name: str, then: Technique, *, because: str = "", **when: Any) -> Rule:
    return Rule(name=name, when=When(**when), then=then, because=because)


def policy_of(
    *rules: Rule,
    level: str = "pseudonymized or k_anonymous(k>=5)",
    min_k: int = 5,
    quasi_identifiers: tuple[str, ...] = (),
    suppression_limit: float = 0.05,
    reversible: bool = False,
    **given: Any,
) -> Policy:
    return Policy(
        name="rules",
        version="1",
        environments=(
            Environment(name="production", base_uris=("/data/raw",)),
            Environment(name="training", base_uris=("/data/training",)),
            Environment(name="research", base_uris=("/data/research",)),
        ),
        boundaries=tuple(
            Boundary(
                source="production",
                destination=destination,
                approvers=("stella",),
                level=level,
                min_k=min_k,
                reversible=reversible,
            )
            for destination in ("training", "research")
        ),
        quasi_identifiers=quasi_identifiers,
        suppression_limit=suppression_limit,
        rules=rules,
        **given,
    )


def contract_of(columns: Iterable[Column], *, purposes: tuple[str, ...] = ("churn",)) -> Contract:
    table = Table(name="t", columns=tuple(columns))
    return Contract(id="c", name="c", version="1", status="active", purposes=purposes, tables=(table,))


def plan_of(
    policy: Policy,
    *columns: ColumnFinding,
    promised: Iterable[Column] | None = None,
    purpose: str = "churn",
    purposes: tuple[str, ...] = ("churn", "fraud"),
    recipient: str = "team",
    destination: str = "training",
    rows: int = 10,
    scanned: int | None = None,
) -> MaskingPlan:
    """The plan for *columns*; the contract promises all of them by name unless *promised* says otherwise."""
    known = [Column(name=column.name) for column in columns] if promised is None else promised
    contract = contract_of(known, purposes=purposes)
    return resolve(
        contract=contract,
        contract_file=FileStamp(uri="c.yaml", sha256="sha256:1"),
        table=contract.tables[0],
        findings=findings_of(*columns, rows=rows, scanned=scanned),
        policy=policy,
        policy_file=FileStamp(uri="p.yaml", sha256="sha256:2"),
        purpose=purpose,
        recipient=recipient,
        destination=destination,
    )


def decide(policy: Policy, column: ColumnFinding, promised: Column | None = None, **given: Any) -> Decision:
    """The one decision on one column."""
    [decision] = plan_of(policy, column, promised=[promised] if promised else None, **given).decisions
    return decision
