"""The little of a contract that DAG parsing needs, read without the standard's model: every scheduler loop pays for this."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.yaml_nodes import expand, read_file, read_yaml


class Outline(NamedTuple):
    """Names only. ``location`` is the first server's; a ``${NAME}`` that is not set where DAGs are parsed stays as it is."""

    id: str
    name: str
    tables: tuple[str, ...]
    location: str | None
    purpose: str | None
    recipient: str | None
    destination: str | None


def outline(path: Path | str, *, variables: Mapping[str, str] | None = None) -> Outline:
    """Read an outline. It does not validate: :func:`~airflow_privacy.core.contract.odcs.load_contract` does, in a task.

    :raises BadInput: no such file, not YAML, not a mapping, no id.
    """
    data, name = read_file(path)
    top = read_yaml(data, name).data
    if not isinstance(top, dict) or not isinstance(top.get("id"), str):
        raise BadInput("malformed-contract", "Expected a mapping of contract keys with an id", where=name)
    ours = {str(item.get("property")): item.get("value") for item in _mappings(top.get("customProperties"))}
    tables = tuple(str(item["name"]) for item in _mappings(top.get("schema")) if item.get("name"))
    location = next((_text(item.get("location") or item.get("path")) for item in _mappings(top.get("servers"))), None)
    return Outline(
        id=top["id"],
        name=_text(top.get("name")) or top["id"],
        tables=tables,
        location=_expanded(location, variables, name),
        purpose=_text(ours.get("privacy.purpose")),
        recipient=_text(ours.get("privacy.recipient")),
        destination=_text(ours.get("privacy.destination")),
    )


def _mappings(data: object) -> list[dict[str, object]]:
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _expanded(location: str | None, variables: Mapping[str, str] | None, where: str) -> str | None:
    if location is None:
        return None
    try:
        return expand(location, variables=os.environ if variables is None else variables, where=where)
    except BadInput:
        return location
