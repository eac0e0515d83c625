from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.model.techniques import (
    Drop,
    FreeText,
    HmacToken,
    Inside,
    Keep,
    Noise,
    Null,
    PartialMask,
    Permute,
    Redact,
    Round,
    Surrogate,
)

ORDERS = pl.List(pl.Struct({"phone": pl.String, "lines": pl.List(pl.Struct({"amount": pl.Int64, "note": pl.String}))}))
ROWS = [
    [{"phone": "030 1", "lines": [{"amount": 12, "note": "a"}, {"amount": None, "note": "b"}]}, None],
    None,
    [],
    [{"phone": None, "lines": []}, {"phone": "030 2", "lines": None}, {"phone": "030 1", "lines": [None]}],
]
BOTH = Inside(fields={"[].phone": PartialMask(), "[].lines[].amount": Round(to=10)})


def masked(fields, rows=ROWS, dtype=ORDERS, tools=TOOLS):
    frame = pl.DataFrame({"c": pl.Series(rows, dtype=dtype)})
    return mask_frame(frame, plan_of(decision("c", Inside(fields=fields), dtype="nested")), tools)["c"]


def check(rows, changed, technique, dtype=ORDERS):
    source, sink = (
        pl.DataFrame({"c": one if isinstance(one, pl.Series) else pl.Series(one, dtype=dtype)}) for one in (rows, changed)
    )
    plan = plan_of(decision("c", technique, dtype="nested"))
    check_masked(source=Frames(source), sink=Frames(sink), plan=plan, find_entities=lambda _: {}, tools=TOOLS)


def test_named_fields_are_masked_and_others_go():
    assert masked(BOTH.fields).to_list() == [
        [{"phone": "*** *", "lines": [{"amount": 10}, {"amount": None}]}, None],
        None,
        [],
        [{"phone": None, "lines": []}, {"phone": "*** *", "lines": None}, {"phone": "*** *", "lines": [None]}],
    ]


def test_the_elements_of_a_list_of_values_are_masked():
    assert masked({"[]": Round(to=10)}, [[12, None], [], None], pl.List(pl.Int64)).to_list() == [[10, None], [], None]
    assert masked({"[][]": Round(to=10)}, [[[12], None, []], []], pl.List(pl.List(pl.Int64))).to_list() == [[[10], None, []], []]


def test_arrays_become_lists():
    given = masked({"[]": Round(to=10)}, [[12, 14], None], pl.Array(pl.Int64, 2))
    assert (given.to_list(), given.dtype) == ([[10, 10], None], pl.List(pl.Int64))


def test_the_keys_and_values_of_a_map_are_fields():
    entries = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
    rows = [[{"key": "mail", "value": "abc"}]]
    assert masked({"[].key": Keep(), "[].value": Redact()}, rows, entries).to_list() == [[{"key": "mail", "value": "[REDACTED]"}]]


def test_a_whole_field_of_records_can_be_kept_or_redacted():
    assert masked({"[].lines": Redact(), "[].phone": Keep()}, ROWS[:1]).to_list() == [
        [{"phone": "030 1", "lines": "[REDACTED]"}, None]
    ]


def test_an_empty_table_keeps_its_type():
    given = masked(BOTH.fields, [])
    assert given.dtype == output_dtype(decision("c", BOTH), ORDERS)


def test_a_field_whose_name_has_a_dot_is_found():
    dtype = pl.List(pl.Struct({"a.b": pl.Int64, "a": pl.Int64}))
    assert masked({"[].a.b": Round(to=10)}, [[{"a.b": 12, "a": 1}]], dtype).to_list() == [[{"a.b": 10}]]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"[].nothing": Keep()},
        {"phone": Keep()},
        {"[].phone.x": Keep()},
        {"[].lines": Keep(), "[].lines[].amount": Keep()},
        {"[].phone": Drop()},
        {"[].phone": HmacToken(beside=("d",))},
        {"[].phone": Surrogate(kind="name", sex="d")},
        {"[].phone": FreeText(known=("d",))},
        {"[].phone": Permute()},
        {"[].lines[].amount": Noise(distribution="laplace", scale=1)},
    ],
    ids=str,
)
def test_paths_and_techniques_that_cannot_be_are_refused(fields):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked(fields)


def test_a_technique_that_does_not_fit_its_field_is_refused_by_its_path():
    with pytest.raises(CheckFailed, match=r"technique-does-not-fit.*lines"):
        masked({"[].lines": Round(to=1)})


def test_a_missing_key_shows():
    with pytest.raises(KeyUnavailable):
        masked({"[].phone": HmacToken()}, tools=Tools())


FIELDS = {"[].phone": HmacToken(length=8), "[].lines[].amount": Round(to=10), "[].lines[].note": Null()}
lines = st.none() | st.lists(
    st.none() | st.fixed_dictionaries({"amount": st.none() | st.integers(0, 99), "note": st.none() | st.just("n")}), max_size=3
)
orders = st.none() | st.lists(
    st.none() | st.fixed_dictionaries({"phone": st.none() | st.text(max_size=3), "lines": lines}), max_size=3
)


@settings(max_examples=40, deadline=None)
@given(st.lists(orders, max_size=6), st.integers(0, 6))
def test_lengths_and_missing_parts_stay_whatever_the_batches(rows, at):
    def shape(value):
        if isinstance(value, list):
            return [shape(one) for one in value]
        return {name: shape(one) for name, one in value.items() if name != "note"} if isinstance(value, dict) else value is None

    def blanked(value):
        if isinstance(value, list):
            return [blanked(one) for one in value]
        if isinstance(value, dict):
            return {name: blanked(one) for name, one in value.items()}
        return None if isinstance(value, str) and not value.strip() else value

    whole = masked(FIELDS, rows)
    assert shape(whole.to_list()) == shape(blanked(rows))
    assert pl.concat([masked(FIELDS, rows[:at]), masked(FIELDS, rows[at:])]).equals(whole, null_equal=True)
    if rows:
        check(rows, whole, Inside(fields=FIELDS))


MASKED = output_dtype(decision("c", BOTH), ORDERS)


def changed(change):
    rows = masked(BOTH.fields).to_list()
    change(rows)
    return pl.Series(rows, dtype=MASKED)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[0][0].update(phone="030 1"),
        lambda rows: rows[0][0].update(phone=None),
        lambda rows: rows[0][0]["lines"][0].update(amount=30),
        lambda rows: rows[0][0]["lines"][1].update(amount=0),
        lambda rows: rows[0][0]["lines"].pop(),
        lambda rows: rows[0].append(None),
        lambda rows: rows.__setitem__(1, []),
        lambda rows: rows.__setitem__(2, None),
        lambda rows: rows[3][0].update(lines=None),
        lambda rows: rows[0].__setitem__(1, {"phone": None, "lines": None}),
    ],
)
def test_the_check_finds_every_change(change):
    check(ROWS, changed(lambda _: None), BOTH)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(ROWS, changed(change), BOTH)


def test_the_check_finds_tokens_of_other_values():
    technique = Inside(fields={"[].phone": HmacToken(length=8)})
    rows = [[{"phone": "a", "lines": None}], [{"phone": "b", "lines": None}]]
    good = masked(technique.fields, rows)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(rows, good.reverse(), technique)
