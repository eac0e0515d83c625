"""The bound of a sample, and columns that only one side knows."""

from __future__ import annotations

import math
import pickle

import pytest

from airflow_privacy.core.detect.bounds import upper_bound_95
from airflow_privacy.core.detect.drift import check_drift
from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.refs import ColumnType

CAME = (ColumnType(name="a", dtype="string"), ColumnType(name="new", dtype="string"))
TABLE = Table(name="t", columns=(Column(name="a"), Column(name="gone")))


def _binomial_cdf(k: int, n: int, p: float) -> float:
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@pytest.mark.parametrize(("k", "n"), [(0, 10), (0, 3_000), (1, 100), (7, 50), (49, 50), (500, 900)])
def test_bound_leaves_five_percent_of_chance(k: int, n: int) -> None:
    assert _binomial_cdf(k, n, upper_bound_95(k, n)) == pytest.approx(0.05, abs=1e-6)


def test_bound_is_one_when_all_match_or_nothing_was_read() -> None:
    assert (upper_bound_95(5, 5), upper_bound_95(0, 0)) == (1.0, 1.0)


def test_drift_that_fails_names_both_kinds_of_columns() -> None:
    with pytest.raises(CheckFailed) as caught:
        check_drift(CAME, TABLE, "fail")
    assert caught.value.reason == "schema-drift"
    assert "'new'" in str(caught.value)
    assert "'gone'" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_drift_that_warns_gives_sentences() -> None:
    assert len(check_drift(CAME, TABLE, "warn")) == 2


def test_drift_that_is_ignored_is_silent() -> None:
    assert check_drift(CAME, TABLE, "ignore") == ()


def test_equal_columns_do_not_drift() -> None:
    assert check_drift(CAME[:1], Table(name="t", columns=(Column(name="a"),)), "fail") == ()
