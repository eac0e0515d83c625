"""The check afterwards: what a plan says must be what the written files hold, row by row and by column, or nothing goes on.

It reads both sides again and uses none of the expressions that mask. Which rows were left out is taken from the masking, as a
claim: too many are refused, a row that should have gone is refused, and all others must stand where their source row does. It
proves that the plan was carried out and that no direct identifier stayed; not that the plan is good, which is what the risk
figures and the approver are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from airflow_privacy.core.errors import CheckFailed, PrivacyError
from airflow_privacy.core.mask.apply import require_columns
from airflow_privacy.core.mask.base import NO_TOOLS, Tools
from airflow_privacy.core.mask.batches import BatchFailed, restored
from airflow_privacy.core.mask.canonical import canonical_text, is_missing
from airflow_privacy.core.mask.check_rows import Rows, TokensInClear, fail
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.parts import Slabs, Source, slabs_of, source_slabs
from airflow_privacy.core.mask.records import ClassCounts, require_k, suppression_of
from airflow_privacy.core.mask.rules.base import MASKED, ROW, SOURCE, Again, ColumnRule, other
from airflow_privacy.core.mask.rules.made_up import made_up
from airflow_privacy.core.mask.rules.moved import Moved
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.mask.rules.token_forms import without_tokens
from airflow_privacy.core.mask.sweep import Sweep
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordSuppression
from airflow_privacy.core.model.techniques import (
    GENERALIZING,
    AesSiv,
    Bins,
    Card,
    Constant,
    Ff1,
    HmacToken,
    Keep,
    Null,
    QuantileBins,
    Redact,
    Surrogate,
    name_of,
    parts_of,
)

FindEntities = Callable[[pl.DataFrame], Mapping[str, Sequence[str]]]

_SAMPLE = 500
# Every value of these is verified against a closed form, and a token of digits can look like an account number by chance.
_CLOSED = (Null, Redact, Constant, Bins, QuantileBins, HmacToken, AesSiv)
# These look like what they stand for, and are computed again instead.
_LIKENESS = (Surrogate, Ff1, Card)


def check_masked(
    *,
    source: Source,
    sink: Slabs,
    plan: MaskingPlan,
    find_entities: FindEntities,
    tools: Tools = NO_TOOLS,
    kept: Sequence[pl.Series | None] = (),
) -> None:
    """Compare the written files with their source and the plan.

    :param sink: the parts as read back from disk.
    :param find_entities: column → entities that detection reports in a frame of masked columns.
    :param tools: as for masking; with its keys some tokens of each slab are computed again by other code. Without them
        tokens are only known to stand one for one for their source's values, which those of another unique column do too.
    :param kept: for each source slab, which of its rows are in the sink (booleans); ``None``, or nothing at all: every one.
    :raises CheckFailed: anything is not as the plan says; names the column and counts rows, shows no value.
    """
    require_columns([column.name for column in source.columns], plan)
    suppression = suppression_of(plan)
    tools = replace(tools, learned=learn(source, plan, tools))
    before = next(source_slabs(source)).schema
    released = plan.released()
    expected = pl.Schema({d.column: output_dtype(d, before[d.column]) for d in released})
    rules = {d.column: column_rule(d, before[d.column], tools) for d in released}
    try:
        _check_alone(sink, plan, suppression, expected, rules, find_entities)
        _check_beside(source, sink, plan, before, expected, rules, kept)
        return
    except BatchFailed as stopped:
        inside: PrivacyError | None = restored(stopped)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        inside, failure = None, type(error).__name__
    if inside is not None:
        raise inside
    raise CheckFailed("masking-not-checked", f"The written files could not be compared with their source: {failure}")


def _check_alone(
    sink: Slabs,
    plan: MaskingPlan,
    suppression: RecordSuppression | None,
    expected: pl.Schema,
    rules: Mapping[str, ColumnRule],
    find_entities: FindEntities,
) -> None:
    open_columns = [d for d in plan.released() if not _is_closed(d)]
    classes = ClassCounts(suppression.quasi_identifiers) if suppression is not None else None
    for slab in slabs_of(_as_expected(sink, expected)):
        for decision in plan.released():
            masked = slab.select(pl.col(decision.column).alias(MASKED))
            _require_none_broken(decision, masked, rules[decision.column].alone)
        if open_columns:
            looked_at = slab.select([without_tokens(d.technique, d.column) for d in open_columns])
            _require_known(open_columns, _find(find_entities, looked_at))
        if classes is not None:
            classes.add(slab)
    if classes is not None and suppression is not None:
        require_k(classes.table(), suppression)


def _check_beside(
    source: Source,
    sink: Slabs,
    plan: MaskingPlan,
    before: pl.Schema,
    expected: pl.Schema,
    rules: Mapping[str, ColumnRule],
    kept: Sequence[pl.Series | None],
) -> None:
    released = plan.released()
    sweep = Sweep(plan, before)
    moving = {d.column: Moved() for d in released if rules[d.column].moves}
    alike = TokensInClear(released)
    rows = Rows(_as_expected(sink, expected), plan, kept)
    for number, slab in enumerate(source_slabs(source)):
        was, now, numbers, left_in = rows.beside(number, slab)
        for decision in released:
            name, rule = decision.column, rules[decision.column]
            if rule.moves:
                moving[name].add_source(left_in[name])
                moving[name].add_masked(now[name], was[name])
                continue
            needed = {other(one): was[one] for one in rule.needs}
            pair = pl.DataFrame({SOURCE: was[name], MASKED: now[name], **needed, ROW: numbers})
            _require_none_broken(decision, pair, rule.beside)
            if rule.one_to_one:
                _require_tokens(decision, pair)
            if rule.again is not None:
                _require_same_again(decision, pair, rule.again)
        alike.add(slab)
        sweep.add(was, now)
    rows.finish()
    for decision in released:
        if fault := moving[decision.column].fault() if decision.column in moving else "":
            fail(decision, fault)
    for decision in alike.found(sink.slabs):
        fail(decision, "holds values of its source in clear")
    sweep.finish()


def _as_expected(sink: Slabs, expected: pl.Schema) -> Iterator[pl.DataFrame]:
    none_yet = True
    for frame in sink.slabs():
        if list(frame.schema.items()) != list(expected.items()):
            names = sorted(n for n in {*frame.schema, *expected} if frame.schema.get(n) != expected.get(n))
            raise CheckFailed(
                "columns-not-as-planned",
                f"The written files have other columns or types than the plan: {', '.join(map(repr, names)) or 'their order'}",
            )
        none_yet = False
        yield frame
    if none_yet:
        raise CheckFailed("columns-not-as-planned", "There are no written files to check")


def _is_closed(decision: Decision) -> bool:
    if isinstance(decision.technique, Ff1 | Card):
        return False  # what was encrypted is blanked out for detection
    return isinstance(decision.technique, _CLOSED) or any(isinstance(part, _LIKENESS) for part in parts_of(decision.technique))


def _require_none_broken(decision: Decision, rows: pl.DataFrame, condition: pl.Expr) -> None:
    # Not by filter(): over many rows the engine fails on a predicate that is a constant.
    broken = int(rows.with_columns((~condition.fill_null(False)).alias("broken"))["broken"].sum())
    if broken:
        fail(decision, f"has {broken} of {rows.height} rows that {name_of(decision.technique)} would not leave")


def _require_tokens(decision: Decision, rows: pl.DataFrame) -> None:
    text = rows.select(canonical_text(SOURCE, rows.schema[SOURCE]).alias(SOURCE), MASKED).drop_nulls()
    if not text[SOURCE].n_unique() == text[MASKED].n_unique() == text.n_unique():
        fail(decision, "has tokens that do not stand for the values of its source")


def _require_same_again(decision: Decision, rows: pl.DataFrame, again: Again) -> None:
    there = rows.with_columns(is_missing(SOURCE, rows.schema[SOURCE]).alias("gone")).filter(~pl.col("gone")).drop("gone")
    few = there.gather_every(max(1, there.height // _SAMPLE))
    if few.height and list(again(few)) != few[MASKED].to_list():
        fail(decision, "has tokens of other values, or of another key")


def _require_known(decisions: Sequence[Decision], found: Mapping[str, Sequence[str]]) -> None:
    for decision in decisions:
        still = isinstance(decision.technique, (Keep, *GENERALIZING)) and decision.entity is not None
        known = {decision.entity} if still else set()
        unknown = sorted(set(found.get(decision.column, ())) - known - made_up(decision.technique))
        if unknown:
            fail(decision, f"still holds {', '.join(unknown)}")


def _find(find_entities: FindEntities, slab: pl.DataFrame) -> Mapping[str, Sequence[str]]:
    try:
        return find_entities(slab)
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold values
        failure = type(error).__name__
    raise CheckFailed("masking-not-checked", f"Detection over the written files failed: {failure}")
