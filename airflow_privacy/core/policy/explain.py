"""A plan in words, for a steward: what each column is, what happens to it, and why."""

from __future__ import annotations

import re
import textwrap

import msgspec

from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.techniques import Technique, name_of

_WIDTHS = (16, 26, 24, 48)
_HEADS = ("column", "what it is", "what happens", "why (rule: reason)")
_MARKDOWN = re.compile(r"[\\`*\[\]<>|]")


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
    """The same as a Markdown table. A name in it can neither break the table nor become a link, an image or HTML."""
    rows = [_HEADS, ("---",) * len(_HEADS), *(_cells(decision, findings) for decision in plan.decisions)]
    table = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    told = _escaped(_printable(_suppression(plan)))
    return "\n".join([*table, "", f"{told[:1].upper()}{told[1:]}."])


def _cells(decision: Decision, findings: Findings) -> tuple[str, str, str, str]:
    finding = findings.column(decision.column)
    what = decision.entity or "-"
    if finding and finding.embedded:
        what += f" with {', '.join(finding.embedded)}"
    cells = (decision.column, f"{what} ({decision.role})", _happens(decision.technique), f"{decision.rule}: {decision.reason}")
    column, entity, happens, why = map(_printable, cells)
    return column, entity, happens, why


def _happens(technique: Technique) -> str:
    """The technique with the parameters that are not at their default."""
    fields = msgspec.structs.fields(type(technique))
    given = ((field, getattr(technique, field.name)) for field in fields)
    told = [f"{field.name} {_value(value)}" for field, value in given if value != field.default]
    return name_of(technique) + (f" ({', '.join(told)})" if told else "")


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _suppression(plan: MaskingPlan) -> str:
    if plan.suppression is None:
        return "no record is suppressed"
    over = ", ".join(plan.suppression.quasi_identifiers)
    return (
        f"records in classes below k={plan.suppression.k} over {over} are suppressed, "
        f"up to {plan.suppression.limit:.0%} of all rows"
    )


def _row(cells: tuple[str, ...]) -> list[str]:
    wrapped = [textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    height = max(len(lines) for lines in wrapped)
    return [
        "  ".join(
            (lines[row] if row < len(lines) else "").ljust(width) for lines, width in zip(wrapped, _WIDTHS, strict=True)
        ).rstrip()
        for row in range(height)
    ]


def _printable(text: str) -> str:
    """Column names come from data: no line breaks, no terminal controls."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _escaped(cell: str) -> str:
    return _MARKDOWN.sub(lambda match: f"\\{match[0]}", cell)
