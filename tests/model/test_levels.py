"""Which level a release has, and which predicates it satisfies."""

from __future__ import annotations

import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.levels import (
    Deidentified,
    KAnonymous,
    PrivacyLevel,
    Pseudonymized,
    Raw,
    describe,
    level_of,
    parse_predicate,
    satisfies,
)

CLEAN = {"direct_in_clear": False, "partial_identifiers": False, "tokens": False, "k": 5, "k_with_tokens": 5, "l": None}


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, KAnonymous(k=5)),
        ({"direct_in_clear": True}, Raw()),
        ({"tokens": True, "k_with_tokens": 1}, Pseudonymized()),
        ({"partial_identifiers": True}, Pseudonymized()),
        ({"k": 1, "k_with_tokens": 1}, Deidentified()),
        ({"tokens": True, "k_with_tokens": 3}, KAnonymous(k=3)),
        ({"l": 2}, KAnonymous(k=5, l=2)),
    ],
)
def test_level_follows_what_the_plan_leaves(changes: dict[str, object], level: PrivacyLevel) -> None:
    assert level_of(**{**CLEAN, **changes}) == level  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "predicate", "expected"),
    [
        (KAnonymous(k=5), "k_anonymous(k>=5)", True),
        (KAnonymous(k=4), "k_anonymous(k>=5)", False),
        (KAnonymous(k=5), "pseudonymized", False),
        (Pseudonymized(), "k_anonymous(k>=5) or pseudonymized", True),
        (KAnonymous(k=5), "k_anonymous(k>=5, l>=2)", False),
        (KAnonymous(k=5, l=2), "k_anonymous(k>=5, l>=2)", True),
        (Raw(), "deidentified or pseudonymized", False),
    ],
)
def test_kinds_are_no_line_and_an_unmeasured_parameter_satisfies_no_bound(
    level: PrivacyLevel, predicate: str, expected: bool
) -> None:
    assert satisfies(level, predicate) is expected


@pytest.mark.parametrize("text", ["", "anonymous", "k_anonymous(k>5)", "raw(k>=2)", "raw and raw", "k_anonymous(k>=5"])
def test_text_that_is_no_predicate_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_predicate(text)


def test_a_level_describes_itself_with_its_parameters() -> None:
    assert describe(KAnonymous(k=7, l=2)) == "K_ANONYMOUS(k=7, l=2)"
