"""The level that each technique allows: what it leaves of an identifier, and what no equivalence class can count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from masking_builders import decision, plan_of

from airflow_privacy.core.model.levels import Deidentified, KAnonymous, PrivacyLevel, Pseudonymized, Raw
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.risk import RiskFigures, RiskReport
from airflow_privacy.core.model.techniques import (
    Age,
    Bins,
    Card,
    Constant,
    DateShift,
    Drop,
    EmailDomain,
    Ff1,
    FreeText,
    HmacToken,
    Inside,
    IpPrefix,
    Keep,
    Microaggregate,
    Noise,
    Permute,
    Presidio,
    QuantileBins,
    Redact,
    Round,
    Surrogate,
    Technique,
    TopBottomCode,
)
from airflow_privacy.core.risk.report import assess

DIGEST = "sha256:" + "a" * 64
NOISE = Noise(distribution="laplace", scale=1)
NO_NAMES = Inside(fields={"[]": Keep()})
AMOUNTS = Inside(fields={"[].amount": Keep(), "[].mail": HmacToken()})


def figures(k: int) -> RiskFigures:
    return RiskFigures(
        rows=100, classes=10, k=k, l=None, sample_uniqueness=0, prosecutor=1 / k, journalist=1 / k, marketer=0.1,
        average_class_size=10, below_min_k=0,
    )  # fmt: skip


def report(
    role: str, technique: Technique, *, k: int = 5, k_with_tokens: int = 5, dtype: str = "string", **given: Any
) -> RiskReport:
    plan = plan_of(decision("x", technique, role=role, dtype=dtype), decision("age", Bins(edges=(18,)), role="quasi-identifier"))
    plan = msgspec.structs.replace(plan, drop_records=given.pop("drop_records", ()))
    return assess(
        dataset_digest=DIGEST,
        plan=plan,
        plan_digest=DIGEST,
        before=figures(1),
        after=figures(k),
        k_with_tokens=k_with_tokens,
        boundary=Boundary(source="a", destination="b", approvers=("ann",), level="raw or pseudonymized or k_anonymous", min_k=1),
        **{"rows_kept": 1.0, **given},
    )


def level(role: str, technique: Technique, **given: Any) -> PrivacyLevel:
    return report(role, technique, **given).level


@pytest.mark.parametrize(
    "technique",
    [
        Keep(),
        NOISE,
        DateShift(days=3, subject="y"),
        Permute(),
        Microaggregate(k=3),
        Round(to=5),
        TopBottomCode(upper=9),
        QuantileBins(count=4),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_identifier_that_is_kept_moved_or_shuffled_makes_data_raw(technique: Technique) -> None:
    assert level("direct-identifier", technique) == Raw()


@pytest.mark.parametrize(
    "technique",
    [Age(at="2026-01-01"), EmailDomain(), IpPrefix(), Presidio(operator="mask"), Card(keep_issuer=True), Ff1(), Bins(edges=(1,))],
    ids=lambda one: type(one).__name__,
)
def test_a_part_of_an_identifier_is_a_pseudonym_at_best(technique: Technique) -> None:
    assert level("direct-identifier", technique, k_with_tokens=50) == Pseudonymized()


@pytest.mark.parametrize("technique", [HmacToken(), Card(), Surrogate(kind="name")], ids=lambda one: type(one).__name__)
def test_stand_ins_are_counted_among_the_quasi_identifiers(technique: Technique) -> None:
    assert level("direct-identifier", technique, k_with_tokens=1) == Pseudonymized()
    assert level("direct-identifier", technique, k_with_tokens=3) == KAnonymous(k=3)


@pytest.mark.parametrize("technique", [Constant(value="x"), Redact(), Drop()], ids=lambda one: type(one).__name__)
def test_what_is_suppressed_takes_nothing_from_the_level(technique: Technique) -> None:
    assert level("direct-identifier", technique) == KAnonymous(k=5)
    assert level("direct-identifier", technique, k=1) == Deidentified()


@pytest.mark.parametrize("role", ["direct-identifier", "sensitive", "non-sensitive"])
def test_a_text_may_hold_what_detection_missed(role: str) -> None:
    assert level(role, FreeText()) == Pseudonymized()
    assert level(role, Inside(fields={"[].note": FreeText()}), dtype="nested") == Pseudonymized()


@pytest.mark.parametrize("technique", [NOISE, Permute(), Microaggregate(k=3), Round(to=5)], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("role", ["quasi-identifier", "sensitive", "non-sensitive"])
def test_the_same_techniques_on_other_columns_leave_it_to_the_figures(role: str, technique: Technique) -> None:
    assert level(role, technique) == KAnonymous(k=5)


# Lists


@pytest.mark.parametrize("role", ["direct-identifier", "quasi-identifier", "sensitive"])
@pytest.mark.parametrize("inner", [Keep(), Bins(edges=(1,)), NOISE, IpPrefix()], ids=lambda one: type(one).__name__)
def test_what_is_left_of_a_field_in_a_list_is_counted_in_no_class(role: str, inner: Any) -> None:
    assert level(role, Inside(fields={"[].a": inner}), dtype="nested") == Pseudonymized()


@pytest.mark.parametrize("role", ["quasi-identifier", "sensitive"])
def test_nor_is_a_list_that_is_kept_whole(role: str) -> None:
    assert level(role, Keep(), dtype="nested") == Pseudonymized()


def test_items_of_a_list_of_identifiers_that_are_kept_make_data_raw() -> None:
    assert level("direct-identifier", NO_NAMES, dtype="nested") == Raw()
    assert level("direct-identifier", Keep(), dtype="nested") == Raw()


def test_a_field_that_a_rule_names_is_the_stewards_choice() -> None:
    assert level("direct-identifier", AMOUNTS, dtype="nested") == Pseudonymized()


@pytest.mark.parametrize("technique", [Keep(), NO_NAMES, Inside(fields={"[].a": Bins(edges=(1,))})])
def test_lists_that_the_contract_calls_non_sensitive_take_nothing(technique: Technique) -> None:
    assert level("non-sensitive", technique, dtype="nested") == KAnonymous(k=5)


def test_suppressed_fields_of_a_list_take_nothing() -> None:
    technique = Inside(fields={"[].a": Drop(), "[].b": Redact()})
    assert level("direct-identifier", technique, dtype="nested") == KAnonymous(k=5)


def test_tokens_in_lists_are_tokens() -> None:
    technique = Inside(fields={"[].mail": HmacToken()})
    assert level("direct-identifier", technique, dtype="nested", k_with_tokens=1) == Pseudonymized()


# Rows that a plan's own rules left out


def test_rows_that_the_plan_leaves_out_are_no_violation() -> None:
    rules = (RecordRule(name="r", column="x", missing=True),)
    assert report("non-sensitive", Keep(), rows_kept=0.7, rows_dropped=0.3, drop_records=rules).violations == ()


def test_but_others_are() -> None:
    [violation] = report("non-sensitive", Keep(), rows_kept=0.6, rows_dropped=0.3).violations
    assert violation == "10.00% of the rows were left out, at most 0.00% is allowed"
