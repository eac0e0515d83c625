"""Values that stayed as they were: by chance, which an encryption over a small domain does, or because nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log

import polars as pl

from airflow_privacy.core.mask.rules.judged import judged

NEGLIGIBLE = 1e-6
"""What has a smaller probability is no chance."""

_ASKED = 1000


def is_chance(count: int, mean: float) -> bool:
    """Whether as many as *count* meetings can be chance where *mean* are to be expected (Poisson's upper tail)."""
    if count <= mean:
        return True
    term = exp(count * log(mean) - mean - lgamma(count + 1)) if mean > 0 else 0.0
    tail, at = 0.0, count
    while term > tail * 1e-6:
        tail += term
        at += 1
        term *= mean / at
    return tail >= NEGLIGIBLE


def unchanged(
    value: pl.Expr,
    masked: pl.Expr,
    chance: Callable[[pl.Series], pl.Series],
    again: Callable[[list[str]], list[str]] | None,
) -> pl.Expr:
    """True where a masked text differs from its value, or is the same rightly.

    :param chance: distinct values → how likely each is to stay as it is.
    :param again: values → their masked texts, by other code than the one that masks: then it is known which stayed rightly.
        Without it, or where very many stayed, all of those with one likelihood are right if that many can be chance.
    """

    def judge(frame: pl.DataFrame) -> pl.Series:
        same = (frame["value"] == frame["masked"]).fill_null(False)
        if not same.any():
            return pl.repeat(True, frame.height, eager=True)
        stayed = frame["value"].filter(same).unique()
        if again is None or stayed.len() > _ASKED:
            wrong = _too_many(stayed, frame["value"].drop_nulls().unique(), chance)
        else:
            texts = stayed.to_list()
            wrong = pl.Series([text for text, made in zip(texts, again(texts), strict=True) if text != made], dtype=pl.String)
        return ~(same & frame["value"].is_in(wrong.implode()).fill_null(False))

    return judged({"value": value, "masked": masked}, judge)


def _too_many(stayed: pl.Series, there: pl.Series, chance: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Those of the values that *stayed* that are more than chance lets of all values *there* with their likelihood."""
    means = pl.DataFrame({"likely": chance(there)}).group_by("likely").agg(mean=pl.col("likely").sum())
    found = pl.DataFrame({"value": stayed, "likely": chance(stayed)})
    counts = found.group_by("likely").len().join(means, on="likely")
    wrong = [one["likely"] for one in counts.to_dicts() if not is_chance(one["len"], one["mean"])]
    return found.filter(pl.col("likely").is_in(wrong))["value"]
