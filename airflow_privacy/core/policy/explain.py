"""A plan in words, for a steward: what each column is, what happens to it, and why."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import PurePath

import msgspec

from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordRule
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.techniques import FreeText, Inside, Presidio, Technique, TechniqueBase, name_of
from airflow_privacy.core.policy.unmatched import unmatched_rules

_LINE = 120
_JOINED: dict[type, str] = {FreeText: "; ", Inside: "; "}
_WIDTHS = (16, 26, 24, 48)
_HEADS = ("column", "what it is", "what happens", "why (rule: reason)")
_MARKDOWN = re.compile(r"[\\`*\[\]<>|]")


def explain(plan: MaskingPlan, findings: Findings, policy: Policy | None = None) -> str:
    """A table of fixed width, at most 120 characters, for a terminal.

    :param policy: the plan's policy: its rules that decided nothing are then named, since one of them may be misspelt.
    """
    lines = [
        f"{plan.table}: {plan.source_environment} → {plan.destination}, purpose {plan.purpose}, recipient {plan.recipient}",
        f"plan {digest_of(plan).removeprefix('sha256:')[:12]}; {_suppression(plan)}",
        *(line for note in _notes(plan, findings, policy) for line in textwrap.wrap(_printable(note), _LINE)),
        "",
        *_row(_HEADS),
        *_row(tuple("-" * width for width in _WIDTHS)),
    ]
    for decision in plan.decisions:
        lines += _row(_cells(decision, findings))
    return "\n".join(lines)


def explain_markdown(plan: MaskingPlan, findings: Findings, policy: Policy | None = None) -> str:
    """The same as a Markdown table. A name in it can neither break the table nor become a link, an image or HTML."""
    rows = [_HEADS, ("---",) * len(_HEADS), *(_cells(decision, findings) for decision in plan.decisions)]
    table = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    told = [_escaped(_printable(note)) for note in (_suppression(plan), *_notes(plan, findings, policy))]
    return "\n".join([*table, *(line for note in told for line in ("", f"{note[:1].upper()}{note[1:]}."))])


def _notes(plan: MaskingPlan, findings: Findings, policy: Policy | None) -> Iterator[str]:
    for rule in plan.drop_records:
        yield f"records are left out by rule {rule.name}: where {rule.column} {_condition(rule)}"
    unmatched = unmatched_rules(plan, findings, policy) if policy is not None else ()
    if unmatched:
        yield f"rules that matched nothing: {'; '.join(unmatched)}"


def _condition(rule: RecordRule) -> str:
    """What a record rule asks for. What it compares with is not shown: it may be a person's value."""
    conditions = {
        "is missing": rule.missing is True,
        "is there": rule.missing is False,
        f"equals one of {len(rule.equals)} values": bool(rule.equals),
        "is below a bound": rule.below is not None,
        "is above a bound": rule.above is not None,
    }
    return " and ".join(words for words, given in conditions.items() if given)


def _cells(decision: Decision, findings: Findings) -> tuple[str, str, str, str]:
    finding = findings.column(decision.column)
    what = decision.entity or "-"
    if finding and finding.embedded:
        what += f" with {', '.join(finding.embedded)}"
    cells = (decision.column, f"{what} ({decision.role})", _happens(decision.technique), f"{decision.rule}: {decision.reason}")
    column, entity, happens, why = map(_printable, cells)
    return column, entity, happens, why


def _happens(technique: Technique) -> str:
    """The technique with the parameters that are not at their default; nested ones alike."""
    told = list(_parameters(technique))
    return name_of(technique) + (f" ({_JOINED.get(type(technique), ', ').join(told)})" if told else "")


def _parameters(technique: Technique) -> Iterator[str]:
    if isinstance(technique, FreeText):
        yield from (f"{entity}: {_happens(part)}" for entity, part in technique.entities.items())
        yield f"other entities: {_happens(technique.default)}"
    if isinstance(technique, Inside):
        yield from (f"{path}: {_happens(part)}" for path, part in technique.fields.items())
        yield "other fields: drop"
    for field in msgspec.structs.fields(type(technique)):
        value = getattr(technique, field.name)
        if value == field.default or (field.default_factory is not msgspec.NODEFAULT and value == field.default_factory()):
            continue
        if (
            field.name == "sha256"
            or isinstance(value, TechniqueBase)
            or (isinstance(value, dict) and not isinstance(technique, Presidio))
        ):
            continue
        yield f"{field.name} {_value(field.name, value)}"


def _value(name: str, value: object) -> str:
    """A parameter in words: of a file its name, of a user's own parameters (they may be anything) theirs only."""
    if isinstance(value, dict):
        return ", ".join(value)
    if isinstance(value, tuple):
        return ", ".join(_value(name, one) for one in value)
    if isinstance(value, str) and name in ("file", "populations"):
        return PurePath(value).name
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
