"""``frames.detect``: the same verdicts as on a file, for pandas and Polars, without Airflow and without a privacy home."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from people import people_frame, write_case

from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.source import open_source
from airflow_privacy.frames import detect

PEOPLE = people_frame()


def verdicts(found):
    return [(column.name, column.entity, column.role, column.matched) for column in found.columns]


@pytest.mark.parametrize("convert", [pl.DataFrame.clone, pl.DataFrame.to_pandas], ids=["polars", "pandas"])
def test_a_frame_is_judged_as_a_file_of_its_rows(tmp_path: Path, convert) -> None:
    PEOPLE.write_parquet(tmp_path / "people.parquet")
    source = open_source(str(tmp_path / "people.parquet"))
    assert verdicts(detect(convert(PEOPLE))) == verdicts(detect_columns(source, table=None, contract_digest=None))


def test_the_contracts_pins_count(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    case.contract.write_text(
        case.contract.read_text().replace(
            "{name: country, logicalType: string}",
            "{name: country, logicalType: string, customProperties: [{property: privacy.role, value: sensitive}]}",
        )
    )
    country = detect(PEOPLE, str(case.contract)).column("country")
    assert country is not None
    assert country.role == "sensitive"


def test_a_column_that_the_contract_does_not_know_is_denied(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    with pytest.raises(CheckFailed, match="surprise"):
        detect(PEOPLE.with_columns(surprise=1), str(case.contract))
    found = detect(PEOPLE.with_columns(surprise=1), str(case.contract), on_drift="quarantine")
    assert [column.name for column in found.columns if column.quarantined] == ["surprise"]


def test_a_sample_says_what_it_may_have_missed() -> None:
    found = detect(PEOPLE, sample_rows=100)
    assert (found.rows_scanned, found.rows_total) == (100, 600)
    assert max(column.coverage_bound_95 for column in found.columns) > 0


def test_categories_are_texts() -> None:
    found = detect(PEOPLE.select(pl.col("email").cast(pl.Categorical))).column("email")
    assert found is not None
    assert found.entity == "EMAIL_ADDRESS"


def test_an_empty_frame_and_what_is_no_frame_are_refused() -> None:
    with pytest.raises(BadInput, match="nothing-scanned"):
        detect(PEOPLE.head(0))
    with pytest.raises(BadInput, match="no-dataframe"):
        detect([1])  # type: ignore[arg-type]


def test_the_frame_stays_as_it_is() -> None:
    before = PEOPLE.clone()
    detect(PEOPLE)
    assert PEOPLE.equals(before)
