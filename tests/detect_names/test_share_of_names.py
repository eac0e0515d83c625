"""Whole cells as names: shares of the distinct values."""

from __future__ import annotations

import polars as pl
import pytest

from airflow_privacy.core.detect.names.share import CLASSES, share_of_names


def share(*values: str | None) -> dict[str, float]:
    return share_of_names(pl.Series(values, dtype=pl.String))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("FIRST_NAME", ("Justin", "MARIA", "anna-lena", "Krisztián")),
        ("LAST_NAME", ("Smith", "O'Neil", "Schneider", "Müller-Schmidt")),
        ("FULL_NAME", ("Justin Smith", "Smith, John", "Dr. Anna B. Schneider", "María García López")),
        ("CITY", ("London", "New York", "São Paulo", "Sao Paulo")),
        ("STATE", ("Texas", "california", "Bayern")),
        ("COUNTRY", ("Germany", "Deutschland", "United States", "FRANCE")),
        ("ORGANIZATION", ("Google", "Acme Inc", "Widget Holdings Ltd")),
    ],
)
def test_values_of_a_class_are_known(name: str, values: tuple[str, ...]) -> None:
    assert share(*values)[name] >= 0.75


@pytest.mark.parametrize(
    "values",
    [("open", "closed", "pending", "done"), ("12345", "A-17", "2024-01-01"), ("the order was sent", "please call back tomorrow")],
)
def test_codes_states_and_sentences_are_no_names(values: tuple[str, ...]) -> None:
    found = share(*values)
    assert max(found["FIRST_NAME"], found["LAST_NAME"], found["FULL_NAME"], found["COUNTRY"]) == 0


def test_whole_names_are_neither_first_nor_last_names() -> None:
    found = share("Justin Smith", "Anna Schneider")
    assert found["FIRST_NAME"] == found["LAST_NAME"] == 0


def test_repeated_values_blanks_and_case_count_once() -> None:
    assert share("Justin", " justin ", "JUSTIN", "table", None, "", "  ")["FIRST_NAME"] == 0.5


def test_no_value_gives_no_share() -> None:
    assert share() == share(None, " ") == dict.fromkeys(CLASSES, 0.0)


def test_columns_of_other_types_are_read_as_text() -> None:
    assert share_of_names(pl.Series([1, 2, 3])) == dict.fromkeys(CLASSES, 0.0)
