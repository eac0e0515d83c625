"""Contract files for these tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.model.contract import Contract

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
"""
SCHEMA = """\
schema:
  - name: people
    properties:
      - {name: id, physicalName: person_id, logicalType: integer}
      - {name: joined, logicalType: date}
"""


def write(folder: Path, text: str, name: str = "contract.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str, variables: Mapping[str, str] | None = None) -> Contract:
    return load_contract(write(folder, text), variables=variables or {}).contract


def custom(*pairs: tuple[str, str], indent: int = 0) -> str:
    """Custom properties; the first one is in the second line of what this gives."""
    blank = " " * indent
    return f"{blank}customProperties:\n" + "".join(f"{blank}  - {{property: {key}, value: {value}}}\n" for key, value in pairs)
