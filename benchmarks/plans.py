"""A plan for the benchmarks: only its decisions matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import Keep, Technique

SCOPE = "training/benchmark/nobody"


def plan_for(columns: Iterable[str], techniques: Mapping[str, Technique]) -> MaskingPlan:
    """What happens to each column; those that *techniques* leaves out are kept."""
    nothing = "sha256:" + "0" * 64
    stamp = FileStamp(uri="file:///benchmark.yaml", sha256=nothing)
    return MaskingPlan(
        contract=nothing,
        policy=nothing,
        findings=nothing,
        contract_file=stamp,
        policy_file=stamp,
        table="table",
        source="file:///table.parquet",
        source_digest=nothing,
        source_environment="production",
        destination="training",
        purpose="benchmark",
        recipient="nobody",
        scope=SCOPE,
        decisions=tuple(decision_on(name, techniques.get(name, Keep())) for name in columns),
        suppression=None,
    )


def decision_on(column: str, technique: Technique) -> Decision:
    """A decision by a rule that nobody wrote."""
    return Decision(
        column=column, dtype="string", entity=None, role="non-sensitive", technique=technique, rule="benchmark", reason="measured"
    )
