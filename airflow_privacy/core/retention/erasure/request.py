"""A data subject's request: when it came, when it must be done, and by what the person can be found.

One month from receipt, extendable by two further months where requests are complex or many (GDPR Art. 12(3)). A month ends on the
day of the same number, or on the month's last day where there is none (Regulation (EEC, Euratom) No 1182/71, Art. 3(2)(c)).
Weekends and holidays, which may move an end to a later day, are not counted: the clock here is never later than the law's.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import Artifact, Value, parse

MONTHS, EXTENDED_MONTHS = 1, 3
_LONGEST = 1_000
_MOST = 100


class MatchField(Value, frozen=True, kw_only=True):
    """A column that tells people apart, as :class:`~airflow_privacy.core.retention.matching.rules.Field` has it."""

    column: str
    kind: str
    shared: bool = False


class Asked(Value, frozen=True, kw_only=True):
    """What somebody hands in: column → values; and, where detection is not to say it, the columns that are matched by."""

    identifiers: dict[str, tuple[str, ...]]
    match: tuple[MatchField, ...] = ()

    def __repr__(self) -> str:
        return f"Asked({len(self.identifiers)} columns)"


class ErasureRequest(Value, frozen=True, kw_only=True):
    """A request with the identifiers in clear: it lies in one private file, and nowhere once the erasure is done.

    :param received_at, deadline: RFC 3339 in UTC.
    """

    id: str
    received_at: str
    deadline: str
    asked: Asked

    def __repr__(self) -> str:
        return f"ErasureRequest(id={self.id!r}, received_at={self.received_at!r}, deadline={self.deadline!r})"


class Receipt(Artifact, frozen=True, kw_only=True, tag="erasure-request"):
    """What everybody may know of a request: no identifier, only by how many columns and values the person is looked for."""

    id: str
    received_at: str
    deadline: str
    columns: int
    values: int


class AffectedVersion(Value, frozen=True, kw_only=True):
    """A published version that held the subject, and the models that took it as training input."""

    uri: str
    version: str
    dataset: str
    models: tuple[str, ...] = ()


class Affected(Artifact, frozen=True, kw_only=True, tag="erasure-affected"):
    """Training inputs and models that held the subject. ``subject`` is the keyed digest of the request."""

    request: str
    subject: str
    versions: tuple[AffectedVersion, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Their names, each once."""
        return tuple(sorted({model for version in self.versions for model in version.models}))


def read_asked(data: bytes) -> Asked:
    """Read ``{"identifiers": {column: value or [values]}, "match": [{"column", "kind", "shared"}]}``.

    :raises BadInput: it is not that, or nobody could be found by it. No value is named.
    """
    try:
        loose = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        loose = None
    if not isinstance(loose, dict) or not isinstance(loose.get("identifiers"), dict):
        do = 'Write {"identifiers": {"email": ["…"]}}, with column names as the datasets have them.'
        raise BadInput("bad-request", "The request is not JSON with identifiers", where="request", do=do)
    listed = {
        name: [_text(value) for value in (found if isinstance(found, list) else [found])]
        for name, found in loose["identifiers"].items()
    }
    try:
        asked = parse(Asked, msgspec.json.encode({**loose, "identifiers": listed}), where="request")
    except BadInput:  # it names a field that is unknown, which may be a value in the wrong place
        asked = None
    if asked is None:
        raise BadInput(
            "bad-request", "The request has other parts than identifiers and match, or of other types", where="request"
        )
    for name, values in asked.identifiers.items():
        if not name.strip() or not values or len(values) > _MOST or any(not v.strip() or len(v) > _LONGEST for v in values):
            raise BadInput(
                "bad-request",
                f"An identifier needs a column and 1 to {_MOST} values of 1 to {_LONGEST} characters",
                where="request",
            )
    if not asked.identifiers:
        raise BadInput("bad-request", "The request names no identifier: nobody can be found by it", where="request")
    return asked


def deadline_of(received: datetime, *, months: int = MONTHS) -> datetime:
    """The last second of the day, in UTC, that *months* calendar months after *received* ends.

    :raises BadInput: *received* has no zone.
    """
    if received.utcoffset() is None:
        raise BadInput("naive-time", "The time of receipt needs a time zone", where="received_at")
    at = received.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return datetime(year, month + 1, day, 23, 59, 59, tzinfo=UTC)


def days_left(deadline: str, now: datetime) -> int:
    """Whole days until the deadline; negative once it has passed."""
    return (datetime.fromisoformat(deadline) - now).days


def counts_of_request(identifiers: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """By how much a person is looked for."""
    return {"columns": len(identifiers), "values": sum(len(values) for values in identifiers.values())}


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
