"""Databases of this Airflow, through the connection that a URI names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_privacy.core.errors import BadInput, MissingExtra

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    from airflow_privacy.core.io.sql import Database, Databases

_QUOTES = {"mysql": ("`", "`"), "mariadb": ("`", "`"), "mssql": ("[", "]")}


@dataclass(frozen=True)
class ConnectionDatabase:
    """The database that a hook connects to."""

    dialect: str
    _hook: DbApiHook = field(repr=False)

    def connect(self) -> Any:
        """A connection of its own."""
        return self._hook.get_conn()

    def quote(self, name: str) -> str:
        """The name in the quotes of the dialect, which are doubled inside."""
        begin, end = _QUOTES.get(self.dialect, ('"', '"'))
        return f"{begin}{name.replace(end, end * 2)}{end}"


def connection_databases() -> Databases:
    """From a connection's id to its database, for every connection whose hook speaks SQL through DB-API.

    The database says ``no-connection`` where there is none of this name, ``no-sql-connection`` where it is of another kind, and
    ``missing-provider`` where the provider's package is not installed.
    """

    def database(connection: str) -> Database:
        hook = _hook(connection)
        return ConnectionDatabase(hook.dialect_name, hook)

    return database


def _hook(connection: str) -> DbApiHook:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    where = f"connection {connection!r}"
    kind = None
    try:
        kind = BaseHook.get_connection(connection).conn_type
        hook = BaseHook.get_hook(connection)
    except AirflowNotFoundException:
        problem: BadInput | MissingExtra = BadInput(
            "no-connection",
            f"There is no connection {connection!r}",
            where=where,
            do="Create it, or name another: sql://conn_id/schema.table.",
        )
    except (AirflowException, ImportError):
        problem = MissingExtra(
            "missing-provider",
            f"No hook is installed for connections of type {kind!r}",
            where=where,
            do="For PostgreSQL install airflow-privacy[postgres].",
        )
    else:
        if isinstance(hook, DbApiHook):
            return hook
        problem = BadInput("no-sql-connection", f"A connection of type {kind!r} leads to no SQL database", where=where)
    raise problem
