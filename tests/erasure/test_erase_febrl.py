"""A person of febrl's registers, named by one record: the misspelt duplicates are found, shown, and deleted when confirmed.

Who is whom is told by record ids, which are used for counting and as keys, and never for matching.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from erase_case import CALLER, EraseCase, erase_case

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.erase_verify import verify_erasure

FIELDS = [
    ("given_name", "name", False),
    ("surname", "name", True),
    ("street_number", "digits", True),
    ("address_1", "text", True),
    ("address_2", "text", True),
    ("suburb", "text", True),
    ("postcode", "digits", True),
    ("state", "exact", True),
    ("date_of_birth", "date", False),
    ("soc_sec_id", "digits", False),
]
MATCH = [{"column": column, "kind": kind, "shared": shared} for column, kind, shared in FIELDS]


def register(reference_data: Path, name: str) -> pl.DataFrame:
    path = reference_data / "tables" / "febrl" / name
    if not path.is_file():
        pytest.skip(f"no febrl at {path}")
    table = pl.read_csv(path, infer_schema=False)
    return table.rename(str.strip).with_columns(pl.all().str.strip_chars())


def febrl_case(folder: Path, table: pl.DataFrame, form: str = "parquet") -> EraseCase:
    case = erase_case(folder)
    place = folder / "register"
    place.mkdir()
    for number, part in enumerate(table.iter_slices(1_000)):
        part.write_parquet(place / f"part-{number}.parquet") if form == "parquet" else part.write_csv(
            place / f"part-{number}.csv"
        )
    case.contract("register", place, "rec_id", [column for column, _, _ in FIELDS])
    return case


def person(rec_id: str) -> str:
    return rec_id.split("-")[1]


@pytest.mark.parametrize(
    ("asked", "held", "every"), [("dataset1.csv", "dataset1.csv", 25), ("dataset4a.csv", "dataset4b.csv", 400)]
)
def test_one_record_finds_the_persons_misspelt_duplicates(
    reference_data: Path, tmp_path: Path, asked: str, held: str, every: int
) -> None:
    subjects, table = register(reference_data, asked), register(reference_data, held)
    case = febrl_case(tmp_path, table)
    truths: dict[str, set[str]] = {}
    for rec_id in table["rec_id"]:
        truths.setdefault(person(rec_id), set()).add(rec_id)
    right = wrong = missed = 0
    for at in range(0, subjects.height, every):
        record = {name: value for name, value in subjects.row(at, named=True).items() if value}
        if asked != held:
            del record["rec_id"]
        planned = case.plan(request := case.request(record, MATCH))
        assert planned.outcome is None  # nothing is planned before somebody says who it is
        same = {one.identity[2:] for one in case.candidates(request) if one.why != "review"} - {record.get("rec_id", "")}
        truth = truths.get(person(subjects["rec_id"][at]), set()) - {record.get("rec_id", "")}
        right, wrong, missed = right + len(same & truth), wrong + len(same - truth), missed + len(truth - same)
    print(f"{asked}: precision {right / (right + wrong):.4f} recall {right / (right + missed):.4f} of {right + missed}")  # noqa: T201
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.90


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_person_goes_with_its_duplicates_and_everybody_else_stays(reference_data: Path, tmp_path: Path, form: str) -> None:
    table = register(reference_data, "dataset1.csv")
    case = febrl_case(tmp_path, table, form)
    request = case.request({"rec_id": "rec-223-org"}, MATCH)
    assert case.plan(request).outcome is None
    with pytest.raises(BadInput):
        run_erasure(case.workspace, CALLER, plan=case.workspace.artifacts.reference("purge-plan", "sha256:" + "0" * 64))
    assert kept(case, form) == set(table["rec_id"])
    found = {one.identity: (one.why, one.decision) for one in case.candidates(request)}
    assert found["k:rec-223-org"] == ("exact", "") and found["k:rec-223-dup-0"] == ("same", "")
    done = case.erase(request)
    assert done.ref is not None
    assert kept(case, form) == set(table["rec_id"]) - {"rec-223-org", "rec-223-dup-0"}
    verify_erasure(case.workspace, CALLER, certificate=done.ref)


def test_a_misspelt_duplicate_from_a_backup_is_found_again_though_nobody_knows_its_name(
    reference_data: Path, tmp_path: Path
) -> None:
    table = register(reference_data, "dataset1.csv")
    case = febrl_case(tmp_path, table)
    done = case.erase(case.request({"rec_id": "rec-223-org"}, MATCH))
    assert done.ref is not None
    table.filter(pl.col("rec_id") == "rec-223-dup-0").write_parquet(tmp_path / "register" / "restored.parquet")
    with pytest.raises(CheckFailed, match=r"register \(1\)"):
        verify_erasure(case.workspace, CALLER, certificate=done.ref)


def test_a_row_without_a_key_is_shown_and_goes_by_what_it_holds(reference_data: Path, tmp_path: Path) -> None:
    table = register(reference_data, "dataset1.csv")
    blank = pl.when(pl.col("rec_id") == "rec-223-dup-0").then(None).otherwise(pl.col("rec_id"))
    case = febrl_case(tmp_path, table.with_columns(blank.alias("rec_id")))
    request = case.request({"rec_id": "rec-223-org"}, MATCH)
    done = case.erase(request)
    assert done.ref is not None
    assert kept(case, "parquet") == set(table["rec_id"]) - {"rec-223-org", "rec-223-dup-0"}
    table.filter(pl.col("rec_id") == "rec-223-dup-0").with_columns(pl.lit(None, pl.String).alias("rec_id")).write_parquet(
        tmp_path / "register" / "restored.parquet"
    )
    with pytest.raises(CheckFailed, match="came-back"):
        verify_erasure(case.workspace, CALLER, certificate=done.ref)


def kept(case: EraseCase, form: str) -> set[str]:
    files = sorted((case.folder / "register").glob(f"*.{form}"))
    read = [pl.read_parquet(path) if form == "parquet" else pl.read_csv(path, infer_schema=False) for path in files]
    return set(pl.concat(read)["rec_id"].drop_nulls())
