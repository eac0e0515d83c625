"""What may enter training, and every way in that must be closed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from people import write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.attest.passport import issue_passport
from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.io.version_copy import publish
from airflow_privacy.core.model.flow import Outcome
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.training import read_training_set, register_training_input
from airflow_privacy.core.pipeline.workspace import Workspace

ACCEPTED = "k_anonymous(k>=5) or pseudonymized"


def released(folder: Path, *, workspace: Workspace | None = None, rows: int = 600) -> Steps:
    steps = Steps(workspace=workspace or workspace_in(folder), case=write_case(folder, rows=rows))
    steps.prepare().answer()
    steps.transfer()
    return steps


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """One release; it lies where it was made, and each test gets that folder as it was."""
    return released(tmp_path_factory.mktemp("release"))


@pytest.fixture
def steps(template: Steps, tmp_path: Path) -> Iterator[Steps]:
    """The release, put back afterwards: paths are in the artifacts, so a copy elsewhere would be another dataset."""
    root = template.case.data.parent
    backup = tmp_path / "backup"
    shutil.copytree(root, backup)
    yield template
    shutil.rmtree(root)
    shutil.copytree(backup, root)


def register(steps: Steps, **changes: str) -> Outcome:
    given = {"dataset": str(steps.case.out), "purpose": "churn-model", "requires": ACCEPTED, "model": "churn", **changes}
    return register_training_input(steps.workspace, CALLER, **given)


def later(steps: Steps, **ahead: float) -> Steps:
    moment = steps.workspace.now() + timedelta(**ahead)
    return replace(steps, workspace=replace(steps.workspace, now=lambda: moment))


def test_a_published_dataset_is_registered_and_its_reference_returned(steps: Steps) -> None:
    outcome = register(steps)
    statement = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement
    assert outcome.ref.digest == statement.predicate.dataset
    assert outcome.ref.kind == "dataset"
    assert outcome.ref.counts["rows"] == outcome.flow.inputs[0].rows > 500


def test_a_file_uri_names_the_same_dataset(steps: Steps) -> None:
    assert register(steps, dataset=steps.case.out.as_uri()).ref == register(steps).ref


def test_the_ledger_says_which_model_took_which_version(steps: Steps) -> None:
    register(steps)
    _, fact = proof.facts_of(steps.workspace)[-1]
    passport = proof.verify_passport_of(steps.workspace, str(steps.case.out))
    assert (fact.kind, fact.reason) == ("registered", "churn")
    assert {link.kind: link.digest for link in fact.links} == {
        "passport": passport.digest,
        "dataset": passport.statement.predicate.dataset,
    }


def flip_the_manifest(steps: Steps) -> None:
    path = next(steps.case.out.rglob("manifest.json"))
    path.write_bytes(path.read_bytes().replace(b'"rows":', b'"rows": '))


def break_the_manifest(steps: Steps) -> None:
    next(steps.case.out.rglob("manifest.json")).write_text("{")


def flip_a_part(steps: Steps) -> None:
    path = next(steps.case.out.rglob("part-*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def add_a_part(steps: Steps) -> None:
    part = next(steps.case.out.rglob("part-*.parquet"))
    shutil.copy(part, part.with_name("part-00099.parquet"))


def remove_the_pointer(steps: Steps) -> None:
    (steps.case.out / "current.json").unlink()


def remove_the_passport(steps: Steps) -> None:
    shutil.rmtree(steps.case.out / "passports")


def edit_the_passport(steps: Steps) -> None:
    path = next((steps.case.out / "passports").iterdir())
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 1))


@pytest.mark.parametrize(
    "harm",
    [
        flip_the_manifest,
        break_the_manifest,
        flip_a_part,
        add_a_part,
        remove_the_pointer,
        remove_the_passport,
        edit_the_passport,
    ],
)
def test_a_dataset_whose_passport_does_not_hold_is_refused(steps: Steps, harm: Callable[[Steps], None]) -> None:
    harm(steps)
    with pytest.raises(VerificationError):
        register(steps)
    kinds = [(fact.kind, fact.reason) for _, fact in proof.facts_of(steps.workspace)][-1:]
    assert kinds[0][0] == "refused"


def test_a_folder_that_was_never_released_is_refused(steps: Steps) -> None:
    with pytest.raises(VerificationError, match="not-published"):
        register(steps, dataset=str(steps.case.staging))


def test_an_expired_passport_is_refused(steps: Steps) -> None:
    with pytest.raises(VerificationError, match="expired"):
        register(later(steps, days=91))


def test_a_passport_signed_with_another_key_is_refused(steps: Steps, tmp_path: Path) -> None:
    genuine = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement
    forged = issue_passport(genuine, workspace_in(tmp_path).keyring().signer("passport"))
    publish(str(steps.case.out), genuine.predicate.version, forged)
    with pytest.raises(VerificationError, match="bad-signature"):
        register(steps)


def test_the_passport_of_another_dataset_is_refused(steps: Steps) -> None:
    other = released(steps.case.data.parent / "other", workspace=steps.workspace, rows=500)
    for name in ("passports", "current.json"):
        mine, theirs = steps.case.out / name, other.case.out / name
        shutil.rmtree(mine) if mine.is_dir() else mine.unlink()
        shutil.copytree(theirs, mine) if theirs.is_dir() else shutil.copy(theirs, mine)
    with pytest.raises(VerificationError):
        register(steps)


def test_another_dataset_copied_into_the_folder_with_its_own_passport_is_refused(steps: Steps) -> None:
    other = released(steps.case.data.parent / "other", workspace=steps.workspace, rows=500)
    shutil.rmtree(steps.case.out)
    shutil.copytree(other.case.out, steps.case.out)
    with pytest.raises(VerificationError, match="wrong-dataset"):
        register(steps)


def test_another_purpose_than_the_passports_is_refused(steps: Steps) -> None:
    with pytest.raises(CheckFailed, match="wrong-purpose"):
        register(steps, purpose="marketing")


@pytest.mark.parametrize("requires", ["k_anonymous(k>=5)", "deidentified", "k_anonymous(k>=2) or deidentified"])
def test_a_level_that_the_model_does_not_accept_is_refused(steps: Steps, requires: str) -> None:
    with pytest.raises(CheckFailed, match="level-not-accepted") as caught:
        register(steps, requires=requires)
    assert "PSEUDONYMIZED" in caught.value.what


@pytest.mark.parametrize("changes", [{"requires": "very private"}, {"requires": ""}, {"model": " "}])
def test_an_unusable_demand_is_refused_before_anything_is_read(steps: Steps, changes: dict[str, str]) -> None:
    before = len(proof.facts_of(steps.workspace))
    with pytest.raises(BadInput):
        register(steps, **changes)
    assert len(proof.facts_of(steps.workspace)) == before


def test_the_rows_that_are_read_are_the_published_ones(steps: Steps) -> None:
    ref = register(steps).ref
    published = pl.read_parquet(list(steps.case.out.rglob("part-*.parquet")))
    assert read_training_set(steps.workspace, ref, model="churn").frame.equals(published)


def test_a_dataset_that_nobody_registered_is_not_read(steps: Steps) -> None:
    digest = proof.verify_passport_of(steps.workspace, str(steps.case.out)).statement.predicate.dataset
    for ref in (steps.workspace.artifacts.reference("dataset", digest), steps.refs["dataset"]):
        with pytest.raises(VerificationError, match="not-registered"):
            read_training_set(steps.workspace, ref, model="churn")


def test_a_dataset_registered_for_another_model_is_not_read(steps: Steps) -> None:
    with pytest.raises(VerificationError, match="not-registered"):
        read_training_set(steps.workspace, register(steps).ref, model="credit")


def test_a_file_changed_after_the_registration_is_not_read(steps: Steps) -> None:
    ref = register(steps).ref
    flip_a_part(steps)
    with pytest.raises(VerificationError):
        read_training_set(steps.workspace, ref, model="churn")


def test_a_passport_that_expired_after_the_registration_is_not_read(steps: Steps) -> None:
    ref = register(steps).ref
    with pytest.raises(VerificationError, match="expired"):
        read_training_set(later(steps, days=91).workspace, ref, model="churn")


def test_a_newer_publication_does_not_disturb_a_run_that_registered_the_older_one(steps: Steps) -> None:
    first: ArtifactRef = register(steps).ref
    pl.read_parquet(steps.case.raw).head(560).write_parquet(steps.case.raw)
    steps.prepare().answer()
    steps.transfer()
    assert register(steps).ref.digest != first.digest
    assert read_training_set(steps.workspace, first, model="churn").frame.height == first.counts["rows"]


def test_no_error_shows_a_value_of_the_data(steps: Steps) -> None:
    values = {str(value) for value in pl.read_parquet(next(steps.case.out.rglob("*.parquet")))["email"]}
    flip_a_part(steps)
    with pytest.raises(TerminalError) as caught:
        register(steps)
    assert not [value for value in values if value in str(caught.value)]
