"""Values that stayed as they were: by chance, which an encryption over a small domain does, or because nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log

import polars as pl

from airflow_privacy.core.mask.rules.judged import judged

NEGLIGIBLE = 1e-9
"""What has a smaller probability is no chance. Once in so many columns the check stops a masking that was right."""


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
    :param again: values → their masked texts, by other code than the one that masks. It is asked only about values that stayed;
        without it, or where more stayed than chance lets, all that stayed are wrong, or none.
    """

    def judge(frame: pl.DataFrame) -> pl.Series:
        same = (frame["value"] == frame["masked"]).fill_null(False)
        if not same.any():
            return pl.repeat(True, frame.height, eager=True)
        stayed = frame["value"].filter(same).unique()
        there = frame["value"].drop_nulls().unique()
        if not is_chance(stayed.len(), float(chance(there).sum())):
            return ~same
        if again is None:
            return pl.repeat(True, frame.height, eager=True)
        texts = stayed.to_list()
        wrong = [text for text, made in zip(texts, again(texts), strict=True) if text != made]
        return ~(same & frame["value"].is_in(wrong))

    return judged({"value": value, "masked": masked}, judge)
