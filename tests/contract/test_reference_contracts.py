"""The example contracts of the standard itself: all are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_privacy.core.contract import odcs
from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.contract.outline import outline
from airflow_privacy.core.model.contract import Contract, Freshness, Retention
from airflow_privacy.core.model.yaml_nodes import Shape

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


def test_every_key_of_the_standards_schema_is_known(reference_data: Path) -> None:
    path = reference_data / "odcs" / "odcs-json-schema-v3.1.0.json"
    if not path.is_file():
        pytest.skip(f"no ODCS schema at {path}")
    missing = set(keys_of_schema(json.loads(path.read_text()))) - set(keys_of_shape(odcs._SHAPE, set()))
    assert missing == set()


def keys_of_schema(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties" and isinstance(value, dict):
                yield from value
            if key != "logicalTypeOptions":  # a mapping that may hold whatever a type needs
                yield from keys_of_schema(value)
    elif isinstance(node, list):
        for item in node:
            yield from keys_of_schema(item)


def keys_of_shape(shape: Shape, seen: set[int]) -> Iterator[str]:
    if id(shape) in seen:
        return
    seen.add(id(shape))
    for key, inner in shape.fields.items():
        yield key
        yield from keys_of_shape(inner, seen)
    if shape.items is not None:
        yield from keys_of_shape(shape.items, seen)
