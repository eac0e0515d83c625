"""The bound of a sample."""

from __future__ import annotations

import math

import pytest

from airflow_privacy.core.detect.bounds import upper_bound_95


def _binomial_cdf(k: int, n: int, p: float) -> float:
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@pytest.mark.parametrize(("k", "n"), [(0, 10), (0, 3_000), (1, 100), (7, 50), (49, 50), (500, 900)])
def test_bound_leaves_five_percent_of_chance(k: int, n: int) -> None:
    assert _binomial_cdf(k, n, upper_bound_95(k, n)) == pytest.approx(0.05, abs=1e-6)


def test_bound_is_one_when_all_match_or_nothing_was_read() -> None:
    assert (upper_bound_95(5, 5), upper_bound_95(0, 0)) == (1.0, 1.0)
