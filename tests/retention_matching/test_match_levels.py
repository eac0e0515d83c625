"""How close two spellings are."""

from __future__ import annotations

import sys
from datetime import date, datetime

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, MissingExtra
from airflow_privacy.core.retention.matching.distances import DIFFERENT, MISSING, NEAR, SAME, SIMILAR, levels_of
from airflow_privacy.core.retention.matching.normal import normalised
from airflow_privacy.core.retention.matching.rules import Field, Kind


@pytest.mark.parametrize(
    ("kind", "value", "other", "level"),
    [
        ("exact", "wa", "wa", SAME),
        ("exact", "wa", "qa", DIFFERENT),
        ("name", "martha", "martha", SAME),
        ("name", "martha", "matha", NEAR),
        ("name", "martha", "marhta", NEAR),
        ("name", "brandstetter", "bramdstaetter", SIMILAR),
        ("name", "maria", "anna maria", SIMILAR),
        ("name", "martha", "joachim", DIFFERENT),
        ("text", "lindengasse 14", "lindengase 14", NEAR),
        ("text", "lindengasse 14", "14 lindengasse", SIMILAR),
        ("text", "lindengasse 14", "lidnengase 41", SIMILAR),
        ("text", "lindengasse 14", "am stadtpark 3", DIFFERENT),
        ("date", "19710309", "19710308", NEAR),
        ("date", "19710309", "19170309", NEAR),
        ("date", "19710309", "19710903", NEAR),  # day and month exchanged
        ("date", "19710309", "19720308", SIMILAR),
        ("date", "19710309", "19850612", DIFFERENT),
        ("digits", "5830174", "5830147", NEAR),
        ("digits", "5830174", "583174", NEAR),
        ("digits", "5830174", "5838714", SIMILAR),
        ("digits", "1234", "1256", DIFFERENT),  # two of four
        ("digits", "5830174", "9121655", DIFFERENT),
    ],
)
def test_level_of_two_values(kind: Kind, value: str, other: str, level: int) -> None:
    assert levels_of(value, [other], kind).tolist() == [level]
    assert levels_of(other, [value], kind).tolist() == [level]


@pytest.mark.parametrize("kind", ["exact", "name", "text", "date", "digits"])
def test_a_value_that_is_missing_agrees_with_nothing_and_disagrees_with_nothing(kind: Kind) -> None:
    assert levels_of(None, ["a", "b"], kind).tolist() == [MISSING, MISSING]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("name", ["Élodie  St-Jean", "elodie st jean", " ELODIE, St. Jean "]),
        ("text", ["Lindengasse 14/2", "lindengasse 14 2", "LINDENGASSE, 14-2."]),
        ("date", ["1971-03-09", "19710309", "9.3.1971", "09/03/1971", "1971/3/9", "1971-03-09T00:00:00"]),
        ("digits", ["(583) 01-74", "583 0174", "5830174"]),
        ("exact", [" wa", "wa"]),
    ],
)
def test_one_spelling_for_what_means_the_same(kind: Kind, values: list[str]) -> None:
    spelt = normalised(pl.DataFrame({"it": values}), (Field("it", kind),))["it"]
    assert spelt.n_unique() == 1
    assert spelt.null_count() == 0


@pytest.mark.parametrize(
    ("kind", "series", "text"),
    [
        ("date", pl.Series([date(1971, 3, 9)]), "19710309"),
        ("date", pl.Series([datetime(1971, 3, 9, 4)]), "19710309"),
        ("date", pl.Series([19710309]), "19710309"),
        ("date", pl.Series([19710309.0]), "19710309"),
        ("digits", pl.Series([4011.0]), "4011"),
        ("digits", pl.Series([4011]), "4011"),
        ("exact", pl.Series(["wa"], dtype=pl.Categorical), "wa"),
    ],
)
def test_a_columns_type_does_not_matter(kind: Kind, series: pl.Series, text: str) -> None:
    assert normalised(series.to_frame("it"), (Field("it", kind),))["it"].to_list() == [text]


@pytest.mark.parametrize("kind", ["exact", "name", "text", "date", "digits"])
@pytest.mark.parametrize("empty", ["", "  ", None])
def test_blanks_are_missing(kind: Kind, empty: str | None) -> None:
    column = pl.DataFrame({"it": [empty]}, schema={"it": pl.String})
    assert normalised(column, (Field("it", kind),))["it"].to_list() == [None]


@pytest.mark.parametrize("name", ["^a.*$", "*", "value"])
def test_a_columns_name_means_no_pattern(name: str) -> None:
    assert normalised(pl.DataFrame({"abc": ["x"], name: ["Y"]}), (Field(name, "name"),)).to_dict(as_series=False) == {name: ["y"]}


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BadInput, match="'phone'") as raised:
        normalised(pl.DataFrame({"it": ["x"]}), (Field("phone", "digits"),))
    assert raised.value.reason == "unknown-column"


@pytest.mark.parametrize("column", [pl.Series([["x"]]), pl.Series([b"x"]), pl.Series([{"a": 1}])])
def test_nested_and_binary_columns_are_refused(column: pl.Series) -> None:
    with pytest.raises(BadInput, match="cannot be compared"):
        normalised(column.to_frame("it"), (Field("it", "name"),))


def test_without_rapidfuzz_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("rapidfuzz", "rapidfuzz.distance", "rapidfuzz.process", "rapidfuzz.fuzz"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"airflow-privacy\[erasure\]"):
        levels_of("martha", ["matha"], "name")
