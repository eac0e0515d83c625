"""A contract's period as judges of rows and things: whatever is young, held, or without a readable anchor never goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Contract, Retention
from airflow_privacy.core.model.purge import Hold
from airflow_privacy.core.retention.hold import Cover, cover_of, in_force
from airflow_privacy.core.retention.rule import Judges, Watch, judges_of

NOW = datetime(2024, 6, 15, tzinfo=UTC)


def contract(days: int = 30, anchor: str | None = "day", zone: str = "UTC", subject_key: str | None = "mail") -> Contract:
    kept = Retention(days=days, anchor=anchor, zone=zone)
    return Contract(id="visits", name="visits", version="1", status="active", retention=kept, subject_key=subject_key)


def hold(name: str = "h1", **given: str) -> Hold:
    return Hold(id=name, owner="o", because="b", placed_at="2024-01-01T00:00:00+00:00", **{"dataset": "visits", **given})


def judges(by: str, cover: Cover | None = None, **given: object) -> Judges:
    return judges_of(contract(**given), by=by, as_of=NOW, cover=cover or Cover())  # type: ignore[arg-type]


def judged(rows: pl.DataFrame, found: Judges) -> list[str]:
    assert found.rows is not None
    return found.rows(rows).to_list()


def thing(modified: datetime | None = None, **partitions: str | None) -> SimpleNamespace:
    return SimpleNamespace(name="x", partitions=partitions, modified=modified)


anchors = st.one_of(st.none(), st.dates(date(2023, 1, 1), date(2026, 1, 1)))


@given(
    days=st.lists(anchors, max_size=30), period=st.integers(1, 400), zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tokyo"])
)
def test_no_row_goes_that_is_younger_than_its_period_or_without_an_anchor(
    days: list[date | None], period: int, zone: str
) -> None:
    rows = pl.DataFrame({"day": pl.Series(days, dtype=pl.Date)})
    for day, told in zip(days, judged(rows, judges("rows", days=period, zone=zone)), strict=True):
        if told == "expired":
            # The day's last moment anywhere on earth is at most 12 hours after its end in UTC.
            assert day is not None
            assert datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=period) <= NOW
        if day is None:
            assert told == "unknown"


@given(
    rows=st.lists(
        st.tuples(anchors, st.sampled_from(["DE", "FR", None]), st.sampled_from(["a@b.c", "e@b.c", None])), max_size=30
    ),
    held=st.lists(st.sampled_from(["whole", "partition", "subject"]), max_size=3, unique=True),
)
def test_no_held_row_ever_goes(rows: list[tuple[date | None, str | None, str | None]], held: list[str]) -> None:
    made = {"whole": hold("w"), "partition": hold("p", partition="country=DE"), "subject": hold("s", subject="a@b.c")}
    cover = cover_of([made[name] for name in held], "visits")
    found = judges_of(contract(), by="rows", as_of=NOW, cover=cover, digests=lambda mails: [mails])
    frame = pl.DataFrame(rows, schema={"day": pl.Date, "country": pl.String, "mail": pl.String}, orient="row")
    for (_, country, mail), told in zip(rows, judged(frame, found), strict=True):
        covered = "whole" in held or ("partition" in held and country != "FR") or ("subject" in held and mail != "e@b.c")
        assert told != "expired" if covered else told != "held"


@given(value=st.one_of(st.none(), st.text(max_size=12), st.dates(date(2023, 1, 1), date(2026, 1, 1)).map(str)))
def test_no_partition_goes_whose_value_is_no_day_of_the_past(value: str | None) -> None:
    found = judges("partition")
    assert found.thing is not None
    if found.thing(thing(day=value)) == "expired":
        assert value is not None and value.strip() < "2024-05-17"


def test_a_thing_outside_of_every_partition_stays() -> None:
    found = judges("partition")
    assert found.thing is not None
    assert found.thing(thing(NOW - timedelta(days=999))) == "unknown"


@pytest.mark.parametrize(("age", "told"), [(31, "expired"), (29, "young"), (-3, "future"), (None, "unknown")])
def test_a_file_is_judged_by_when_it_was_written(age: int | None, told: str) -> None:
    found = judges("age", anchor=None)
    assert found.thing is not None
    assert found.thing(thing(None if age is None else NOW - timedelta(days=age))) == told


def test_a_time_without_a_zone_is_no_age() -> None:
    found = judges("age", anchor=None)
    assert found.thing is not None
    assert found.thing(thing(datetime(2020, 1, 1))) == "unknown"


def test_the_zone_of_the_contract_decides_at_the_edge() -> None:
    rows = pl.DataFrame({"day": [datetime(2024, 5, 16, 1, 0)]})
    assert judged(rows, judges("rows")) == ["young"]
    assert judged(rows, judges("rows", zone="Europe/Berlin")) == ["expired"]


@pytest.mark.parametrize("by", ["rows", "partition"])
def test_rows_and_partitions_need_an_anchor(by: str) -> None:
    with pytest.raises(BadInput, match="no-anchor"):
        judges(by, anchor=None)


def test_the_columns_are_the_anchor_and_what_tells_who_is_held() -> None:
    cover = cover_of([hold("p", partition="country=DE"), hold("s", subject="x")], "visits")
    assert judges("rows", cover).columns == ("day", "country", "mail")


def test_each_hold_is_told_how_many_it_kept() -> None:
    watch = Watch()
    cover = cover_of([hold("a", partition="country=DE"), hold("b", partition="country=FR")], "visits")
    found = judges_of(contract(), by="rows", as_of=NOW, cover=cover, watch=watch)
    rows = pl.DataFrame({"day": [date(2020, 1, 1)] * 3, "country": ["DE", "DE", "FR"]})
    assert judged(rows, found) == ["held"] * 3
    assert watch.held == {"a": 2, "b": 1}
    assert watch.earliest is None


def test_a_batch_without_any_anchor_is_unknown() -> None:
    assert judged(pl.DataFrame({"day": [None, None]}), judges("rows")) == ["unknown", "unknown"]
    assert judged(pl.DataFrame({"day": []}), judges("rows")) == []


def test_the_oldest_of_what_goes_is_seen() -> None:
    watch = Watch()
    found = judges_of(contract(), by="rows", as_of=NOW, cover=Cover(), watch=watch)
    judged(pl.DataFrame({"day": [date(2024, 6, 1), date(2020, 1, 1), None, date(2021, 1, 1)]}), found)
    assert watch.earliest == datetime(2020, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ends_at", "expected"),
    [
        ("", True),
        ("nonsense", True),
        ("2024-06-15T00:00:01+00:00", True),
        ("2024-06-15T00:00:00+00:00", False),
        ("2024-06-14", False),
    ],
)
def test_a_hold_is_in_force_until_its_end(ends_at: str, expected: bool) -> None:
    assert in_force(hold(ends_at=ends_at), at=NOW) is expected


@pytest.mark.parametrize(
    ("held", "value"), [("k=01", "1"), ("k=DE", "de"), ("k=A%2FA", "A/A"), ("k=__HIVE_DEFAULT_PARTITION__", None)]
)
def test_a_partition_is_the_same_however_it_is_written(held: str, value: str | None) -> None:
    found = judges("age", cover_of([hold(partition=held)], "visits"), anchor=None)
    assert found.thing is not None
    assert found.thing(thing(NOW - timedelta(days=99), k=value)) == "held"
