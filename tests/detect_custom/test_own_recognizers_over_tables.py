"""A user's own recognizers over tables: what they make of a column, and what happens to patterns that take too long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from frame_source import FrameSource
from own_recognizers import ENDLESS, SLOW, write_recognizers
from people import write_case
from steps import workspace_in

from airflow_privacy.core.detect.coverage import is_cut_short
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.pipeline import prepare
from airflow_privacy.core.pipeline.recognizers import look_by, own_engine
from airflow_privacy.core.pipeline.workspace import Caller
from airflow_privacy.hooks.workspace import open_workspace


def found(
    tmp_path: Path, columns: dict[str, list[object]], content: str | None = None, *, seconds: float = 0.05, slab_rows: int = 1_000
) -> Findings:
    path = write_recognizers(tmp_path, content) if content else write_recognizers(tmp_path)
    look = look_by(own_engine(path, seconds=seconds))
    return detect_columns(FrameSource(pl.DataFrame(columns)), table=None, contract_digest=None, custom=look, slab_rows=slab_rows)


def one(tmp_path: Path, name: str, values: list[object], content: str | None = None) -> ColumnFinding:
    return found(tmp_path, {name: values}, content).columns[0]


BADGES = [f"QX-{number:04}" for number in range(40)]


def test_a_column_of_the_users_entity_is_a_direct_identifier_of_that_name(tmp_path: Path) -> None:
    column = one(tmp_path, "v", [f" {badge} " for badge in BADGES] + ["other"] * 10)
    assert (column.entity, column.role, column.matched) == ("BADGE", "direct-identifier", 40)
    (signal,) = [signal for signal in column.signals if signal.source == "presidio"]
    assert (signal.detail, signal.matched, signal.checked) == ("BADGE", 40, 50)


def test_without_the_recognizers_it_is_not(tmp_path: Path) -> None:
    source = FrameSource(pl.DataFrame({"v": BADGES}))
    assert detect_columns(source, table=None, contract_digest=None).columns[0].entity != "BADGE"


@pytest.mark.parametrize(("wrapped", "whole"), [("{}.", True), ("({})", False)])
def test_a_value_is_the_entity_where_one_character_is_left_over_and_holds_it_where_two_are(
    tmp_path: Path, wrapped: str, whole: bool
) -> None:
    column = one(tmp_path, "v", [wrapped.format(badge) for badge in BADGES])
    assert (column.entity == "BADGE") == whole
    assert ("BADGE" in column.embedded) != whole


def test_a_deny_list_finds_single_cells_in_a_column_of_something_else(tmp_path: Path) -> None:
    column = one(tmp_path, "v", ["red"] * 30 + ["green"] * 20 + ["Zimtstern", "for Quaxolotl only"])
    assert (column.entity, column.role) == (None, "direct-identifier")
    assert [(held.entity, held.cells) for held in column.held] == [("PROJECT", 2)]


def test_a_weak_pattern_counts_where_the_columns_name_is_its_context(tmp_path: Path) -> None:
    values: list[object] = [f"{letter}{number}" for letter in "ABC" for number in range(100, 130)]
    told = {column.name: column.entity for column in found(tmp_path, {"locker": values, "v": values}).columns}
    assert told["locker"] == "LOCKER"
    assert told["v"] != "LOCKER"


def test_a_weak_pattern_counts_in_texts_with_its_context(tmp_path: Path) -> None:
    column = one(tmp_path, "v", ["nothing to say about that here"] * 30 + ["it is in locker B123 now", "it is in row B124 now"])
    assert [(held.entity, held.cells) for held in column.held] == [("LOCKER", 1)]


def test_surer_entities_of_values_stay_and_the_users_cells_are_named(tmp_path: Path) -> None:
    content = "recognizers: [{name: m, supported_entity: MINE, patterns: [{name: m, regex: '.+@.+', score: 0.9}]}]"
    column = one(tmp_path, "v", [f"ann{number}@example.org" for number in range(30)], content)
    assert column.entity == "EMAIL_ADDRESS"
    assert [(held.entity, held.cells) for held in column.held] == [("MINE", 30)]


def test_the_users_entity_outranks_values_that_are_no_identifier(tmp_path: Path) -> None:
    content = "recognizers: [{name: m, supported_entity: MINE, patterns: [{name: m, regex: '2024-\\d\\d-\\d\\d', score: 0.9}]}]"
    column = one(tmp_path, "v", [f"2024-01-{number:02}" for number in range(1, 29)], content)
    assert (column.entity, column.role) == ("MINE", "direct-identifier")


def test_integers_are_looked_at_as_text(tmp_path: Path) -> None:
    content = "recognizers: [{name: m, supported_entity: MINE, patterns: [{name: m, regex: '^77\\d{4}$', score: 0.9}]}]"
    column = one(tmp_path, "v", [770_000 + number for number in range(30)], content)
    assert (column.entity, column.role, column.matched) == ("MINE", "direct-identifier", 30)


def test_slabs_change_nothing(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"a": [*BADGES, "x", "see QX-0001 twice: QX-0002"], "b": ["Zimtstern", "red"] * 21}
    assert found(tmp_path, columns).columns == found(tmp_path, columns, slab_rows=7).columns


def test_a_value_that_takes_too_long_is_counted_and_the_others_are_found(tmp_path: Path) -> None:
    findings = found(tmp_path, {"v": [*BADGES, ENDLESS, ENDLESS, None]}, SLOW)
    (column,) = findings.columns
    assert (column.entity, column.matched, column.timed_out) == ("BADGE", 40, 2)
    assert is_cut_short(findings)


def test_a_pattern_is_given_up_after_five_values_and_the_rest_is_not_called_clean(tmp_path: Path) -> None:
    values: list[object] = [f"{'a' * 40}{number}=x;" for number in range(200)]
    column = one(tmp_path, "v", values, SLOW)
    assert column.timed_out >= 5
    clean = [value for value in values if not str(value).startswith("a")]
    assert column.timed_out == len(values) - len(clean)


def test_the_pipeline_asks_the_workspaces_recognizers(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    pl.DataFrame({"v": BADGES}).write_parquet(case.raw)
    workspace = replace(workspace_in(tmp_path / "home"), recognizers=write_recognizers(tmp_path))
    ref = prepare.detect(workspace, Caller(actor="x"), source=str(case.raw), contract=None).ref
    assert workspace.artifacts.get(Findings, ref).columns[0].entity == "BADGE"


@pytest.mark.parametrize("content", ["recognizers: [{name: [secret-value", "recognizers: []", "- secret-value"])
def test_a_broken_file_is_refused_before_anything_is_read(tmp_path: Path, content: str) -> None:
    workspace = replace(workspace_in(tmp_path / "home"), recognizers=write_recognizers(tmp_path, content))
    case = write_case(tmp_path)
    with pytest.raises(BadInput) as caught:
        prepare.detect(workspace, Caller(actor="x"), source=str(case.raw), contract=None)
    assert caught.value.reason == "bad-recognizers"
    assert "secret-value" not in str(caught.value)


def test_a_given_up_text_is_named_by_its_places_and_null_has_none(tmp_path: Path) -> None:
    engine = own_engine(write_recognizers(tmp_path, SLOW), seconds=0.05)
    looked = engine.look(pl.Series([ENDLESS, None, "QX-0001", ENDLESS, ""]))
    assert looked.late.to_list() == [0, 3]
    assert looked.found.select("at", "entity").rows() == [(2, "BADGE")]


def test_the_option_reaches_the_workspace_of_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__PRIVACY__RECOGNIZERS", str(tmp_path / "mine.yaml"))
    assert open_workspace().recognizers == tmp_path / "mine.yaml"
    monkeypatch.setenv("AIRFLOW__PRIVACY__RECOGNIZERS", "")
    assert open_workspace().recognizers is None
