"""A person in a Delta table: rows, old versions and files; and two datasets of which one gives away the other's key."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from canaries import CANARIES, hits
from erase_case import CALLER, EraseCase, erase_case

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.pipeline.erase_verify import verify_erasure

WHO = CANARIES["email"]


@pytest.fixture
def case(tmp_path: Path) -> EraseCase:
    deltalake = pytest.importorskip("deltalake")
    made = erase_case(tmp_path)
    table = tmp_path / "orders"
    for day in range(3):
        frame = pl.DataFrame({"customer": [7, 8, 9], "day": [day] * 3, "note": [WHO, "x", "y"]})
        deltalake.write_deltalake(str(table), frame.to_arrow(), mode="append")
    people = tmp_path / "people"
    people.mkdir()
    pl.DataFrame({"customer": [7, 8], "mail": [WHO, "other@mail.example"]}).write_csv(people / "people.csv")
    made.contract("orders", f"delta+file://{table}", "customer")
    made.contract("people", people, "customer", ["mail"], unique=["mail"])
    return made


def test_the_key_that_one_dataset_gives_away_is_looked_for_in_the_other(case: EraseCase) -> None:
    request = case.request({"mail": WHO})
    case.plan(request)
    found = [(one.contract, one.identity, one.rows) for one in case.candidates(request)]
    assert found == [("orders", "k:7", 3), ("people", "k:7", 1)]


def test_no_file_of_the_table_holds_the_person_afterwards_and_a_later_look_finds_new_rows(case: EraseCase) -> None:
    import deltalake

    done = case.erase(case.request({"mail": WHO}))
    assert done.ref is not None
    assert hits(case.folder) == []
    assert deltalake.DeltaTable(str(case.folder / "orders")).to_pyarrow_table().num_rows == 6
    verify_erasure(case.workspace, CALLER, certificate=done.ref)
    back = pl.DataFrame({"customer": [7], "day": [9], "note": ["again"]})
    deltalake.write_deltalake(str(case.folder / "orders"), back.to_arrow(), mode="append")
    with pytest.raises(CheckFailed, match="orders"):
        verify_erasure(case.workspace, CALLER, certificate=done.ref)
