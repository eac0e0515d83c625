"""Rules that make sense, and the draft from what detection found."""

from __future__ import annotations

import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.findings import ColumnFinding
from airflow_privacy.core.retention.matching.rules import Field, MatchRules, suggest_fields

OWN = Field("given", "name")


@pytest.mark.parametrize(
    ("fields", "thresholds", "said"),
    [
        ((), {}, "do not share"),
        ((Field("town", "text", shared=True),), {}, "do not share"),
        ((OWN, Field("given", "text")), {}, "once"),
        ((Field("given", "sound"),), {}, "unknown kind"),  # type: ignore[arg-type]
        ((OWN,), {"review": 0.95}, "not in order"),
        ((OWN,), {"review": 0.0}, "not in order"),
        ((OWN,), {"threshold": 1.0}, "not in order"),
        ((OWN,), {"threshold": float("nan")}, "not in order"),
    ],
)
def test_rules_that_make_no_sense_are_refused(fields: tuple[Field, ...], thresholds: dict[str, float], said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        MatchRules(fields, **thresholds)
    assert raised.value.reason == "bad-match-rules"


def test_only_neighbours_of_one_kind_may_have_changed_places() -> None:
    kinds = ("name", "name", "text", "text", "text", "digits", "digits")
    fields = tuple(Field(f"c{at}", kind) for at, kind in enumerate(kinds))
    assert MatchRules(fields).pairs == ((0, 1), (2, 3), (3, 4))


def finding(name: str, entity: str | None, *, free_text: bool = False) -> ColumnFinding:
    return ColumnFinding(
        name=name,
        dtype="String",
        entity=entity,
        role="direct-identifier",
        confidence=1.0,
        matched=1,
        non_missing=1,
        distinct=1,
        free_text=free_text,
        coverage_bound_95=0.0,
    )


def test_findings_suggest_how_to_compare_each_column() -> None:
    columns = [
        finding("first_name", "PERSON"),
        finding("Last-Name", "PERSON"),
        finding("address", "STREET_ADDRESS"),
        finding("zip", "POSTAL_CODE"),
        finding("birthday", "DATE_OF_BIRTH"),
        finding("ssn", "NATIONAL_ID"),
    ]
    assert suggest_fields(columns) == (
        Field("first_name", "name"),
        Field("Last-Name", "name", shared=True),
        Field("address", "text", shared=True),
        Field("zip", "digits", shared=True),
        Field("birthday", "date"),
        Field("ssn", "digits"),
    )


def test_columns_that_identify_nobody_suggest_nothing() -> None:
    assert suggest_fields([finding("at", "DATE_TIME"), finding("n", None), finding("notes", "PERSON", free_text=True)]) == ()
