"""Detection against the truth tables, column by column."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl
from column_truth_tables import KNOWN_MISSES, TRUTH, WHY
from frame_source import FrameSource

from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role

_FILES = {
    "userdata1": "tables/dataprofiler/userdata1.avro",
    "zomato": "tables/dataprofiler/zomato.csv",
    "honeypot": "tables/dataprofiler/aws_honeypot_marx_geo.csv",
    "titanic": "tables/dataprofiler/titanic.parq",
    "nation (impala)": "tables/dataprofiler/snappy-nation.impala.parquet",
    "nation (plain)": "tables/dataprofiler/nation.plain.intentionally_mislabled_file.csv",
    "ds_salaries": "tables/dataprofiler/ds_salaries.csv",
    "febrl dataset1": "tables/febrl/dataset1.csv",
    "febrl dataset4a": "tables/febrl/dataset4a.csv",
    "febrl dataset4b": "tables/febrl/dataset4b.csv",
    "hospital": "anonymity/anjana/hospital_extended.csv",
    "students": "anonymity/pycanon/StudentsMath_Score.csv",
    "adult": "anonymity/arx/adult.csv",
}
_CHINOOK = "tables/chinook/Chinook_Sqlite.sqlite"


class Judged(NamedTuple):
    """One column: what it is, what detection said, and why they differ or what decided (no value of the data)."""

    table: str
    column: str
    expected_entity: str | None
    expected_role: Role
    found_entity: str | None
    found_role: Role
    right: bool
    explanation: str


@cache
def findings_of(table: str, folder: Path) -> Findings:
    """The findings of one reference table; *folder* is the reference data."""
    if table in _FILES:
        return detect_columns(open_source(str(folder / _FILES[table])), table=None, contract_digest=None)
    return detect_columns(FrameSource(_chinook(folder, table.removeprefix("chinook "))), table=None, contract_digest=None)


def frame_of(table: str, folder: Path) -> pl.DataFrame:
    """All rows of one reference table."""
    if table in _FILES:
        return pl.concat(open_source(str(folder / _FILES[table])).slabs())
    return _chinook(folder, table.removeprefix("chinook "))


def column_report(folder: Path) -> list[Judged]:
    """Every column of every reference table, in the order of the truth tables."""
    return [_judged(table, column, folder) for table, columns in TRUTH.items() for column in columns]


def finding_of(table: str, column: str, folder: Path) -> ColumnFinding:
    """The finding of one column."""
    found = findings_of(table, folder).column(column)
    assert found is not None, f"{table} has no column {column}"
    return found


def _judged(table: str, column: str, folder: Path) -> Judged:
    entity, role = TRUTH[table][column]
    found = finding_of(table, column, folder)
    right = (found.entity, found.role) == (entity, role)
    place = (table, column)
    return Judged(table, column, entity, role, found.entity, found.role, right, KNOWN_MISSES.get(place) or WHY.get(place, ""))


def _chinook(folder: Path, table: str) -> pl.DataFrame:
    database = sqlite3.connect(f"file:{folder / _CHINOOK}?mode=ro&immutable=1", uri=True)
    try:
        rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own table names
        return pl.DataFrame(
            rows.fetchall(), schema=[entry[0] for entry in rows.description], orient="row", infer_schema_length=None
        )
    finally:
        database.close()
