"""Which rule decides a column, what no rule may do, and what the plan says about it."""

from __future__ import annotations

from typing import Any

import pytest
from policy_builders import decide, finding, plan_of, policy_of, rule

from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.model.contract import Column
from airflow_privacy.core.model.findings import Signal
from airflow_privacy.core.model.plan import RecordSuppression
from airflow_privacy.core.model.techniques import (
    Bins,
    Drop,
    GeoPrefix,
    HmacToken,
    Keep,
    Null,
    PartialMask,
    Redact,
    Round,
    TruncateDate,
)

MAIL = finding("mail", "EMAIL_ADDRESS", "direct-identifier")
NOTES = finding("notes", "FREE_TEXT", "sensitive", embedded=("EMAIL_ADDRESS",))
TOKEN = rule("token", HmacToken(), entity=("EMAIL_ADDRESS",))


def test_the_first_rule_that_matches_decides() -> None:
    rules = policy_of(
        rule("other", Keep(), column=("age",)), rule("first", Null(), entity=("EMAIL_ADDRESS",)), rule("second", Drop())
    )
    decision = decide(rules, MAIL)
    assert (decision.rule, decision.technique) == ("first", Null())


def test_a_column_that_no_rule_names_is_dropped() -> None:
    decision = decide(policy_of(TOKEN), finding("age"))
    assert (decision.rule, decision.technique) == ("default-deny", Drop())
    assert decision.reason.startswith("no rule names it")


def test_columns_are_decided_in_the_order_of_the_source() -> None:
    plan = plan_of(policy_of(TOKEN), finding("b"), MAIL, finding("a"))
    assert [d.column for d in plan.decisions] == ["b", "mail", "a"]


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"entity": ("PERSON", "EMAIL_ADDRESS")}, True),
        ({"entity": ("PERSON",)}, False),
        ({"role": ("direct-identifier",)}, True),
        ({"role": ("sensitive",)}, False),
        ({"column": ("mail",)}, True),
        ({"column": ("Mail",)}, False),
        ({"classification": ("restricted",)}, True),
        ({"classification": ("public",)}, False),
        ({"tag": ("contact",)}, True),
        ({"tag": ("finance",)}, False),
        ({"purpose": ("churn",)}, True),
        ({"purpose": ("fraud",)}, False),
        ({"destination": ("training",)}, True),
        ({"destination": ("research",)}, False),
        ({"column": ("mail",), "entity": ("PERSON",)}, False),
        ({"column": ("mail",), "entity": ("EMAIL_ADDRESS",), "purpose": ("churn",)}, True),
    ],
    ids=str,
)
def test_all_conditions_of_a_rule_must_hold(when: dict[str, Any], matches: bool) -> None:
    promised = Column(name="mail", classification="restricted", tags=("contact", "eu"))
    decision = decide(policy_of(rule("r", Null(), **when)), MAIL, promised)
    assert (decision.rule == "r") is matches


@pytest.mark.parametrize("condition", [{"classification": ("restricted",)}, {"tag": ("pii",)}], ids=str)
def test_classification_and_tag_match_in_any_case(condition: dict[str, Any]) -> None:
    promised = Column(name="mail", classification="Restricted ", tags=("PII",))
    assert decide(policy_of(rule("r", Null(), **condition)), MAIL, promised).rule == "r"


def test_an_entity_pinned_by_the_contract_beats_detection() -> None:
    policy = policy_of(rule("country", Null(), entity=("COUNTRY",)), TOKEN)
    decision = decide(policy, MAIL, Column(name="mail", entity="COUNTRY"))
    assert (decision.entity, decision.rule) == ("COUNTRY", "country")
    assert "the contract says COUNTRY, and overrules detection (EMAIL_ADDRESS)" in decision.reason


def test_a_role_pinned_by_the_contract_beats_detection_and_permits_keeping() -> None:
    decision = decide(policy_of(rule("k", Keep(), column=("mail",))), MAIL, Column(name="mail", role="non-sensitive"))
    assert (decision.role, decision.technique) == ("non-sensitive", Keep())
    assert "the contract says non-sensitive, and overrules detection (direct-identifier)" in decision.reason


def test_a_pin_that_detection_took_over_is_told_without_an_overruling() -> None:
    signal = Signal(source="contract", detail="role pinned by the contract")
    decision = decide(
        policy_of(TOKEN), finding("x", None, "sensitive", signals=(signal,)), Column(name="x", role="sensitive", tags=("pii",))
    )
    assert decision.reason == "no rule names it; the contract says sensitive; seen: nothing personal"


def test_a_pin_where_detection_saw_no_entity_says_so() -> None:
    decision = decide(policy_of(TOKEN), finding("code"), Column(name="code", entity="PERSON_ID"))
    assert "the contract says PERSON_ID, and overrules detection (nothing personal)" in decision.reason


def test_a_column_that_the_contract_does_not_promise_is_told_so() -> None:
    decision = decide(policy_of(TOKEN), MAIL, Column(name="another"))
    assert decision.reason.endswith("; the contract does not promise the column")


def test_a_classification_that_counted_is_told_with_its_word() -> None:
    signal = Signal(source="contract", detail="classified or tagged as personal or sensitive")
    promised = Column(name="x", classification="restricted", tags=("pii", "eu"))
    decision = decide(policy_of(TOKEN), finding("x", None, "sensitive", signals=(signal,)), promised)
    assert decision.reason.endswith("the contract classifies it restricted; the contract tags it pii, eu")


def test_the_evidence_is_told_with_counts() -> None:
    signals = (
        Signal(source="name", detail="the name says EMAIL_ADDRESS"),
        Signal(source="shape", detail="values fit id", matched=7, checked=7),
        Signal(source="pattern", detail="EMAIL_ADDRESS", matched=999_999, checked=1_000_000),
        Signal(source="presidio", detail="EMAIL_ADDRESS", matched=45, checked=50),
        Signal(source="type", detail="string"),
    )
    policy = policy_of(rule("r", Null(), because="tables must join"))
    assert decide(policy, finding("mail", "EMAIL_ADDRESS", "direct-identifier", signals=signals)).reason == (
        "tables must join; seen: the name says EMAIL_ADDRESS, and the values fit, "
        "EMAIL_ADDRESS (999,999 of 1,000,000 values), Presidio: EMAIL_ADDRESS (90.0% of 50 values)"
    )


@pytest.mark.parametrize(
    ("matched", "told"),
    [(1_000, "all 1,000 values"), (999, "99.9% of"), (1, "0.1% of"), (0, "0 of 1,000 values")],
)
def test_a_share_never_rounds_to_none_or_all(matched: int, told: str) -> None:
    signal = Signal(source="pattern", detail="X", matched=matched, checked=1_000)
    assert f"X ({told}" in decide(policy_of(TOKEN), finding("x", signals=(signal,))).reason


def test_the_policy_names_a_quasi_identifier_whatever_detection_says() -> None:
    policy = policy_of(rule("keep", Keep(), column=("tier",)), quasi_identifiers=("tier",))
    plan = plan_of(policy, finding("tier"))
    assert plan.decisions[0].role == "quasi-identifier"
    assert "the policy counts it as a quasi-identifier" in plan.decisions[0].reason
    assert plan.suppression == RecordSuppression(k=5, quasi_identifiers=("tier",), limit=0.05)


def test_a_direct_identifier_stays_one_where_the_policy_calls_it_quasi() -> None:
    decision = decide(policy_of(TOKEN, quasi_identifiers=("mail",)), MAIL)
    assert decision.role == "direct-identifier"


def test_a_rule_may_match_by_a_role_that_the_policy_gave() -> None:
    policy = policy_of(rule("quasi", Null(), role=("quasi-identifier",)), quasi_identifiers=("tier",))
    assert decide(policy, finding("tier")).rule == "quasi"


def test_records_are_suppressed_over_the_quasi_identifiers_that_are_released() -> None:
    policy = policy_of(
        rule("drop", Drop(), column=("city",)), rule("null", Null(), column=("street",)), rule("keep", Keep(), column=("age",))
    )
    quasi = [finding(name, "X", "quasi-identifier") for name in ("city", "street", "age")]
    assert plan_of(policy, *quasi).suppression == RecordSuppression(k=5, quasi_identifiers=("age",), limit=0.05)


def test_no_record_is_suppressed_without_released_quasi_identifiers() -> None:
    assert plan_of(policy_of(TOKEN), finding("city", "CITY", "quasi-identifier"), MAIL).suppression is None


def test_no_record_is_suppressed_where_the_boundary_asks_for_no_k() -> None:
    policy = policy_of(rule("keep", Keep(), column=("city",)), min_k=1)
    assert plan_of(policy, finding("city", "CITY", "quasi-identifier")).suppression is None


def test_the_scope_is_destination_purpose_and_recipient() -> None:
    assert plan_of(policy_of(TOKEN), MAIL, purpose="fraud").scope == "training/fraud/team"


# What is refused


def refused(error: type[TerminalError], reason: str, *args: Any, **given: Any) -> TerminalError:
    with pytest.raises(error) as caught:
        plan_of(*args, **given)
    assert caught.value.reason == reason
    return caught.value


def test_a_purpose_that_the_contract_does_not_allow_is_refused() -> None:
    error = refused(CheckFailed, "purpose-not-allowed", policy_of(TOKEN), MAIL, purpose="ads")
    assert "churn, fraud" in error.do


def test_a_contract_without_purposes_allows_none() -> None:
    refused(CheckFailed, "purpose-not-allowed", policy_of(TOKEN), MAIL, purposes=())


def test_a_destination_without_a_boundary_is_refused() -> None:
    refused(BadInput, "no-boundary", policy_of(TOKEN), MAIL, destination="production")


@pytest.mark.parametrize("given", ["purpose", "recipient", "destination"])
@pytest.mark.parametrize("name", ["", "a/b", "a b", "a\n", "café"])
def test_a_name_that_cannot_name_a_scope_is_refused(given: str, name: str) -> None:
    error = refused(BadInput, "bad-name", policy_of(TOKEN), MAIL, **{given: name})
    assert given in error.what


@pytest.mark.parametrize(
    ("technique", "column"),
    [
        (Keep(), MAIL),
        (Keep(), NOTES),
        (Keep(), finding("city", "CITY", "quasi-identifier", embedded=("EMAIL_ADDRESS",))),
        (GeoPrefix(length=6), MAIL),
        (GeoPrefix(length=6), NOTES),
        (Round(to=1), finding("id", "PERSON_ID", "direct-identifier", dtype="integer")),
    ],
    ids=str,
)
def test_a_technique_that_may_leave_an_identifier_whole_is_refused(technique: Any, column: Any) -> None:
    error = refused(CheckFailed, "identifier-kept", policy_of(rule("r", technique)), column)
    assert error.where == f"p.yaml, rule r, column {column.name}"


@pytest.mark.parametrize("level", ["raw", "k_anonymous(k>=5) or raw"])
@pytest.mark.parametrize("column", [MAIL, NOTES], ids=lambda column: column.name)
def test_an_identifier_may_be_kept_where_the_boundary_accepts_raw_data(level: str, column: Any) -> None:
    assert decide(policy_of(rule("r", Keep()), level=level), column).technique == Keep()


def test_a_pin_does_not_permit_keeping_text_that_holds_identifiers() -> None:
    promised = [Column(name="notes", entity="COMMENT", role="non-sensitive")]
    error = refused(CheckFailed, "identifier-kept", policy_of(rule("r", Keep())), NOTES, promised=promised)
    assert "EMAIL_ADDRESS" in error.what
    assert "privacy.role" not in error.do


@pytest.mark.parametrize("technique", [Drop(), Null(), Redact(), PartialMask(), HmacToken(), GeoPrefix(length=5)], ids=str)
def test_other_techniques_may_meet_an_identifier(technique: Any) -> None:
    assert decide(policy_of(rule("r", technique)), MAIL).technique == technique


@pytest.mark.parametrize(
    ("technique", "dtype"),
    [
        (Round(to=5), "string"),
        (Round(to=0.5), "integer"),
        (Bins(edges=(1,)), "boolean"),
        (TruncateDate(to="year"), "string"),
        (GeoPrefix(length=2), "integer"),
        (PartialMask(), "number"),
        (HmacToken(), "number"),
        (HmacToken(), "nested"),
    ],
    ids=str,
)
def test_a_technique_that_does_not_fit_the_type_is_refused(technique: Any, dtype: str) -> None:
    policy = policy_of(rule("r", technique))
    error = refused(CheckFailed, "technique-does-not-fit", policy, finding("x", dtype=dtype))
    assert error.where == "p.yaml, rule r, column x"


def test_the_plan_holds_the_parents_by_digest_and_no_clock() -> None:
    one, other = (plan_of(policy_of(TOKEN), MAIL) for _ in range(2))
    assert canonical(one) == canonical(other)
    assert one.contract.startswith("sha256:") and one.policy.startswith("sha256:") and one.findings.startswith("sha256:")


def test_kept_values_that_hold_identifiers_make_the_column_a_direct_identifier_where_raw_is_accepted() -> None:
    holds = finding("title", role="quasi-identifier", embedded=("EMAIL_ADDRESS",))
    assert decide(policy_of(rule("r", Keep()), level="raw"), holds).role == "direct-identifier"
