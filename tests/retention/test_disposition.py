"""What has outlived its period: never too early, whatever the anchor's type, precision and zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.retention.disposition import Period, disposition_of, dispositions, latest_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca")
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
FORMS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
NO_TIMES = (
    "",
    "__HIVE_DEFAULT_PARTITION__",
    "2024-13",
    "2024-02-30",
    "24-02-01",
    "2024-02-01+01:00",
    "20240201x",
    "0000",
    "9999",
)
zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
days = st.integers(1, 5000)
near = st.timedeltas(timedelta(hours=-60), timedelta(hours=60))  # around the moment when a thing expires


def judged(values: list[object], dtype: pl.DataType, *, zone: str = "UTC", limit: int = 30, now: datetime = NOW) -> list[str]:
    return dispositions(pl.Series("at", values, dtype=dtype), Period(days=limit, zone=zone), now=now).to_list()


@given(moments, near, days, zones, st.sampled_from(("us", "ms", "ns")))
def test_no_timestamp_younger_than_its_period_is_expired(at: datetime, late: timedelta, limit: int, zone: str, unit: str) -> None:
    now = at + timedelta(days=limit) + late
    found = dispositions(pl.Series([at], dtype=pl.Datetime(unit, "UTC")), Period(days=limit, zone=zone), now=now)[0]  # type: ignore[arg-type]
    if found == "expired":
        assert now - at >= timedelta(days=limit) - timedelta(milliseconds=1 if unit == "ms" else 0)


@given(moments, near, days, zones)
def test_no_local_time_younger_than_its_period_in_any_reading_is_expired(
    at: datetime, late: timedelta, limit: int, zone: str
) -> None:
    now = at + timedelta(days=limit) + late
    naive = at.replace(tzinfo=None)
    found = dispositions(pl.Series([naive]), Period(days=limit, zone=zone), now=now)[0]
    latest = max(naive.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if found == "expired":
        assert now - latest.astimezone(UTC) >= timedelta(days=limit)


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), near, days, zones)
def test_no_date_is_expired_before_its_own_end_is_a_period_ago(at: date, late: timedelta, limit: int, zone: str) -> None:
    now = datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=limit) + late
    found = dispositions(pl.Series([at]), Period(days=limit, zone=zone), now=now)[0]
    last_instant = datetime(at.year, at.month, at.day, 23, 59, 59, tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    if found == "expired":
        assert now - last_instant >= timedelta(days=limit)


@given(moments, near | st.timedeltas(timedelta(0), timedelta(days=400)), days, zones, st.sampled_from(FORMS))
def test_no_text_is_expired_while_anything_that_it_may_mean_is_young(
    at: datetime, late: timedelta, limit: int, zone: str, form: str
) -> None:
    now = at + timedelta(days=limit) + late
    local = at.astimezone(ZoneInfo(zone))
    if disposition_of(local.strftime(form), Period(days=limit, zone=zone), now=now) == "expired":
        assert now - at >= timedelta(days=limit)


@given(
    st.lists(st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1)))), st.lists(st.sampled_from((True, False, None)))
)
def test_nothing_on_hold_or_without_an_anchor_is_expired(anchors: list[date | None], holds: list[bool | None]) -> None:
    size = min(len(anchors), len(holds))
    held = pl.Series(holds[:size], dtype=pl.Boolean)
    found = dispositions(pl.Series(anchors[:size], dtype=pl.Date), Period(days=1), now=NOW, held=held)
    for disposition, anchor, hold in zip(found, anchors, holds, strict=False):
        assert disposition != "expired" or (anchor is not None and hold is False)


def test_what_is_old_enough_is_expired() -> None:
    assert judged([date(2026, 5, 1), date(2026, 5, 2)], pl.Date()) == ["expired", "young"]


def test_a_date_ends_at_midnight_of_its_zone() -> None:
    now = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)  # in New York still the evening of the 31st
    assert judged([date(2026, 5, 1)], pl.Date(), now=now) == ["expired"]
    assert judged([date(2026, 5, 1)], pl.Date(), now=now, zone="America/New_York") == ["young"]


def test_an_hour_that_the_clocks_repeat_is_the_second_one() -> None:
    at = datetime(2025, 10, 26, 2, 30)  # 00:30 and 01:30 in UTC
    for after, found in ((59, "young"), (60, "expired")):
        now = datetime(2025, 11, 25, 0, 30, tzinfo=UTC) + timedelta(minutes=after)
        assert judged([at], pl.Datetime("us"), zone="Europe/Berlin", now=now) == [found]


def test_an_hour_that_the_clocks_skip_is_read_later() -> None:
    at = datetime(2026, 3, 29, 2, 30)
    assert judged([at], pl.Datetime("us"), zone="Europe/Berlin", now=datetime(2026, 4, 28, 1, 30, tzinfo=UTC)) == ["expired"]


def test_a_day_that_a_zone_skipped_still_has_an_end() -> None:
    assert judged([date(2011, 12, 29), date(2011, 12, 30)], pl.Date(), zone="Pacific/Apia") == ["expired", "expired"]


def test_what_lies_ahead_is_told_apart() -> None:
    assert judged([date(2026, 6, 1), date(2026, 6, 9)], pl.Date()) == ["young", "future"]


def test_what_a_hold_keeps_is_told_apart_from_what_is_young() -> None:
    anchors = pl.Series([date(2020, 1, 1), date(2026, 6, 1)])
    assert dispositions(anchors, Period(days=30), now=NOW, held=pl.Series([True, True])).to_list() == ["held", "young"]


@pytest.mark.parametrize(
    "text",
    ["", "__HIVE_DEFAULT_PARTITION__", "2024-13", "2024-02-30", "24-02-01", "2024-02-01+01:00", "20240201x", "0000", "9999"],
)
def test_a_text_that_is_no_point_in_time_is_unknown(text: str) -> None:
    assert disposition_of(text, Period(days=1), now=NOW) == "unknown"


def test_an_offset_in_a_text_wins_over_the_declared_zone() -> None:
    assert latest_of("2024-02-29T12:00:00+02:00", ZoneInfo("Asia/Kolkata")) == datetime(2024, 2, 29, 10, 0, 1, tzinfo=UTC)


def test_texts_and_dates_of_a_column_agree() -> None:
    dates = [date(2026, 4, 30) + timedelta(days=step) for step in range(60)]
    texts = [str(one) for one in dates]
    assert judged(texts, pl.String(), zone="Asia/Kolkata") == judged(dates, pl.Date(), zone="Asia/Kolkata")


def test_a_year_is_kept_until_its_last_day_has_outlived_the_period() -> None:
    assert disposition_of("2025", Period(days=152), now=datetime(2026, 6, 1, 23, 59, tzinfo=UTC)) == "young"
    assert disposition_of("2025", Period(days=152), now=datetime(2026, 6, 2, tzinfo=UTC)) == "expired"


def test_a_number_is_no_anchor() -> None:
    with pytest.raises(BadInput, match="anchor-type"):
        judged([1], pl.Int64())


@pytest.mark.parametrize(("reason", "period", "now"), [
    ("naive-time", Period(days=1), datetime(2026, 1, 1)),
    ("bad-period", Period(days=0), NOW),
    ("unknown-zone", Period(days=1, zone="Mars/Olympus"), NOW),
])  # fmt: skip
def test_an_unclear_rule_is_refused(reason: str, period: Period, now: datetime) -> None:
    with pytest.raises(BadInput, match=reason):
        disposition_of("2024", period, now=now)


def test_a_period_longer_than_time_keeps_everything() -> None:
    assert judged([date(1, 1, 2)], pl.Date(), limit=999_999) == ["young"]
