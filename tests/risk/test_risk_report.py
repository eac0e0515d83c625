from __future__ import annotations

import msgspec
import pytest
from masking_builders import decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.codec import canonical, parse
from airflow_privacy.core.model.levels import Deidentified, KAnonymous, Pseudonymized, Raw
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.risk import RiskFigures, RiskReport, SensitiveFigures
from airflow_privacy.core.model.techniques import Bins, Drop, GeoPrefix, HmacToken, Keep, Null, PartialMask
from airflow_privacy.core.risk.report import assess, require_release, summary, summary_markdown

DIGEST = "sha256:" + "a" * 64
ANY_LEVEL = "raw or pseudonymized or deidentified or k_anonymous"


def plan(*decisions, limit=None):
    told = (decision(name, technique, role=role) for name, role, technique in decisions)
    return plan_of(*told) if limit is None else plan_of(*told, k=2, over=("age",), limit=limit)


def figures(k=5, l=None, rows=100, classes=10):  # noqa: E741
    attributes = () if l is None else (SensitiveFigures(column="illness", distinct_l=l),)
    return RiskFigures(
        rows=rows,
        classes=classes,
        k=k,
        l=l,
        sample_uniqueness=0.0,
        prosecutor=1 / k,
        journalist=1 / k,
        marketer=classes / rows,
        average_class_size=rows / classes,
        below_min_k=0,
        attributes=attributes,
    )


BINNED = ("age", "quasi-identifier", Bins(edges=(18,)))


def report(*decisions, after=None, k_with_tokens=5, rows_kept=1.0, limit=None, **boundary):
    asked = {"level": ANY_LEVEL, "min_k": 1, **boundary}
    return assess(
        dataset_digest=DIGEST,
        plan=plan(*(decisions or (BINNED,)), limit=limit),
        plan_digest=DIGEST,
        before=figures(k=1, classes=90),
        after=after or figures(),
        k_with_tokens=k_with_tokens,
        rows_kept=rows_kept,
        boundary=Boundary(source="a", destination="b", approvers=("ann",), **asked),
    )


@pytest.mark.parametrize(
    ("decisions", "k", "k_with_tokens", "level"),
    [
        ([("id", "direct-identifier", Keep()), BINNED], 5, 5, Raw()),
        ([("id", "direct-identifier", PartialMask(keep_last=4)), BINNED], 5, 5, Pseudonymized()),
        ([("id", "direct-identifier", GeoPrefix(length=99)), BINNED], 5, 5, Raw()),
        ([("id", "direct-identifier", HmacToken()), BINNED], 5, 1, Pseudonymized()),
        ([("id", "direct-identifier", HmacToken()), BINNED], 5, 3, KAnonymous(k=3)),
        ([("id", "direct-identifier", Null()), BINNED], 5, 5, KAnonymous(k=5)),
        ([("id", "direct-identifier", Drop()), BINNED], 1, 1, Deidentified()),
    ],
)
def test_the_level_is_that_of_plan_and_figures(decisions, k, k_with_tokens, level):
    assert report(*decisions, after=figures(k=k), k_with_tokens=k_with_tokens).level == level


def test_a_report_without_violations_can_be_released():
    good = report(min_k=5, max_prosecutor_risk=0.2, max_marketer_risk=0.1)
    assert good.violations == ()
    require_release(good)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"min_k": 6}, "the smallest equivalence class has 5 rows, at least 6 are needed"),
        ({"max_prosecutor_risk": 0.19}, "prosecutor risk is 20.00%, at most 19.00% is allowed"),
        ({"max_marketer_risk": 0.09}, "marketer risk is 10.00%, at most 9.00% is allowed"),
        ({"level": "k_anonymous(k>=6)"}, "the level is K_ANONYMOUS(k=5), the boundary asks for k_anonymous(k>=6)"),
        ({"rows_kept": 0.99}, "1.00% of the rows were left out, at most 0.00% is allowed"),
        ({"after": figures(l=1), "min_l": 2}, "a class has 1 distinct value of illness, at least 2 are needed"),
    ],
)
def test_each_threshold_that_does_not_hold_is_said_in_words(given, words):
    bad = report(**given)
    assert len(bad.violations) == 1
    assert bad.violations[0].startswith(words)
    with pytest.raises(CheckFailed, match="risk-threshold"):
        require_release(bad)


def test_l_that_was_not_measured_holds_no_threshold():
    bad = report(BINNED, ("illness", "sensitive", Keep()), min_l=2)
    assert bad.violations == ("l-diversity of illness was not measured, at least 2 is needed",)


def test_all_violations_are_named_at_once():
    with pytest.raises(CheckFailed) as caught:
        require_release(report(min_k=9, max_marketer_risk=0.01))
    assert "equivalence class" in caught.value.what
    assert "marketer" in caught.value.what


def test_rows_left_out_within_the_limit_are_no_violation():
    assert report(rows_kept=0.9, limit=0.1).violations == ()


def test_a_report_names_quasi_identifiers_and_tokens_and_has_a_canonical_form():
    made = report(BINNED, ("id", "direct-identifier", HmacToken()))
    assert (made.quasi_identifiers, made.tokens) == (("age",), ("id",))
    assert parse(RiskReport, canonical(made), where="report") == made


def test_the_summary_shows_before_and_after():
    lines = summary(report(after=figures(k=5, l=2), min_k=3)).splitlines()
    assert lines[0].split() == ["before", "after", "allowed"]
    assert any(
        line.split() == ["smallest", "group", "of", "equal", "rows", "(k)", "1", "5", "at", "least", "3"] for line in lines
    )
    assert "Level: K_ANONYMOUS(k=5, l=2)" in lines
    assert lines[-1] == "All thresholds hold."


def test_the_markdown_summary_is_a_table_and_names_violations():
    text = summary_markdown(msgspec.structs.replace(report(min_k=9)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {5}
    assert "- Does not hold: the smallest equivalence class has 5 rows" in text
