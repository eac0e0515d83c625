"""Retention and freshness: their units, where they are counted from, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_files import HEAD, SCHEMA, load

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Contract, Freshness, Retention

CANARY = "canary.person@example.com"


def promised(folder: Path, *items: str, schema: str = SCHEMA, more: str = "") -> Contract:
    """A contract with these SLA properties; the first stands in line 7."""
    lines = "".join(f"  - {{{item}}}\n" for item in items)
    return load(folder, HEAD + "slaProperties:\n" + lines + schema + more)


@pytest.mark.parametrize(
    ("value", "unit", "days"),
    [
        (1, "d", 1),
        (30, "days", 30),
        (2, "w", 14),
        (6, "m", 180),
        (6, "mo", 180),
        (1, "month", 30),
        (3, "y", 1095),
        (1, "years", 365),
        (1, "Y", 365),
        (1.5, "y", 547),
        (10.9, "d", 10),
    ],
)
def test_retention_is_counted_in_days_and_never_rounded_up(tmp_path: Path, value: float, unit: str, days: int) -> None:
    contract = promised(tmp_path, f"property: retention, value: {value}, unit: {unit}, element: joined")
    assert contract.retention == Retention(days=days, anchor="joined")


@pytest.mark.parametrize(
    ("value", "unit", "hours"),
    [(90, "min", 1.5), (1, "h", 1), (4, "d", 96), (1, "week", 168), (0.5, "hours", 0.5), (1, "mo", 720)],
)
@pytest.mark.parametrize("name", ["freshness", "latency"])
def test_freshness_is_counted_in_hours(tmp_path: Path, name: str, value: float, unit: str, hours: float) -> None:
    contract = promised(tmp_path, f"property: {name}, value: {value}, unit: {unit}, element: joined")
    assert contract.freshness == Freshness(column="joined", hours=hours)


@pytest.mark.parametrize(
    ("element", "column"),
    [
        ("joined", "joined"),
        ("people.joined", "joined"),
        ("id", "person_id"),
        ("people.id", "person_id"),
        ("person_id", "person_id"),
    ],
)
def test_an_element_is_read_as_the_columns_name_in_the_data(tmp_path: Path, element: str, column: str) -> None:
    contract = promised(tmp_path, f"property: retention, value: 1, unit: d, element: {element}")
    assert contract.retention == Retention(days=1, anchor=column)


def test_retention_needs_no_element(tmp_path: Path) -> None:
    assert promised(tmp_path, "property: retention, value: 1, unit: d").retention == Retention(days=1)


def test_the_default_element_stands_in(tmp_path: Path) -> None:
    contract = promised(tmp_path, "property: retention, value: 1, unit: d", more="slaDefaultElement: people.joined\n")
    assert contract.retention == Retention(days=1, anchor="joined")


def test_an_element_needs_no_columns_in_the_contract(tmp_path: Path) -> None:
    contract = promised(tmp_path, "property: retention, value: 1, unit: d, element: t.seen", schema="")
    assert contract.retention == Retention(days=1, anchor="seen")


def test_latency_without_an_element_is_passed_over(tmp_path: Path) -> None:
    contract = promised(tmp_path, "property: latency, value: 4, unit: d")
    assert (contract.freshness, contract.retention) == (None, None)


def test_freshness_beats_latency(tmp_path: Path) -> None:
    items = [f"property: {name}, value: {value}, unit: h, element: joined" for name, value in (("latency", 9), ("freshness", 2))]
    assert promised(tmp_path, *items).freshness == Freshness(column="joined", hours=2)


def test_promises_of_others_are_passed_over(tmp_path: Path) -> None:
    assert (
        promised(tmp_path, "property: generalAvailability, value: '2022-05-12'", "property: frequency, value: 1").retention
        is None
    )


def test_a_contract_without_promises_has_none(tmp_path: Path) -> None:
    contract = load(tmp_path, HEAD)
    assert (contract.retention, contract.freshness) == (None, None)


@pytest.mark.parametrize(
    ("item", "reason", "line"),
    [
        (f"property: retention, value: {CANARY}, unit: d", "bad-value", 7),
        ("property: retention, value: 0, unit: d", "bad-value", 7),
        ("property: retention, value: -1, unit: d", "bad-value", 7),
        ("property: retention, value: 0.5, unit: d", "bad-value", 7),
        ("property: retention, value: true, unit: d", "bad-value", 7),
        ("property: retention, value: '3', unit: y", "bad-value", 7),
        ("property: retention, unit: y", "bad-value", 7),
        ("property: retention, value: 3", "bad-value", 7),
        (f"property: retention, value: 3, unit: {CANARY}", "bad-value", 7),
        ("property: retention, value: 3, unit: h", "bad-value", 7),
        ("property: freshness, value: 3, unit: m, element: joined", "bad-value", 7),
        ("property: freshness, value: 3, unit: h", "missing-key", None),
        ("property: retentoin, value: 3, unit: y", "unknown-key", 7),
        ("property: Freshnes, value: 3, unit: y", "unknown-key", 7),
        ("property: retention, value: 3, unit: y, element: people.joind", "unknown-column", 7),
        (f"property: freshness, value: 3, unit: h, element: {CANARY}", "unknown-column", 7),
    ],
)
def test_a_mistake_has_a_line_and_no_value(tmp_path: Path, item: str, reason: str, line: int | None) -> None:
    with pytest.raises(BadInput) as caught:
        promised(tmp_path, item)
    assert caught.value.reason == reason
    assert caught.value.where == (tmp_path / "contract.yaml").as_posix() + (f":{line}" if line else "")
    assert "canary" not in str(caught.value)


def test_a_misspelt_element_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        promised(tmp_path, "property: retention, value: 3, unit: y, element: people.joind")
    assert caught.value.do == "Did you mean 'joined'?"


def test_a_promise_given_twice(tmp_path: Path) -> None:
    item = "property: retention, value: 3, unit: y"
    with pytest.raises(BadInput, match="duplicate-key") as caught:
        promised(tmp_path, item, item)
    assert caught.value.where.endswith(":8")
