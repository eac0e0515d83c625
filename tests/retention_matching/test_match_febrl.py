"""Misspelt duplicates of febrl's registers, found by one record; who is whom is used for counting only."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.retention.matching.match import match, prepare
from airflow_privacy.core.retention.matching.rules import Field, MatchRules

RULES = MatchRules(
    (
        Field("given_name", "name"),
        Field("surname", "name", shared=True),
        Field("street_number", "digits", shared=True),
        Field("address_1", "text", shared=True),
        Field("address_2", "text", shared=True),
        Field("suburb", "text", shared=True),
        Field("postcode", "digits", shared=True),
        Field("state", "exact", shared=True),
        Field("date_of_birth", "date"),
        Field("soc_sec_id", "digits"),
    )
)


@pytest.mark.parametrize(
    ("asked", "register", "every"),
    [("dataset1.csv", "dataset1.csv", 4), ("dataset4a.csv", "dataset4b.csv", 25)],
)
def test_one_record_finds_the_persons_duplicates(reference_data: Path, asked: str, register: str, every: int) -> None:
    folder = reference_data / "tables" / "febrl"
    if not folder.is_dir():
        pytest.skip(f"no febrl at {folder}")
    subjects, table = read(folder / asked), read(folder / register)
    prepared = prepare(table, RULES)
    right = wrong = missed = unseen = 0
    for at in range(0, subjects.height, every):
        subject = subjects[at]
        others = table.with_row_index("row").filter(pl.col("rec_id") != subject["rec_id"][0])
        truth = set(others.filter(pl.col("person") == subject["person"][0])["row"])
        found = match(subject, prepared, RULES).filter(pl.col("row").is_in(others["row"].implode()))
        same = set(found.filter(pl.col("decision") == "same")["row"])
        right += len(same & truth)
        wrong += len(same - truth)
        missed += len(truth - same)
        unseen += len(truth - set(found["row"]))
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.90
    assert unseen <= 0.02 * (right + missed)  # what is not found by itself is nearly always shown


def read(path: Path) -> pl.DataFrame:
    table = pl.read_csv(path, infer_schema=False)
    table = table.rename(str.strip).with_columns(pl.all().str.strip_chars())
    return table.with_columns(pl.col("rec_id").str.extract(r"rec-(\d+)-").alias("person"))
