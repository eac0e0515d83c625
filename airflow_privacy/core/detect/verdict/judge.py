"""The verdict on each column of a table, from what was counted, its name, its type, its neighbours and the contract.

Values outrank names; a name without fitting values is no evidence; neighbours settle what a name leaves open; a steward's pin
outranks all, and what detection said stays beside it. What is told apart by counts alone is wrong now and then: a finding is
evidence for a steward, not proof that a column is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from airflow_privacy.core.detect.bounds import upper_bound_95
from airflow_privacy.core.detect.lexicon import Meaning
from airflow_privacy.core.detect.names.share import share_of_names
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.detect.verdict.around import Around, look_around, meanings_of
from airflow_privacy.core.detect.verdict.confirm import confirmed
from airflow_privacy.core.detect.verdict.dictionary import Shares, by_dictionary, by_person_noun, nobody_is_called_so
from airflow_privacy.core.detect.verdict.draft import Draft, name_signal
from airflow_privacy.core.detect.verdict.named import by_key, by_name, by_type, dated
from airflow_privacy.core.detect.verdict.overrule import claimed, pinned
from airflow_privacy.core.detect.verdict.own import by_own, with_own_strays
from airflow_privacy.core.detect.verdict.settle import settled
from airflow_privacy.core.detect.verdict.texts import by_text, with_strays
from airflow_privacy.core.detect.verdict.values import by_values
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.findings import ColumnFinding, Signal


def judge_columns(
    tallies: Sequence[Tally], *, table: Table | None, scanned: int, total: int, shares: Shares = share_of_names
) -> tuple[ColumnFinding, ...]:
    """The findings of a table's columns, in their order; *scanned* of *total* rows were counted.

    :param shares: which share of values is in each list of names; the lists that the package brings by default.
    """
    around = look_around(tallies)
    columns = [table.column(tally.name) if table is not None else None for tally in tallies]
    drafts = [
        confirmed(_by_data(tally, meanings_of(tally, around), around, column, shares), tally)
        for tally, column in zip(tallies, columns, strict=True)
    ]
    drafts = settled(drafts, tallies, around)
    return tuple(
        _finding(draft, tally, column, scanned=scanned, total=total)
        for draft, tally, column in zip(drafts, tallies, columns, strict=True)
    )


def _finding(draft: Draft, tally: Tally, column: Column | None, *, scanned: int, total: int) -> ColumnFinding:
    holds, said, pin = pinned(claimed(draft, column), column)
    # Rounded up: 0 says that every row was read.
    bound = 0.0 if scanned == total else ceil(upper_bound_95(min(holds.matched, scanned), scanned) * 1e6) / 1e6
    return ColumnFinding(
        name=tally.name,
        dtype=tally.dtype,
        entity=holds.entity,
        role=holds.role,
        confidence=round(holds.confidence, 4),
        matched=holds.matched,
        non_missing=tally.count("non_missing"),
        distinct=tally.distinct,
        free_text=holds.free_text,
        embedded=tuple(held.entity for held in holds.held),
        held=holds.held,
        coverage_bound_95=bound,
        undecoded=tally.count("undecoded"),
        timed_out=tally.count("timed-out"),
        signals=holds.signals,
        detected=said,
        pin=pin,
    )


def _by_data(tally: Tally, meanings: tuple[Meaning, ...], around: Around, column: Column | None, shares: Shares) -> Draft:
    if tally.usable == 0:
        return _nothing_there(tally, meanings)
    draft = by_values(tally, meanings)
    if draft is not None:
        draft = dated(draft, tally)
    if draft is None or draft.role != "direct-identifier":
        draft = by_own(tally) or draft
    draft = draft or by_text(tally, meanings, around) or by_name(tally, _borne(tally, meanings, shares), around)
    draft = draft or by_person_noun(tally, shares) or by_dictionary(tally, shares) or by_key(tally, around, column)
    return with_own_strays(with_strays(draft or by_type(tally), tally), tally)


def _borne(tally: Tally, meanings: tuple[Meaning, ...], shares: Shares) -> tuple[Meaning, ...]:
    return tuple(meaning for meaning in meanings if not nobody_is_called_so(meaning, tally, shares))


def _nothing_there(tally: Tally, meanings: tuple[Meaning, ...]) -> Draft:
    if tally.count("undecoded"):
        return Draft(None, "sensitive", 0.3).also(
            Signal(source="type", detail="binary values that are no text were not looked into")
        )
    detail = f"only placeholders in {tally.count('non_missing')} values" if tally.count("placeholder") else "no values"
    draft = Draft(None, "non-sensitive", 0.5).also(Signal(source="shape", detail=detail))
    return draft.also(*(name_signal(meaning.entity) for meaning in meanings))
