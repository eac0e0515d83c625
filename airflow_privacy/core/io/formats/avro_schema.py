"""An Avro schema as columns: the fields that are no records, by path, with the type that each is read as."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl

from airflow_privacy.core.io.formats.plain_values import nested_series, text_series

_PRIMITIVE: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "int": pl.Int64(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "string": pl.String(),
    "enum": pl.String(),
    "bytes": pl.Binary(),
    "fixed": pl.Binary(),
    "null": pl.Null(),
}
_LOGICAL: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "time-millis": pl.Time(),
    "time-micros": pl.Time(),
    "timestamp-millis": pl.Datetime("us", "UTC"),
    "timestamp-micros": pl.Datetime("us", "UTC"),
    "local-timestamp-millis": pl.Datetime("us"),
    "local-timestamp-micros": pl.Datetime("us"),
    "uuid": pl.String(),
}
_DECIMAL_DIGITS = 38  # Arrow's and Polars' 128 bits


class UnsupportedSchema(Exception):
    """Says which field has what kind of type."""


class Leaf(NamedTuple):
    """A column: the keys that lead to it, and its type."""

    path: tuple[str, ...]
    dtype: pl.DataType

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def series(self, records: list[Any]) -> pl.Series:
        """The column of some records. A record that is null is null in each of its fields."""
        values = records
        for key in self.path:
            values = [None if value is None else value[key] for value in values]
        if self.dtype == pl.String:
            return text_series(self.name, [str(value) if isinstance(value, uuid.UUID) else value for value in values])
        if self.dtype == pl.List:
            return nested_series(self.name, values)
        return pl.Series(self.name, values, dtype=self.dtype)


def leaves_of(schema: Any) -> Iterator[Leaf]:
    """The columns of a record's schema, in order.

    :raises UnsupportedSchema: it is no record, contains itself, or has a union of records or a decimal that is too long.
    """
    if not (isinstance(schema, dict) and schema.get("type") in ("record", "error")):
        raise UnsupportedSchema("it is no record")
    yield from _fields(schema, (), dict(_named(schema)), frozenset())


def _named(schema: Any) -> Iterator[tuple[str, Any]]:
    """All types that are defined anywhere in a schema, by name."""
    if isinstance(schema, list):
        for kind in schema:
            yield from _named(kind)
    elif isinstance(schema, dict):
        if "name" in schema:
            yield str(schema["name"]), schema
        yield from _named([schema.get("type"), schema.get("items"), schema.get("values")])
        yield from _named([column["type"] for column in schema.get("fields", ())])


def _fields(record: Any, path: tuple[str, ...], named: dict[str, Any], inside: frozenset[str]) -> Iterator[Leaf]:
    name = str(record.get("name", ""))
    if name in inside:
        raise UnsupportedSchema(f"{'.'.join(path)!r} is a record that contains itself")
    for column in record["fields"]:
        yield from _column(column["type"], (*path, column["name"]), named, inside | {name})


def _column(schema: Any, path: tuple[str, ...], named: dict[str, Any], inside: frozenset[str]) -> Iterator[Leaf]:
    kinds = [_resolved(kind, named) for kind in (schema if isinstance(schema, list) else [schema])]
    kinds = [kind for kind in kinds if kind["type"] != "null"] or [{"type": "null"}]
    records = [kind for kind in kinds if kind["type"] in ("record", "error")]
    if records and len(kinds) > 1:
        raise UnsupportedSchema(f"{'.'.join(path)!r} is a record or something else")
    if records:
        yield from _fields(records[0], path, named, inside)
    else:
        yield Leaf(path, _dtype(kinds, path))


def _resolved(schema: Any, named: dict[str, Any]) -> dict[str, Any]:
    """A schema as a dict; names stand for what they were defined as before."""
    while True:
        if isinstance(schema, str):
            schema = named.get(schema, {"type": schema})
        elif isinstance(schema["type"], dict | list) or schema["type"] in named:
            schema = schema["type"]
            if isinstance(schema, list):
                return {"type": "union"}
        else:
            return dict(schema)


def _dtype(kinds: list[dict[str, Any]], path: tuple[str, ...]) -> pl.DataType:
    types = {str(kind["type"]) for kind in kinds}
    if types & {"array", "map"}:
        return pl.List(pl.String())
    if len(kinds) > 1 and not any("logicalType" in kind for kind in kinds):
        if types <= {"int", "long"}:
            return pl.Int64()
        if types <= {"float", "double"}:
            return pl.Float64()
    if len(kinds) > 1:
        return pl.String()
    kind = kinds[0]
    logical = kind.get("logicalType")
    if logical == "decimal":
        if not 0 < kind.get("precision", 0) <= _DECIMAL_DIGITS:
            raise UnsupportedSchema(f"{'.'.join(path)!r} is a decimal of more than {_DECIMAL_DIGITS} digits")
        return pl.Decimal(kind["precision"], kind.get("scale", 0))
    if logical in _LOGICAL:
        return _LOGICAL[logical]
    if kind["type"] not in _PRIMITIVE:
        raise UnsupportedSchema(f"{'.'.join(path)!r} has a type that is not known")
    return _PRIMITIVE[kind["type"]]
