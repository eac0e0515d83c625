"""Nested techniques in words, rules that matched nothing, and what is never shown."""

from __future__ import annotations

import pytest
from policy_builders import finding, findings_of, plan_of, policy_of, rule

from airflow_privacy.core.model.findings import ColumnFinding
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.techniques import (
    DateShift,
    FreeText,
    GeoPrefix,
    Hierarchy,
    HmacToken,
    Inside,
    Keep,
    Presidio,
    Redact,
    Surrogate,
    Technique,
)
from airflow_privacy.core.policy.explain import explain, explain_markdown
from airflow_privacy.core.policy.unmatched import unmatched_rules

DIGEST = "sha256:" + "a" * 64
CANARY = "canary.person@example.com"


def told(technique: Technique, dtype: str = "string", *others: ColumnFinding) -> str:
    """What happens to the first column, in words."""
    columns = (finding("x", dtype=dtype), *others)
    plan = plan_of(policy_of(rule("r", technique, column=("x",))), *columns)
    return explain_markdown(plan, findings_of(*columns)).splitlines()[2].split(" | ")[2].replace("\\", "")


@pytest.mark.parametrize(
    ("technique", "dtype", "words"),
    [
        (FreeText(), "string", "free_text (other entities: redact (text [{entity}]))"),
        (
            FreeText(entities={"PERSON": Surrogate(kind="name"), "URL": Redact()}, default=HmacToken(length=20), known=("y",)),
            "string",
            "free_text (PERSON: surrogate (kind name); URL: redact; other entities: hmac_token (length 20); known y)",
        ),
        (
            Inside(fields={"[].phone": HmacToken(), "[].note": FreeText(default=Redact())}),
            "nested",
            "inside ([].phone: hmac_token; [].note: free_text (other entities: redact); other fields: drop)",
        ),
        (
            HmacToken(beside=("y", "z"), normalize=("trim", "casefold")),
            "string",
            "hmac_token (beside y, z, normalize trim, casefold)",
        ),
        (DateShift(days=30, subject="y"), "date", "date_shift (days 30, subject y)"),
        (Hierarchy(file="/a/b/country.csv", level=2, sha256=DIGEST), "string", "hierarchy (file country.csv, level 2)"),
        (GeoPrefix(length=3, populations="/a/zip3.csv", sha256=DIGEST), "string", "geo_prefix (length 3, populations zip3.csv)"),
    ],
)
def test_a_technique_in_words(technique: Technique, dtype: str, words: str) -> None:
    assert told(technique, dtype, finding("y"), finding("z")) == words


def test_of_a_users_own_parameters_only_the_names_are_shown() -> None:
    assert (
        told(Presidio(operator="a.b:C", parameters={"realm": CANARY, "depth": 3}))
        == "presidio (operator a.b:C, parameters realm, depth)"
    )


def test_what_a_record_rule_compares_with_is_not_shown() -> None:
    rules = (
        RecordRule(name="testers", column="x", equals=(CANARY, "b")),
        RecordRule(name="no id", column="x", missing=True),
        RecordRule(name="minors", column="age", below=18, missing=False),
    )
    columns = (finding("x"), finding("age", dtype="integer"))
    plan = plan_of(policy_of(drop_records=rules), *columns)
    for text in (explain(plan, findings_of(*columns)), explain_markdown(plan, findings_of(*columns))):
        assert CANARY not in text
    lines = explain(plan, findings_of(*columns)).splitlines()
    assert lines[2:5] == [
        "records are left out by rule testers: where x equals one of 2 values",
        "records are left out by rule no id: where x is missing",
        "records are left out by rule minors: where age is there and is below a bound",
    ]


# Rules that matched nothing

COLUMNS = (finding("email", "EMAIL_ADDRESS", "direct-identifier"), finding("income", "INCOME", "sensitive"))


def unmatched(policy: Policy) -> tuple[str, ...]:
    return unmatched_rules(plan_of(policy, *COLUMNS), findings_of(*COLUMNS), policy)


def test_a_misspelt_entity_or_column_is_named_with_the_right_word() -> None:
    policy = policy_of(
        rule("mails", HmacToken(), entity=("EMAIL_ADRESS",)),
        rule("money", Keep(), column=("incomes",)),
        rule("places", Keep(), entity=("CITY",)),
    )
    assert unmatched(policy) == ("mails (did you mean 'EMAIL_ADDRESS'?)", "money (did you mean 'income'?)", "places")


def test_rules_that_decided_a_column_are_not_named() -> None:
    assert unmatched(policy_of(rule("mails", HmacToken(), entity=("EMAIL_ADDRESS",)))) == ()


def test_a_rule_for_another_purpose_or_destination_is_not_expected_to_match() -> None:
    policy = policy_of(
        rule("fraud", HmacToken(), entity=("CITY",), purpose=("fraud",)),
        rule("research", HmacToken(), entity=("CITY",), destination=("research",)),
        rule("here", HmacToken(), entity=("CITY",), purpose=("churn",), destination=("training",)),
    )
    assert unmatched(policy) == ("here",)


def test_a_rule_that_an_earlier_one_took_everything_from_is_named() -> None:
    policy = policy_of(rule("all", HmacToken(), column=("email",)), rule("mails", HmacToken(), entity=("EMAIL_ADDRESS",)))
    assert unmatched(policy) == ("mails",)


def test_a_record_rule_whose_column_the_table_lacks_is_named() -> None:
    assert unmatched(policy_of(drop_records=(RecordRule(name="poor", column="incme", missing=True),))) == (
        "poor (about records) (did you mean 'income'?)",
    )


def test_the_explanation_names_them_when_it_is_given_the_policy() -> None:
    policy = policy_of(rule("mails", HmacToken(), entity=("EMAIL_ADRESS",)))
    plan, findings = plan_of(policy, *COLUMNS), findings_of(*COLUMNS)
    line = "rules that matched nothing: mails (did you mean 'EMAIL_ADDRESS'?)"
    assert line in explain(plan, findings, policy).splitlines()
    assert explain_markdown(plan, findings, policy).endswith(
        "\nRules that matched nothing: mails (did you mean 'EMAIL_ADDRESS'?)."
    )
    assert line not in explain(plan, findings)


def test_many_of_them_stay_within_120_characters() -> None:
    policy = policy_of(*(rule(f"a rule about another table {number}", Keep(), column=(f"c{number}",)) for number in range(30)))
    lines = explain(plan_of(policy, *COLUMNS), findings_of(*COLUMNS), policy).splitlines()
    assert max(map(len, lines)) <= 120
