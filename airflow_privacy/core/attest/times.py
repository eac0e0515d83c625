"""Points in time as artifacts write them: RFC 3339 in UTC. There is no clock here: *now* is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_privacy.core.errors import BadInput, VerificationError

CLOCK_SKEW = timedelta(minutes=5)


def check_now(now: datetime) -> None:
    """:raises BadInput: *now* has no time zone."""
    if now.utcoffset() is None:
        raise BadInput("naive-time", "The current time needs a time zone", where="now", do="Pass datetime.now(UTC).")


def instant(text: str, *, where: str) -> datetime:
    """The UTC point in time that *text* writes.

    :raises VerificationError: it is no RFC 3339 time in UTC.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or "T" not in text or found.utcoffset() != timedelta(0):
        raise VerificationError(
            "malformed-time", "This is no RFC 3339 time in UTC", where=where, do="Write 2026-01-31T12:00:00Z."
        )
    return found.astimezone(UTC)
