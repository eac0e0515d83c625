"""A steward's pin holds, and what detection said stays beside it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from frame_source import detected, judged

from airflow_privacy.core.model.codec import canonical, digest_of, parse
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.entity_roles import stricter, usual_role, weakens
from airflow_privacy.core.model.findings import Detected, Findings, Pin
from airflow_privacy.core.model.overruled import overruled, weakened

MAILS = [f"p{n}@example.com" for n in range(60)]
DIRECT, QUASI, SENSITIVE, NONE = "direct-identifier", "quasi-identifier", "sensitive", "non-sensitive"


def table(**pins: str) -> Table:
    return Table(name="t", columns=(msgspec.convert({"name": "x", **pins}, Column),))


def test_the_pin_holds_and_detection_is_kept() -> None:
    found = judged("x", MAILS, table(entity="TOKEN", role=NONE, because="hashed", by="stella"))
    assert (found.entity, found.role, found.confidence) == ("TOKEN", NONE, 1.0)
    assert found.detected == Detected(entity="EMAIL_ADDRESS", role=DIRECT, confidence=0.9)
    assert found.pin == Pin(entity="TOKEN", role=NONE, because="hashed", by="stella")


def test_without_a_pin_nothing_is_recorded() -> None:
    found = judged("x", MAILS, Table(name="t", columns=(Column(name="x", classification="restricted", tags=("pii",)),)))
    assert (found.detected, found.pin) == (None, None)


def test_a_tag_that_raises_a_role_is_part_of_what_is_overruled() -> None:
    columns = (Column(name="x", tags=("pii",), role=NONE),)
    found = judged("x", ["red", "blue"] * 9, Table(name="t", columns=columns))
    assert found.detected == Detected(entity=None, role=QUASI, confidence=0.9)


@pytest.mark.parametrize(("entity", "role"), [("GENDER", QUASI), ("HEALTH", SENSITIVE), ("OWN", DIRECT)])
def test_an_entity_pinned_without_a_role_has_its_usual_one(entity: str, role: str) -> None:
    assert judged("x", ["red", "blue"] * 9, table(entity=entity)).role == role


def test_an_entity_pinned_without_a_role_does_not_weaken_a_direct_identifier() -> None:
    assert judged("x", MAILS, table(entity="GENDER")).role == DIRECT


def test_a_weakening_pin_is_listed_first_and_counted() -> None:
    frame = {"colour": ["red", "blue"] * 30, "x": MAILS, "y": MAILS}
    pins = (
        Column(name="colour", role="sensitive"),
        Column(name="x", role=NONE, because="hashed", by="stella"),
        Column(name="y", entity="EMAIL_ADDRESS"),
    )
    findings = detected(frame, Table(name="t", columns=pins))
    assert [(entry.column, entry.weakening, entry.by) for entry in overruled(findings)] == [
        ("x", True, "stella"),
        ("colour", False, None),
    ]
    assert weakened(findings) == 1


def test_a_pin_that_agrees_with_detection_overrules_nothing() -> None:
    assert overruled(detected({"x": MAILS}, table(entity="EMAIL_ADDRESS", role=DIRECT))) == ()


def test_another_entity_with_the_same_role_does_not_weaken() -> None:
    assert [entry.weakening for entry in overruled(detected({"x": MAILS}, table(entity="TOKEN", role=DIRECT)))] == [False]


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [(DIRECT, NONE, True), (DIRECT, QUASI, True), (QUASI, NONE, True), (QUASI, SENSITIVE, True), (SENSITIVE, QUASI, True),
     (NONE, QUASI, False), (QUASI, DIRECT, False), (DIRECT, DIRECT, False), (NONE, NONE, False)],
)  # fmt: skip
def test_which_change_of_role_weakens(before: str, after: str, weaker: bool) -> None:
    assert weakens(before, after) is weaker  # type: ignore[arg-type]


def test_the_stricter_role_wins_and_of_equal_ones_the_first() -> None:
    assert (stricter(NONE, QUASI), stricter(DIRECT, QUASI), stricter(SENSITIVE, QUASI)) == (QUASI, DIRECT, SENSITIVE)


def test_an_unknown_entity_is_a_direct_identifier() -> None:
    assert usual_role("SOMETHING_OF_OURS") == DIRECT


def test_findings_with_an_overruling_are_read_back_as_they_were() -> None:
    findings = detected({"x": MAILS}, table(role=NONE, because="hashed", by="stella"))
    again = parse(Findings, canonical(findings), where="test")
    assert (again, digest_of(again), again.schema) == (findings, digest_of(findings), 2)


def test_findings_of_the_first_schema_are_still_read() -> None:
    findings = detected({"x": MAILS})
    data = msgspec.to_builtins(findings)
    data["schema"] = 1
    for column in data["columns"]:
        for name in ("held", "detected", "pin"):
            column.pop(name, None)
    assert parse(Findings, msgspec.json.encode(data), where="test").columns[0].entity == "EMAIL_ADDRESS"


def test_the_same_scan_has_the_same_digest(tmp_path: Path) -> None:
    once, again = (detected({"x": MAILS}, table(role=NONE, because="hashed")) for _ in range(2))
    assert digest_of(once) == digest_of(again)
