"""Who was erased is named nowhere afterwards: data, ledger, artifacts, certificate, request files, output and errors."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest
from canaries import CANARIES, hits
from erase_case import CALLER, EraseCase, erase_case

from airflow_privacy.cli import main
from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.io.purge import file_rows
from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.erase_verify import verify_erasure

WHO = CANARIES["email"]
NAME = CANARIES["name"]


@pytest.fixture
def case(tmp_path: Path) -> EraseCase:
    made = erase_case(tmp_path)
    place = tmp_path / "visits"
    for day in (1, 2):  # the folder's and the file's name hold the person, too
        folder = place / f"mail={WHO}" if day == 2 else place / "mail=other@mail.example"
        folder.mkdir(parents=True)
        names = [NAME, NAME.upper()] if day == 2 else ["Somebody Else", "Ada Byron"]
        pl.DataFrame({"name": names, "n": [1, 2]}).write_csv(folder / f"{names[0]}.csv")
    made.contract("visits", place, "mail", ["name"])
    return made


def cli(case: EraseCase, *arguments: str) -> int:
    return main([*arguments, "--home", str(case.workspace.home)])


def request(case: EraseCase) -> str:
    return case.request({"mail": WHO, "name": NAME}, [{"column": "name", "kind": "name"}])


def test_nothing_names_the_person_afterwards_in_any_spelling(case: EraseCase) -> None:
    asked = request(case)
    plan = case.planned(asked)
    found = {hit.partition("/")[0] for hit in hits(case.workspace.home)}
    assert {"requests", "artifacts"} <= found  # the search finds identifiers, and the listing's names
    done = run_erasure(case.workspace, CALLER, plan=plan)
    assert done.ref is not None
    verify_erasure(case.workspace, CALLER, certificate=done.ref)
    run_erasure(case.workspace, CALLER, plan=plan)
    assert hits(case.workspace.home) == []
    assert hits(case.folder / "contracts") == []
    rows = pl.concat(pl.read_csv(path) for path in (case.folder / "visits").rglob("*.csv"))
    assert NAME not in rows["name"].to_list() and rows.height == 2
    assert [path for path in (case.folder / "visits").rglob("*") if "uaxolotl" in str(path.relative_to(case.folder))] == []


def test_before_the_end_identifiers_lie_in_private_files_and_listings_alone(case: EraseCase) -> None:
    case.planned(request(case))
    places = {hit.partition(":")[0] for hit in hits(case.workspace.home)}
    assert {place.rpartition("/")[0] for place in places} <= {"requests", "artifacts/purge-listing"}
    for path in (case.workspace.home / "requests").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_an_error_in_the_middle_names_nobody(case: EraseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = case.planned(request(case))

    def broken(*given: object, **named: object) -> None:
        raise RuntimeError(f"cannot rewrite {WHO}: {NAME}")

    with monkeypatch.context() as patched:
        patched.setattr(file_rows.FileRows, "remove", broken)
        with pytest.raises(PrivacyError) as caught:
            run_erasure(case.workspace, CALLER, plan=plan)
    told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "uaxolotl" not in told
    places = {hit.partition("/")[0] + "/" + hit.split("/")[1] for hit in hits(case.workspace.home)}
    assert all(place.startswith(("requests/", "artifacts/purge-listing")) for place in places)


def test_the_command_line_goes_from_request_to_certificate_and_shows_nobody(
    case: EraseCase, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = {"identifiers": {"mail": WHO, "name": [NAME]}, "match": [{"column": "name", "kind": "name"}]}
    (tmp_path / "asked").mkdir()
    file = tmp_path / "asked" / "request.json"
    file.write_text(json.dumps(document))
    told = ""

    def say() -> str:
        nonlocal told
        out, err = capfd.readouterr()
        told += out + err
        return out

    assert cli(case, "erase", "request", str(file), "--json") == 0
    asked = json.loads(say())["id"]
    contracts = str(case.folder / "contracts")
    assert cli(case, "erase", "plan", asked, contracts, "--max-share", "1") == 4
    assert cli(case, "erase", "status") == 0
    assert cli(case, "erase", "review", asked, "--person", "all") == 0
    say()
    assert cli(case, "erase", "plan", asked, contracts, "--max-share", "1") == 0
    say()
    assert cli(case, "erase", "plan", asked, contracts, "--max-share", "1", "--json") == 0
    plan = json.loads(say())["digest"]
    assert cli(case, "erase", "run", plan) == 2  # nobody confirmed
    assert cli(case, "erase", "run", plan, "--yes", "--json") == 0
    certificate = json.loads(say())["certificate"]
    assert cli(case, "erase", "verify", certificate) == 0
    assert cli(case, "erase", "status", "--all") == 0
    assert "erased" in say()
    assert cli(case, "ledger", "show") == 0
    assert cli(case, "purge", "verify", certificate) == 1  # the plan of an erasure
    folder = case.folder / "visits" / "mail=other@mail.example"
    (folder.parent / "mail=else").mkdir()
    pl.DataFrame({"mail": [WHO], "name": [NAME], "n": [1]}).write_csv(folder.parent / "mail=else" / "back.csv")
    assert cli(case, "erase", "verify", certificate) == 1
    say()
    assert "came-back" in told
    assert "uaxolotl" not in told
    assert hits(case.workspace.home) == []


def test_an_overdue_request_makes_the_status_fail(case: EraseCase, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"identifiers": {"mail": WHO}}))
    assert cli(case, "erase", "request", str(file), "--received", "2020-01-31") == 0
    assert cli(case, "erase", "status") == 1
    assert "OVERDUE" in capfd.readouterr().out


def test_no_drafts_are_left_of_a_killed_writer(case: EraseCase) -> None:
    asked = request(case)
    plan = case.planned(asked)
    draft = case.workspace.home / "requests" / f".{asked}-subject.json.0000"
    draft.write_text(WHO)
    os.chmod(draft, 0o600)  # noqa: PTH101
    run_erasure(case.workspace, CALLER, plan=plan)
    assert not draft.exists()
