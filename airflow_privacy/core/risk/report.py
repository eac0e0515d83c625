"""The report that a release is decided on: figures before and after, the level, and every threshold that does not hold."""

from __future__ import annotations

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.levels import PrivacyLevel, describe, level_of, satisfies
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.risk import RiskFigures, RiskReport, Thresholds
from airflow_privacy.core.model.techniques import FreeText, parts_of
from airflow_privacy.core.model.techniques.leaves import leaves


def assess(
    *,
    dataset_digest: str,
    plan: MaskingPlan,
    plan_digest: str,
    before: RiskFigures,
    after: RiskFigures,
    k_with_tokens: int,
    rows_kept: float,
    boundary: Boundary,
    rows_dropped: float = 0.0,
) -> RiskReport:
    """Put figures, level and thresholds together. A threshold that does not hold is a violation in words, not an error.

    :param before: figures of the source, :param after: of the masked dataset, over the same quasi-identifiers.
    :param k_with_tokens: k with the pseudonyms counted among the quasi-identifiers.
    :param rows_kept: share of the source's rows that are released, 0 to 1.
    :param rows_dropped: share of the source's rows that the plan's rules about records left out: wanted, so no violation.
    """
    level = _level(plan, after, k_with_tokens)
    thresholds = Thresholds(
        min_k=boundary.min_k,
        max_prosecutor_risk=boundary.max_prosecutor_risk,
        max_marketer_risk=boundary.max_marketer_risk,
        min_l=boundary.min_l,
        level=boundary.level,
    )
    return RiskReport(
        dataset=dataset_digest,
        plan=plan_digest,
        quasi_identifiers=plan.quasi_identifiers(),
        tokens=plan.tokens(),
        before=before,
        after=after,
        k_with_tokens=k_with_tokens,
        rows_kept=rows_kept,
        thresholds=thresholds,
        level=level,
        violations=_violations(plan, after, rows_kept + rows_dropped, thresholds, level),
    )


def require_release(report: RiskReport) -> None:
    """Every threshold of the boundary holds.

    :raises CheckFailed: naming all that do not.
    """
    if report.violations:
        raise CheckFailed(
            "risk-threshold",
            "; ".join(report.violations),
            where=f"dataset {report.dataset[:19]}…",
            do="Generalize or suppress further in the policy, or change the boundary's thresholds.",
        )


def summary(report: RiskReport) -> str:
    """The report as a small table in plain text."""
    rows = _table(report)
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *_closing(report)])


def summary_markdown(report: RiskReport) -> str:
    """The report as a Markdown table, for an approver."""
    head, *rows = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in _table(report)]
    return "\n".join([head, "|---|---:|---:|---:|", *rows, "", *(f"- {line}" for line in _closing(report))])


def _level(plan: MaskingPlan, after: RiskFigures, k_with_tokens: int) -> PrivacyLevel:
    direct = {leaves(d.technique, d.entity) for d in plan.released() if d.role == "direct-identifier"}
    return level_of(
        direct_in_clear="value" in direct,
        # A generalized direct identifier is a part of it too: it is no quasi-identifier that the figures count.
        partial_identifiers="part" in direct or any(map(_holds_uncounted, plan.released())),
        tokens=bool(plan.tokens()),
        k=after.k,
        k_with_tokens=k_with_tokens,
        l=after.l,
    )


def _holds_uncounted(decision: Decision) -> bool:
    """Whether something identifying may be in the column that no equivalence class counts: what detection missed in a text, or
    what distinguishes the items of a list."""
    if any(isinstance(part, FreeText) for part in parts_of(decision.technique)):
        return True
    return decision.dtype == "nested" and decision.role != "non-sensitive" and leaves(decision.technique) in ("part", "value")


def _violations(
    plan: MaskingPlan, after: RiskFigures, rows_accounted: float, asked: Thresholds, level: PrivacyLevel
) -> tuple[str, ...]:
    found = []
    if after.k < asked.min_k:
        found.append(
            f"the smallest equivalence class has {_rows(after.k)}, at least {asked.min_k} are needed "
            f"({_rows(after.below_min_k)} in smaller classes)"
        )
    if after.prosecutor > asked.max_prosecutor_risk:
        found.append(f"prosecutor risk is {after.prosecutor:.2%}, at most {asked.max_prosecutor_risk:.2%} is allowed")
    if after.marketer > asked.max_marketer_risk:
        found.append(f"marketer risk is {after.marketer:.2%}, at most {asked.max_marketer_risk:.2%} is allowed")
    if after.l is None and plan.sensitive() and asked.min_l > 1:
        found.append(f"l-diversity of {', '.join(plan.sensitive())} was not measured, at least {asked.min_l} is needed")
    for one in after.attributes:
        if one.distinct_l < asked.min_l:
            found.append(
                f"a class has {one.distinct_l} distinct {_plural('value', one.distinct_l)} of {one.column}, "
                f"at least {asked.min_l} are needed"
            )
    if not satisfies(level, asked.level):
        found.append(f"the level is {describe(level)}, the boundary asks for {asked.level}")
    limit = plan.suppression.limit if plan.suppression is not None else 0.0
    if 1 - rows_accounted > limit + 1e-12:
        found.append(f"{1 - rows_accounted:.2%} of the rows were left out, at most {limit:.2%} is allowed")
    return tuple(found)


def _table(report: RiskReport) -> list[tuple[str, str, str, str]]:
    before, after, asked = report.before, report.after, report.thresholds
    rows = [
        ("", "before", "after", "allowed"),
        ("rows", f"{before.rows:,}", f"{after.rows:,}", ""),
        ("smallest group of equal rows (k)", f"{before.k:,}", f"{after.k:,}", f"at least {asked.min_k:,}"),
        ("k with tokens counted", "", f"{report.k_with_tokens:,}", ""),
        ("rows that stand alone", f"{before.sample_uniqueness:.2%}", f"{after.sample_uniqueness:.2%}", ""),
        ("highest risk (prosecutor)", f"{before.prosecutor:.2%}", f"{after.prosecutor:.2%}", _most(asked.max_prosecutor_risk)),
        ("average risk (marketer)", f"{before.marketer:.2%}", f"{after.marketer:.2%}", _most(asked.max_marketer_risk)),
        ("average group size", f"{before.average_class_size:,.1f}", f"{after.average_class_size:,.1f}", ""),
    ]
    if after.l is not None:
        was = "" if before.l is None else f"{before.l:,}"
        rows.append(("fewest sensitive values in a group (l)", was, f"{after.l:,}", f"at least {asked.min_l:,}"))
    return rows


def _closing(report: RiskReport) -> list[str]:
    columns = ", ".join(report.quasi_identifiers) or "none"
    lines = [f"Quasi-identifiers: {columns}", f"Level: {describe(report.level)}"]
    if report.violations:
        return [*lines, *(f"Does not hold: {one}" for one in report.violations)]
    return [*lines, "All thresholds hold."]


def _most(share: float) -> str:
    return f"at most {share:.2%}"


def _rows(count: int) -> str:
    return f"{count} {_plural('row', count)}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
