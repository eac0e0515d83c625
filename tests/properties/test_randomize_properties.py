"""What holds for every technique that draws from a key, whatever the data."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import KEYS, TOOLS, Frames, decision, holds, mask_all, plan_of

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.conditions import kept_slabs
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.rules.moved import Moved
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import DateShift, Keep, Noise, Permute, name_of

small = (pl.Int8(), st.integers(-128, 127))
whole = (pl.Int64(), st.integers(-(2**63), 2**63 - 1))
natural = (pl.UInt64(), st.integers(0, 2**64 - 1))
real = (pl.Float64(), st.floats())
single = (pl.Float32(), st.floats(width=32))
money = (pl.Decimal(12, 2), st.decimals(-(10**9), 10**9, places=2))
day = (pl.Date(), st.dates(dt.date(1800, 1, 1), dt.date(2200, 1, 1)))
time = (pl.Datetime("us"), st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1)))
zoned = (pl.Datetime("us", "America/Havana"), time[1].map(lambda at: at.replace(tzinfo=dt.UTC)))
text = (pl.String(), st.text(max_size=8))
written = (pl.String(), day[1].map(lambda on: f"{on:%d.%m.%Y}"))

CASES = [
    *(
        (Noise(distribution=distribution, scale=3, subject=subject, decimals=1), data)
        for distribution in ("laplace", "gaussian")
        for subject in (None, "s")
        for data in (small, whole, natural, real, single, money)
    ),
    (Noise(distribution="gaussian", scale=30, lower=-20, upper=40.5), small),
    *((DateShift(days=days, subject="s"), data) for days in (1, 365) for data in (day, time, zoned)),
    (DateShift(days=10, subject="s", format="%d.%m.%Y"), written),
    *((Permute(), data) for data in (text, whole, real, zoned)),
]
every_case = pytest.mark.parametrize(
    ("technique", "data"), CASES, ids=lambda one: name_of(one) if hasattr(one, "__struct_fields__") else str(one[0])
)
quick = settings(max_examples=12, deadline=None)


@st.composite
def tables(draw, data):
    dtype, values = data
    rows = draw(st.lists(st.tuples(st.none() | values, st.sampled_from(["a", "b", "c", " ", None])), max_size=12))
    zone = isinstance(dtype, pl.Datetime) and dtype.time_zone is not None
    found = pl.Series([row[0] for row in rows], dtype=pl.Datetime("us", "UTC") if zone else dtype).cast(dtype)
    return pl.DataFrame({"c": found, "s": pl.Series([row[1] for row in rows], dtype=pl.String)})


def decisions(technique):
    return decision("c", technique), decision("s", Keep())


@every_case
def test_rows_and_missing_values_stay_and_the_rule_agrees(technique, data):
    @quick
    @given(tables(data))
    def check(frame):
        before = frame.clone()
        out, tools = mask_all(frame, *decisions(technique))
        assert frame.equals(before, null_equal=True)
        assert (out.height, out["c"].dtype.is_float()) == (frame.height, frame["c"].dtype.is_float() or data is money)
        if isinstance(technique, Permute):
            moved = Moved()
            moved.add_source(frame["c"])
            moved.add_masked(out["c"], frame["c"])
            assert moved.fault() == "" and out["c"].null_count() == frame["c"].null_count()
            return
        gone = frame.select(is_missing("c", frame.schema["c"])).to_series()
        nobody = frame.select(is_missing("s", pl.String())).to_series()
        lost = gone | nobody if isinstance(technique, DateShift) else gone
        assert out["c"].is_null().to_list() == lost.to_list()
        assert all(holds(technique, frame["c"], out["c"], tools=tools, s=frame["s"]))

    check()


@every_case
def test_how_the_table_is_cut_and_which_rows_are_left_out_does_not_matter(technique, data):
    @quick
    @given(tables(data), st.integers(1, 5))
    def check(frame, size):
        plan = plan_of(*decisions(technique))
        whole_table, tools = mask_all(frame, *decisions(technique))
        pieces, first = [whole_table.clear()], 0
        for piece in frame.iter_slices(size):
            pieces.append(mask_frame(piece, plan, replace(tools, first_row=first)))
            first += piece.height
        assert pl.concat(pieces).equals(whole_table, null_equal=True)
        assert learn(Frames(frame), plan, TOOLS).keys() == tools.learned.keys()
        if not isinstance(technique, Permute):
            ruled = msgspec.structs.replace(plan, drop_records=(RecordRule(name="r", column="s", equals=("b",)),))
            (slab,) = kept_slabs(Frames(frame), ruled)
            kept = mask_frame(slab.frame, plan, slab.tools(TOOLS))
            assert kept.equals(whole_table.filter(frame["s"].ne_missing(pl.Series(["b"]))), null_equal=True)

    check()


@pytest.mark.parametrize("technique", [Noise(distribution="gaussian", scale=1e9), Permute()], ids=name_of)
@quick
@given(key=st.binary(min_size=32, max_size=32))
def test_the_same_key_draws_the_same_and_another_key_something_else(technique, key):
    frame = pl.DataFrame({"c": list(range(100)), "s": ["a"] * 100})
    tools = Tools(keys={name_of(technique): key.hex()})
    first, again = (mask_all(frame, *decisions(technique), tools=tools)[0]["c"] for _ in range(2))
    assert first.equals(again)
    other = mask_all(frame, *decisions(technique))[0]["c"]
    assert (first == other).sum() < 20 or key.hex() == KEYS[name_of(technique)]


@quick
@given(st.binary(min_size=32, max_size=32))
def test_another_key_shifts_otherwise(key):
    frame = pl.DataFrame({"c": [dt.date(2024, 1, 1)] * 100, "s": [str(n) for n in range(100)]})
    technique = DateShift(days=1000, subject="s")
    other = mask_all(frame, *decisions(technique), tools=Tools(keys={"date_shift": key.hex()}))[0]["c"]
    assert (mask_all(frame, *decisions(technique))[0]["c"] == other).sum() < 20


@quick
@given(tables(time), st.integers(1, 1000))
def test_a_subject_s_intervals_stay_and_no_date_stays(frame, days):
    out, _ = mask_all(frame, *decisions(DateShift(days=days, subject="s")))
    shifts = frame.with_columns(shift=out["c"] - frame["c"]).drop_nulls()
    assert shifts.group_by("s").agg(pl.col("shift").n_unique())["shift"].to_list() in ([1] * n for n in range(4))
    assert not (shifts["shift"] == dt.timedelta(0)).any()
    assert shifts["shift"].abs().max() is None or shifts["shift"].abs().max() <= dt.timedelta(days=days)


@quick
@given(st.lists(st.integers(-(10**8), 10**8), min_size=1, max_size=20), st.floats(0.2, 1e6), st.floats(0.51, 1e6))
def test_noise_is_never_more_than_its_bound(numbers, scale, most):
    frame = pl.DataFrame({"c": pl.Series(numbers, dtype=pl.Float64), "s": ["a"] * len(numbers)})
    for distribution in ("laplace", "gaussian"):
        technique = Noise(distribution=distribution, scale=scale, most=most)
        change = mask_all(frame, *decisions(technique))[0]["c"]
        assert (change - frame["c"]).abs().max() <= most + 0.5
