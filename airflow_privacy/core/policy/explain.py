"""A plan in words, for a steward: what each column is, what happens to it, and why."""

from __future__ import annotations

import textwrap

import msgspec

from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.techniques import name_of

_WIDTHS = (16, 26, 24, 48)
_HEADS = ("column", "what it is", "what happens", "why (rule: evidence)")


def explain(plan: MaskingPlan, findings: Findings) -> str:
    """A table of fixed width, at most 120 characters, for a terminal."""
    lines = [
        f"{plan.table}: {plan.source_environment} → {plan.destination}, purpose {plan.purpose}, recipient {plan.recipient}",
        f"plan {digest_of(plan).removeprefix('sha256:')[:12]}; {_suppression(plan)}",
        "",
        *_row(_HEADS),
        *_row(tuple("-" * width for width in _WIDTHS)),
    ]
    for decision in plan.decisions:
        lines += _row(_cells(decision, findings))
    return "\n".join(lines)


def explain_markdown(plan: MaskingPlan, findings: Findings) -> str:
    """The same as a Markdown table; a pipe in a name cannot break it."""
    rows = [_HEADS, ("---",) * len(_HEADS), *(_cells(decision, findings) for decision in plan.decisions)]
    table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([*table, "", f"{_suppression(plan).capitalize()}."])


def _cells(decision: Decision, findings: Findings) -> tuple[str, str, str, str]:
    finding = findings.column(decision.column)
    what = decision.entity or "-"
    if finding and finding.embedded:
        what += f" with {', '.join(finding.embedded)}"
    return decision.column, f"{what} ({decision.role})", _happens(decision), f"{decision.rule}: {decision.reason}"


def _happens(decision: Decision) -> str:
    parameters = {k: v for k, v in msgspec.to_builtins(decision.technique).items() if k != "technique"}
    given = ", ".join(f"{name} {value}" for name, value in parameters.items())
    return name_of(decision.technique) + (f" ({given})" if given else "")


def _suppression(plan: MaskingPlan) -> str:
    if plan.suppression is None:
        return "no record is suppressed"
    over = ", ".join(plan.suppression.quasi_identifiers)
    return (
        f"records in classes below k={plan.suppression.k} over {over} are suppressed, "
        f"up to {plan.suppression.limit:.0%} of all rows"
    )


def _row(cells: tuple[str, ...]) -> list[str]:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    height = max(len(lines) for lines in wrapped)
    return [
        "  ".join(
            (lines[row] if row < len(lines) else "").ljust(width) for lines, width in zip(wrapped, _WIDTHS, strict=True)
        ).rstrip()
        for row in range(height)
    ]
