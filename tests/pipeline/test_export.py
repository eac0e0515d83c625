"""A published dataset as another kind of file: what its passport proves, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from people import write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.export import export


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("export")
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder)).prepare()
    steps.answer()
    steps.transfer()
    return steps


def published(steps: Steps) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(steps.case.out.rglob("part-*.parquet"))])


@pytest.mark.parametrize("kind", ["csv", "jsonl", "avro", "hive"])
def test_the_exported_rows_are_the_published_ones(released: Steps, kind: str, tmp_path: Path) -> None:
    by = ["country"] if kind == "hive" else []
    rows = export(released.workspace, CALLER, dataset=str(released.case.out), format=kind, out=tmp_path / "out", by=by)
    source = open_source(str(tmp_path / "out"))
    names = published(released).columns
    found = pl.concat(list(source.slabs())).select(names).select(pl.all().cast(pl.String))
    expected = published(released).select(pl.all().cast(pl.String))
    assert rows == expected.height
    assert found.sort(names).equals(expected.sort(names), null_equal=True)


def test_the_ledger_records_the_export(released: Steps, tmp_path: Path) -> None:
    export(released.workspace, CALLER, dataset=str(released.case.out), format="csv", out=tmp_path / "out.csv")
    facts = [fact for _, fact in proof.facts_of(released.workspace) if fact.kind == "exported"]
    assert facts[-1].counts == {"rows": published(released).height}
    assert facts[-1].reason == "csv"


def test_what_is_not_published_is_not_exported(released: Steps, tmp_path: Path) -> None:
    with pytest.raises((VerificationError, BadInput)):
        export(released.workspace, CALLER, dataset=str(released.case.staging), format="csv", out=tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(released: Steps, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(BadInput, match="exists-already"):
        export(released.workspace, CALLER, dataset=str(released.case.out), format="csv", out=tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"


@pytest.mark.parametrize(("kind", "by"), [("csv", ["country"]), ("hive", [])])
def test_columns_to_part_by_go_with_hive_only(released: Steps, kind: str, by: list[str], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="bad-argument"):
        export(released.workspace, CALLER, dataset=str(released.case.out), format=kind, out=tmp_path / "out", by=by)
