"""Which rows, partitions and files have outlived their period: one rule, in one place.

A thing is *expired* when its anchor, read as late as it can mean, lies the whole period before now. A date means the end of its
day, a month the end of the month; a time without zone is read in the declared zone, and where the clocks repeat an hour, in the
second one. So nothing is ever expired that is younger than its period, whatever its anchor's precision; it may stay up to that
precision longer. A period of one day is 24 hours.

What is not expired is *young*; *future* where its anchor lies after now (a wrong clock, a planned event: it is reported, since it
will not expire when it should); *unknown* where there is no anchor or it cannot be read. What a legal hold covers is *held*, and
only where it would have been expired.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.purge import Disposition

DISPOSITION = pl.Enum(list(get_args(Disposition)))

_PARTS = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[T ]([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:\.[0-9]{1,9})?)?)?)?)?)?"
)
_ZONE = re.compile(r"(.*[T ].*?)(Z|[+-][0-9]{2}:?[0-9]{2})")
_LAST = date.max.year


@dataclass(frozen=True, kw_only=True)
class Period:
    """How long things are kept, and what their anchors mean. ``zone`` is an IANA name, for dates and times without a zone."""

    days: int
    zone: str = "UTC"


def last_moment(now: datetime, period: Period) -> datetime:
    """The latest point in time, in UTC, that an anchor may mean for its thing to be expired *now*.

    :raises BadInput: *now* has no zone, the period is less than a day, or the zone is unknown.
    """
    if now.utcoffset() is None:
        raise BadInput("naive-time", "The current time needs a time zone", where="now", do="Pass datetime.now(UTC).")
    if period.days < 1:
        raise BadInput("bad-period", "A retention period has at least one day", where="days")
    zone_of(period.zone)
    try:
        return now.astimezone(UTC) - timedelta(days=period.days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def zone_of(name: str) -> ZoneInfo:
    """:raises BadInput: there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    do = "Use an IANA name such as Europe/Berlin."
    raise BadInput("unknown-zone", f"There is no time zone {name!r}", where="zone", do=do)


def dispositions(anchors: pl.Series, period: Period, *, now: datetime, held: pl.Series | None = None) -> pl.Series:
    """What becomes of each row, by the row's anchor: a series of type :data:`DISPOSITION`, as long as *anchors*.

    :param anchors: dates, timestamps (with or without zone) or ISO 8601 texts; years to years with seconds.
    :param held: true where a legal hold covers the row; null counts as true.
    :raises BadInput: as :func:`last_moment`; or the anchors have another type.
    """
    limit = last_moment(now, period)
    latest = anchors.alias("anchor").to_frame().select(_latest(anchors.dtype, period.zone, anchors.name).alias("latest"))
    covered = pl.lit(False) if held is None else pl.col("held").fill_null(True)
    frame = latest if held is None else latest.with_columns(held.cast(pl.Boolean).alias("held"))
    moment = pl.col("latest")
    # The future is told by the anchor's end too: today's date is not in the future before the day is over, nor expired.
    judged = (
        pl.when(moment.is_null())
        .then(pl.lit("unknown"))
        .when((moment <= limit) & covered)
        .then(pl.lit("held"))
        .when(moment <= limit)
        .then(pl.lit("expired"))
        .when(moment > pl.lit(now.astimezone(UTC)) + pl.duration(days=1))
        .then(pl.lit("future"))
        .otherwise(pl.lit("young"))
    )
    return frame.select(judged.cast(DISPOSITION).alias(anchors.name)).to_series()


def earliest(anchors: pl.Series, period: Period) -> datetime | None:
    """The earliest of the latest moments that the anchors can mean, in UTC; ``None`` where none can be read.

    :raises BadInput: as :func:`dispositions`.
    """
    frame = anchors.alias("anchor").to_frame()
    found = frame.select(_latest(anchors.dtype, period.zone, anchors.name).min().alias("latest")).item()
    return found if isinstance(found, datetime) else None


def disposition_of(anchor: str | datetime | None, period: Period, *, now: datetime, held: bool = False) -> Disposition:
    """As :func:`dispositions`, for one partition's value or one file's time.

    :param anchor: an ISO 8601 text (``2024``, ``2024-02``, ``2024-02-29``, ``2024-02-29T13``, …) or a time with a zone.
    """
    limit = last_moment(now, period)
    moment = latest_of(anchor, zone_of(period.zone)) if isinstance(anchor, str) else anchor
    if moment is None:
        return "unknown"
    if moment.utcoffset() is None:
        raise BadInput("naive-time", "A file's time needs a time zone", where="anchor")
    if moment <= limit:
        return "held" if held else "expired"
    return "future" if moment - now > timedelta(days=1) else "young"


def latest_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The latest point in time, in UTC, that an ISO 8601 text can mean; None if it is none."""
    zoned = _ZONE.fullmatch(text)
    parts = _PARTS.fullmatch(zoned[1] if zoned else text)
    if parts is None or (zoned and parts[4] is None):
        return None
    numbers = [None if part is None else int(part) for part in parts.groups()]
    try:
        moment = _end_of(numbers)
        if zoned:
            return datetime.fromisoformat(f"{moment.isoformat()}{zoned[2]}").astimezone(UTC)
        # fold=1: of an hour that comes twice, the second.
        return moment.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _end_of(numbers: list[int | None]) -> datetime:
    year, month, day, hour, minute, second = numbers
    if year is None or not 1 <= year < _LAST:
        raise ValueError
    if month is None:
        return datetime(year + 1, 1, 1)
    if day is None:
        return datetime(year, month, monthrange(year, month)[1]) + timedelta(days=1)
    if hour is None:
        return datetime(year, month, day) + timedelta(days=1)
    if minute is None:
        return datetime(year, month, day, hour) + timedelta(hours=1)
    if second is None:
        return datetime(year, month, day, hour, minute) + timedelta(minutes=1)
    return datetime(year, month, day, hour, minute, second) + timedelta(seconds=1)


def _latest(dtype: pl.DataType, zone: str, name: str) -> pl.Expr:
    anchor = pl.col("anchor")
    if dtype == pl.Null:  # a batch without any value has no other type where a store does not say one
        return anchor.cast(pl.Datetime("us", "UTC"))
    if dtype == pl.Date:
        return _in_zone(anchor.cast(pl.Datetime("us")) + pl.duration(days=1), zone)
    if isinstance(dtype, pl.Datetime):
        # Cutting nanoseconds away would make an anchor earlier than it is.
        up = anchor.dt.cast_time_unit("us") + (pl.duration(microseconds=1) if dtype.time_unit == "ns" else pl.duration())
        return up.dt.convert_time_zone("UTC") if dtype.time_zone else _in_zone(up, zone)
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        known = zone_of(zone)

        def read(texts: pl.Series) -> pl.Series:
            found = {text: latest_of(text.strip(), known) for text in texts.drop_nulls().unique()}
            moments = [None if text is None else found[text] for text in texts]
            return pl.Series(moments, dtype=pl.Datetime("us", "UTC"))

        return anchor.cast(pl.String).map_batches(read, return_dtype=pl.Datetime("us", "UTC"))
    raise BadInput(
        "anchor-type",
        f"The anchor {name!r} is of type {dtype}, which is no point in time",
        where=name,
        do="Count the period from a date, a timestamp or a text as ISO 8601 writes them.",
    )


def _in_zone(naive: pl.Expr, zone: str) -> pl.Expr:
    # Where the clocks skip a time, the next one that there is: an hour or two later, or the day after where a zone left one out.
    later = (pl.duration(), pl.duration(hours=1), pl.duration(hours=2), pl.duration(days=1))
    read = [(naive + by).dt.replace_time_zone(zone, ambiguous="latest", non_existent="null") for by in later]
    return pl.coalesce(read).dt.convert_time_zone("UTC")
