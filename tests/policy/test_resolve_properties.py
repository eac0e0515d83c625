"""What holds for every policy: each column decided once, nothing released that no rule names, no column changes another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from policy_builders import finding, plan_of, policy_of, rule

from airflow_privacy.core.model.findings import ColumnFinding
from airflow_privacy.core.model.policy import Policy, Rule
from airflow_privacy.core.model.techniques import Drop, HmacToken, Keep, Null, Redact, Technique

NAMES = ("mail", "age", "city", "notes", "tier", "note|s", "Ünal", "a b")
ENTITIES = ("EMAIL_ADDRESS", "CITY", "AGE", None)
# Keeping is left to the boundary that accepts raw data: what it refuses is another test's subject.
TECHNIQUES = st.sampled_from([Drop(), Null(), Redact(), Keep(), HmacToken()])


@st.composite
def columns(draw: st.DrawFn) -> list[ColumnFinding]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    roles = st.sampled_from(["direct-identifier", "quasi-identifier", "sensitive", "non-sensitive"])
    return [finding(name, draw(st.sampled_from(ENTITIES)), draw(roles)) for name in names]


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    technique: Technique = draw(TECHNIQUES)
    when = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "entity": st.lists(st.sampled_from(["EMAIL_ADDRESS", "CITY", "AGE"]), min_size=1).map(tuple),
                "role": st.lists(st.sampled_from(["direct-identifier", "sensitive", "non-sensitive"]), min_size=1).map(tuple),
                "column": st.lists(st.sampled_from(NAMES), min_size=1).map(tuple),
                "purpose": st.just(("fraud",)),
            },
        )
    )
    return rule(f"rule-{draw(st.integers(0, 99))}", technique, **when)


policies = st.builds(
    lambda given, quasi: policy_of(*given, level="raw or pseudonymized", quasi_identifiers=tuple(quasi)),
    st.lists(rules(), max_size=5),
    st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
)


def names_it(one: Rule, column: ColumnFinding, policy: Policy) -> bool:
    """The meaning of a rule, told once more in other words."""
    demoted = column.name in policy.quasi_identifiers and column.role != "direct-identifier"
    role = "quasi-identifier" if demoted else column.role
    wanted = (
        (one.when.entity, column.entity),
        (one.when.role, role),
        (one.when.column, column.name),
        (one.when.purpose, "churn"),
    )
    return all(value in allowed for allowed, value in wanted if allowed)


@given(policy=policies, table=columns())
def test_every_column_is_decided_exactly_once_and_in_order(policy: Policy, table: list[ColumnFinding]) -> None:
    assert [d.column for d in plan_of(policy, *table).decisions] == [column.name for column in table]


@given(policy=policies, table=columns())
def test_the_first_rule_that_names_a_column_decides_and_without_one_it_is_dropped(
    policy: Policy, table: list[ColumnFinding]
) -> None:
    for column, decision in zip(table, plan_of(policy, *table).decisions, strict=True):
        first = next((one for one in policy.rules if names_it(one, column, policy)), None)
        assert (decision.rule, decision.technique) == ((first.name, first.then) if first else ("default-deny", Drop()))


@given(policy=policies, table=columns(), data=st.data())
def test_another_column_never_changes_the_other_decisions(
    policy: Policy, table: list[ColumnFinding], data: st.DataObject
) -> None:
    more = finding(
        "one-more", data.draw(st.sampled_from(ENTITIES)), data.draw(st.sampled_from(["sensitive", "direct-identifier"]))
    )
    at = data.draw(st.integers(0, len(table)))
    without = plan_of(policy, *table).decisions
    with_it = plan_of(policy, *table[:at], more, *table[at:]).decisions
    assert tuple(d for d in with_it if d.column != "one-more") == without


@given(policy=policies, table=columns())
def test_suppression_names_released_quasi_identifiers_only(policy: Policy, table: list[ColumnFinding]) -> None:
    plan = plan_of(policy, *table)
    quasi = plan.suppression.quasi_identifiers if plan.suppression else ()
    assert quasi == plan.quasi_identifiers()
    released = {d.column for d in plan.released()}
    assert set(quasi) <= released
