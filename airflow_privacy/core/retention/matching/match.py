"""The rows of a table that may be the subject, misspelt or twice.

The result is for a person to read before anything is deleted; nothing here deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.retention.matching.distances import DIFFERENT, MISSING, NEAR, SAME, SIMILAR, Levels, levels_of
from airflow_privacy.core.retention.matching.normal import normalised
from airflow_privacy.core.retention.matching.rules import MatchRules
from airflow_privacy.core.retention.matching.weights import comparisons, probabilities, swaps

Match: TypeAlias = Literal["same", "review"]
Hashes: TypeAlias = npt.NDArray[np.uint64]

MATCHES = pl.Schema(
    {
        "row": pl.UInt64(),
        "probability": pl.Float64(),
        "decision": pl.Enum(list(get_args(Match))),
        "same": pl.List(pl.String()),
        "close": pl.List(pl.String()),
        "different": pl.List(pl.String()),
    }
)


@dataclass(frozen=True, repr=False)
class PreparedSlab:
    """Rows ready to be compared: by column the distinct values and, for each row, which of them it holds (-1: missing).

    *first* says which rows are the first of their kind in the table.
    """

    values: tuple[list[str], ...]
    codes: tuple[npt.NDArray[np.int64], ...]
    hashes: Hashes
    first: npt.NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class Prepared:
    """A table that several subjects are looked for in: `prepare` once, `match` often."""

    rules: MatchRules
    slabs: tuple[PreparedSlab, ...]


def prepare(table: pl.DataFrame | Iterable[pl.DataFrame], rules: MatchRules) -> Prepared:
    """Normalise and index a table; it is kept in memory. :raises BadInput: as `match`."""
    return Prepared(rules, tuple(_slabs(table, rules)))


def match(subject: pl.DataFrame, table: pl.DataFrame | Iterable[pl.DataFrame] | Prepared, rules: MatchRules) -> pl.DataFrame:
    """Rows of *table* that are, or may be, the person whose records *subject* holds.

    Every row is compared, in one pass over the slabs; what stays in memory are eight bytes a distinct record and the levels of
    the rows that agree in a field of the person's own. How rare a value is comes from the whole table, in which records that are
    equal in all fields count once. Where *subject* has several rows, a row of the table has the probability of its best one.
    The order of rows, and how they are cut into slabs, changes no decision.

    Not covered: names that sound alike and are spelt apart, nicknames, other scripts, and people of whom every own field changed.

    :param subject: one or more records of one person, with the columns of *rules*. It may be of the table or not.
    :returns: `MATCHES`, by row (from 0 over all slabs), the subject's own included: the probability, ``same`` from the threshold
        on, else ``review``; the columns that agree wholly (``same``), nearly or in each other's place (``close``), or not at all
        (``different``). A row that equals the subject in all fields is at least for review. Column names, and no values.
    :raises BadInput: a column is missing or cannot be compared; the subject has no row or no value; the table was prepared with
        other rules.
    :raises MissingExtra: rapidfuzz is not installed.
    """
    wanted = _distinct(subject, rules)
    slabs = _prepared(table, rules)
    searches = [_Search(record, rules) for record in wanted.iter_rows()]
    hashes = _hashes(wanted)
    start = records = 0
    for slab in slabs:
        for search, own in zip(searches, hashes, strict=True):
            search.read(slab, start, own)
        start += slab.hashes.size
        records += int(slab.first.sum())
    return _best([search.found(records) for search in searches])


@dataclass(repr=False)
class _Search:
    """One record looked for in a table: what was counted, and the rows that agree somewhere."""

    record: tuple[str | None, ...]
    rules: MatchRules
    counts: npt.NDArray[np.int64] | None = None
    rows: list[npt.NDArray[np.int64]] = field(default_factory=list)
    levels: list[Levels] = field(default_factory=list)
    equal: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def read(self, slab: PreparedSlab, start: int, own: np.uint64) -> None:
        """Compare with every row of a slab and keep what could be a match."""
        ways = comparisons(self.rules)
        counts = np.zeros((len(ways), 5), np.int64)
        levels = np.empty((len(ways), slab.hashes.size), np.uint8)
        for at, (ours, theirs) in enumerate(ways):
            near = levels_of(self.record[ours], slab.values[theirs], self.rules.fields[ours].kind)
            levels[at] = np.append(near, MISSING).astype(np.uint8)[slab.codes[theirs]]
            counts[at] = np.bincount(levels[at][slab.first], minlength=5)
        self.counts = counts if self.counts is None else self.counts + counts
        equal = slab.hashes == own
        kept = np.flatnonzero(equal | _candidates(levels, self.rules))
        self.rows.append(kept + start)
        self.levels.append(levels[:, kept])
        self.equal.append(equal[kept])

    def found(self, records: int) -> pl.DataFrame:
        """The matches, once all slabs were read."""
        if self.counts is None:
            return MATCHES.to_frame()
        rows, equal = np.concatenate(self.rows), np.concatenate(self.equal)
        levels = np.concatenate(self.levels, axis=1)
        probability = probabilities(levels, self.counts, records, self.rules)
        shown = np.flatnonzero(equal | (probability >= self.rules.review))
        levels, probability = levels[:, shown], probability[shown]
        decision = np.where(probability >= self.rules.threshold, "same", "review")
        evidence = _evidence(levels, self.rules)
        return pl.DataFrame(
            {"row": rows[shown], "probability": probability, "decision": decision.tolist(), **evidence}, schema=MATCHES
        )


def _candidates(levels: Levels, rules: MatchRules) -> npt.NDArray[np.bool_]:
    """Rows that can reach the review band: something of the person's own agrees, in its place or its neighbour's, or else nothing
    of it speaks against and something shared agrees."""
    ways = comparisons(rules)
    own = np.array([not rules.fields[ours].shared for ours, _ in ways])
    straight = np.arange(len(ways)) < len(rules.fields)
    agrees = (levels[own] >= SIMILAR).any(axis=0)
    silent = (levels[own & straight] == MISSING).all(axis=0) & (levels[~own] >= SIMILAR).any(axis=0)
    found: npt.NDArray[np.bool_] = agrees | silent
    return found


def _evidence(levels: Levels, rules: MatchRules) -> dict[str, list[list[str]]]:
    names = [each.column for each in rules.fields]
    crossed = np.zeros((len(names), levels.shape[1]), np.bool_)
    for (left, right), swapped in zip(rules.pairs, swaps(levels, rules), strict=True):
        crossed[left] |= swapped
        crossed[right] |= swapped
    straight = levels[: len(names)]
    said = {
        "same": (straight == SAME) & ~crossed,
        "close": (straight == SIMILAR) | (straight == NEAR) | crossed,
        "different": (straight == DIFFERENT) & ~crossed,
    }
    return {
        title: [[name for name, holds in zip(names, row, strict=True) if holds] for row in where.T.tolist()]
        for title, where in said.items()
    }


def _best(found: list[pl.DataFrame]) -> pl.DataFrame:
    if len(found) == 1:
        return found[0]
    ranked = pl.concat(found).sort("row", "probability", descending=[False, True], maintain_order=True)
    return ranked.unique("row", keep="first", maintain_order=True)


def _distinct(subject: pl.DataFrame, rules: MatchRules) -> pl.DataFrame:
    wanted = normalised(subject, rules.fields)
    wanted = wanted.filter(pl.any_horizontal(pl.all().is_not_null())).unique(maintain_order=True)
    if not wanted.is_empty():
        return wanted
    do = "Give at least one record with a value in a column of the rules."
    raise BadInput("empty-subject", "The subject has nothing to be found by", where="subject", do=do)


def _prepared(table: pl.DataFrame | Iterable[pl.DataFrame] | Prepared, rules: MatchRules) -> Iterable[PreparedSlab]:
    if not isinstance(table, Prepared):
        return _slabs(table, rules)
    if table.rules.fields == rules.fields:
        return table.slabs
    raise BadInput("bad-match-rules", "The table was prepared for other fields", where="rules", do="Prepare it with these rules.")


def _slabs(table: pl.DataFrame | Iterable[pl.DataFrame], rules: MatchRules) -> Iterator[PreparedSlab]:
    seen = np.empty(0, np.uint64)
    for slab in [table] if isinstance(table, pl.DataFrame) else table:
        plain = normalised(slab, rules.fields)
        hashes = _hashes(plain)
        distinct, at = np.unique(hashes, return_index=True)
        new = ~np.isin(distinct, seen)
        first = np.zeros(hashes.size, np.bool_)
        first[at[new]] = True
        seen = np.concatenate([seen, distinct[new]])
        indexed = [_indexed(column) for column in plain]
        yield PreparedSlab(tuple(values for values, _ in indexed), tuple(codes for _, codes in indexed), hashes, first)


def _indexed(column: pl.Series) -> tuple[list[str], npt.NDArray[np.int64]]:
    values = column.drop_nulls().unique()
    numbered = pl.DataFrame({"value": values, "code": pl.int_range(values.len(), eager=True)})
    codes = column.alias("value").to_frame().join(numbered, on="value", how="left", maintain_order="left")["code"]
    return values.to_list(), codes.fill_null(-1).to_numpy()


def _hashes(plain: pl.DataFrame) -> Hashes:
    return plain.select(pl.struct(pl.all()).hash(seed=0)).to_series().to_numpy()
