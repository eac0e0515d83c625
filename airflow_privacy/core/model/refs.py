"""What tasks hand each other: references, digests and counts."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Value


class ArtifactRef(Value, frozen=True, kw_only=True):
    """Where an artifact lies and which bytes it must have. This, and nothing else, crosses a task boundary."""

    uri: str
    digest: str
    kind: str
    counts: dict[str, int] = {}


class FileStamp(Value, frozen=True, kw_only=True):
    """A file as it was when it was read: its URI and the SHA-256 of its bytes."""

    uri: str
    sha256: str


class ColumnType(Value, frozen=True, kw_only=True):
    """A column of a table: its name and its logical type.

    ``dtype`` is one of ``string``, ``integer``, ``number``, ``boolean``, ``date``, ``timestamp``, ``time``,
    ``decimal``, ``binary``, ``nested``, ``null``.
    """

    name: str
    dtype: str
