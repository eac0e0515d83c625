"""Releases from one lakehouse table to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from people import CONTRACT, POLICY, people_frame
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.pipeline import apply, proof

pytest.importorskip("deltalake")
pytest.importorskip("pyiceberg")


@dataclass(frozen=True)
class LakeCase:
    """As ``people.Case``, with tables of one format in the environments' folders."""

    data: Path
    contract: Path
    policy: Path
    format: str

    @property
    def raw(self) -> str:
        return f"delta+file://{self.data}/raw/people"

    @property
    def staging(self) -> str:
        return f"{self.format}+file://{self.data}/staging/people"

    @property
    def out(self) -> str:
        return f"{self.format}+file://{self.data}/training/people"


@pytest.fixture(params=["delta", "iceberg"])
def steps(request: pytest.FixtureRequest, tmp_path: Path) -> Steps:
    import deltalake

    data = tmp_path / "data"
    deltalake.write_deltalake(str(data / "raw" / "people"), people_frame())
    case = LakeCase(data, tmp_path / "contract.yaml", tmp_path / "policy.yaml", request.param)
    case.contract.write_text(CONTRACT.format(data=data))
    case.policy.write_text(POLICY.format(data=data))
    return Steps(workspace=workspace_in(tmp_path), case=case)


def test_a_release_is_published_with_a_passport_that_holds(steps: Steps) -> None:
    steps.prepare().answer()
    first = steps.transfer()
    checked = proof.verify_passport_of(steps.workspace, steps.case.out)
    assert checked.statement.predicate.version == first.version
    assert steps.transfer() == first


def test_the_log_and_the_files_hold_no_direct_identifier(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    held = b"".join(path.read_bytes() for path in (steps.case.data / "training").rglob("*") if path.is_file())
    assert not [email for email in people_frame()["email"] if email.encode() in held]


def test_a_staged_table_that_was_changed_after_the_approval_is_not_transferred(steps: Steps) -> None:
    steps.prepare().answer()
    part = next((steps.case.data / "staging").rglob("part-*.parquet"))
    frame = pl.read_parquet(part)
    frame.with_columns(churned=~pl.col("churned")).write_parquet(part, statistics=False)
    with pytest.raises(TerminalError):
        steps.transfer()
    assert not (steps.case.data / "training").exists()


def test_a_published_table_that_was_changed_fails_its_passport(steps: Steps) -> None:
    steps.prepare().answer()
    steps.transfer()
    part = next((steps.case.data / "training").rglob("part-*.parquet"))
    pl.read_parquet(part).reverse().with_columns(churned=True).write_parquet(part, statistics=False)
    with pytest.raises((VerificationError, TerminalError)):
        proof.verify_passport_of(steps.workspace, steps.case.out)


def test_a_format_before_the_path_does_not_hide_the_environment(steps: Steps) -> None:
    steps.detect()
    steps.plan()
    with pytest.raises(CheckFailed, match="not-staging"):
        apply.mask(steps.workspace, CALLER, source=steps.case.raw, plan=steps.refs["plan"], out=steps.case.out)
