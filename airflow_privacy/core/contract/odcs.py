"""Reading Open Data Contract Standard (ODCS) files, version 3. The only module that knows the standard's model.

The published model drops nested misspelt keys without a word, and its errors print values. So keys are compared with the model
first, and its errors are told in our words: place, what was expected, line. What can hold data (``examples``, ``enum``,
``quality``, type options, transformation logic) is cut out before the model sees the file and is in no result.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pydantic
from open_data_contract_standard.model import OpenDataContractStandard

from airflow_privacy.core.contract.custom_properties import check_places, drift_rules, read_keys
from airflow_privacy.core.contract.sla import read_sla
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import Value, sha256
from airflow_privacy.core.model.contract import Column, Contract, Server, Table
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.yaml_nodes import Document, Place, Shape, check_keys, expand, hint, read_file, read_yaml

LOGICAL_TYPES = ("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map")

_VALUE_BEARING = frozenset(
    {"examples", "enum", "quality", "context", "logicalTypeOptions", "transformLogic", "transformDescription", "synonyms"}
)
_REQUIRED = ("apiVersion", "kind", "id", "version", "status")
_API_VERSION = re.compile(r"v3\.\d+\.\d+")
_PASSWORD = re.compile(r"//[^/]*:[^/]*@")
_EXPECTED = {
    "string_type": "a text (put it in quotes)",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
}


class LoadedContract(Value, frozen=True, kw_only=True):
    """A contract and the bytes that it was read from."""

    contract: Contract
    file: FileStamp


def load_contract(path: Path | str, *, variables: Mapping[str, str] | None = None) -> LoadedContract:
    """Read one ODCS v3 contract. ``${NAME}`` in a server's location becomes the environment variable's value.

    :param path: a local YAML file.
    :param variables: what ``${NAME}`` stands for; default: the process environment.
    :raises BadInput: with file and line, and without values: no such file, not YAML, a duplicate, unknown or misplaced key, a
        value of the wrong type, a version of the standard other than 3, an unset variable, a password in a location.
    """
    data, name = read_file(path)
    document = read_yaml(data, name)
    if not isinstance(document.data, dict):
        raise BadInput("malformed-contract", "Expected a mapping of contract keys", where=document.at(()))
    check_keys(document, _SHAPE)
    check_places(document)
    _check_model(document)
    contract = _contract(document, document.data, variables)
    return LoadedContract(contract=contract, file=FileStamp(uri=name, sha256=sha256(data)))


def _contract(document: Document, data: dict[str, Any], variables: Mapping[str, str] | None) -> Contract:
    for key in _REQUIRED:
        if not data.get(key):
            raise BadInput("missing-key", f"The contract has no {key!r}", where=document.source, do=f"Add {key}.")
    if data["kind"] != "DataContract":
        raise BadInput("malformed-contract", "kind: expected DataContract", where=document.at(("kind",)))
    if not _API_VERSION.fullmatch(data["apiVersion"]):
        raise BadInput("unknown-version", "apiVersion: expected v3.0.0 to v3.1.0", where=document.at(("apiVersion",)))
    physical: dict[str, str] = {}
    tables = tuple(_tables(document, data, physical))
    keys = read_keys(document, data.get("customProperties"), ("customProperties",), "contract")
    retention, freshness = read_sla(document, data, physical)
    if retention is not None:
        zone, kept = keys.texts.get("privacy.timeZone", "UTC"), int(keys.texts.get("privacy.versionDays", "0"))
        retention = msgspec.structs.replace(retention, zone=zone, version_days=kept)
    subject = keys.texts.get("privacy.subjectKey")
    if subject is not None and tables and physical.get(subject) is None:
        where = keys.where["privacy.subjectKey"]
        raise BadInput("unknown-column", "privacy.subjectKey names no column of the contract", where=where)
    purposes = keys.lists.get("privacy.purposes", ())
    purpose = keys.texts.get("privacy.purpose")
    if purpose is not None and purpose not in purposes:
        where = keys.where["privacy.purpose"]
        raise BadInput("unknown-purpose", "privacy.purpose is not one of privacy.purposes", where=where)
    roles = [role for role in data.get("roles") or () if role.get("role")]
    approvers = [role[level] for role in roles for level in ("firstLevelApprovers", "secondLevelApprovers") if role.get(level)]
    return Contract(
        id=data["id"],
        name=data.get("name") or data["id"],
        version=data["version"],
        status=data["status"],
        owner=keys.texts.get("privacy.owner") or _owner(data.get("team")),
        roles=tuple(role["role"] for role in roles),
        approvers=tuple(dict.fromkeys(approvers)),
        purposes=tuple(dict.fromkeys(purposes)),
        lawful_basis=keys.texts.get("privacy.lawfulBasis"),
        level=keys.texts.get("privacy.level"),
        subject_key=physical.get(subject, subject) if subject else None,
        purpose=purpose,
        recipient=keys.texts.get("privacy.recipient"),
        destination=keys.texts.get("privacy.destination"),
        retention=retention,
        freshness=freshness,
        servers=tuple(_servers(document, data, variables)),
        tables=tables,
        drift=drift_rules(keys),
    )


def _owner(team: Any) -> str | None:
    members = team.get("members") if isinstance(team, dict) else team
    for member in members or ():
        if str(member.get("role", "")).casefold() == "owner" and not member.get("dateOut"):
            return str(member["username"]) if member.get("username") else None
    return None


def _servers(document: Document, data: dict[str, Any], variables: Mapping[str, str] | None) -> Iterator[Server]:
    for index, server in enumerate(data.get("servers") or ()):
        place: Place = ("servers", index)
        if not server.get("server") or not server.get("type"):
            raise BadInput("missing-key", "A server needs 'server' and 'type'", where=document.at(place))
        key = "location" if server.get("location") else "path"
        where = document.at((*place, key))
        location = expand(server[key], variables=variables, where=where) if server.get(key) else None
        if location and _PASSWORD.search(location):
            raise BadInput("secret-in-uri", "The location holds a password", where=where, do="Use a connection.")
        yield Server(name=server["server"], type=server["type"], environment=server.get("environment"), location=location)


def _tables(document: Document, data: dict[str, Any], physical: dict[str, str]) -> Iterator[Table]:
    seen: set[str] = set()
    for index, item in enumerate(data.get("schema") or ()):
        place: Place = ("schema", index)
        name = _named(document, place, "table", seen, item.get("name"))
        columns: list[Column] = []
        taken: set[str] = set()
        for number, column in enumerate(item.get("properties") or ()):
            here: Place = (*place, "properties", number)
            in_data = _named(document, here, "column", taken, column.get("physicalName") or column.get("name"))
            physical.setdefault(column.get("name") or in_data, in_data)
            columns.append(_column(document, column, in_data, here))
        for known in taken:
            physical[known] = known
        yield Table(name=name, columns=tuple(columns))


def _named(document: Document, place: Place, what: str, seen: set[str], name: str | None) -> str:
    if not name:
        raise BadInput("missing-key", f"A {what} has no name", where=document.at(place))
    if name in seen:
        raise BadInput("duplicate-name", f"There are two {what}s of the name {name!r}", where=document.at((*place, "name")))
    seen.add(name)
    return name


def _column(document: Document, data: dict[str, Any], name: str, place: Place) -> Column:
    logical = data.get("logicalType")
    if logical is not None and logical not in LOGICAL_TYPES:
        do = hint(logical, LOGICAL_TYPES) or f"Known are {', '.join(LOGICAL_TYPES)}."
        where = document.at((*place, "logicalType"))
        raise BadInput("unknown-type", f"Column {name!r}: logicalType is none of the standard's", where=where, do=do)
    keys = read_keys(document, data.get("customProperties"), (*place, "customProperties"), "column")
    told = next((key for key in ("privacy.because", "privacy.by") if key in keys.texts), None)
    if told is not None and not {"privacy.entity", "privacy.role"} & keys.texts.keys():
        what = f"The custom property {told!r} has no effect here: the column {name!r} has no pin that it could tell of"
        raise BadInput("misplaced-key", what, where=keys.where[told], do="Pin privacy.entity or privacy.role beside it.")
    return Column(
        name=name,
        logical_type=logical,
        physical_type=data.get("physicalType"),
        classification=data.get("classification"),
        tags=tuple(data.get("tags") or ()),
        required=_is_true(data.get("required")),
        unique=_is_true(data.get("unique")),
        primary_key=_is_true(data.get("primaryKey")),
        entity=keys.texts.get("privacy.entity"),
        role=typing.cast("Role | None", keys.texts.get("privacy.role")),
        because=keys.texts.get("privacy.because"),
        by=keys.texts.get("privacy.by"),
    )


def _is_true(value: object) -> bool:
    return str(value).casefold() in ("true", "yes", "on", "y", "t", "1")  # the model takes the same words for true


def _check_model(document: Document) -> None:
    try:
        OpenDataContractStandard.model_validate(_without_values(document.data))
        return
    except pydantic.ValidationError as error:
        problems = [(detail["loc"], detail["type"]) for detail in error.errors(include_input=False, include_url=False)]
    told = list(dict.fromkeys(_tell(document, loc, kind) for loc, kind in problems))
    where = document.at(_place(document, problems[0][0]))
    raise BadInput("malformed-contract", "Not a readable contract: " + "; ".join(told[:10]), where=where)


def _without_values(data: object) -> Any:
    if isinstance(data, dict):
        return {key: _without_values(value) for key, value in data.items() if key not in _VALUE_BEARING}
    if isinstance(data, list):
        return [_without_values(value) for value in data]
    return data


def _place(document: Document, loc: tuple[str | int, ...]) -> Place:
    place: Place = ()
    for step in loc:  # a union's arm stands in the path by its type's name, which the file does not have
        if (*place, step) in document.lines:
            place = (*place, step)
    return place


def _tell(document: Document, loc: tuple[str | int, ...], kind: str) -> str:
    place = _place(document, loc)
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    return f"{path or 'contract'}: expected {_EXPECTED.get(kind, 'another form')} (line {document.line(place)})"


def _shape_of(model: type[pydantic.BaseModel], known: dict[type, Shape]) -> Shape:
    if model not in known:
        fields: dict[str, Shape] = {}
        known[model] = Shape(fields=fields)
        for name, info in model.model_fields.items():
            fields[info.alias or name] = _shape_of_type(info.annotation, known)
    return known[model]


def _shape_of_type(annotation: object, known: dict[type, Shape]) -> Shape:
    """The shape behind ``list[Model] | None`` and the like: one mapping, one list, or both."""
    origin, arms = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return Shape(items=_shape_of_type(arms[0], known))
    if origin in (typing.Union, types.UnionType):
        shapes = [_shape_of_type(arm, known) for arm in arms]
        items = next((shape.items for shape in shapes if shape.items), None)
        mapping = next((arm for arm in arms if isinstance(arm, type) and issubclass(arm, pydantic.BaseModel)), None)
        if mapping is None:
            return Shape(items=items)
        whole = _shape_of(mapping, known)
        return whole if items is None else Shape(fields=whole.fields, items=items)
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return _shape_of(annotation, known)
    return Shape()


_SHAPE = _shape_of(OpenDataContractStandard, {})
