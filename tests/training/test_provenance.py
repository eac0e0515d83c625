"""Back from a model to the raw columns, by ledger and artifacts alone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from people import write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy import cli
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.pipeline.provenance import Origin, provenance
from airflow_privacy.core.pipeline.training import register_training_input


def register(steps: Steps, model: str = "churn") -> None:
    register_training_input(
        steps.workspace, CALLER, dataset=str(steps.case.out), purpose="churn-model", requires="pseudonymized", model=model
    )


def make(folder: Path) -> Steps:
    steps = Steps(workspace=workspace_in(folder), case=write_case(folder))
    steps.prepare().answer()
    steps.transfer()
    register(steps)
    return steps


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """One release and one model; only for reading."""
    return make(tmp_path_factory.mktemp("provenance"))


def line_of(tree: Origin) -> list[tuple[str, str]]:
    found = [(tree.kind, tree.name)]
    while tree.steps:
        tree = tree.steps[0].origin
        found.append((tree.kind, tree.name))
    return found


def test_a_model_leads_to_training_set_staging_and_raw_table(steps: Steps) -> None:
    case = steps.case
    assert line_of(provenance(steps.workspace, "churn").tree) == [
        ("model", "churn"),
        ("training set", str(case.out)),
        ("staging", str(case.staging)),
        ("raw", str(case.raw)),
    ]


def test_versions_rows_and_digests_are_those_of_the_artifacts(steps: Steps) -> None:
    tree = provenance(steps.workspace, str(steps.case.out)).tree
    masked = steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])
    plan = steps.workspace.artifacts.get(MaskingPlan, steps.refs["plan"])
    staging = tree.steps[0].origin
    raw = staging.steps[0].origin
    assert (tree.version, tree.rows) == (masked.version, masked.rows) == (staging.version, staging.rows)
    assert (raw.version, raw.rows) == (plan.source_digest, masked.rows_read)


def test_every_source_column_says_what_became_of_it(steps: Steps) -> None:
    columns = provenance(steps.workspace, "churn").columns
    assert {column.source: (column.technique, column.released) for column in columns} == {
        "person_id": ("hmac_token", "person_id"),
        "name": ("drop", None),
        "email": ("hmac_token", "email"),
        "birth_date": ("truncate_date", "birth_date"),
        "country": ("keep", "country"),
        "income": ("bins", "income"),
        "notes": ("drop", None),
        "churned": ("keep", "churned"),
    }
    published = pl.read_parquet(next(steps.case.out.rglob("*.parquet")))
    assert [column.released for column in columns if column.released] == published.columns


def test_the_edges_name_techniques_approver_and_purpose(steps: Steps) -> None:
    tree = provenance(steps.workspace, "churn").tree
    registered, transferred = tree.steps[0], tree.steps[0].origin.steps[0]
    masked = transferred.origin.steps[0]
    assert [step.kind for step in (registered, transferred, masked)] == ["registered", "transferred", "masked"]
    assert "stella" in transferred.how
    assert "churn-model" in transferred.how
    assert "hmac_token" in masked.how


@pytest.mark.parametrize("place", ["staging", "out"])
def test_a_folder_may_be_given_as_path_or_uri(steps: Steps, place: str) -> None:
    folder: Path = getattr(steps.case, place)
    assert provenance(steps.workspace, str(folder)) == provenance(steps.workspace, folder.as_uri())


@pytest.mark.parametrize("target", ["credit", "/nowhere", "Churn"])
def test_what_the_ledger_does_not_know_has_no_provenance(steps: Steps, target: str) -> None:
    with pytest.raises(BadInput, match="unknown-target"):
        provenance(steps.workspace, target)


def test_a_model_that_learned_twice_shows_both_versions_newest_first(tmp_path: Path) -> None:
    steps = make(tmp_path)
    first = provenance(steps.workspace, "churn").tree.steps[0].origin
    pl.read_parquet(steps.case.raw).head(560).write_parquet(steps.case.raw)
    steps.prepare().answer(responder="stefan")
    steps.transfer()
    register(steps)
    tree = provenance(steps.workspace, "churn").tree
    assert len(tree.steps) == 2
    assert tree.steps[1].origin == first
    assert tree.steps[0].origin == provenance(steps.workspace, str(steps.case.out)).tree
    assert "stefan" in tree.steps[0].origin.steps[0].how
    assert "stefan" not in first.steps[0].how


def test_work_that_was_done_again_later_does_not_change_the_line(tmp_path: Path) -> None:
    steps = make(tmp_path)
    before = provenance(steps.workspace, "churn")
    later = steps.workspace.now() + timedelta(hours=1)
    steps.workspace = replace(steps.workspace, now=lambda: later)
    steps.prepare().answer(responder="stefan")
    assert provenance(steps.workspace, "churn") == before


def test_an_edited_artifact_on_the_way_is_refused(tmp_path: Path) -> None:
    steps = make(tmp_path)
    plan = Path(steps.refs["plan"].uri)
    plan.write_bytes(plan.read_bytes().replace(b"hmac_token", b"hmac_tokem"))
    with pytest.raises(VerificationError, match="artifact-changed"):
        provenance(steps.workspace, "churn")


def test_the_command_prints_the_tree_and_the_columns(steps: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["provenance", "churn", "--home", str(steps.workspace.home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    order = [
        next(i for i, line in enumerate(lines) if word in line) for word in ("model churn", "training set", "staging", "raw ")
    ]
    assert order == sorted(order)
    assert any(line.split()[:4] == ["email", "direct-identifier", "hmac_token", "email"] for line in lines)
    assert any(line.split()[:4] == ["name", "direct-identifier", "drop", "-"] for line in lines)


def test_the_command_prints_one_json_document(steps: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["provenance", "churn", "--json", "--home", str(steps.workspace.home)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tree"]["steps"][0]["origin"]["kind"] == "training set"
    assert {"source": "email", "technique": "hmac_token"}.items() <= document["columns"][2].items()


def test_the_command_needs_no_airflow(steps: Steps) -> None:
    script = (
        "import sys; from airflow_privacy.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(code or 10 * any(name == 'airflow' for name in sys.modules))"
    )
    arguments = ["provenance", "churn", "--home", str(steps.workspace.home)]
    assert subprocess.run([sys.executable, "-c", script, *arguments], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_an_unknown_target_ends_with_exit_code_two(steps: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["provenance", "credit", "--home", str(steps.workspace.home)]) == 2
    assert "unknown-target" in capsys.readouterr().err
