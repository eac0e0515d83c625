"""Releases whose source, staging or destination is a table in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from people import people_frame
from postgres import PostgresServer
from sql_case import put_table, sql_steps
from steps import CALLER, Steps

from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import proof, training
from airflow_privacy.core.pipeline.provenance import provenance


def published(pg: PostgresServer) -> list[tuple]:
    return pg.run("SELECT tablename FROM pg_tables WHERE schemaname = 'training'")


def masked(steps: Steps) -> Dataset:
    return steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])


def test_a_release_from_table_to_table_is_published_with_a_passport_that_holds(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    first = steps.transfer()
    checked = proof.verify_passport_of(steps.workspace, steps.case.out)
    assert checked.statement.predicate.version == first.version == masked(steps).version
    assert steps.transfer() == first
    assert pg.run("SELECT count(*) FROM training.people") == [(600,)]


def test_the_published_table_holds_no_direct_identifier(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    steps.transfer()
    held = {str(value) for row in pg.run("SELECT * FROM training.people") for value in row}
    raw = people_frame()
    assert not held & {*raw["email"], *raw["name"], *raw["person_id"].cast(pl.String)}


def test_a_table_is_released_to_files(pg: PostgresServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    steps = sql_steps(pg, tmp_path, staging=str(data / "staging" / "people"), out=str(data / "training" / "people")).prepare()
    steps.answer()
    steps.transfer()
    proof.verify_passport_of(steps.workspace, steps.case.out)
    assert pl.read_parquet(next((data / "training").rglob("*.parquet"))).height == 600


def test_files_are_released_to_a_table(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path, staging=str(tmp_path / "data" / "staging" / "people")).prepare()
    steps.answer()
    steps.transfer()
    proof.verify_passport_of(steps.workspace, steps.case.out)
    files = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "data" / "staging").rglob("*.parquet"))])
    assert sorted(pg.run("SELECT email FROM training.people")) == sorted((value,) for value in files["email"])


def test_a_staged_file_that_was_changed_is_not_published_as_a_table(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path, staging=str(tmp_path / "data" / "staging" / "people")).prepare()
    steps.answer()
    path = next((tmp_path / "data" / "staging").rglob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationError):
        steps.transfer()
    assert published(pg) == []


def test_a_table_is_not_published_as_files(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path, out=str(tmp_path / "data" / "training" / "people")).prepare()
    steps.answer()
    with pytest.raises(BadInput, match="table-to-files"):
        steps.transfer()


def test_the_same_rows_give_the_same_version_whatever_lies_in_between(pg: PostgresServer, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    steps = sql_steps(pg, tmp_path / "one").prepare()
    version = masked(steps).version
    pg.run("CREATE TABLE raw.copy AS SELECT * FROM raw.people ORDER BY random()", "DROP TABLE raw.people")
    pg.run("ALTER TABLE raw.copy RENAME TO people", "ALTER TABLE raw.people ADD PRIMARY KEY (person_id)")
    pg.run("DROP TABLE staging.people", "DELETE FROM staging.airflow_privacy_versions")
    steps.mask()
    assert masked(steps).version == version


def test_a_source_table_that_changed_after_detection_is_not_masked(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path)
    steps.detect()
    steps.plan()
    pg.run("DELETE FROM raw.people WHERE person_id = 70001")
    with pytest.raises(CheckFailed, match="source-changed"):
        steps.mask()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE staging.people SET churned = NOT churned WHERE email IN (SELECT email FROM staging.people LIMIT 1)",
        "DELETE FROM staging.people WHERE churned",
        "DELETE FROM staging.airflow_privacy_versions",
    ],
)
def test_a_staged_table_that_was_changed_after_the_approval_is_not_transferred(
    pg: PostgresServer, tmp_path: Path, tampering: str
) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    pg.run(tampering)
    with pytest.raises(VerificationError):
        steps.transfer()
    assert published(pg) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE training.people SET churned = NOT churned",
        "UPDATE training.airflow_privacy_versions SET rows_digest = 'sha256:' || repeat('0', 64)",
        "UPDATE training.airflow_privacy_versions SET version = repeat('0', 16)",
        "UPDATE training.airflow_privacy_versions SET passport = replace(passport, 'a', 'b')",
        "UPDATE training.airflow_privacy_versions SET passport = ''",
    ],
)
def test_a_published_table_that_was_changed_fails_its_passport(pg: PostgresServer, tmp_path: Path, tampering: str) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    steps.transfer()
    pg.run(tampering)
    with pytest.raises(TerminalError):
        proof.verify_passport_of(steps.workspace, steps.case.out)


def test_masking_straight_into_the_destinations_schema_is_refused(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path, staging="sql://pg/training.people")
    steps.detect()
    steps.plan()
    with pytest.raises(CheckFailed, match="not-staging"):
        steps.mask()


def test_a_schema_of_no_environment_is_refused(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path, staging="sql://pg/staging2.people")
    steps.detect()
    steps.plan()
    with pytest.raises(BadInput, match="no-environment"):
        steps.mask()


def test_a_published_table_is_trained_on_and_leads_back_to_its_source(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    steps.transfer()
    workspace = steps.workspace
    ref = training.register_training_input(
        workspace, CALLER, dataset=steps.case.out, purpose="churn-model", requires="pseudonymized", model="churn"
    ).ref
    assert training.read_training_set(workspace, ref, model="churn").frame.height == 600
    assert provenance(workspace, steps.case.out).tree.kind == "training set"


def test_a_registered_table_that_was_replaced_since_is_not_trained_on(pg: PostgresServer, tmp_path: Path) -> None:
    steps = sql_steps(pg, tmp_path).prepare()
    steps.answer()
    steps.transfer()
    ref = training.register_training_input(
        steps.workspace, CALLER, dataset=steps.case.out, purpose="churn-model", requires="pseudonymized", model="churn"
    ).ref
    pg.run("DROP TABLE raw.people")
    put_table(pg, "raw", "people", people_frame(rows=700), key="person_id")
    steps.prepare().answer()
    steps.transfer()
    with pytest.raises(VerificationError, match="version-missing"):
        training.read_training_set(steps.workspace, ref, model="churn")
