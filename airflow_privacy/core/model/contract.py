"""A dataset's promises, as read from an Open Data Contract Standard (ODCS) v3.1 file. Examples in it are never kept."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Artifact, Value
from airflow_privacy.core.model.drift import DriftRules
from airflow_privacy.core.model.findings import Role


class Column(Value, frozen=True, kw_only=True):
    """One property of a table, by the name that it has in the data (``physicalName``, else ``name``). ``entity`` and ``role``
    are set where a steward pinned them (``privacy.entity``, ``privacy.role``); ``because`` and ``by`` say why and who."""

    name: str
    logical_type: str | None = None
    physical_type: str | None = None
    classification: str | None = None
    tags: tuple[str, ...] = ()
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    entity: str | None = None
    role: Role | None = None
    because: str | None = None
    by: str | None = None


class Table(Value, frozen=True, kw_only=True):
    """One schema object of a contract."""

    name: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """The column of that name, if it is promised."""
        return next((column for column in self.columns if column.name == name), None)


class Server(Value, frozen=True, kw_only=True):
    """Where a dataset lies, per environment: ``location`` is a path or URI."""

    name: str
    type: str
    environment: str | None = None
    location: str | None = None


class Retention(Value, frozen=True, kw_only=True):
    """How long rows may be kept, counted from ``anchor`` (a column), in days. ``zone`` is an IANA name: what dates and times of
    the anchor mean that say none themselves. Old versions of a Delta or Iceberg table stay ``version_days`` after they were
    replaced, for whoever still reads them."""

    days: int
    anchor: str | None = None
    zone: str = "UTC"
    version_days: int = 0


class Freshness(Value, frozen=True, kw_only=True):
    """How old the newest value of ``column`` may be, in hours."""

    column: str
    hours: float


class Contract(Artifact, frozen=True, kw_only=True, tag="contract"):
    """One contract file. ``owner`` is a user name; ``purposes`` and ``lawful_basis`` come from our custom properties.

    ``roles`` are the access roles, ``approvers`` all who approve access to them. ``purpose``, ``recipient`` and
    ``destination`` are the defaults of a release.
    """

    id: str
    name: str
    version: str
    status: str
    owner: str | None = None
    roles: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    lawful_basis: str | None = None
    level: str | None = None
    subject_key: str | None = None
    purpose: str | None = None
    recipient: str | None = None
    destination: str | None = None
    retention: Retention | None = None
    freshness: Freshness | None = None
    servers: tuple[Server, ...] = ()
    tables: tuple[Table, ...] = ()
    drift: DriftRules = DriftRules()
