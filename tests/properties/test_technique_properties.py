"""What holds for every technique, whatever the data."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import decision
from masking_builders import plan_of as plan_with

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.model.refs import ColumnType
from airflow_privacy.core.model.techniques import (
    Bins,
    GeoPrefix,
    HmacToken,
    Keep,
    Null,
    PartialMask,
    Redact,
    Round,
    TruncateDate,
    name_of,
)
from airflow_privacy.core.risk.figures import measure

TOOLS = Tools(keys={"hmac_token": "0f" * 32})

text = (pl.String(), st.text(max_size=12))
small = (pl.Int8(), st.integers(-128, 127))
whole = (pl.Int64(), st.integers(-(2**63), 2**63 - 1))
natural = (pl.UInt64(), st.integers(0, 2**64 - 1))
real = (pl.Float64(), st.floats())
single = (pl.Float32(), st.floats(width=32))
money = (pl.Decimal(12, 2), st.decimals(-(10**9), 10**9, places=2))
day = (pl.Date(), st.dates(dt.date(1800, 1, 1), dt.date(2200, 1, 1)))
time = (pl.Datetime("us"), st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1)))
zoned = (
    pl.Datetime("us", "America/Havana"),
    st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2037, 1, 1)).map(lambda at: at.replace(tzinfo=dt.UTC)),
)
flag = (pl.Boolean(), st.booleans())
raw = (pl.Binary(), st.binary(max_size=4))
listed = (pl.List(pl.Int64()), st.lists(st.integers(0, 3), max_size=2))

CASES = [
    *((Keep(), data) for data in (text, whole, real, day, listed)),
    *((Null(), data) for data in (text, money, zoned, listed)),
    *((Redact(), data) for data in (text, small, real, flag, raw)),
    *(
        (PartialMask(keep_first=a, keep_last=b, char=c), data)
        for a, b, c in ((0, 0, "*"), (1, 2, "X"), (2, 0, "$"))
        for data in (text, whole)
    ),
    *((HmacToken(), data) for data in (text, whole, natural, money, day, time, zoned, flag, raw)),
    *((Round(to=10), data) for data in (small, whole, natural, real, single, money)),
    *((Round(to=0.1), data) for data in (real, single, money)),
    *((Bins(edges=(-5.5, 0, 1000)), data) for data in (small, whole, real, money)),
    *((TruncateDate(to=to), data) for to in ("month", "quarter", "year", "decade") for data in (day, time, zoned)),
    (GeoPrefix(length=3), text),
]
every_case = pytest.mark.parametrize(
    ("technique", "data"), CASES, ids=lambda one: name_of(one) if hasattr(one, "__struct_fields__") else str(one[0])
)
quick = settings(max_examples=12, deadline=None)


def plan_of(*techniques):
    return plan_with(*(decision(name, technique, role="quasi-identifier") for name, technique in techniques))


class Table:
    def __init__(self, *frames):
        self.frames = frames
        self.columns = tuple(ColumnType(name=name, dtype=family(dtype)) for name, dtype in frames[0].schema.items())

    def slabs(self):
        yield from self.frames


def frames(data):
    dtype, values = data
    rows = st.lists(st.none() | values, max_size=12)
    return rows.map(
        lambda found: pl.DataFrame({"c": pl.Series(found, dtype=pl.Datetime("us", "UTC") if _is_zoned(dtype) else dtype)}).cast(
            {"c": dtype}
        )
    )


def _is_zoned(dtype):
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


@every_case
def test_rows_and_missing_values_stay_and_the_input_is_untouched(technique, data):
    @quick
    @given(frames(data))
    def holds(frame):
        before = frame.clone()
        out = mask_frame(frame, plan_of(("c", technique)), TOOLS)
        assert out.height == frame.height
        assert frame.equals(before, null_equal=True)
        if isinstance(technique, Keep | Null):
            expected = frame["c"].is_null() if isinstance(technique, Keep) else pl.repeat(True, frame.height, eager=True)
        else:
            expected = frame.select(is_missing("c", data[0])).to_series()
        assert out["c"].is_null().to_list() == expected.to_list()

    holds()


@every_case
def test_batches_and_order_do_not_matter(technique, data):
    @quick
    @given(frames(data), st.integers(0, 12))
    def holds(frame, at):
        plan = plan_of(("c", technique))
        whole_frame = mask_frame(frame, plan, TOOLS)
        halves = pl.concat([mask_frame(frame[:at], plan, TOOLS), mask_frame(frame[at:], plan, TOOLS)])
        assert halves.schema == whole_frame.schema
        assert halves.equals(whole_frame, null_equal=True)
        assert mask_frame(frame.reverse(), plan, TOOLS).equals(whole_frame.reverse(), null_equal=True)

    holds()


@every_case
def test_the_check_agrees(technique, data):
    @quick
    @given(frames(data))
    def holds(frame):
        plan = plan_of(("c", technique))
        masked = mask_frame(frame, plan, TOOLS)
        check_masked(source=Table(frame), sink=Table(masked), plan=plan, find_entities=lambda _: {}, tools=TOOLS)

    holds()


@pytest.mark.parametrize(
    ("technique", "data"),
    [(Round(to=10), real), (Round(to=10), whole), (TruncateDate(to="year"), zoned), (GeoPrefix(length=2), text)],
    ids=["round real", "round whole", "date", "prefix"],
)
def test_generalizing_twice_is_generalizing_once(technique, data):
    @quick
    @given(frames(data))
    def holds(frame):
        plan = plan_of(("c", technique))
        once = mask_frame(frame, plan, TOOLS)
        assert mask_frame(once, plan, TOOLS).equals(once, null_equal=True)

    holds()


@quick
@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12), st.binary(min_size=32, max_size=32))
def test_tokens_depend_on_the_key_and_on_nothing_else(values, key):
    frame = pl.DataFrame({"c": values})
    other = Tools(keys={"hmac_token": key.hex()})
    plan = plan_of(("c", HmacToken()))
    first, again = mask_frame(frame, plan, TOOLS)["c"], mask_frame(frame, plan, TOOLS)["c"]
    assert first.equals(again, null_equal=True)
    assert not set(first.drop_nulls()) & set(mask_frame(frame, plan, other)["c"].drop_nulls()) or other == TOOLS
    present = frame.filter(~is_missing("c", pl.String()))
    assert first.drop_nulls().n_unique() == present["c"].n_unique()


LADDERS = [
    (whole, [Keep(), Round(to=10), Round(to=100)]),
    (small, [Keep(), Bins(edges=(-50, 0, 50)), Bins(edges=(0,)), Null()]),
    (day, [Keep(), *(TruncateDate(to=to) for to in ("month", "quarter", "year", "decade")), Null()]),
    (zoned, [Keep(), *(TruncateDate(to=to) for to in ("month", "quarter", "year", "decade"))]),
    (
        (pl.String(), st.text("0123456789", min_size=5, max_size=5)),
        [Keep(), *(GeoPrefix(length=n) for n in (4, 3, 2, 1)), Redact()],
    ),
]


@pytest.mark.parametrize(("data", "ladder"), LADDERS, ids=["round", "bins", "date", "timestamp", "prefix"])
def test_k_never_falls_when_generalizing_further(data, ladder):
    if isinstance(ladder[1], Round):
        # Halves go to the even multiple, so that the multiples of 100 are not made of whole multiples of 10.
        ladder = ladder[:2]

    @quick
    @given(frames(data).filter(lambda frame: frame.height > 0), st.data())
    def holds(frame, more):
        other = more.draw(st.lists(st.sampled_from("ab"), min_size=frame.height, max_size=frame.height))
        table = frame.with_columns(o=pl.Series(other, dtype=pl.String))
        ks = []
        for technique in ladder:
            masked = mask_frame(table, plan_of(("c", technique), ("o", Keep())), TOOLS)
            ks.append(measure([masked], quasi_identifiers=("c", "o"), sensitive=(), min_k=2).k)
        assert ks == sorted(ks)

    holds()
