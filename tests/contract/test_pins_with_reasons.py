"""Who pinned what a column is, and why, is read from the contract; never without a pin."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_files import HEAD, SCHEMA, custom, load

from airflow_privacy.core.contract.difference import compare
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Column

COLUMN = HEAD + SCHEMA.partition("      - {name: joined")[0] + "      - name: mail\n"


def column_with(folder: Path, *pairs: tuple[str, str]) -> Column:
    column = load(folder, COLUMN + custom(*pairs, indent=8)).tables[0].column("mail")
    assert column is not None
    return column


def test_reason_and_author_are_read(tmp_path: Path) -> None:
    pairs = (("privacy.role", "non-sensitive"), ("privacy.because", "hashed at the source"), ("privacy.by", "stella"))
    column = column_with(tmp_path, *pairs)
    assert (column.role, column.because, column.by) == ("non-sensitive", "hashed at the source", "stella")


def test_neither_is_needed(tmp_path: Path) -> None:
    column = column_with(tmp_path, ("privacy.entity", "TOKEN"))
    assert (column.because, column.by) == (None, None)


@pytest.mark.parametrize("key", ["privacy.because", "privacy.by"])
def test_without_a_pin_it_has_no_effect_and_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInput) as caught:
        column_with(tmp_path, (key, "canary"))
    assert caught.value.reason == "misplaced-key"
    assert "canary" not in str(caught.value)
    assert ":13" in caught.value.where or ":12" in caught.value.where


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("privacy.because", "x" * 201),
        ("privacy.because", '"two\\nlines"'),
        ("privacy.because", "''"),
        ("privacy.by", "Stella K."),
    ],
)
def test_a_value_of_another_form_is_refused_and_not_shown(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(BadInput) as caught:
        column_with(tmp_path, ("privacy.role", "sensitive"), (key, value))
    assert caught.value.reason == "bad-value"
    assert value not in str(caught.value)


def test_another_reason_is_a_difference_that_does_not_weaken(tmp_path: Path) -> None:
    def contract(because: str) -> str:
        return COLUMN + custom(("privacy.role", "sensitive"), ("privacy.because", because), indent=8)

    changes = compare(load(tmp_path, contract("as agreed")), load(tmp_path, contract("as agreed again")))
    assert [(change.kind, change.weakening) for change in changes] == [("pin-reason", False)]
    assert "agreed" not in changes[0].what
