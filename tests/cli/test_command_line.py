"""The command line: the whole way without Airflow, exit codes, and errors that say what, where and what to do without a value."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from people import SCOPE, Case, write_case
from steps import Steps, workspace_in

from airflow_privacy.cli import main

CANARY = "CANARYVALUE"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return write_case(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "privacy"
    assert main(["keys", "init", "--home", str(path), "--scope", SCOPE]) == 0
    return path


def run(home: Path, *arguments: object) -> int:
    verb = [str(argument) for argument in arguments]
    return main([*verb, "--home", str(home)])


def planning(case: Case) -> list[str]:
    given = ["--purpose", "churn-model", "--recipient", "ml-team", "--destination", "training"]
    return [str(case.raw), "--contract", str(case.contract), "--policy", str(case.policy), *given]


def test_keys_are_made_once_and_only_for_their_owner(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in (home / "keyring").rglob("*") if path.is_file()}
    assert run(home, "keys", "init", "--scope", SCOPE) == 0
    assert "Nothing to make" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before
    private = [path for path in before if "public" not in path.parts]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_detect_prints_one_document(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(home, "detect", case.raw, "--contract", case.contract, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"rows_scanned", "rows_total", "columns", "drift"}
    email = next(column for column in document["columns"] if column["name"] == "email")
    assert (email["entity"], email["role"], email["coverage_bound_95"]) == ("EMAIL_ADDRESS", "direct-identifier", 0.0)
    told = {"name", "entity", "role", "confidence", "matched", "coverage_bound_95", "evidence"}
    assert set(email) == {*told, "coverage", "quarantined"}


def test_explain_names_rule_and_evidence_for_each_column(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "explain", *planning(case)) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("person_id", "email", "birth_date", "tokens", "decade", "EMAIL_ADDRESS"))


def test_plan_mask_and_risk_work_by_digest(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(home, "plan", *planning(case), "--json") == 0
    plan = json.loads(capsys.readouterr().out)["digest"]
    assert run(home, "mask", case.raw, "--plan", plan, "--out", case.staging, "--json") == 0
    dataset = json.loads(capsys.readouterr().out)["digest"]
    assert run(home, "risk", dataset, "--json") == 0
    risk = json.loads(capsys.readouterr().out)
    assert risk["k"] >= 5
    assert risk["prosecutor"] == 1 / risk["k"]
    assert run(home, "ledger", "verify") == 0


def test_a_released_dataset_is_shown_and_verified(tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(workspace=workspace_in(tmp_path), case=case).prepare()
    steps.answer()
    steps.transfer()
    assert run(steps.workspace.home, "passport", "verify", case.out) == 0
    assert run(steps.workspace.home, "passport", "show", case.out) == 0
    assert "churn-model" in capsys.readouterr().out


def test_a_changed_published_file_fails_with_exit_code_1(tmp_path: Path, case: Case) -> None:
    steps = Steps(workspace=workspace_in(tmp_path), case=case).prepare()
    steps.answer()
    steps.transfer()
    part = next(case.out.rglob("*.parquet"))
    part.write_bytes(part.read_bytes() + b"x")
    assert run(steps.workspace.home, "passport", "verify", case.out) == 1


def test_a_truncated_ledger_exits_with_3(tmp_path: Path, case: Case) -> None:
    import sqlite3

    steps = Steps(workspace=workspace_in(tmp_path), case=case).prepare()
    with sqlite3.connect(steps.workspace.ledger_path) as database:
        database.execute("delete from entries where idx = (select max(idx) from entries)")
    database.close()
    assert run(steps.workspace.home, "ledger", "verify") == 3


def missing(case: Case) -> None:
    case.raw.unlink()


def empty(case: Case) -> None:
    case.raw.write_bytes(b"")


def header_only(case: Case) -> None:
    case.raw.write_text("person_id,name\n")


def truncated(case: Case) -> None:
    case.raw.write_bytes(case.raw.read_bytes()[:-100])


def not_a_table(case: Case) -> None:
    case.raw.write_bytes(bytes(range(256)) * 8)


def duplicate_columns(case: Case) -> None:
    case.raw.write_text(f"name,name\n{CANARY},{CANARY}\n")


def unknown_column(case: Case) -> None:
    pl.read_parquet(case.raw).with_columns(pl.lit(CANARY).alias("surprise")).write_parquet(case.raw)


def lost_column(case: Case) -> None:
    pl.read_parquet(case.raw).drop("income").write_parquet(case.raw)


def unreadable_policy(case: Case) -> None:
    case.policy.write_text("rules: [")


def unknown_technique(case: Case) -> None:
    case.policy.write_text(case.policy.read_text().replace("technique: drop", "technique: dorp"))


def unknown_policy_key(case: Case) -> None:
    case.policy.write_text(case.policy.read_text().replace("suppression_limit", "supression_limit"))


def unknown_contract_key(case: Case) -> None:
    case.contract.write_text(case.contract.read_text().replace("logicalType: date", "logicaltype: date"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (missing, ["people.parquet"]),
        (empty, ["people.parquet"]),
        (header_only, ["people.parquet"]),
        (truncated, ["people.parquet"]),
        (not_a_table, ["people.parquet"]),
        (duplicate_columns, ["name"]),
        (unknown_column, ["surprise"]),
        (lost_column, ["income"]),
        (unreadable_policy, ["people.policy.yaml"]),
        (unknown_technique, ["dorp", "no-text", "drop", "people.policy.yaml"]),
        (unknown_policy_key, ["supression_limit", "suppression_limit"]),
        (unknown_contract_key, ["logicaltype", "logicalType", "people.contract.yaml"]),
    ],
)
def test_bad_input_is_named_without_a_value_and_leaves_nothing(
    home: Path, case: Case, capsys: pytest.CaptureFixture[str], damage: Callable[[Case], None], words: list[str]
) -> None:
    damage(case)
    capsys.readouterr()
    assert run(home, "plan", *planning(case)) in (1, 2)
    said = capsys.readouterr()
    assert [word for word in words if word not in said.err] == []
    assert "Traceback" not in said.err
    assert CANARY not in said.err + said.out
    assert not case.staging.exists()


def test_masking_without_keys_names_the_command_and_makes_none(
    tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    keyless = tmp_path / "keyless"
    assert run(keyless, "plan", *planning(case)) == 2
    assert "airflow-privacy keys init" in capsys.readouterr().err
    assert not (keyless / "keyring").exists()


def test_a_scope_without_a_key_names_the_scope(tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "privacy"
    assert main(["keys", "init", "--home", str(home)]) == 0
    capsys.readouterr()
    assert run(home, "plan", *planning(case), "--json") == 0
    plan = json.loads(capsys.readouterr().out)["digest"]
    assert run(home, "mask", case.raw, "--plan", plan, "--out", case.staging) == 2
    assert f"keys init --scope {SCOPE}" in capsys.readouterr().err
    assert not list(case.staging.rglob("*.parquet"))
