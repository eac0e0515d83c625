"""What counts as drift, and what each kind leads to."""

from __future__ import annotations

import pickle
import random

import pytest
from findings_builders import column, findings

from airflow_privacy.core.detect.drift import (
    against_contract,
    against_findings,
    rate_changed,
    require_no_failure,
    rules_with,
    summary,
    with_drift,
)
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.drift import DriftRules
from airflow_privacy.core.model.refs import ColumnType

CAME = (ColumnType(name="a", dtype="string"), ColumnType(name="new", dtype="string"))
TABLE = Table(name="t", columns=(Column(name="a"), Column(name="gone")))
NO_RULES = DriftRules()


def test_a_column_that_only_one_side_of_the_contract_knows_fails_by_default() -> None:
    with pytest.raises(CheckFailed) as caught:
        require_no_failure(against_contract(CAME, TABLE, NO_RULES), where="t")
    assert caught.value.reason == "schema-drift"
    assert "'new'" in str(caught.value)
    assert "'gone'" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_a_rule_of_the_contract_decides_for_its_kind_alone() -> None:
    drift = against_contract(CAME, TABLE, DriftRules(new_column="quarantine"))
    assert [(one.column, one.action) for one in drift] == [("new", "quarantine"), ("gone", "fail")]


def test_an_override_decides_for_every_kind() -> None:
    rules = rules_with(DriftRules(new_column="fail"), "warn")
    assert rules
    assert {one.action for one in against_contract(CAME, TABLE, rules)} == {"warn"}


def test_ignoring_gives_no_rules_and_an_unknown_word_is_refused() -> None:
    assert rules_with(NO_RULES, "ignore") is None
    with pytest.raises(BadInput, match="on_drift"):
        rules_with(NO_RULES, "shrug")  # type: ignore[arg-type]


def test_equal_columns_do_not_drift() -> None:
    assert against_contract(CAME[:1], Table(name="t", columns=(Column(name="a"),)), NO_RULES) == ()


BEFORE = findings(
    column("city", entity="CITY", role="quasi-identifier", matched=600),
    column("notes", free_text=True, entity="FREE_TEXT", role="sensitive"),
    column("left"),
)


def changed(*columns, table=None):
    return [(one.kind, one.column) for one in against_findings(findings(*columns), BEFORE, table, NO_RULES)]


CITY, NOTES, LEFT = BEFORE.columns


def test_the_same_findings_do_not_drift() -> None:
    assert changed(CITY, NOTES, LEFT) == []


def test_columns_that_came_and_went_are_told() -> None:
    assert changed(CITY, NOTES, column("came")) == [("new-column", "came"), ("missing-column", "left")]


def test_columns_that_the_contract_lacks_are_told_once_by_the_comparison_with_the_contract() -> None:
    table = Table(name="t", columns=(Column(name="city"), Column(name="notes"), Column(name="left")))
    assert changed(CITY, NOTES, column("came"), table=table) == []


def test_a_promised_column_that_was_not_there_before_is_new() -> None:
    table = Table(name="t", columns=tuple(Column(name=name) for name in ("city", "notes", "left", "came")))
    assert changed(CITY, NOTES, LEFT, column("came"), table=table) == [("new-column", "came")]


def test_another_type_is_told() -> None:
    assert changed(column("city", dtype="integer", entity="CITY", role="quasi-identifier", matched=600), NOTES, LEFT) == [
        ("type", "city")
    ]


def test_another_entity_and_role_are_told() -> None:
    now = column("city", entity="EMAIL_ADDRESS", role="direct-identifier", matched=600)
    assert changed(now, NOTES, LEFT) == [("entity", "city"), ("role", "city")]


def test_one_more_entity_inside_values_is_told_and_one_less_is_not() -> None:
    more = column("notes", free_text=True, entity="FREE_TEXT", role="sensitive", embedded=("IBAN_CODE",))
    assert changed(CITY, more, LEFT) == [("entity", "notes")]
    back = against_findings(BEFORE, findings(CITY, more, LEFT), None, NO_RULES)
    assert back == ()


def test_what_a_steward_pinned_does_not_drift() -> None:
    pinned = Column(name="city", entity="EMAIL_ADDRESS", role="direct-identifier")
    table = Table(name="t", columns=(pinned, Column(name="notes"), Column(name="left")))
    now = column("city", entity="EMAIL_ADDRESS", role="direct-identifier", matched=600)
    assert changed(now, NOTES, LEFT, table=table) == []


def test_drift_of_findings_warns_by_default_and_names_counts() -> None:
    now = column("city", entity="CITY", role="quasi-identifier", matched=300)
    (one,) = against_findings(findings(now, NOTES, LEFT), BEFORE, None, NO_RULES)
    assert (one.kind, one.action, one.before, one.after) == ("rate", "warn", "600 of 600", "300 of 600")
    assert one.sentence() == "Column 'city' matches in 300 of 600 values, and in 600 of 600 of the last findings"


@pytest.mark.parametrize(
    ("before", "after", "is_drift"),
    [
        ((600, 600), (300, 600), True),
        ((0, 600), (600, 600), True),
        ((300, 600), (290, 600), False),  # noise
        ((500_000, 1_000_000), (505_000, 1_000_000), False),  # certain, and half a point
        ((1_000, 1_000_000), (3_000, 1_000_000), True),  # three times as many
        ((1, 100), (3, 100), False),
        ((0, 0), (10, 10), False),
    ],
)
def test_a_rate_changed_where_chance_does_not_explain_it_and_it_matters(
    before: tuple[int, int], after: tuple[int, int], is_drift: bool
) -> None:
    assert rate_changed(*before, *after) is is_drift
    assert rate_changed(*after, *before) is is_drift


@pytest.mark.parametrize(("rate", "rows"), [(0.001, 3_000), (0.02, 600), (0.3, 400), (0.97, 1_000)])
def test_samples_of_one_table_hardly_ever_drift(rate: float, rows: int) -> None:
    chance = random.Random(5)

    def draw() -> int:
        return sum(chance.random() < rate for _ in range(rows))

    false_alarms = sum(rate_changed(draw(), rows, draw(), rows) for _ in range(300))
    assert false_alarms <= 3


def test_quarantine_marks_the_columns_and_keeps_all_drift() -> None:
    drift = against_contract(CAME, TABLE, DriftRules(new_column="quarantine", missing_column="warn"))
    seen = with_drift(findings(column("a"), column("new")), drift)
    assert [one.quarantined for one in seen.columns] == [False, True]
    assert seen.drift == drift
    assert summary(drift) == "quarantine: new-column new; warn: missing-column gone"
