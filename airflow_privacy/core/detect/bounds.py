"""How much a sample may have missed."""

from __future__ import annotations

import math

_ALPHA = 0.05


def upper_bound_95(matched: int, checked: int) -> float:
    """The highest share of matches that a sample with *matched* of *checked* leaves possible, at 95 % confidence (one-sided).

    Clopper-Pearson; for no match it is 1 - 0.05^(1/n), near 3/n ("rule of three"). Sampling without replacement from a finite
    table makes it conservative.
    """
    if checked == 0 or matched >= checked:
        return 1.0
    if matched == 0:
        return -math.expm1(math.log(_ALPHA) / checked)
    low, high = matched / checked, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 1.0 - _beta_cdf(middle, matched + 1, checked - matched) > _ALPHA:
            low = middle
        else:
            high = middle
    return high


def _beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function by its continued fraction (DLMF 8.17.22)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_cdf(1.0 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    value, c, d = 1.0, 1.0, 0.0
    for step in range(2000):
        half = step // 2
        if step == 0:
            factor = 1.0
        elif step % 2 == 0:
            factor = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        else:
            factor = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        d = 1.0 / (1.0 + factor * d or tiny)
        c = 1.0 + factor / c or tiny
        change = c * d
        value *= change
        if step and abs(change - 1.0) < 1e-12:
            break
    return front * (value - 1.0)
