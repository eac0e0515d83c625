"""The example contracts of the standard itself: all are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.contract.outline import outline
from airflow_privacy.core.model.contract import Contract, Freshness, Retention

TABLES = {
    "all-data-types": 1,
    "all-schema-types": 3,
    "azure-server": 0,
    "basic-four-dpo": 0,
    "column-accuracy": 1,
    "column-completeness": 1,
    "column-custom": 1,
    "column-validity": 1,
    "database-table-sla": 0,
    "full-example": 2,
    "kafka-schema": 1,
    "kafka-schemaregistry": 1,
    "kafka-server": 1,
    "postgresql-adventureworks-contract": 68,
    "service-and-operational-roles": 0,
    "table-column": 1,
    "table-column-description": 1,
    "table-columns-with-partition": 1,
}


@pytest.fixture
def examples(reference_data: Path) -> Path:
    path = reference_data / "odcs" / "examples"
    if not path.is_dir():
        pytest.skip(f"no ODCS examples at {path}")
    return path


def read(examples: Path, name: str) -> Contract:
    return load_contract(examples / f"{name}.odcs.yaml", variables={}).contract


def test_no_example_is_left_out(examples: Path) -> None:
    assert {path.name.removesuffix(".odcs.yaml") for path in examples.glob("*.yaml")} == set(TABLES)


@pytest.mark.parametrize(("name", "tables"), TABLES.items())
def test_an_example_of_the_standard_is_read(examples: Path, name: str, tables: int) -> None:
    assert len(read(examples, name).tables) == tables


@pytest.mark.parametrize("name", TABLES)
def test_the_outline_agrees_with_the_whole_contract(examples: Path, name: str) -> None:
    contract, found = read(examples, name), outline(examples / f"{name}.odcs.yaml", variables={})
    assert (found.id, found.name) == (contract.id, contract.name)
    assert found.tables == tuple(table.name for table in contract.tables)


def test_the_full_example_is_read_with_its_promises(examples: Path) -> None:
    contract = read(examples, "full-example")
    assert contract.retention == Retention(days=3 * 365, anchor="txn_ref_dt")
    assert contract.freshness == Freshness(column="txn_ref_dt", hours=96.0)
    assert contract.owner == "daustin"
    assert len(contract.roles) == 4
    column = contract.tables[0].column("txn_ref_dt")
    assert column is not None and (column.logical_type, column.classification) == ("date", "public")
