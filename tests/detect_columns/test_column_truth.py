"""Every column of the reference tables, judged as a privacy engineer judges it."""

from __future__ import annotations

from pathlib import Path

import pytest
from column_truth import column_report, finding_of, findings_of
from column_truth_tables import KNOWN_MISSES, TRUTH, WHY

from airflow_privacy.core.model.reasons import reasons

COLUMNS = [(table, column) for table, columns in TRUTH.items() for column in columns]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_entity_and_role_are_right(table: str, column: str, reference_data: Path) -> None:
    found = finding_of(table, column, reference_data)
    right = (found.entity, found.role) == TRUTH[table][column]
    assert right or (table, column) in KNOWN_MISSES, reasons(found)


@pytest.mark.parametrize("table", list(TRUTH))
def test_the_truth_names_every_column_of_the_table(table: str, reference_data: Path) -> None:
    assert list(TRUTH[table]) == [column.name for column in findings_of(table, reference_data).columns]


def test_adult_has_no_direct_identifier(reference_data: Path) -> None:
    assert {column.role for column in findings_of("adult", reference_data).columns} <= {"quasi-identifier", "sensitive"}


@pytest.mark.parametrize("table", list(TRUTH))
def test_no_cell_is_said_to_hold_what_it_does_not(table: str, reference_data: Path) -> None:
    assert [column.name for column in findings_of(table, reference_data).columns if column.held] == []


def test_a_known_miss_is_one_and_has_a_reason(reference_data: Path) -> None:
    wrong = {(entry.table, entry.column): entry.explanation for entry in column_report(reference_data) if not entry.right}
    assert set(KNOWN_MISSES) == set(wrong)
    assert all(wrong.values())


def test_explanations_speak_of_columns_that_exist() -> None:
    assert {*WHY, *KNOWN_MISSES} <= set(COLUMNS)


def test_no_signal_of_a_reference_table_holds_a_value(reference_data: Path) -> None:
    said = "\n".join(line for column in findings_of("chinook Customer", reference_data).columns for line in reasons(column))
    assert "@" not in said
    assert not any(name in said for name in ("Gonçalves", "Tremblay", "Stuttgart", "JetBrains"))
