from __future__ import annotations

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.risk import classes
from airflow_privacy.core.risk.figures import measure

FRAME = pl.DataFrame(
    {
        "q": ["a", "a", "b", None, None, "c"],
        "p": [1, 1, 2, 3, 3, 4],
        "s": ["flu", "cold", "flu", "flu", None, "flu"],
    }
)


def figures(*frames, over=("q", "p"), sensitive=(), min_k=2):
    return measure(frames or (FRAME,), quasi_identifiers=over, sensitive=sensitive, min_k=min_k)


def test_the_figures_of_a_small_table():
    found = figures()
    assert (found.rows, found.classes, found.k) == (6, 4, 1)
    assert found.sample_uniqueness == 2 / 6
    assert found.prosecutor == found.journalist == 1
    assert found.marketer == 4 / 6
    assert found.average_class_size == 1.5
    assert found.below_min_k == 2
    assert found.l is None


def test_missing_is_a_value_of_its_own():
    found = figures(pl.DataFrame({"q": [None, None, "a", "a", "a"]}), over=("q",))
    assert (found.classes, found.k) == (2, 2)


def test_without_quasi_identifiers_all_rows_are_one_class():
    found = figures(over=())
    assert (found.classes, found.k, found.below_min_k) == (1, 6, 0)


def test_rows_below_k_are_those_of_smaller_classes():
    assert [figures(min_k=k).below_min_k for k in (1, 2, 3)] == [0, 2, 6]


def test_distinct_l_is_that_of_the_poorest_class():
    found = figures(sensitive=("s",), over=("p",))
    assert found.l == 1
    assert [(one.column, one.distinct_l) for one in found.attributes] == [("s", 1)]


def test_a_missing_sensitive_value_makes_no_class_diverse():
    assert figures(pl.DataFrame({"q": [1, 1, 1], "s": ["x", None, "x"]}), over=("q",), sensitive=("s",)).l == 1
    assert figures(pl.DataFrame({"q": [1, 1], "s": [None, None]}), over=("q",), sensitive=("s",)).l == 1


def test_how_the_table_is_cut_does_not_matter(monkeypatch):
    monkeypatch.setattr(classes, "_HELD", 1)
    pieces = [FRAME.slice(start, 1) for start in range(6)]
    assert figures(*pieces, sensitive=("s",)) == figures(sensitive=("s",))


def test_a_quasi_identifier_may_be_named_twice_and_be_sensitive_too():
    assert figures(over=("q", "p", "q"), sensitive=("q",)).classes == 4


def test_categories_of_different_pieces_are_compared_by_their_text():
    pieces = [pl.DataFrame({"q": pl.Series(values, dtype=pl.Enum(values))}) for values in (["b", "a"], ["a", "b"])]
    assert figures(*pieces, over=("q",)).k == 2


def test_a_table_without_rows_is_refused():
    for frames in ([], [FRAME.clear()]):
        with pytest.raises(BadInput, match="no-rows"):
            measure(frames, quasi_identifiers=("q",), sensitive=(), min_k=2)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"unknown-column.*'z'"):
        figures(over=("z",))


def test_an_error_of_the_engine_shows_no_value():
    with pytest.raises(BadInput, match="risk-not-measurable") as caught:
        figures(FRAME, pl.DataFrame({"q": ["canary"], "p": ["canary"]}))
    assert "canary" not in str(caught.value)
