"""The check afterwards: what a plan says must be what the written files hold, column by column, or nothing goes on.

It reads both sides again and uses none of the expressions that mask. Where no record was suppressed, rows are compared one by
one; otherwise each value alone, and kept columns by the counts of their rows. It proves that the plan was carried out; not that
the plan is good, which is what the risk figures and the approver are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

import polars as pl

from airflow_privacy.core.errors import CheckFailed, PrivacyError
from airflow_privacy.core.mask.apply import require_columns
from airflow_privacy.core.mask.base import NO_TOOLS, Tools
from airflow_privacy.core.mask.batches import Stopped, original
from airflow_privacy.core.mask.canonical import canonical_text, is_missing
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.mask.parts import Slabs, Source, slabs_of, source_slabs
from airflow_privacy.core.mask.records import ClassCounts, require_k, suppression_of
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, Again, ColumnRule, other
from airflow_privacy.core.mask.rules.made_up import made_up
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.mask.rules.pseudonymize import token_form
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordSuppression
from airflow_privacy.core.model.techniques import (
    GENERALIZING,
    Bins,
    HmacToken,
    Keep,
    Null,
    Redact,
    name_of,
)

FindEntities = Callable[[pl.DataFrame], Mapping[str, Sequence[str]]]

_SAMPLE = 500
# Every value of these is verified against a closed form, and a token of digits can look like an account number by chance.
_CLOSED = (Null, Redact, HmacToken, Bins)


def check_masked(*, source: Source, sink: Slabs, plan: MaskingPlan, find_entities: FindEntities, tools: Tools = NO_TOOLS) -> None:
    """Compare the written files with their source and the plan.

    :param sink: the parts as read back from disk.
    :param find_entities: column → entities that detection reports in a frame of masked columns.
    :param tools: as for masking; with its keys some tokens of each slab are computed again by other code. Without them
        tokens are only known to stand one for one for their source's values, which those of another unique column do too.
    :raises CheckFailed: anything is not as the plan says; names the column and counts rows, shows no value.
    """
    require_columns([column.name for column in source.columns], plan)
    suppression = suppression_of(plan)
    before = next(source_slabs(source)).schema
    released = plan.released()
    expected = pl.Schema({d.column: output_dtype(d, before[d.column]) for d in released})
    rules = {d.column: column_rule(d, before[d.column], tools) for d in released}
    try:
        rows = _check_alone(sink, plan, suppression, expected, rules, find_entities)
        source_rows = sum(slab.height for slab in source_slabs(source))
        _require_rows(suppression, source_rows, rows)
        if rows == source_rows:
            _check_beside(source, sink, expected, released, rules)
        else:
            _check_counts(source, sink, expected, released)
        _check_tokens_apart(source, sink, expected, released)
        return
    except Stopped as stopped:
        inside: PrivacyError | None = original(stopped)
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
) -> int:
    open_columns = [d for d in plan.released() if not isinstance(d.technique, _CLOSED)]
    classes = ClassCounts(suppression.quasi_identifiers) if suppression is not None else None
    rows = 0
    for slab in _sink_slabs(sink, expected):
        rows += slab.height
        for decision in plan.released():
            masked = slab.select(pl.col(decision.column).alias(MASKED))
            _require_none_broken(decision, masked, rules[decision.column].alone)
        if open_columns:
            _require_known(open_columns, _find(find_entities, slab.select([d.column for d in open_columns])))
        if classes is not None:
            classes.add(slab)
    if classes is not None and suppression is not None:
        require_k(classes.table(), suppression)
    return rows


def _check_beside(
    source: Source,
    sink: Slabs,
    expected: pl.Schema,
    released: Sequence[Decision],
    rules: Mapping[str, ColumnRule],
) -> None:
    for before, after in zip(source_slabs(source), _sink_slabs(sink, expected), strict=True):
        for decision in released:
            name, rule = decision.column, rules[decision.column]
            rows = pl.DataFrame({SOURCE: before[name], MASKED: after[name], **{other(one): before[one] for one in rule.needs}})
            _require_none_broken(decision, rows, rule.beside)
            if rule.one_to_one:
                _require_tokens(decision, rows)
            if rule.again is not None:
                _require_same_again(decision, rows, rule.again)


def _check_counts(source: Source, sink: Slabs, expected: pl.Schema, released: Sequence[Decision]) -> None:
    """Rows were left out, so that positions say nothing: rows of kept columns, and missing values, must have been there."""
    kept = [d.column for d in released if isinstance(d.technique, Keep)]
    others = [d for d in released if not isinstance(d.technique, Keep | Null)]
    missing, present = dict.fromkeys(expected, 0), dict.fromkeys(expected, 0)
    there, here = ClassCounts(("row",)), ClassCounts(("row",))
    for slab in source_slabs(source):
        if kept:
            there.add(slab.select(pl.struct(kept).hash().alias("row")))
        for decision in others:
            gone = int(slab.select(is_missing(decision.column, slab.schema[decision.column]).sum()).item())
            missing[decision.column] += gone
            present[decision.column] += slab.height - gone
    for slab in _sink_slabs(sink, expected):
        if kept:
            here.add(slab.select(pl.struct(kept).hash().alias("row")))
        for decision in others:
            gone = slab[decision.column].null_count()
            missing[decision.column] -= gone
            present[decision.column] -= slab.height - gone
    for decision in others:
        if missing[decision.column] < 0 or present[decision.column] < 0:
            _fail(decision, "has other missing values than its source")
    if kept:
        count = here.table().columns[-1]
        more = here.table().join(there.table(), on="row", how="left", suffix="_there")
        if more.filter(pl.col(count) > pl.col(f"{count}_there").fill_null(0)).height:
            _fail(
                next(d for d in released if d.column == kept[0]), f"and {len(kept) - 1} more kept columns hold rows of no source"
            )


def _check_tokens_apart(source: Source, sink: Slabs, expected: pl.Schema, released: Sequence[Decision]) -> None:
    """No source value that has a token's form is among the tokens: it would be there in clear."""
    tokens = {d.column: d for d in released if isinstance(d.technique, HmacToken)}
    alike: dict[str, list[pl.Series]] = {name: [] for name in tokens}
    for slab in source_slabs(source):
        for name, decision in tokens.items():
            assert isinstance(decision.technique, HmacToken)  # noqa: S101 - narrows the type
            values = slab.select(canonical_text(name, slab.schema[name])).to_series()
            like = values.filter(values.str.contains(token_form(decision.technique)))
            if like.len():
                alike[name].append(like.hash().unique())
    suspects = {name: pl.concat(hashes).unique() for name, hashes in alike.items() if hashes}
    if not suspects:
        return
    for slab in _sink_slabs(sink, expected):
        for name, hashes in suspects.items():
            if slab[name].drop_nulls().hash().is_in(hashes.implode()).any():
                _fail(tokens[name], "holds values of its source in clear")


def _sink_slabs(sink: Slabs, expected: pl.Schema) -> Iterator[pl.DataFrame]:
    return slabs_of(_as_expected(sink, expected))


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


def _require_rows(suppression: RecordSuppression | None, source_rows: int, rows: int) -> None:
    lost = source_rows - rows
    limit = 0.0 if suppression is None else suppression.limit
    if lost < 0 or lost > limit * source_rows:
        raise CheckFailed(
            "rows-do-not-add-up", f"{source_rows} rows were read and {rows} written; the plan allows {limit:.1%} less"
        )


def _require_none_broken(decision: Decision, rows: pl.DataFrame, condition: pl.Expr) -> None:
    # Not by filter(): over many rows the engine fails on a predicate that is a constant.
    broken = int(rows.with_columns((~condition.fill_null(False)).alias("broken"))["broken"].sum())
    if broken:
        _fail(decision, f"has {broken} of {rows.height} rows that {name_of(decision.technique)} would not leave")


def _require_tokens(decision: Decision, rows: pl.DataFrame) -> None:
    text = rows.select(canonical_text(SOURCE, rows.schema[SOURCE]).alias(SOURCE), MASKED).drop_nulls()
    if not text[SOURCE].n_unique() == text[MASKED].n_unique() == text.n_unique():
        _fail(decision, "has tokens that do not stand for the values of its source")


def _require_same_again(decision: Decision, rows: pl.DataFrame, again: Again) -> None:
    there = rows.with_columns(is_missing(SOURCE, rows.schema[SOURCE]).alias("gone")).filter(~pl.col("gone")).drop("gone")
    few = there.gather_every(max(1, there.height // _SAMPLE))
    if few.height and list(again(few)) != few[MASKED].to_list():
        _fail(decision, "has tokens of other values, or of another key")


def _require_known(decisions: Sequence[Decision], found: Mapping[str, Sequence[str]]) -> None:
    for decision in decisions:
        still = isinstance(decision.technique, (Keep, *GENERALIZING)) and decision.entity is not None
        known = {decision.entity} if still else set()
        unknown = sorted(set(found.get(decision.column, ())) - known - made_up(decision.technique))
        if unknown:
            _fail(decision, f"still holds {', '.join(unknown)}")


def _find(find_entities: FindEntities, slab: pl.DataFrame) -> Mapping[str, Sequence[str]]:
    try:
        return find_entities(slab)
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold values
        failure = type(error).__name__
    raise CheckFailed("masking-not-checked", f"Detection over the written files failed: {failure}")


def _fail(decision: Decision, what: str) -> NoReturn:
    raise CheckFailed(
        "masking-not-applied",
        f"Column {decision.column!r} {what}",
        where=f"rule {decision.rule}",
        do="Nothing was released. Mask again; if it stays, report a fault.",
    )
