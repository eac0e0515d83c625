"""Generalization by a hierarchy file."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, CheckFailed, PrivacyError, VerificationError
from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.expressions import expression
from airflow_privacy.core.mask.generalization.hierarchy import read_hierarchy
from airflow_privacy.core.mask.rules.of_column import MASKED, SOURCE, column_rule
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Hierarchy

TEXT = "Bachelors;Undergraduate;Higher;*\nMasters;Graduate;Higher;*\nPreschool;Primary;Basic;*\n"


def technique_of(folder: Path, text: str = TEXT, level: int = 2, pin: str = "") -> Hierarchy:
    path = folder / "education.csv"
    path.write_text(text)
    return Hierarchy(file=str(path), level=level, sha256=pin)


def decision_of(technique: Hierarchy, dtype: str = "string") -> Decision:
    return Decision(
        column="x", dtype=dtype, entity=None, role="quasi-identifier", technique=technique, rule="r", reason="because"
    )


def masked(technique: Hierarchy, values: list[object]) -> list[object]:
    frame = pl.DataFrame({"x": values})
    built = expression(decision_of(technique), {}, frame.schema["x"])
    assert built is not None
    return frame.select(built)["x"].to_list()


def test_a_value_becomes_its_ancestor(tmp_path: Path) -> None:
    assert masked(technique_of(tmp_path), ["Bachelors", "Masters", "Preschool"]) == ["Higher", "Higher", "Basic"]


def test_a_value_that_the_file_does_not_have_is_suppressed(tmp_path: Path) -> None:
    assert masked(technique_of(tmp_path), ["Doctorate", "Masters"]) == ["*", "Higher"]


def test_missing_values_stay_missing(tmp_path: Path) -> None:
    assert masked(technique_of(tmp_path), [None, "", "Masters"]) == [None, None, "Higher"]


def test_numbers_are_looked_up_by_their_text(tmp_path: Path) -> None:
    assert masked(technique_of(tmp_path, "17;<20;*\n42;40-49;*\n", level=1), [17, 42, 99]) == ["<20", "40-49", "*"]


def test_the_check_sees_a_value_that_was_left_in_clear(tmp_path: Path) -> None:
    rule = column_rule(decision_of(technique_of(tmp_path)), pl.String(), NO_TOOLS)
    frame = pl.DataFrame({SOURCE: ["Masters", "Masters", "Preschool"], MASKED: ["Higher", "Masters", "Higher"]})
    assert frame.select(rule.alone.alias("a"), rule.beside.alias("b")).rows() == [(True, True), (False, False), (True, False)]


def test_a_file_that_changed_after_the_policy_was_read_is_refused(tmp_path: Path) -> None:
    technique = technique_of(tmp_path, pin=sha256(TEXT.encode()))
    assert read_hierarchy("x", technique)["Masters"] == "Higher"
    Path(technique.file).write_text(TEXT.replace("Higher", "Lower"))
    with pytest.raises(VerificationError, match="hierarchy-changed"):
        read_hierarchy("x", technique)


@pytest.mark.parametrize(
    ("text", "error"), [("a;b\n", BadInput), ("", BadInput), ("a;b;c\na;b;d\n", CheckFailed)], ids=["level", "empty", "twice"]
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, error: type[PrivacyError]) -> None:
    with pytest.raises(error, match="hierarchy-malformed"):
        read_hierarchy("x", technique_of(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.csv"):
        read_hierarchy("x", Hierarchy(file=str(tmp_path / "gone.csv"), level=1))
