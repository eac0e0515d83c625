"""The statistics pass: what quantile bins, microaggregation and permutation need to know of the whole column.

One pass over the columns in question, before masking, and only where the plan has such a technique. It sees the rows that the
plan's conditions leave in, and no others. Memory grows with a column's distinct values (quantile bins, microaggregation; see
``learned/histogram.py``) or with the table's rows by some bytes each (permutation; see ``learned/permutation.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import KeptRows, kept_slabs
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.mask.learned.groups import learn_groups
from airflow_privacy.core.mask.learned.histogram import Histogram
from airflow_privacy.core.mask.learned.permutation import Spooled
from airflow_privacy.core.mask.learned.quantiles import learn_quantiles
from airflow_privacy.core.mask.parts import Source
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.refs import ColumnType
from airflow_privacy.core.model.techniques import LEARNING, Microaggregate, Permute, QuantileBins, name_of, parts_of


@dataclass(frozen=True)
class _Learner:
    see: Callable[[KeptRows], None]
    learned: Callable[[], object]


def learn(source: Source, plan: MaskingPlan, tools: Tools) -> Mapping[str, object]:
    """Column → what its technique needs to have learned; empty, and without a pass, where the plan has no such technique.

    The same rows, plan and keys always teach the same.

    :raises CheckFailed: a column's type does not fit, its values are too many or too few to learn from, or a technique that has
        to learn lies inside another one.
    :raises KeyUnavailable: the key of a permutation is not given.
    :raises StorageUnavailable: the worker's disk cannot take a column that is to be permuted.
    """
    wanted = {decision.column: decision for decision in plan.decisions if _learns(decision)}
    if not wanted:
        return {}
    asked = {*wanted, *(rule.column for rule in plan.drop_records)}
    learners: dict[str, _Learner] = {}
    try:
        for slab in kept_slabs(_narrow(source, asked), plan):
            for name, decision in wanted.items():
                if name not in learners:
                    learners[name] = _learner(decision, slab.frame.schema[name], tools)
                learners[name].see(slab)
        return {name: learner.learned() for name, learner in learners.items()}
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    raise CheckFailed("learning-failed", f"The statistics of {', '.join(map(repr, wanted))} could not be taken: {failure}")


def _learns(decision: Decision) -> bool:
    inside = [part for part in parts_of(decision.technique)[1:] if isinstance(part, LEARNING)]
    if inside:
        raise CheckFailed(
            "technique-does-not-fit",
            f"{name_of(inside[0])} needs the whole column, and cannot be inside {name_of(decision.technique)}",
            where=f"rule {decision.rule}",
            do="Choose another technique for what lies inside the column.",
        )
    return isinstance(decision.technique, LEARNING)


def _learner(decision: Decision, dtype: pl.DataType, tools: Tools) -> _Learner:
    name, technique = decision.column, decision.technique
    output = output_dtype(decision, dtype)
    if family(dtype) == "null":
        return _Learner(see=lambda _: None, learned=lambda: None)
    if isinstance(technique, Permute):
        key = tools.key(name_of(technique), name)
        spooled = Spooled(name, dtype)
        return _Learner(see=lambda slab: spooled.add(slab.frame[name], slab.numbers()), learned=lambda: spooled.permutation(key))
    histogram = Histogram(name, name_of(technique))
    if isinstance(technique, QuantileBins):
        count = technique.count
        return _Learner(see=lambda slab: histogram.add(slab.frame), learned=lambda: learn_quantiles(histogram.table(), count))
    assert isinstance(technique, Microaggregate)  # noqa: S101 - narrows the type
    k, to, decimals = technique.k, technique.to, technique.decimals
    return _Learner(
        see=lambda slab: histogram.add(slab.frame),
        learned=lambda: learn_groups(histogram.table(), column=name, k=k, to=to, decimals=decimals, dtype=output),
    )


@dataclass(frozen=True)
class _Narrow:
    """A source's columns, some of them."""

    columns: Sequence[ColumnType]
    given: Source

    def slabs(self) -> Iterable[pl.DataFrame]:
        names = [column.name for column in self.columns]
        # A columnar source reads only what is asked for; one that cannot be asked is read whole.
        if "columns" in inspect.signature(self.given.slabs).parameters:
            return self.given.slabs(columns=names)  # type: ignore[call-arg]
        return (frame.select(names) for frame in self.given.slabs())


def _narrow(source: Source, names: set[str]) -> Source:
    return _Narrow([column for column in source.columns if column.name in names], source)
