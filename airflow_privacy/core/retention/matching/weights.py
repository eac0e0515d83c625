"""How probable it is that two records are of one person, from the levels at which their fields agree.

Fellegi and Sunter (A Theory for Record Linkage, JASA 1969), with agreement levels and the frequency of values (Winkler 1989,
2006). Three explanations compete for a row: it is the *same person*, *somebody of the household*, or a *stranger*. Each gives
the levels that were seen a chance, the product over the fields; a missing value has chance 1 under all and so is no evidence.

- Same person: `TYPED`, a model of typing and of changes over time, stated and not fitted to any data set.
- Stranger: how often the subject's own value meets each level in the table itself. A rare surname that agrees weighs more than a
  common one, and a street number that half of the table nearly has weighs nothing.
- Household: like the same person in what a household shares, like a stranger in the rest, but for `FAMILY`.

The household is what keeps twins and parents apart: address and surname cannot tell one of them from the other, however rare they
are. It takes fields to be independent given the explanation, as the model does; a column that follows from another counts twice.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.retention.matching.distances import DIFFERENT, MISSING, NEAR, SAME, Levels
from airflow_privacy.core.retention.matching.rules import Field, MatchRules

Numbers: TypeAlias = npt.NDArray[np.float64]

# Chances of missing (no evidence), different, similar, near, same.
TYPED = {
    "own": np.array([1.0, 0.03, 0.04, 0.08, 0.85]),
    "shared": np.array([1.0, 0.08, 0.04, 0.08, 0.80]),  # people move and marry
    "own code": np.array([1.0, 0.05, 1.0, 1.0, 0.95]),  # compared exactly: never similar or near
    "shared code": np.array([1.0, 0.12, 1.0, 1.0, 0.88]),
}
SWAPPED = 0.02  # that two neighbouring fields changed places
FAMILY = 0.02  # that two of one household agree in what is a person's own: twins' birthday, a son with his father's name
HOUSEHOLD = 3  # others of the subject's household in the table
UNSEEN = 100  # strangers imagined beside the table's rows, since a small table does not show how rare a value is


def typed(field: Field) -> Numbers:
    """Chances of the levels of a field if both records are of one person."""
    return TYPED[("shared" if field.shared else "own") + (" code" if field.kind == "exact" else "")]


def met(counts: npt.NDArray[np.int64], field: Field) -> Numbers:
    """Chances of the levels of a field if the other record is a stranger's: *counts* of the table's distinct records by level.

    The imagined strangers differ, of codes nine in ten. A level that was never met counts once.
    """
    imagined = np.zeros(5)
    agreeing = 0.1 if field.kind == "exact" else 0.0
    imagined[[DIFFERENT, SAME]] = UNSEEN * (1 - agreeing), UNSEEN * agreeing
    chances: Numbers = np.maximum(counts + imagined, 1) / (counts[1:].sum() + UNSEEN)
    chances[MISSING] = 1
    capped: Numbers = np.minimum(chances, 1)
    return capped


def comparisons(rules: MatchRules) -> list[tuple[int, int]]:
    """What is compared: the subject's field with the table's; first each with itself, then the neighbours crosswise."""
    straight = [(at, at) for at in range(len(rules.fields))]
    return straight + [way for left, right in rules.pairs for way in ((left, right), (right, left))]


def swaps(levels: Levels, rules: MatchRules) -> npt.NDArray[np.bool_]:
    """Which rows hold which pair of neighbours in each other's place (pairs by rows).

    One value stands in the other's column, the other is like what stands in its own or has nothing to compare with, and neither
    stands where it belongs.
    A field changes places once.
    """
    found = np.zeros((len(rules.pairs), levels.shape[1]), np.bool_)
    taken = np.zeros((len(rules.fields), levels.shape[1]), np.bool_)
    for at, (left, right) in enumerate(rules.pairs):
        first, second = levels[len(rules.fields) + 2 * at], levels[len(rules.fields) + 2 * at + 1]
        agree = np.maximum(first, second) >= NEAR
        against = (first == DIFFERENT) | (second == DIFFERENT)
        found[at] = agree & ~against & (levels[left] < NEAR) & (levels[right] < NEAR) & ~taken[left] & ~taken[right]
        taken[left] |= found[at]
        taken[right] |= found[at]
    return found


def probabilities(levels: Levels, counts: npt.NDArray[np.int64], records: int, rules: MatchRules) -> Numbers:
    """The probability for each row that it is of the subject.

    :param levels: comparisons by rows.
    :param counts: comparisons by level: the table's distinct records.
    :param records: distinct records of the table.
    """
    ways = comparisons(rules)
    fields = [rules.fields[ours] for ours, _ in ways]
    same = [typed(field) for field in fields]
    stranger = [met(counts[at], field) for at, field in enumerate(fields)]
    household = [s if f.shared else FAMILY * s + (1 - FAMILY) * u for f, s, u in zip(fields, same, stranger, strict=True)]
    swapped = swaps(levels, rules)
    total = records + UNSEEN
    chances = (
        (1 / total, same, SWAPPED),
        (HOUSEHOLD / total, household, SWAPPED),
        (1 - (1 + HOUSEHOLD) / total, stranger, 1.0),  # a stranger's names stand where they belong
    )
    mine, theirs, nobodys = (np.log(prior) + _logs(levels, by_level, swapped, swap, rules) for prior, by_level, swap in chances)
    with np.errstate(over="ignore"):  # infinitely more probable another's: 0
        found: Numbers = 1 / (1 + np.exp(theirs - mine) + np.exp(nobodys - mine))
    return found


def _logs(levels: Levels, chances: list[Numbers], swapped: npt.NDArray[np.bool_], swap: float, rules: MatchRules) -> Numbers:
    parts = [np.log(by_level)[level] for by_level, level in zip(chances, levels, strict=True)]
    for at, (left, right) in enumerate(rules.pairs):
        cross = len(rules.fields) + 2 * at
        parts[left] = np.where(swapped[at], np.log(swap) + parts[cross] + parts[cross + 1], parts[left])
        parts[right] = np.where(swapped[at], 0.0, parts[right])
    total: Numbers = np.sum(parts[: len(rules.fields)], axis=0)
    return total
