"""Tables in databases: their URIs, connections, and errors that never repeat what the driver said.

``sql://<conn_id>/<schema>.<table>``; a character of schema or table that a URI does not hold as it is, and a dot, is
percent-encoded. There is one spelling for a table, because an environment's base is compared with the text. Names are taken as
they are written, never folded to lower case.

A driver's message quotes values (``invalid input syntax for type integer: "…"``, ``COPY people, line 3, column email: "…"``):
only the SQLSTATE and the kind of the error get through. The server's own log is not in our hands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import quote, unquote

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable

SCHEME = "sql://"

# Connection lost, serialization, out of resources, somebody else holds a lock, shutdown (SQLSTATE classes and one code).
_LATER = ("08", "40", "53", "57P", "55P03")


class Database(Protocol):
    """One database, as a connection leads to it."""

    @property
    def dialect(self) -> str:
        """``postgresql``, ``sqlite`` …, as SQLAlchemy names them."""
        ...

    def connect(self) -> Any:
        """A new DB-API 2 connection; whoever asked for it closes it."""
        ...

    def quote(self, name: str) -> str:
        """A name as an identifier of this database, whatever characters it has."""
        ...


Databases: TypeAlias = Callable[[str], Database]
"""From a connection's id to its database."""


class SqlPlace(NamedTuple):
    """What a URI names."""

    connection: str
    schema: str
    table: str


def no_databases(connection: str) -> Database:
    """The databases of a caller that has no connections.

    :raises BadInput: always.
    """
    raise BadInput(
        "unsupported-location",
        "Nothing here knows how to open sql:// places",
        where=f"connection {connection!r}",
        do="sql:// is opened by tasks, with an Airflow connection.",
    )


def is_sql(uri: str) -> bool:
    """Whether the URI names a table in a database."""
    return uri[: len(SCHEME)].lower() == SCHEME


def parse_sql(uri: str) -> SqlPlace:
    """Connection, schema and table of a URI.

    :raises BadInput: ``bad-uri``; a part is missing, or the table can be spelt in another way.
    """
    connection, _, path = uri[len(SCHEME) :].partition("/")
    schema, _, table = path.partition(".")
    place = SqlPlace(connection, unquote(schema), unquote(table))
    if not is_sql(uri) or not all(place) or "." in table or any("\0" in part for part in place):
        raise BadInput(
            "bad-uri",
            "The URI does not name connection, schema and table",
            where=_shown(uri),
            do="Write sql://<conn_id>/<schema>.<table>, with %2E for a dot inside a name.",
        )
    if uri != uri_of(place):
        raise BadInput("bad-uri", "The table is spelt in another way", where=_shown(uri), do=f"Write {uri_of(place)}.")
    return place


def uri_of(place: SqlPlace) -> str:
    """The one URI of a table."""
    return f"{SCHEME}{quote(place.connection, safe='')}/{_encoded(place.schema)}.{_encoded(place.table)}"


def _encoded(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")


def _shown(uri: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in uri.rpartition("@")[2])


@contextmanager
def session(database: Database, where: str) -> Iterator[Any]:
    """A connection in one transaction: committed at the end, rolled back on any error, always closed.

    :param where: the table, for messages.
    :raises StorageUnavailable: the database did not answer, or a later try may succeed.
    :raises BadInput: ``database-refused`` with the SQLSTATE; what the driver said is not repeated.
    """
    connection = None
    try:
        connection = database.connect()
        if database.dialect == "postgresql":
            connection.autocommit = False  # a connection may be set up otherwise
        yield connection
        connection.commit()
        return
    except (PrivacyError, GeneratorExit):
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold values
        failure, state = type(error).__name__, _state_of(error)
        lost = failure in ("OperationalError", "InterfaceError")
    finally:
        _close(connection)
    code = f"{failure}, SQLSTATE {state}" if state else failure
    if connection is None or state.startswith(_LATER) or (lost and not state):
        what = "cannot be reached" if connection is None else "did not finish"
        raise StorageUnavailable("database-unavailable", f"The database {what}: {code}", where=where, do="Try again.") from None
    raise BadInput(
        "database-refused",
        f"The database refused a statement: {code}",
        where=where,
        do="Look the code up in the database's manual; rights (42501) and missing tables (42P01) are the usual ones.",
    ) from None


def _state_of(error: Exception) -> str:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) and len(state) == 5 and state.isalnum() else ""


def _close(connection: Any) -> None:
    """Closing without a commit rolls back."""
    if connection is not None:
        try:
            connection.close()
        except Exception:  # noqa: BLE001 - the connection is gone either way
            return
