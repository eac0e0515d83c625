"""Chinook's customers, invoices and employees, masked apart: what joined still joins, inside a scope and nowhere else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.keyring import init_keys, open_keyring
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.policy.load import load_policy
from airflow_privacy.core.policy.resolve import resolve

TABLES = ("Customer", "Invoice", "Employee")
SCOPES = ("training/churn/team", "training/churn/partner")
POLICY = """\
name: chinook
version: "DAY"
environments: [{name: production, base_uris: ["RAW"]}, {name: training, base_uris: [/nowhere/training]}]
boundaries:
  - {source: production, destination: training, approvers: [stella], level: pseudonymized or k_anonymous(k>=1), min_k: 1}
SCOPE
rules:
  - {name: keys, when: {column: [CustomerId, SupportRepId, EmployeeId, ReportsTo, InvoiceId]}, then: hmac_token}
  - {name: mail, when: {entity: EMAIL_ADDRESS}, then: hmac_token}
  - {name: kept, when: {column: [Total, Title]}, then: keep}
"""


class Day(NamedTuple):
    """One run: its own folder, its own export, its own plan."""

    folder: Path
    home: Path
    number: int

    def export(self, table: str, frames: dict[str, pl.DataFrame]) -> Path:
        path = self.folder / "raw" / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        # The order of rows, and with it the file, is another one each day.
        frames[table].sample(fraction=1, shuffle=True, seed=self.number).write_parquet(path)
        return path

    def plan(self, table: str, path: Path, recipient: str, scope_by: str = "") -> MaskingPlan:
        policy_file = self.folder / f"policy-{table}-{recipient}.yaml"
        text = POLICY.replace("RAW", str(path.parent)).replace("DAY", str(self.number))
        policy_file.write_text(text.replace("SCOPE", f"scope_by: {scope_by}" if scope_by else ""))
        loaded = load_policy(policy_file)
        source = open_source(str(path))
        promised = Table(name=table, columns=tuple(Column(name=column.name) for column in source.columns))
        return resolve(
            contract=Contract(id="c", name="c", version="1", status="active", purposes=("churn",), tables=(promised,)),
            contract_file=FileStamp(uri="c.yaml", sha256="sha256:0"),
            table=promised,
            findings=detect_columns(source, table=promised, contract_digest=None),
            policy=loaded.policy,
            policy_file=loaded.file,
            purpose="churn",
            recipient=recipient,
            destination="training",
        )

    def mask(self, table: str, frames: dict[str, pl.DataFrame], recipient: str = "team") -> pl.DataFrame:
        path = self.export(table, frames)
        plan = self.plan(table, path, recipient)
        key = open_keyring(self.home).technique_key(plan.scope, "hmac_token").hex()
        stage = self.folder / f"{table}-{recipient}"
        stage.mkdir()
        mask_table(source=open_source(str(path)), plan=plan, tools=Tools(keys={"hmac_token": key}), stage=stage)
        return pl.read_parquet(stage / "*.parquet")


@pytest.fixture(scope="module")
def frames(reference_data: Path) -> dict[str, pl.DataFrame]:
    file = reference_data / "tables" / "chinook" / "Chinook_Sqlite.sqlite"
    if not file.is_file():
        pytest.skip("no Chinook database among the reference data")
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        read = {name: pl.read_database(f"SELECT * FROM {name}", database) for name in TABLES}  # noqa: S608 - our own names
    finally:
        database.close()
    # The same numbers in other types, as tables of other systems have them.
    read["Invoice"] = read["Invoice"].with_columns(pl.col("CustomerId").cast(pl.Int32), pl.col("Total").cast(pl.Float64))
    read["Employee"] = read["Employee"].with_columns(pl.col("EmployeeId").cast(pl.String))
    return read


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    init_keys(home, scopes=SCOPES)
    return home


@pytest.fixture(scope="module")
def masked(frames: dict[str, pl.DataFrame], home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """Each table on a day of its own, all for one recipient."""
    days = enumerate(TABLES, 1)
    return {table: Day(tmp_path_factory.mktemp(f"day{day}"), home, day).mask(table, frames) for day, table in days}


@pytest.fixture(scope="module")
def elsewhere(frames: dict[str, pl.DataFrame], home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The same tables for another recipient."""
    day = Day(tmp_path_factory.mktemp("partner"), home, 9)
    return {table: day.mask(table, frames, "partner") for table in TABLES}


def joined(tables: dict[str, pl.DataFrame], left: str, on: str, right: str, key: str) -> list[int]:
    """How a join falls out, told without its keys: for each row on the right that has a key, the partners on the left."""
    there = tables[right].filter(pl.col(key).is_not_null()).select(pl.col(key).cast(pl.String).alias("key"))
    here = tables[left].filter(pl.col(on).is_not_null()).select(pl.col(on).cast(pl.String).alias("key"))
    return sorted(there.join(here, on="key").group_by("key").len()["len"].to_list())


JOINS = (
    ("Customer", "CustomerId", "Invoice", "CustomerId", 412),
    ("Employee", "EmployeeId", "Customer", "SupportRepId", 59),
    ("Employee", "EmployeeId", "Employee", "ReportsTo", 7),
)


@pytest.mark.parametrize(("left", "on", "right", "key", "rows"), JOINS)
def test_what_joined_before_masking_joins_the_same_way_after(
    frames: dict[str, pl.DataFrame], masked: dict[str, pl.DataFrame], left: str, on: str, right: str, key: str, rows: int
) -> None:
    before, after = joined(frames, left, on, right, key), joined(masked, left, on, right, key)
    assert after == before
    assert sum(after) == rows


def test_an_aggregate_over_a_join_is_what_it_was(frames: dict[str, pl.DataFrame], masked: dict[str, pl.DataFrame]) -> None:
    def spent_by_support(tables: dict[str, pl.DataFrame]) -> list[float]:
        customers = tables["Customer"].select(pl.col("CustomerId").cast(pl.String), pl.col("SupportRepId").cast(pl.String))
        invoices = tables["Invoice"].select(pl.col("CustomerId").cast(pl.String), "Total")
        by = invoices.join(customers, on="CustomerId").group_by("SupportRepId").agg(pl.col("Total").sum().round(2))
        return sorted(by["Total"].to_list())

    assert spent_by_support(masked) == spent_by_support(frames)


@pytest.mark.parametrize("column", ["CustomerId", "Email", "SupportRepId"])
def test_a_table_masked_on_another_day_has_the_same_tokens(
    frames: dict[str, pl.DataFrame], masked: dict[str, pl.DataFrame], home: Path, tmp_path: Path, column: str
) -> None:
    again = Day(tmp_path, home, 4).mask("Customer", frames)
    assert sorted(again[column]) == sorted(masked["Customer"][column])
    assert again[column].to_list() != masked["Customer"][column].to_list()


@pytest.mark.parametrize(("table", "people"), [("Customer", 59), ("Employee", 8)])
def test_mail_addresses_are_tokens_one_for_one(masked: dict[str, pl.DataFrame], table: str, people: int) -> None:
    tokens = masked[table]["Email"]
    assert (tokens.n_unique(), tokens.str.contains("^[0-9a-f]{32}$").all()) == (people, True)


def test_no_other_column_is_released(masked: dict[str, pl.DataFrame]) -> None:
    assert {table: frame.columns for table, frame in masked.items()} == {
        "Customer": ["CustomerId", "Email", "SupportRepId"],
        "Invoice": ["InvoiceId", "CustomerId", "Total"],
        "Employee": ["EmployeeId", "Title", "ReportsTo", "Email"],
    }


def tokens_of(tables: dict[str, pl.DataFrame]) -> set[str]:
    columns = [column for frame in tables.values() for column in frame.drop("Total", "Title", strict=False)]
    return {token for column in columns for token in column.drop_nulls()}


def test_nothing_is_shared_with_another_recipient(masked: dict[str, pl.DataFrame], elsewhere: dict[str, pl.DataFrame]) -> None:
    assert tokens_of(masked) & tokens_of(elsewhere) == set()


@pytest.mark.parametrize(("left", "on", "right", "key", "rows"), JOINS)
def test_across_scopes_no_row_finds_its_partner(
    masked: dict[str, pl.DataFrame], elsewhere: dict[str, pl.DataFrame], left: str, on: str, right: str, key: str, rows: int
) -> None:
    assert joined({left: masked[left]} | {right + " of others": elsewhere[right]}, left, on, right + " of others", key) == []


def test_where_keys_are_parted_by_dataset_each_table_has_its_own_scope(
    frames: dict[str, pl.DataFrame], home: Path, tmp_path: Path
) -> None:
    day = Day(tmp_path, home, 5)
    scopes = {t: day.plan(t, day.export(t, frames), "team", "[environment, purpose, dataset]").scope for t in TABLES}
    assert scopes == {table: f"training/churn/*/{table}" for table in TABLES}
