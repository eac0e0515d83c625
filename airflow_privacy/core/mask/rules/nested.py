"""What columns of lists must look like whose fields were masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.canonical import canonical_text, is_missing
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule
from airflow_privacy.core.mask.within.nested import Each, Leaf, Node, leaves_of, tree_of
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Inside

RuleOf: TypeAlias = Callable[[Decision, pl.DataType, Tools], ColumnRule]
"""The rule for one column; for a field inside it is the same, over the field's values one after another."""

_ROW = "row"
_SAMPLE = 500


def inside(technique: Inside, decision: Decision, dtype: pl.DataType, tools: Tools, rule_of: RuleOf) -> ColumnRule:
    """Lists are as long as in the source, missing where it has none, and each field's values are as the field's rule says.

    Lists are taken apart with ``explode``, and never put together again: not as the masking does it.
    """
    tree = tree_of(decision.column, technique, dtype)
    rules = {
        leaf.path: rule_of(msgspec.structs.replace(decision, technique=leaf.technique), kind, tools)
        for leaf, kind in leaves_of(tree, dtype)
    }

    def alone(values: pl.Series) -> pl.Series:
        frame = pl.DataFrame({MASKED: values}).with_row_index(_ROW)
        return _unbroken(len(values), _broken(frame, tree, rules, beside=False))

    def beside(values: pl.Series) -> pl.Series:
        frame = values.struct.unnest().with_row_index(_ROW)
        return _unbroken(len(values), _broken(frame, tree, rules, beside=True))

    both = pl.struct(SOURCE, MASKED)
    return ColumnRule(
        by_batches(pl.col(MASKED), alone, pl.Boolean(), decision.column, rowwise=False),
        by_batches(both, beside, pl.Boolean(), decision.column, rowwise=False),
    )


def _unbroken(rows: int, broken: pl.Series) -> pl.Series:
    return ~pl.int_range(rows, eager=True, dtype=pl.UInt32).is_in(broken.unique().implode())


def _broken(frame: pl.DataFrame, tree: Node, rules: dict[str, ColumnRule], *, beside: bool) -> pl.Series:
    """The numbers of the rows in which something is wrong."""
    if isinstance(tree, Leaf):
        return _broken_leaf(frame, rules[tree.path], beside=beside)
    columns = [SOURCE, MASKED] if beside else [MASKED]
    found = [frame.filter(pl.col(SOURCE).is_null() != pl.col(MASKED).is_null())[_ROW]] if beside else []
    frame = frame.filter(pl.all_horizontal(pl.col(one).is_not_null() for one in columns))
    if isinstance(tree, Each):
        lists = [pl.col(one).cast(pl.List(_inner(frame.schema[one]))) for one in columns]
        frame = frame.with_columns(lists)
        if beside:
            alike = pl.col(SOURCE).list.len() == pl.col(MASKED).list.len()
            found.append(frame.filter(~alike)[_ROW])
            frame = frame.filter(alike)
        frame = frame.filter(pl.col(MASKED).list.len() > 0).explode(columns)
        return pl.concat([*found, _broken(frame, tree.element, rules, beside=beside)])
    for name, node in tree.fields:
        fields = frame.select(_ROW, *(pl.col(one).struct.field(name).alias(one) for one in columns))
        found.append(_broken(fields, node, rules, beside=beside))
    return pl.concat(found)


def _broken_leaf(frame: pl.DataFrame, rule: ColumnRule, *, beside: bool) -> pl.Series:
    condition = rule.beside if beside else rule.alone
    broken = frame.with_columns((~condition.fill_null(False)).alias("broken")).filter("broken")[_ROW]
    if beside and not (_one_to_one(frame, rule) and _same_again(frame, rule)):
        return frame[_ROW]
    return broken


def _one_to_one(frame: pl.DataFrame, rule: ColumnRule) -> bool:
    if not rule.one_to_one:
        return True
    pairs = frame.select(canonical_text(SOURCE, frame.schema[SOURCE]).alias(SOURCE), MASKED).drop_nulls()
    return pairs[SOURCE].n_unique() == pairs[MASKED].n_unique() == pairs.n_unique()


def _same_again(frame: pl.DataFrame, rule: ColumnRule) -> bool:
    if rule.again is None:
        return True
    there = frame.filter(~is_missing(SOURCE, frame.schema[SOURCE])).drop(_ROW)
    few = there.gather_every(max(1, there.height // _SAMPLE))
    return few.is_empty() or list(rule.again(few)) == few[MASKED].to_list()


def _inner(dtype: pl.DataType) -> pl.DataType:
    assert isinstance(dtype, pl.List | pl.Array)  # noqa: S101 - narrows the type
    inner = dtype.inner
    return inner if isinstance(inner, pl.DataType) else inner()
