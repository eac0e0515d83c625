"""Fields inside lists of records, each masked by a technique of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, TypeAlias

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.dtypes import family, plain
from airflow_privacy.core.model.techniques import (
    LEARNING,
    RANDOMIZING,
    Drop,
    FreeText,
    HmacToken,
    Inside,
    Plain,
    Surrogate,
    Technique,
    name_of,
)

Inner: TypeAlias = Callable[[str, Technique, pl.DataType, Tools], pl.Expr]
Output: TypeAlias = Callable[[str, Technique, pl.DataType], pl.DataType]
"""The field's path, technique and the field's type → the type that it becomes; raises where they do not fit."""

_ELEMENT = "[]"


@dataclass(frozen=True)
class Leaf:
    """A field that is masked: its path and technique."""

    path: str
    technique: Plain


@dataclass(frozen=True)
class Each:
    """A list: what becomes of its elements."""

    element: Node


@dataclass(frozen=True)
class Record:
    """A record: what becomes of its fields; others are dropped."""

    fields: tuple[tuple[str, Node], ...]


Node: TypeAlias = Leaf | Each | Record


def inside(column: str, technique: Inside, dtype: pl.DataType, tools: Tools, *, inner: Inner, output: Output) -> pl.Expr:
    """Every field that a path names by its own technique; fields that no path names are dropped, lists and records stay.

    Missing lists, empty lists and missing elements stay what they are, so that counts hold. Protects and does not protect as
    each field's technique says. Does not hide how many elements a row has: the number of orders can single a person out.

    :raises CheckFailed: a path names nothing, two paths name one field, every field is dropped, a technique does not fit its
        field or needs more than the field's values.
    :raises KeyUnavailable: a technique's key is not given.
    """
    tree = tree_of(column, technique, dtype)
    built: dict[str, pl.Expr] = {}
    for leaf, kind in leaves_of(tree, dtype):
        target = output(leaf.path, leaf.technique, kind)
        built[leaf.path] = inner(column, leaf.technique, kind, tools).cast(target)

    def run(values: pl.Series) -> pl.Series:
        return _masked(values.cast(plain(dtype)), tree, built, column)

    return by_batches(pl.col(column), run, _type(tree, dtype, output), column)


def tree_of(column: str, technique: Inside, dtype: pl.DataType) -> Node:
    """The paths as a tree along the column's type; fields whose technique is ``drop`` are left out.

    :raises CheckFailed: as for :func:`inside`.
    """
    for path, inner in technique.fields.items():
        _require_alone(column, path, inner)
    tree = _tree(column, dict(technique.fields), "", dtype)
    if tree is None:
        _fail(column, "Every field inside is dropped", "Use drop for the whole column.")
    return tree


def leaves_of(tree: Node, dtype: pl.DataType) -> list[tuple[Leaf, pl.DataType]]:
    """The fields that are masked, with their types."""
    if isinstance(tree, Leaf):
        return [(tree, dtype)]
    if isinstance(tree, Each):
        return leaves_of(tree.element, _element(dtype))
    return [leaf for name, node in tree.fields for leaf in leaves_of(node, _fields(dtype)[name])]


def _tree(column: str, paths: dict[str, Plain], at: str, dtype: pl.DataType) -> Node | None:
    if "" in paths:
        if len(paths) > 1:
            _fail(column, f"The paths below {at or _ELEMENT!r} name one field twice", "Name either a whole field or its parts.")
        return None if isinstance(paths[""], Drop) else Leaf(at, paths[""])
    if isinstance(dtype, pl.List | pl.Array):
        rest = {
            path.removeprefix(_ELEMENT).removeprefix("."): inner for path, inner in paths.items() if path.startswith(_ELEMENT)
        }
        _require_all(column, paths, len(rest), at)
        element = _tree(column, rest, f"{at}{_ELEMENT}", _element(dtype))
        return None if element is None else Each(element)
    if not isinstance(dtype, pl.Struct):
        _fail(column, f"There is nothing inside {at or 'the column'!r}", "Correct the path.")
    fields: list[tuple[str, Node]] = []
    owners = [(path, *_owner(path, _fields(dtype))) for path in paths]
    taken = 0
    for name, kind in _fields(dtype).items():
        mine = {rest: paths[path] for path, owner, rest in owners if owner == name}
        taken += len(mine)
        node = _tree(column, mine, f"{at}.{name}" if at else name, kind) if mine else None
        if node is not None:
            fields.append((name, node))
    _require_all(column, paths, taken, at)
    return Record(tuple(fields)) if fields else None


def _owner(path: str, names: Iterable[str]) -> tuple[str | None, str]:
    """The field that a path goes to, and what it says below it; of several, the one with the longest name."""
    for name in sorted(names, key=len, reverse=True):
        rest = path.removeprefix(name)
        if path.startswith(name) and (not rest or rest.startswith((".", _ELEMENT))):
            return name, rest.removeprefix(".")
    return None, ""


def _masked(values: pl.Series, tree: Node, built: dict[str, pl.Expr], column: str) -> pl.Series:
    if isinstance(tree, Leaf):
        return _leaf(values.alias(column), built[tree.path], tree.path)
    if isinstance(tree, Record):
        parts = [_masked(values.struct.field(name), node, built, column).alias(name) for name, node in tree.fields]
        record = pl.DataFrame(parts).to_struct(column)
        return record.zip_with(values.is_not_null(), pl.Series(column, [None] * len(values), dtype=record.dtype))
    lists = values.cast(pl.List(_element(values.dtype))) if isinstance(values.dtype, pl.Array) else values
    lengths = lists.list.len()
    elements = lists.filter((lengths > 0).fill_null(False)).explode()
    return _lists(lengths, _masked(elements, tree.element, built, column))


def _lists(lengths: pl.Series, elements: pl.Series) -> pl.Series:
    """Lists of the given lengths (null: no list) from their elements one after another."""
    ends = lengths.fill_null(0).cast(pl.Int64).cum_sum()
    offsets = pl.concat([pl.Series([0], dtype=pl.Int64), ends]).to_arrow()
    missing = lengths.is_null().to_arrow()
    rebuilt = pl.Series(pa.LargeListArray.from_arrays(offsets, elements.rechunk().to_arrow(), mask=missing))
    return rebuilt.cast(pl.List(elements.dtype))


def _leaf(values: pl.Series, built: pl.Expr, path: str) -> pl.Series:
    try:
        # with_columns: an expression that is a constant must give a row for each value.
        return values.to_frame().with_columns(built.alias(values.name))[values.name]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    raise CheckFailed("masking-failed", f"The field {path!r} inside column {values.name!r} could not be masked: {failure}")


def _type(tree: Node, dtype: pl.DataType, output: Output) -> pl.DataType:
    if isinstance(tree, Leaf):
        return output(tree.path, tree.technique, dtype)
    if isinstance(tree, Each):
        return pl.List(_type(tree.element, _element(dtype), output))
    return pl.Struct([pl.Field(name, _type(node, _fields(dtype)[name], output)) for name, node in tree.fields])


def _output(technique: Inside, dtype: pl.DataType, *, output: Output) -> pl.DataType:
    return _type(tree_of("", technique, dtype), dtype, output) if family(dtype) == "nested" else plain(dtype)


def _element(dtype: pl.DataType) -> pl.DataType:
    assert isinstance(dtype, pl.List | pl.Array)  # noqa: S101 - narrows the type
    return plain(_instance(dtype.inner))


def _fields(dtype: pl.DataType) -> dict[str, pl.DataType]:
    assert isinstance(dtype, pl.Struct)  # noqa: S101 - narrows the type
    return {field.name: plain(_instance(field.dtype)) for field in dtype.fields}


def _instance(dtype: object) -> pl.DataType:
    if isinstance(dtype, pl.DataType):
        return dtype
    assert isinstance(dtype, type) and issubclass(dtype, pl.DataType)  # noqa: S101 - narrows a Polars type class
    return dtype()


def _require_alone(column: str, path: str, technique: Plain) -> None:
    """A field's values are masked one by one: no other column stands beside them, and no row has a number there."""
    beside = (
        (isinstance(technique, HmacToken) and technique.beside)
        or (isinstance(technique, Surrogate) and technique.sex)
        or (isinstance(technique, FreeText) and technique.known)
    )
    if beside or isinstance(technique, (*LEARNING, *RANDOMIZING)):
        _fail(
            column,
            f"{name_of(technique)} needs more than the values of the field {path!r}",
            "Choose a technique that looks at one value alone, without other columns.",
        )


def _require_all(column: str, paths: dict[str, Plain], taken: int, at: str) -> None:
    if taken != len(paths):
        named = ", ".join(sorted(paths))
        _fail(column, f"Not every path names one field inside {at or 'the column'!r}: {named}", "Correct the paths.")


def _fail(column: str, what: str, do: str) -> NoReturn:
    raise CheckFailed("technique-parameter", what, where=column, do=do)


def specs(inner: Inner, output: Output) -> dict[type, Spec]:
    """The technique, given how those that it is made of are built."""
    return {Inside: Spec(partial(inside, inner=inner, output=output), partial(_output, output=output))}
